"""Service objects: find, browse, and read in bulk. They take no locks."""

from __future__ import annotations

from typing import Any

from mlconn_simulators.sage_100.component import Component, fill, method, prop
from mlconn_simulators.sage_100.expressions import compile_filter, compile_text
from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.kinds import Kind
from mlconn_simulators.sage_100.layouts import NUMBERS, Column, EngineError, Layout, Refused, Row, number_text
from mlconn_simulators.sage_100.session import Session
from mlconn_simulators.sage_100.store import Company, Key, Table

INDEXES = {"KPRIMARY": (), "KVENDORNO": ("APDivisionNo$", "VendorNo$"), "KVENDOR": ("APDivisionNo$", "VendorNo$")}
"""Further orders to browse in; the primary key always ends them."""


class Reader(Component):
    """A table with a cursor on it. row: what it stands on, None beside the rows."""

    def __init__(self, host: HostProcess, session: Session, title: str, table: str) -> None:
        super().__init__(host, title)
        self.session, self._table = session, table
        self.row: Row | None = None
        self.key_values: Row = {}
        self.prefix, self.index = "", "KPRIMARY"
        self.eof = self.bof = False

    @property
    def company(self) -> Company:
        if self.session.company is None or self.session.user is None:
            raise Refused("The session has no user or company.")
        return self.session.company

    @property
    def table(self) -> Table:
        return self.company[self._table]

    @property
    def layout(self) -> Layout:
        return self.table.layout

    def text_held(self) -> str:
        return " ".join(str(value) for value in (self.row or {}).values())

    def column(self, name: str) -> Column:
        """Errors: Refused for a name that is none."""
        column = self.layout.find(name) if isinstance(name, str) else None
        if column is None:
            raise Refused(f"The column {name} does not exist.")
        return column

    # Positioning.

    @method("nSetKeyValue")
    def set_key_value(self, name: str, value: Any) -> int:
        column = self.column(name)
        if column.name not in self.layout.keys:
            raise Refused(f"{column.title} is no key column.")
        self.key_values[column.name], _ = column.stored(value, "refuse")
        return 1

    def asked_key(self, key: str) -> Key:
        """The key in question: as one text, or the values set before, which are used up."""
        values, self.key_values = self.key_values, {}
        if key:
            return self.layout.split(key)
        if set(values) != set(self.layout.keys):
            raise Refused("The key is not complete.")
        return tuple(str(values[name]) for name in self.layout.keys)

    @method("nFind")
    def find(self, key: str = "") -> int:
        self.row = self.table.rows.get(self.asked_key(key))
        self.eof = self.bof = False
        if self.row is None:
            self.last_error = "The record is not on file."
        return int(self.row is not None)

    @method("nSetKey")
    def set_key(self, key: str = "") -> int:
        return self.find(key)  # type: ignore[no-any-return]

    # Browsing.

    def browsed(self) -> list[Row]:
        """The rows in the order of the index, within the prefix."""
        rows = [self.table.rows[key] for key in self.table.ordered(self.prefix)]
        if columns := INDEXES[self.index]:
            rows.sort(key=lambda row: tuple(str(row[name]) for name in columns))
        return rows

    def stand(self, place: int, rows: list[Row]) -> int:
        self.bof, self.eof = place < 0, place >= len(rows)
        self.row = rows[place] if 0 <= place < len(rows) else None
        return int(self.row is not None)

    def place_in(self, rows: list[Row]) -> int:
        return next((place for place, row in enumerate(rows) if row is self.row), -1)

    @method("nMoveFirst")
    def move_first(self) -> int:
        rows = self.browsed()
        return self.stand(0, rows)

    @method("nMoveLast")
    def move_last(self) -> int:
        rows = self.browsed()
        return self.stand(len(rows) - 1, rows) if rows else self.stand(0, rows)

    @method("nMoveNext")
    def move_next(self) -> int:
        rows = self.browsed()
        return self.stand(len(rows) if self.eof else self.place_in(rows) + 1, rows)

    @method("nMovePrevious")
    def move_previous(self) -> int:
        rows = self.browsed()
        return self.stand(len(rows) - 1 if self.eof else self.place_in(rows) - 1, rows)

    @prop("nEOF")
    def at_end(self) -> int:
        return int(self.eof)

    @prop("nBOF")
    def at_begin(self) -> int:
        return int(self.bof)

    @method("nSetBrowseFilter")
    def set_browse_filter(self, prefix: str) -> int:
        self.prefix = prefix
        return 1

    @method("nSetIndex")
    def set_index(self, name: str) -> int:
        columns = INDEXES.get(name.upper())
        if columns is None or any(self.layout.find(column) is None for column in columns):
            raise Refused(f"The index {name} does not exist.")
        self.index = name.upper()
        return 1

    @method("nSetBrowseIndex")
    def set_browse_index(self, name: str) -> int:
        return self.set_index(name)  # type: ignore[no-any-return]

    # Values.

    @method("nGetValue", 1)
    def get_value(self, name: str, value: Any) -> int:
        """A number comes as one, or as text with its minus at the end where the argument is made for text."""
        column = self.column(name)
        if self.row is None:
            raise Refused("There is no current record.")
        cell = self.row[column.name]
        if not isinstance(cell, str) and isinstance(getattr(value, "value", None), str):
            cell = number_text(cell, NUMBERS[column.form])
        fill(value, cell)
        return 1

    @method("nGetRecord", 0, 1)
    def get_record(self, record: Any, form: Any) -> int:
        if self.row is None:
            raise Refused("There is no current record.")
        fill(record, self.record_text(self.row))
        fill(form, ",".join(self.layout.columns[name].name for name in self.layout.columns))
        return 1

    @method("nGetOrigRecord$")
    def original_record(self) -> str:
        """The record as it is stored, whatever was set since."""
        stored = self.table.rows.get(self.layout.key(self.row)) if self.row is not None else None
        return self.record_text(stored) if stored is not None else ""

    def record_text(self, row: Row) -> str:
        sep = self.host.site.sep
        cells = []
        for column in self.layout.columns.values():
            cell = row[column.name]
            cells.append(cell if isinstance(cell, str) else number_text(cell, NUMBERS[column.form]))
        return sep.join(cells) + sep

    # What there is, and much of it at once.

    @method("sGetDataSources")
    def data_sources(self) -> str:
        return self._table + self.host.site.sep

    @method("sGetColumns")
    def columns(self, source: str = "") -> str:
        self._check_source(source)
        sep = self.host.site.sep
        return "".join(column.name + sep for column in self.layout.columns.values())

    @method("sGetKeyColumns")
    def key_columns(self) -> str:
        sep = self.host.site.sep
        return "".join(name + sep for name in self.layout.keys)

    @method("nGetRecordCount")
    def record_count(self, source: str = "") -> int:
        self._check_source(source)
        return len(self.table.rows)

    def _check_source(self, source: str) -> None:
        if source and source.lower() != self._table.lower():
            raise Refused(f"The data source {source} does not exist.")

    @method("nGetResultSets", 2, 3)
    def result_sets(
        self, first: str, second: str, firsts: Any, seconds: Any, filter_: str = "", begin: str = "", end: str = ""
    ) -> int:
        """Two expressions of every row between two keys that passes the filter, each entry closed by the separator."""
        left, right, passes = compile_text(first), compile_text(second), compile_filter(filter_)
        lists: tuple[list[str], list[str]] = ([], [])
        for key in self.table.ordered():
            text = self.layout.key_text(key)
            if (begin and text < begin) or (end and text > end):
                continue
            row = self.table.rows[key]
            if passes(row):
                lists[0].append(left(row))
                lists[1].append(right(row))
        sep = self.host.site.sep
        for place, entries in zip((firsts, seconds), lists, strict=True):
            fill(place, "".join(entry + sep for entry in entries))
        return 1


class ServiceObject(Reader):
    """Reads one kind of record; those with lines have them in `oLines`."""

    def __init__(self, host: HostProcess, session: Session, kind: Kind) -> None:
        super().__init__(host, session, kind.name, kind.table)
        self._lines = ServiceLines(host, session, self, f"{kind.name}.oLines", kind.lines) if kind.lines else None
        if self._lines is not None:
            host.adopt(self._lines)

    @prop("oLines")
    def lines(self) -> Component:
        if self._lines is None:
            raise EngineError(88)
        return self._lines


class ServiceLines(Reader):
    """The lines of the record that the header stands on; in bulk, the lines of all."""

    def __init__(self, host: HostProcess, session: Session, header: Reader, title: str, table: str) -> None:
        super().__init__(host, session, title, table)
        self._header = header

    def browsed(self) -> list[Row]:
        if self._header.row is None:
            return []
        return in_sequence(self.table.under(*self._header.layout.key(self._header.row)))


def in_sequence(rows: Any) -> list[Row]:
    return sorted(rows, key=lambda row: (row["LineSeqNo$"], row["LineKey$"]))
