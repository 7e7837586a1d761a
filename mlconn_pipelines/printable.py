"""What others wrote, as text that commands nobody's terminal, log or page: the one way out for every text that is shown.

A partner's file or a system's answer may hold characters that move cursors, clear screens, set titles, forge a second line of a log
or turn the reading direction round. They are written out (`\\x1b`), so that a person sees that they are there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

_COMMANDS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0, DEL and C1; line and paragraph separators; marks of direction; halves of surrogate pairs, which no encoding takes."""

_BUT_NEWLINES = re.compile(_COMMANDS.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))
_MARKUP = re.compile(r"[\\*\[\]<>|]")
_SHORT: Mapping[str, str] = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def printable(text: str) -> str:
    """The text in one line, with everything that is no character to be read written out.

    >>> printable("INV\\x1b[31m\\x9d\\n2")
    'INV\\\\x1b[31m\\\\x9d\\\\n2'
    """
    return _COMMANDS.sub(_written_out, text)


def printable_lines(text: str) -> str:
    """The same of a text of ours, whose ends of line are meant."""
    return _BUT_NEWLINES.sub(_written_out, text)


def for_html(text: str) -> str:
    """For between the tags of a page, or within a quoted attribute."""
    return escape(printable_lines(text))


def for_markdown(text: str) -> str:
    """For a paragraph, list entry or cell of Markdown: no line of its own, no markup, no link."""
    return _MARKUP.sub(r"\\\g<0>", printable(text))


def json_text(
    value: Any, *, default: Callable[[Any], Any] | None = None, indent: int | None = None, ascii_only: bool = False
) -> str:
    """JSON that keeps letters as they are (unless ascii_only), and of which a terminal can make nothing else either."""
    written = json.dumps(value, default=default, indent=indent, ensure_ascii=ascii_only)
    return _BUT_NEWLINES.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def printable_values(value: Any) -> Any:
    """The same lists and mappings with every text in them made printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {key: printable_values(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable_values(inner) for inner in value]
    return value


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return _SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
