"""Stops before the task that TASK_STOP names, until the file TASK_STOP_FILE, which it makes then, is gone. Or dies there."""

import os
import signal
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_stops
type: aggregate
short_description: a moment between two tasks in which a test may act
description: For tests of what becomes of a playbook when a host, or the controller itself, is lost.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_stops"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task, is_conditional):
        if not task.get_name().endswith(os.environ["TASK_STOP"]):
            return
        path = os.environ.get("TASK_STOP_FILE")
        if path is None:
            os.kill(os.getpid(), signal.SIGKILL)
        with open(path, "w", encoding="utf-8"):
            pass
        while os.path.exists(path):
            time.sleep(0.05)
