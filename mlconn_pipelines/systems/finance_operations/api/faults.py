"""What F&O says of an error: the words in its infolog, and what follows from them. Source: fact sheet, section 7.

`error.code` is empty and `error.message` says "An error has occurred."; the reason stands in `innererror.message` after `Infolog:`,
among lines that name only the failed method. The same refusal comes with status 400 or, from older platforms and inside
batches, 500: only its type and words tell it from a server in trouble. The stack trace is never kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.transport.http_responses import object_of

_WRITE_EXCEPTION = "AxODataWriteException"
_REFUSAL_WORDS = re.compile(r"Infolog:|Write failed for table row|Cannot (?:create|edit|delete) a record", re.IGNORECASE)
_NOISE = re.compile(r"validate(?:Field|Write|Delete) failed|^Write failed for table row|^$", re.IGNORECASE)
_LEVEL = re.compile(r"^(?:Info|Warning|Error):\s*", re.IGNORECASE)
_TAKEN = re.compile(r"Cannot create a record in .+\(\w+\)\..*\bThe record already exists\.?", re.IGNORECASE | re.DOTALL)
"""F&O's own form for a key that is taken. A rule of the business may say "already exists" too, and then nothing was stored."""
_CONFLICT = re.compile(
    r"\ban update conflict occurred\b|\bDeadlock, where one or more users have simultaneously locked\b"
    r"|\bwas deadlocked on\b.*\bresources\b",
    re.IGNORECASE | re.DOTALL,
)
"""Another user process was faster, or both waited for each other: the kernel rolled the transaction back."""
_DEEPER_MAX = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """words: the reasons, joined by `; `. refused: F&O's own logic refused a write, so that surely nothing was stored of it."""

    words: str
    refused: bool

    @property
    def conflict(self) -> bool:
        """Somebody else was changing the record, or a deadlock: nothing was stored, and it may be tried again."""
        return _CONFLICT.search(self.words) is not None

    @property
    def exists(self) -> bool:
        """The key of the record is taken."""
        return any(_TAKEN.fullmatch(reason) for reason in self.words.split("; "))

    @property
    def code(self) -> str:
        """Short name of the reason, as of DocumentRejected."""
        if self.exists:
            return Reason.RECORD_EXISTS
        return Reason.REFERENCE_UNKNOWN if "not found in the related table" in self.words else Reason.REFUSED_BY_SERVER


def fault_of(response: httpx.Response) -> Fault | None:
    """The error in an answer's body; None when the body has none in OData's form (a gateway's HTML page, nothing at all)."""
    error = (object_of(response) or {}).get("error")
    if not isinstance(error, dict):
        return None
    levels = list(_levels(error))
    messages = [message for level in levels if (message := str(level.get("message") or "").strip())]
    told = next((m for m in messages if "Infolog:" in m), None) or (messages[-1] if messages else str(error.get("code") or ""))
    refused = any(str(level.get("type") or "").endswith(_WRITE_EXCEPTION) for level in levels) or any(
        _REFUSAL_WORDS.search(message) for message in messages
    )
    return Fault(clerk_words(told), refused)


def own_form(response: httpx.Response) -> bool:
    """Whether an error is F&O's own: OData's, with a code (mostly an empty one) and a message, or that of its web server's API."""
    body = object_of(response) or {}
    error = body.get("error")
    if isinstance(error, dict):
        return isinstance(error.get("code"), str) and isinstance(error.get("message"), str)
    return isinstance(body.get("Message"), str)


def clerk_words(message: str) -> str:
    """The reasons of an infolog, without the lines that only name what failed where.

    >>> clerk_words("Write failed for table row of type 'X'. Infolog: Warning: Item 'L-1' is blocked.; Warning: validateWrite "
    ...             "failed on data source 'PurchLine (PurchLine)'.")
    "Item 'L-1' is blocked"
    """
    head, _, log = message.partition("Infolog:")
    lines = [_LEVEL.sub("", part.strip()).strip().rstrip(".") for part in (log or head).split(";")]
    told = [line for line in dict.fromkeys(lines) if not _NOISE.search(line)]
    return "; ".join(told) or head.strip().rstrip(".")


def _levels(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    level: Any = error
    for _ in range(_DEEPER_MAX):
        if not isinstance(level, Mapping):
            return
        yield level
        level = level.get("innererror") or level.get("internalexception")
