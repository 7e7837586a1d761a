"""Reads the path of a request below a service's root: segments, each with a key or none."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[$A-Za-z][A-Za-z0-9_.]*")
_KEY_PART = re.compile(r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*)?(?:'(?P<text>(?:[^']|'')*)'|(?P<bare>[^',()]+))\s*")


class PathUnreadable(ValueError):
    """The text says which segment and why."""


@dataclass(frozen=True)
class KeyPart:
    """name: empty in a key of one part. quoted: a text in quotes, else a number, GUID or date."""

    name: str
    value: str
    quoted: bool


@dataclass(frozen=True)
class Segment:
    """key: None where there are no brackets."""

    name: str
    key: tuple[KeyPart, ...] | None = None


def read_path(path: str) -> tuple[Segment, ...]:
    """path: decoded, without leading slash. Errors: PathUnreadable.

    >>> [(s.name, s.key and s.key[0].value) for s in read_path("salesOrders(5d1e)/salesOrderLines")]
    [('salesOrders', '5d1e'), ('salesOrderLines', None)]
    """
    segments = []
    at = 0
    while at < len(path):
        match = _NAME.match(path, at)
        if match is None:
            raise PathUnreadable(f"Resource not found for the segment '{path[at:].split('/')[0]}'.")
        at, key = match.end(), None
        if path[at : at + 1] == "(":
            key, at = _key(path, at + 1)
        segments.append(Segment(match.group(), key))
        if at < len(path):
            if path[at] != "/":
                raise PathUnreadable(f"Resource not found for the segment '{path[match.start() :].split('/')[0]}'.")
            at += 1
    return tuple(segments)


def _key(path: str, at: int) -> tuple[tuple[KeyPart, ...], int]:
    parts: list[KeyPart] = []
    while True:
        match = _KEY_PART.match(path, at)
        if match is None:
            raise PathUnreadable("Bad Request - Error in query syntax.")
        quoted = match["text"] is not None
        value = match["text"].replace("''", "'") if quoted else match["bare"].strip()
        parts.append(KeyPart(match["name"] or "", value, quoted))
        at = match.end()
        closing = path[at : at + 1]
        if closing == ")":
            return tuple(parts), at + 1
        if closing != ",":
            raise PathUnreadable("Bad Request - Error in query syntax.")
        at += 1
