"""Entry objects: a record positioned for edit is locked, takes values one by one with all rules run, and is written as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from mlconn_simulators.sage_100.component import Component, fill, method, prop
from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.kinds import Kind
from mlconn_simulators.sage_100.layouts import Cell, EngineError, Refused, Row
from mlconn_simulators.sage_100.lines import EntryLines
from mlconn_simulators.sage_100.reading import Reader
from mlconn_simulators.sage_100.rules import assign
from mlconn_simulators.sage_100.session import Session
from mlconn_simulators.sage_100.store import Key


class EntryObject(Reader):
    """One kind of record in edit. draft: the record as edited, lines included in `lines`; None while nothing is in edit.

    rules: what setting a column does beyond keeping it, by its name in lower case.
    """

    rules: ClassVar[dict[str, Callable[[Any, Row, Cell], None]]] = {}
    lines_class: ClassVar[type[EntryLines] | None] = None

    def __init__(self, host: HostProcess, session: Session, kind: Kind) -> None:
        super().__init__(host, session, kind.name, kind.table)
        self.kind = kind
        self.is_new = self.header_changed = self.in_edit = False
        self.entry_lines = self.lines_class(host, session, self, kind.lines) if self.lines_class else None
        if self.entry_lines is not None:
            host.adopt(self.entry_lines)

    def drop(self) -> None:
        if self.in_edit and self.row is not None and self.session.company is not None:
            self.session.company.let_go(self.session.owner, self.kind.table, self.layout.key(self.row))
        self.forget()

    def forget(self) -> None:
        self.row, self.in_edit, self.key_values = None, False, {}
        if self.entry_lines is not None:
            self.entry_lines.load([])

    @property
    def lines_in_edit(self) -> EntryLines:
        """Errors: EngineError for a kind without lines."""
        if self.entry_lines is None:
            raise EngineError(88)
        return self.entry_lines

    @prop("oLines")
    def lines(self) -> Component:
        return self.lines_in_edit

    # Positioning: to read, and for edit.

    @method("nFind")
    def find(self, key: str = "") -> int:
        asked = self.asked_key(key)
        self.drop()
        found = super().find(self.layout.key_text(asked))
        if found and self.entry_lines is not None:
            self.entry_lines.load([dict(line) for line in self.company[self.kind.lines].under(*asked)])
        return int(found)

    def stand(self, place: int, rows: list[Row]) -> int:
        self.drop()
        return super().stand(place, rows)

    @method("nSetKey")
    def set_key(self, key: str = "") -> int:
        """1 for a record that is there, 2 for a new one; it is locked from here on. Refused while somebody else has it."""
        asked = self.asked_key(key)
        self.drop()
        if not all(asked):
            raise Refused("The key is not complete.")
        self.check_module()
        if holder := self.company.holder(self.kind.table, asked, self.session.owner):
            raise Refused(f"The record is in use by {holder}.")
        stored = self.table.rows.get(asked)
        self.check_key(asked, stored)
        self.company.hold(self.kind.table, asked, self.session.owner)
        self.is_new, self.in_edit, self.header_changed = stored is None, True, stored is None
        self.row = dict(stored) if stored is not None else self._blank(asked)
        if self.entry_lines is not None:
            self.entry_lines.load([dict(line) for line in self.company[self.kind.lines].under(*asked)])
        return 2 if stored is None else 1

    def _blank(self, key: Key) -> Row:
        row = self.layout.blank() | dict(zip(self.layout.keys, key, strict=True))
        self.start(row)
        return row

    def check_module(self) -> None:
        if self.kind.module in self.company.closing:
            raise Refused("Period end processing is in progress. The task is not available.")

    def check_key(self, key: Key, stored: Row | None) -> None:
        """What else forbids to open this record."""

    def start(self, row: Row) -> None:
        """What a new record begins with."""

    @property
    def module_date(self) -> str:
        return self.session.dates.get(self.kind.module) or self.host.site.clock.today()

    def check_period(self, date: str) -> None:
        """Errors: Refused for a date outside the periods that are open."""
        if not self.company.open_from <= date <= self.company.open_to:
            raise Refused(f"The date {date} is not within an open period.")

    @method("nClear")
    def clear(self) -> int:
        self.drop()
        return 1

    # Values.

    @method("nSetValue")
    def set_value(self, name: str, value: Any) -> int:
        column = self.column(name)
        if self.row is None or not self.in_edit:
            raise Refused("There is no current record.")
        if column.name in self.layout.keys:
            raise Refused(f"{column.title} cannot be changed.")
        warning = assign(self, column, self.row, value)
        self.header_changed = True
        return self.warned(warning)

    def warned(self, text: str) -> int:
        if text:
            self.last_error = text
        return -1 if text else 1

    # Saving.

    @method("nWrite")
    def write(self) -> int:
        """Save the record with its lines, stamp it, let it go."""
        if self.row is None or not self.in_edit:
            raise Refused("There is no current record.")
        self.host.site.check_writable()
        self.check_module()
        lines = self.entry_lines.rows if self.entry_lines is not None else []
        warning = self.check(self.row, lines)
        user = self.session.user.key if self.session.user else ""
        changed_lines = self.entry_lines is not None and self.entry_lines.changed
        if self.is_new:
            self.company.stamp(self.row, user, True)
        elif self.header_changed or (changed_lines and self.host.site.line_edit_stamps_header):
            self.company.stamp(self.row, user, False)
        self.save(self.row, lines)
        self.host.site.journal.wrote(self.kind.table, self.layout.key(self.row), self.is_new, by_people=self.host.pid == 0)
        self.drop()
        return self.warned(warning)

    def check(self, row: Row, lines: list[Row]) -> str:
        """A warning, or none. Errors: Refused where it cannot be saved like this."""
        return ""

    def save(self, row: Row, lines: list[Row]) -> None:
        key = self.layout.key(row)
        self.table.put(row)
        if self.kind.lines:
            table = self.company[self.kind.lines]
            for line in list(table.under(*key)):
                table.remove(table.layout.key(line))
            for line in lines:
                table.put(line)

    @method("nDelete")
    def delete(self, key: str = "") -> int:
        self.host.site.check_writable()
        asked = self.asked_key(key) if key or self.row is None else self.layout.key(self.row)
        if asked not in self.table.rows:
            raise Refused("The record is not on file.")
        if holder := self.company.holder(self.kind.table, asked, self.session.owner):
            raise Refused(f"The record is in use by {holder}.")
        self.check_delete(self.table.rows[asked])
        self.drop()
        self.table.remove(asked)
        if self.kind.lines:
            table = self.company[self.kind.lines]
            for line in list(table.under(*asked)):
                table.remove(table.layout.key(line))
        return 1

    def check_delete(self, row: Row) -> None:
        """What forbids to delete it."""

    def next_number(self, number: Any, name: str, width: int) -> int:
        """Hand the next number out: it is consumed even where the argument cannot take it. Refused while another user has the record."""
        if holder := self.company.holder("SY_NextNumber", (name,), self.session.owner):
            raise Refused(f"The next number record is in use by {holder}.")
        self.check_module()
        fill(number, f"{self.company.take_number(name):0{width}}")
        return 1
