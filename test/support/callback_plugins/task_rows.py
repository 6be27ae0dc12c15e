"""Writes each task's outcome on each host as a line of JSON, to the file that TASK_ROWS names."""

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_rows
type: aggregate
short_description: outcomes of tasks as lines of JSON
description: For tests, which compare what check mode foretells with what is done.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_rows"
    CALLBACK_NEEDS_ENABLED = True

    def write(self, outcome, status):
        # ansible-core 2.19 has `result`; earlier ones have `_result` alone.
        result = getattr(outcome, "result", None) or outcome._result
        task = getattr(outcome, "task", None) or outcome._task
        host = getattr(outcome, "host", None) or outcome._host
        row = {"task": task.get_name(), "host": host.get_name(), "status": status, "result": result}
        with open(os.environ["TASK_ROWS"], "a", encoding="utf-8") as rows:
            rows.write(json.dumps(row, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        self.write(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.write(result, "failed")

    def v2_runner_on_skipped(self, result):
        self.write(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self.write(result, "unreachable")
