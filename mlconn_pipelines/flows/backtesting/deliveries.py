"""Delivered bytes side by side: X12 as it is, or within the JSON of an API Provider. Pure; never raises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.x12.comparing import Difference, differences

AROUND = "message around the X12"
"""The place of what differs in the bytes and in no element: a JSON template, separators, line ends."""


def delivered_differences(before: bytes, after: bytes) -> list[Difference]:
    """By segment and element; one difference `AROUND` where the bytes differ and no element does. Empty for the same bytes."""
    if before == after:
        return []
    found = differences(x12_in(before), x12_in(after))
    return found or [Difference("changed", None, None, AROUND, None, "", "")]


def x12_in(content: bytes) -> bytes:
    """The interchange in a JSON message; the content itself where it is none.

    >>> x12_in(b'{"edi": {"text": "ISA*00~"}}')
    b'ISA*00~'
    """
    if content.lstrip()[:1] not in (b"{", b"["):
        return content
    try:
        found = _interchange(json.loads(content))
    except ValueError:
        return content
    return content if found is None else found.encode()


def _interchange(value: Any) -> str | None:
    if isinstance(value, str):
        return value if value.lstrip().startswith("ISA") else None
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return next((found for one in inner if (found := _interchange(one)) is not None), None)
