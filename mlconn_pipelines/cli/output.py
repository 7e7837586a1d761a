"""What commands print: tables for people, JSON for programs, sentences about trouble on standard error.

Nothing else of the command line writes to a terminal, so that no text of a partner gets there but through `printable`.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from mlconn_pipelines.printable import json_text, printable, printable_lines

FINE, FOUND, WRONG = 0, 1, 2
"""Exit codes: all is well; something was refused or found; wrong use or configuration."""


def print_table(
    columns: Sequence[str], rows: Iterable[Iterable[Any]], title: str = "", empty: str = "nothing", several_lines: bool = False
) -> None:
    """A table on standard output, whole where it is not a terminal; `empty` where there are no rows.

    several_lines: ends of line in cells are ours, and meant.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = printable_lines if several_lines else printable
    lines = [[shown(text_of(value)) for value in row] for row in rows]
    if not lines:
        tell(f"{title}: {empty}" if title else empty)
        return
    named = Text(printable(title), "italic") if title else None
    table = Table(title=named, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))
    if sys.stdout.isatty():
        Console().print(table)
    else:
        # Piped into a file or a program, a table is as wide as its content, so that nothing is folded or cut.
        widths = [
            max(len(part) for cell in column for part in cell.split("\n")) for column in zip(columns, *lines, strict=True)
        ]
        Console(width=max(40, sum(widths) + 3 * len(widths) + 2)).print(table)


def print_json(value: Any) -> None:
    """JSON on standard output, one document, indented."""
    print(json_text(value, default=_json_value, indent=2, ascii_only=_escapes()))


def print_json_line(value: Any) -> None:
    """JSON on standard output, one document in one line: for commands that answer once for each of their arguments."""
    print(json_text(value, default=_json_value, ascii_only=_escapes()), flush=True)


def tell(text: str = "", end: str = "\n") -> None:
    """What was asked for, as text of one line or several, on standard output."""
    print(printable_lines(text), end=end)


def print_bytes(content: bytes) -> None:
    """Bytes as they are for a file or a program; for a terminal, the same as text that it cannot take for commands."""
    if sys.stdout.isatty():
        tell(content.decode("utf-8", "backslashreplace").replace("\r\n", "\n"), end="")
    else:
        sys.stdout.buffer.write(content)


def _escapes() -> bool:
    """Whether standard output has a code page that lacks most characters: JSON then has escapes of its own for them."""
    return (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"


def say(sentence: str) -> None:
    """A sentence about progress or trouble, on standard error, so that standard output stays what was asked for."""
    print(printable_lines(sentence), file=sys.stderr)


def text_of(value: Any) -> str:
    """A cell's text: times to the second, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S") if value.tzinfo else value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (list, tuple)):
        return ", ".join(text_of(item) for item in value)
    return str(value)


def _json_value(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime, dt.time)):
        return value.isoformat()
    if isinstance(value, (Decimal, Path)):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
