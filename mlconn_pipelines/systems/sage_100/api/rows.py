"""Rows as the agent tells them: one without its key is none of that table, and nothing is made of a page that holds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.ports.records import Record

LINES = "lines"


def checked(
    pages: Iterable[Sequence[Mapping[str, Any]]], key: Sequence[str], has_lines: bool = False
) -> Iterator[Sequence[Record]]:
    """key: columns that every row bears a text in. has_lines: each row holds its lines too. Errors: Retryable."""
    for page in pages:
        for row in page:
            if not all(_is_told(row.get(name)) for name in key) or (has_lines and not _are_lines(row.get(LINES))):
                raise Retryable(
                    f"the agent told of a row without {' and '.join(key)}, or without its lines", "It is read again."
                )
        yield page


def _is_told(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_lines(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(line, Mapping) and _is_told(line.get("LineKey")) for line in value)
