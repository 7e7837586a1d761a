"""The lines of a record in edit: added and changed in memory, and stored with the header."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from mlconn_simulators.sage_100.component import method
from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.layouts import Cell, Refused, Row
from mlconn_simulators.sage_100.reading import Reader, in_sequence
from mlconn_simulators.sage_100.rules import assign
from mlconn_simulators.sage_100.session import Session

if TYPE_CHECKING:
    from mlconn_simulators.sage_100.entry import EntryObject


class EntryLines(Reader):
    """row: the line in edit or stood on. rows: the lines written so far, in memory.

    first: the column that has to be set before all others, since its defaults overwrite them.
    """

    rules: ClassVar[dict[str, Callable[[Any, Row, Cell], None]]] = {}
    first: ClassVar[str] = "ItemCode$"

    def __init__(self, host: HostProcess, session: Session, header: EntryObject, table: str) -> None:
        super().__init__(host, session, f"{header.title}.oLines", table)
        self.header = header
        self.rows: list[Row] = []
        self.changed = False
        self._adding = False
        self._edited: Row | None = None
        """The line as it stands in `rows`, while `row` is a copy that was changed and not written yet."""

    def load(self, rows: list[Row]) -> None:
        self.rows, self.row, self.changed, self._adding = in_sequence(rows), None, False, False
        self.eof = self.bof = False
        self._edited = None

    def stand(self, place: int, rows: list[Row]) -> int:
        self._edited, self._adding = None, False
        return super().stand(place, rows)

    def place_in(self, rows: list[Row]) -> int:
        stood = self.row if self._edited is None else self._edited
        return next((place for place, row in enumerate(rows) if row is stood), -1)

    def browsed(self) -> list[Row]:
        return self.rows

    @method("nAddLine")
    def add_line(self) -> int:
        header = self.header
        if header.row is None or not header.in_edit:
            raise Refused("There is no current record.")
        self.check_header(header.row)
        parent = {name: header.row[name] for name in header.layout.keys}
        number = max((int(str(row["LineKey$"])) for row in self.rows), default=0) + 1
        self.row = self.layout.blank() | parent | {"LineSeqNo$": f"{number:014}"}
        if not self.host.site.line_key_at_write:
            self.row["LineKey$"] = f"{number:06}"
        self._adding, self._edited = True, None
        self.start(self.row)
        return 2

    def check_header(self, header: Row) -> None:
        """Errors: Refused while the header is not ready for lines."""

    def start(self, row: Row) -> None:
        """What a new line begins with."""

    @method("nEditLine")
    def edit_line(self, key: str) -> int:
        self.row = next((row for row in self.rows if row["LineKey$"] == key.zfill(6)), None)
        self._adding, self._edited = False, None
        if self.row is None:
            raise Refused(f"The line {key} is not on file.")
        return 1

    @method("nSetKey")
    def set_key(self, key: str = "") -> int:
        values, self.key_values = self.key_values, {}
        return self.edit_line(key or str(values.get("LineKey$", "")))  # type: ignore[no-any-return]

    @method("nFind")
    def find(self, key: str = "") -> int:
        return self.set_key(key)  # type: ignore[no-any-return]

    @method("nSetValue")
    def set_value(self, name: str, value: Any) -> int:
        column = self.column(name)
        if self.row is None:
            raise Refused("There is no current line.")
        if column.name in self.layout.keys:
            raise Refused(f"{column.title} cannot be changed.")
        if self._adding and not self.row[self.first] and column.name != self.first:
            raise Refused(f"{self.first.rstrip('$')} is required first.")
        if not self._adding and self._edited is None:
            self._edited, self.row = self.row, dict(self.row)
        warning = assign(self, column, self.row, value)
        if warning:
            self.last_error = warning
        return -1 if warning else 1

    @method("nWrite")
    def write(self) -> int:
        """Keep the line with the record. The cursor stands behind the last line afterwards."""
        if self.row is None:
            raise Refused("There is no current line.")
        if not self.row[self.first]:
            raise Refused(f"{self.first.rstrip('$')} is required.")
        warning = self.check(self.row)
        if self._edited is not None:
            self.rows[self.place_in(self.rows)] = self.row
        if self._adding:
            if not self.row["LineKey$"]:
                self.row["LineKey$"] = str(self.row["LineSeqNo$"])[-6:]
            self.rows.append(self.row)
        self.changed, self._adding, self._edited, self.row, self.eof = True, False, None, None, True
        if warning:
            self.last_error = warning
        return -1 if warning else 1

    def check(self, row: Row) -> str:
        """A warning, or none. Errors: Refused where the line cannot be kept."""
        return ""

    @method("nDelete")
    def delete(self, key: str = "") -> int:
        if key:
            self.edit_line(key)
        place = self.place_in(self.rows)
        if self.row is None or place < 0:
            raise Refused("There is no current line.")
        del self.rows[place]
        self.row, self._edited, self.changed = None, None, True
        return 1
