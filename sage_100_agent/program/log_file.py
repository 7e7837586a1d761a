"""The agent's log: a file that is turned over, in which no secret stands, and on Windows the event log for what people must see."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

FILE = "agent.log"
BYTES_MAX, KEPT = 2 * 1024 * 1024, 5
SHORTEST = 4
"""A secret of fewer characters is not looked for: it stands in half of all words."""


class Plain(logging.Formatter):
    """One line an event, in UTC. secrets: texts that are struck out, wherever they stand, tracebacks included."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime
        self._secrets = sorted((text for text in secrets if len(text) >= SHORTEST), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        told = super().format(record).replace("\r", "").replace("\n", " | ")
        for secret in self._secrets:
            told = told.replace(secret, "***")
        return told


class EventLog(logging.Handler):
    """Windows' event log, for what people must see even if they never open our file. In the service's process alone."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        import servicemanager

        with contextlib.suppress(Exception):  # a full event log is no reason to end
            servicemanager.LogErrorMsg(self.format(record))


def open_log(folder: Path, secrets: Sequence[str], also: Sequence[logging.Handler] = ()) -> None:
    """also: where lines go besides the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = logging.handlers.RotatingFileHandler(folder / FILE, maxBytes=BYTES_MAX, backupCount=KEPT, encoding="utf-8")
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    for handler in (file, *also):
        handler.setFormatter(Plain(secrets))
        root.addHandler(handler)


def to_screen() -> logging.Handler:
    return logging.StreamHandler(sys.stderr)


def last_lines(folder: Path, count: int) -> list[str]:
    """Of the file, and of the one before it where it has fewer."""
    found: deque[str] = deque(maxlen=count)
    for name in (f"{FILE}.1", FILE):
        with contextlib.suppress(FileNotFoundError), (folder / name).open(encoding="utf-8", errors="replace") as lines:
            found.extend(line.rstrip("\n") for line in lines)
    return list(found)
