"""What a company's files hold, and who holds what of it: tables, next numbers and locks."""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mlconn_simulators.sage_100.clock import ServerClock
from mlconn_simulators.sage_100.layouts import Cell, Layout, Row
from mlconn_simulators.sage_100.tables import LAYOUTS

Key = tuple[str, ...]


class Table:
    """Rows in the order of their keys. Nothing is null: what is not set is an empty text, or 0."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.rows: dict[Key, Row] = {}
        self._keys: list[Key] = []

    def add_columns(self, text: str) -> None:
        """A site's own columns, such as `UDF_REFERENCE$ 30 text`."""
        self.layout = self.layout.with_columns(text)
        for key, row in self.rows.items():
            self.rows[key] = self.layout.blank() | row

    def rename_column(self, old: str, new: str) -> None:
        """Versions differ in names: what reads the column by the old one finds none."""
        columns = {new.upper() if key == old.upper() else key: column for key, column in self.layout.columns.items()}
        columns[new.upper()] = replace(columns[new.upper()], name=new)
        self.layout = replace(self.layout, columns=columns)
        for key, row in self.rows.items():
            self.rows[key] = {new if name == old else name: cell for name, cell in row.items()}

    def put(self, row: Mapping[str, Cell]) -> Row:
        """Add the row, or replace the one of its key. Columns left out are blank."""
        whole = self.layout.blank() | dict(row)
        key = self.layout.key(whole)
        if key not in self.rows:
            bisect.insort(self._keys, key)
        self.rows[key] = whole
        return whole

    def remove(self, key: Key) -> None:
        del self.rows[key]
        self._keys.remove(key)

    def ordered(self, prefix: str = "") -> list[Key]:
        """In order; prefix: of the key's text."""
        return [key for key in self._keys if self.layout.key_text(key).startswith(prefix)] if prefix else list(self._keys)

    def under(self, *first: str) -> Iterator[Row]:
        """The rows whose keys begin with these parts."""
        start = bisect.bisect_left(self._keys, first)
        for key in self._keys[start:]:
            if key[: len(first)] != first:
                return
            yield self.rows[key]


@dataclass
class Lock:
    """owner: a person at a workstation, or a session. until: let go by itself, None: when its holder does."""

    owner: str
    until: dt.datetime | None = None


@dataclass
class Company:
    """One company. open_from, open_to: the periods that may be posted to; closing: modules that period-end processing holds.

    external_access: the preference without which no session of the interface may enter. batches: modules that enter in batches.
    """

    code: str
    clock: ServerClock
    title: str = ""
    external_access: bool = True
    modules: set[str] = field(default_factory=lambda: {"P/O", "A/P", "G/L", "I/M", "A/R", "C/I", "S/Y"})
    batches: set[str] = field(default_factory=set)
    open_from: str = "20000101"
    open_to: str = "29991231"
    closing: set[str] = field(default_factory=set)
    locked: str = ""
    """Why nobody may enter: a backup, a conversion. Empty: one may."""

    def __post_init__(self) -> None:
        self.tables = {name: Table(layout) for name, layout in LAYOUTS.items()}
        self.numbers: dict[str, int] = {}
        self.locks: dict[tuple[str, Key], Lock] = {}

    def __getitem__(self, table: str) -> Table:
        return self.tables[table]

    def take_number(self, name: str) -> int:
        """The next number: consumed, whatever becomes of it."""
        number = self.numbers.get(name, 1)
        self.numbers[name] = number + 1
        return number

    def holder(self, name: str, key: Key, besides: str = "") -> str:
        """Who else holds it; empty if nobody does."""
        lock = self.locks.get((name, key))
        if lock is None or lock.owner == besides or (lock.until is not None and lock.until <= self.clock.now()):
            return ""
        return lock.owner

    def hold(self, name: str, key: Key, owner: str, until: dt.datetime | None = None) -> None:
        self.locks[name, key] = Lock(owner, until)

    def let_go(self, owner: str, name: str = "", key: Key | None = None) -> None:
        """Give up what this owner holds: all of it, or one thing."""
        for place, lock in list(self.locks.items()):
            if lock.owner == owner and (not name or place == (name, key)):
                del self.locks[place]

    def stamp(self, row: Row, user_key: str, new: bool) -> None:
        """Dates and times of the change. A record that nobody changed since it was made has none of an update."""
        date, time = self.clock.stamp()
        which = "Created" if new else "Updated"
        row[f"Date{which}$"], row[f"Time{which}$"], row[f"User{which}Key$"] = date, time, user_key
