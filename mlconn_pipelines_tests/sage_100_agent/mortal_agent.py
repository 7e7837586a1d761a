"""The agent in a process that ends itself at a step: `python -m … FOLDER URL ROOT PORT before|after METHOD`, a method of the journal's.

`never never` for one that goes on until it is killed. It ends with the exit code of the service.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from mlconn_pipelines_tests.sage_100_agent.live_agent import started
from mlconn_pipelines_tests.sage_100_agent.supervised import supervisor
from sage_100_agent import service
from sage_100_agent.journal import Entry, Journal

STRIKE: list[str] = []


class MortalJournal(Journal):
    """Before and after each step is on disk."""

    def receive(self, *values: Any) -> Entry:
        return self._strikes("receive", super().receive, *values)

    def start(self, *values: Any) -> Entry:
        return self._strikes("start", super().start, *values)

    def number_taken(self, *values: Any) -> Entry:
        return self._strikes("number_taken", super().number_taken, *values)

    def written(self, *values: Any) -> Entry:
        return self._strikes("written", super().written, *values)

    def done(self, *values: Any) -> Entry:
        return self._strikes("done", super().done, *values)

    @staticmethod
    def _strikes(name: str, step: Any, *values: Any) -> Entry:
        if [*STRIKE] == ["before", name]:
            os.kill(os.getpid(), signal.SIGKILL)
        entry: Entry = step(*values)
        if [*STRIKE] == ["after", name]:
            os.kill(os.getpid(), signal.SIGKILL)
        return entry


if __name__ == "__main__":
    folder, url, root, port, *STRIKE = sys.argv[1:]
    service.WAIT_S, service.PAUSE_MAX_S = 1, 0.5
    with started(
        Path(folder),
        url,
        bytes.fromhex(root),
        lambda journal, now: supervisor(int(port), journal, now=now),
        journal=MortalJournal,
    ) as agent:
        while agent.code is None:
            time.sleep(0.1)
    sys.exit(agent.code)
