"""The gateway's log: one JSON object a line, of words and numbers of ours; no address, header or body of a caller."""

from __future__ import annotations

import datetime as dt
import logging
import sys
from typing import Any

from mlconn_pipelines.printable import json_text

NAME = "mlconn.gateway"
_QUIET = frozenset({"stored", "handshake", "ignored"})


class JsonLines(logging.Formatter):
    """A record as one JSON object; `fields` of the record stand beside time, level and message."""

    def format(self, record: logging.LogRecord) -> str:
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": at, "level": record.levelname.lower(), "message": record.getMessage()}
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__  # its words may hold what a caller wrote
        return json_text(line)


def log_to_standard_error(level: str) -> None:
    """This process's log, uvicorn's included, as JSON lines on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def write_no_addresses() -> None:
    """Switch uvicorn's own log of requests off for good, whatever handlers there are: some senders' secrets stand in addresses."""
    logging.getLogger("uvicorn.access").disabled = True


class AccessLog:
    """What happened, call by call."""

    def __init__(self) -> None:
        self._log = logging.getLogger(NAME)

    def call(self, integration: str, source: str, outcome: str, status: int, seconds: float, new: int, known: int) -> None:
        fields = {"integration": integration, "source": source, "outcome": outcome, "status": status,
                  "ms": round(seconds * 1000, 1), "new": new, "known": known}  # fmt: skip
        self._log.log(logging.INFO if outcome in _QUIET else logging.WARNING, "call", extra={"fields": fields})

    def trouble(self, integration: str, source: str, words: str) -> None:
        fields = {"integration": integration, "source": source, "error": words}
        self._log.error("not stored", extra={"fields": fields})

    def says(self, message: str, **fields: Any) -> None:
        self._log.info(message, extra={"fields": fields})
