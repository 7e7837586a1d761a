"""What Windows starts: it starts the version that `current.json` names, and the one before where a new one does not prove itself.

It stays when the agent is updated, so it knows nothing of the agent but its exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from sage_100_agent.updating.installation import Installation
from sage_100_agent.updating.updater import TRIAL_S

UPDATED = 75
"""Exit code of an agent that has switched to another version."""

FOLDER = "MLCONN_SAGE_AGENT_INSTALLATION"
"""Variable by which the agent knows that it was started by a starter, and where."""

STOP_WITHIN_S, STOP_TRIAL_WITHIN_S = 60.0, 3.0
"""An agent that works ends its job first; one that did not prove itself has none."""

LOOK_EVERY_S = 0.1

log = logging.getLogger(__name__)


def command_of(app: Path, arguments: Sequence[str]) -> Sequence[str]:
    frozen = app / "mlconn-sage-agent.exe"
    return [*([str(frozen)] if frozen.exists() else [sys.executable, str(app / "agent.py")]), *arguments]


def run(
    installation: Installation, stop: threading.Event, arguments: Sequence[str] = ("run",), trial_s: float = TRIAL_S
) -> int:
    """Until the agent ends by itself or `stop` is set; its exit code. arguments: of the agent. It ends when its input does."""
    told = {**os.environ, FOLDER: str(installation.folder)}
    while True:
        current = installation.current
        command = command_of(installation.app(current.version), arguments)
        try:
            agent = subprocess.Popen(command, env=told, stdin=subprocess.PIPE)
        except OSError as wrong:  # damaged, or taken away by a virus scanner
            if not current.is_on_trial:
                raise
            installation.go_back(f"it cannot be started: {wrong}")
            continue
        try:
            code = _watched(agent, installation, stop, trial_s if current.is_on_trial else None)
        finally:
            _ended(agent, STOP_TRIAL_WITHIN_S if installation.current.is_on_trial else STOP_WITHIN_S)
        if stop.is_set():
            return 0
        after = installation.current
        if after.is_on_trial and after.version == current.version:
            why = f"it ended with {code}" if code is not None else f"it had not proved itself after {trial_s:g} s"
            log.error("version %s does not work: %s", current.version, why)
            installation.go_back(why)
        elif code != UPDATED:
            return code or 0


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m sage_100_agent.updating.starter FOLDER`, until a signal."""
    parser = argparse.ArgumentParser(
        description="Start the version of the agent that FOLDER/current.json names, and keep to it."
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--trial", type=float, default=TRIAL_S, metavar="SECONDS", help="for a new version to prove itself")
    given = parser.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return run(Installation(given.folder), stop, trial_s=given.trial)


def _watched(
    agent: subprocess.Popen[bytes], installation: Installation, stop: threading.Event, trial_s: float | None
) -> int | None:
    """Its exit code; None where it is to be ended."""
    deadline = time.monotonic() + trial_s if trial_s is not None else None
    while agent.poll() is None:
        if stop.wait(LOOK_EVERY_S):
            return None
        if deadline is not None and time.monotonic() > deadline:
            if installation.current.is_on_trial:
                return None
            deadline = None
    return agent.returncode


def _ended(agent: subprocess.Popen[bytes], within_s: float) -> None:
    assert agent.stdin is not None
    with contextlib.suppress(OSError):
        agent.stdin.close()
    try:
        agent.wait(within_s)
    except subprocess.TimeoutExpired:
        agent.kill()
        agent.wait()


if __name__ == "__main__":
    sys.exit(main())
