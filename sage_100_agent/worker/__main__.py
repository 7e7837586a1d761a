"""`python -m sage_100_agent.worker`: the worker beside a Sage server. Its settings come through the pipe, for passwords are among them."""

from __future__ import annotations

import sys

from sage_100_agent.boi.com import ComHost
from sage_100_agent.worker.loop import serve

if __name__ == "__main__":
    sys.exit(serve(ComHost, sys.stdin.buffer, sys.stdout.buffer))
