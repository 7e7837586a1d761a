"""What Sage's tables are made of: columns with their widths, and how a value becomes what is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

Cell = str | float
Row = dict[str, Cell]
NUMBERS = {"money": 2, "quantity": 6, "factor": 4, "count": 0}
"""Forms of numeric columns, and the decimals that they keep."""


class Refused(Exception):
    """A value or a step that the business rules do not allow: the call returns 0 and the object's sLastErrorMsg tells why."""


class EngineError(Exception):
    """number: of the ProvideX error. 20: syntax, 26: text where a number belongs or the other way round, 46: too long."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Error: {number}")
        self.number = number


@dataclass(frozen=True)
class Column:
    """form: text, key (upper case), zero (key, filled with zeros), date, time, flag, one of `=ABC`, or a number's."""

    name: str
    width: int
    form: str

    @property
    def numeric(self) -> bool:
        return self.form in NUMBERS

    @property
    def blank(self) -> Cell:
        return 0.0 if self.numeric else "N" if self.form == "flag" else ""

    def stored(self, value: Cell, too_long: str) -> tuple[Cell, str]:
        """The value as it is kept, and a warning where it was shortened.

        too_long: `refuse`, `warn` or `cut` what is wider than the column. Errors: Refused, EngineError 26 for text in a number's place.
        """
        if self.numeric:
            return self._number(value), ""
        if not isinstance(value, str):
            raise EngineError(26)
        value = value.rstrip()
        if self.form in ("key", "zero"):
            value = value.upper()
        if self.form == "zero" and value.isdigit():
            value = value.zfill(self.width)
        if self.form == "date" and value:
            check_date(value)
        if (self.form == "flag" and value not in ("Y", "N")) or (self.form[0] == "=" and value not in (*self.form[1:], "")):
            raise Refused(f"{value} is not a valid value for {self.title}.")
        if self.form == "flag" or len(value) <= self.width:
            return value, ""
        if self.form == "text" and too_long != "refuse":
            told = f"The value of {self.title} was truncated to {self.width} characters."
            return value[: self.width], told if too_long == "warn" else ""
        raise Refused(f"The value of {self.title} is longer than {self.width} characters.")

    @property
    def title(self) -> str:
        return self.name.rstrip("$")

    def _number(self, value: Cell) -> float:
        if isinstance(value, (str, bool)):
            raise EngineError(26)
        if abs(value) >= 10 ** (14 - NUMBERS[self.form]):
            raise Refused(f"The value of {self.title} is out of range.")
        return round(float(value), NUMBERS[self.form])


@dataclass(frozen=True)
class Layout:
    """A table. keys: the columns that make its primary key."""

    table: str
    keys: tuple[str, ...]
    columns: dict[str, Column]
    """By name, upper-cased: names are not told apart by case."""

    def find(self, name: str) -> Column | None:
        return self.columns.get(name.upper())

    def blank(self) -> Row:
        return {column.name: column.blank for column in self.columns.values()}

    def key(self, row: Row) -> tuple[str, ...]:
        return tuple(str(row[name]) for name in self.keys)

    def key_text(self, key: Iterable[str]) -> str:
        """Key parts one after another, each but the last filled to its width, as the file holds them."""
        parts = list(key)
        return "".join(
            part.ljust(self.columns[name.upper()].width) for name, part in zip(self.keys, parts, strict=False)
        ).rstrip()

    def split(self, text: str) -> tuple[str, ...]:
        """The parts of a key that was given as one text."""
        parts = []
        for name in self.keys:
            width = self.columns[name.upper()].width
            parts.append(text[:width] if name != self.keys[-1] else text)
            text = text[width:]
        return tuple(self.columns[name.upper()].stored(part, "refuse")[0] for name, part in zip(self.keys, parts, strict=True))  # type: ignore[misc]

    def with_columns(self, text: str) -> Layout:
        """The same with further columns: a site's own."""
        return Layout(self.table, self.keys, self.columns | _columns(text))


def layout(table: str, keys: str, text: str, *, stamped: bool = False) -> Layout:
    """text: `Name width form`, one after another, divided by commas; width is left out of numbers. stamped: has dates of change."""
    return Layout(table, tuple(keys.split()), _columns(text + (_STAMPS if stamped else "")))


_STAMPS = """, DateCreated$ 8 date, TimeCreated$ 8 time, UserCreatedKey$ 10 key, DateUpdated$ 8 date, TimeUpdated$ 8 time,
    UserUpdatedKey$ 10 key"""


def _columns(text: str) -> dict[str, Column]:
    columns = {}
    for entry in text.split(","):
        parts = entry.split()
        name, width, form = parts if len(parts) == 3 else (parts[0], "0", parts[1])
        columns[name.upper()] = Column(name, int(width), form)
    return columns


def check_date(text: str) -> None:
    """Errors: Refused unless it is YYYYMMDD."""
    try:
        dt.datetime.strptime(text, "%Y%m%d")
        good = len(text) == 8
    except ValueError:
        good = False
    if not good:
        raise Refused(f"{text} is not a valid date.")


def number_text(value: float, decimals: int) -> str:
    """A number as masks show it: the minus stands at the end.

    >>> number_text(-123.45, 2), number_text(5.0, 6)
    ('123.45-', '5.000000')
    """
    return f"{abs(value):.{decimals}f}" + ("-" if value < 0 else "")
