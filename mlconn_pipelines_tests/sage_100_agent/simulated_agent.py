"""The agent without its tunnel, to be killed: `python -m … JOURNAL PORT MOMENT`, with a job on its input; prints the job's result.

MOMENT: `received before` and the like: it ends itself with SIGKILL before or after that step is committed; `never` for no such end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from mlconn_pipelines_tests.sage_100_agent.supervised import POSTING, supervisor
from sage_100_agent.journal import Journal

METHODS = {"received": "receive", "started": "start", "number_taken": "number_taken", "written": "written", "done": "done"}


def die_at(journal: Journal, step: str, when: str) -> None:
    method = getattr(journal, METHODS[step])

    def dying(*args: Any) -> Any:
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        method(*args)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(journal, METHODS[step], dying)


if __name__ == "__main__":
    journal, moment = Journal(Path(sys.argv[1])), sys.argv[3].split()
    if moment != ["never"]:
        die_at(journal, moment[0], moment[1])
    agent = supervisor(int(sys.argv[2]), journal, allowance=POSTING)
    agent.end_strays()
    agent.recover()
    print(json.dumps(agent.run(json.load(sys.stdin), lambda rows, cursor: None)))
    agent.close()
