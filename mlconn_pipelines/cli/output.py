"""What commands print: tables for people, JSON for programs, sentences about trouble on standard error."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

FINE, FOUND, WRONG = 0, 1, 2
"""Exit codes: all is well; something was refused or found; wrong use or configuration."""


def print_table(columns: Sequence[str], rows: Iterable[Iterable[Any]], title: str = "", empty: str = "nothing") -> None:
    """A table on standard output, whole where it is not a terminal; `empty` where there are no rows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = [[text_of(value) for value in row] for row in rows]
    if not lines:
        print(f"{title}: {empty}" if title else empty)
        return
    table = Table(title=title or None, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
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
    print(json.dumps(value, default=_json_value, indent=2, ensure_ascii=_escapes()))


def print_json_line(value: Any) -> None:
    """JSON on standard output, one document in one line: for commands that answer once for each of their arguments."""
    json.dump(value, sys.stdout, default=_json_value, ensure_ascii=_escapes())
    print(flush=True)


def _escapes() -> bool:
    """Whether standard output has a code page that lacks most characters: JSON then has escapes of its own for them."""
    return (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"


def say(sentence: str) -> None:
    """A sentence about progress or trouble, on standard error, so that standard output stays what was asked for."""
    print(sentence, file=sys.stderr)


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
