"""The worker over a simulated Sage of another process: `python -m … PORT [MEMBER before|after FILE]`.

With a member it ends itself there with SIGKILL, once: the file says afterwards that it did.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from mlconn_simulators.demo.sage_100_worker import SimulatedHost
from mlconn_simulators.sage_100.remote import RemoteHost
from sage_100_agent.worker.loop import serve


def strike(path: str, when: str) -> None:
    if [path, when] == sys.argv[2:4] and not Path(sys.argv[4]).exists():
        Path(sys.argv[4]).touch()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    address = ("127.0.0.1", int(sys.argv[1]))
    sys.exit(serve(lambda: SimulatedHost(RemoteHost(address), strike), sys.stdin.buffer, sys.stdout.buffer))
