"""Writes how long each task took, in seconds, as lines of JSON to the file that TASK_TIMES names."""

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: aggregate
short_description: durations of tasks as lines of JSON
description: For the benchmark. A task's time is that from its start to its result, as whoever waits for it sees it.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.started = time.monotonic()

    def write(self, outcome, status):
        task = getattr(outcome, "task", None) or outcome._task
        row = {"task": task.get_name(), "seconds": time.monotonic() - self.started, "status": status}
        with open(os.environ["TASK_TIMES"], "a", encoding="utf-8") as rows:
            rows.write(json.dumps(row) + "\n")

    def v2_runner_on_ok(self, result):
        self.write(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.write(result, "failed")

    def v2_runner_on_unreachable(self, result):
        self.write(result, "unreachable")
