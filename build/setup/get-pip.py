"""Stands in for the file that ansible-test would download for its environments: the pip that Python itself brings."""

import ensurepip

ensurepip.bootstrap()
