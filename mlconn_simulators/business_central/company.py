"""The company's records in memory: by id, stamped and versioned at every write, with listeners who hear of each change."""

from __future__ import annotations

import base64
import random
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mlconn_simulators.business_central.errors import not_found
from mlconn_simulators.business_central.schema import LINE_SETS, NO_ID, SETS, TYPES, EntityType, Values
from mlconn_simulators.utc_clock import UtcClock

LOCAL_CURRENCY = "USD"
_INDEXED = ("number", "code", "documentId")
_FIRST = {
    "PP-INV": 108001, "S-ORD": 101001, "S-INV": 102001, "PS-INV": 103001, "PS-CR": 104001, "PO": 106001, "S-SHPT": 107001, "C": 99001,
    "V": 99001, "I": 99001,
}  # fmt: skip
Listener = Callable[[str, str, str], None]
"""Set name, id of the record, and created, updated or deleted."""


@dataclass(eq=False)
class Record:
    """place: where it stands among the records of its set. posted: of invoices; no property says so."""

    set_name: str
    values: Values
    place: int
    version: int
    over_api: bool = False
    posted: bool = False

    @property
    def id(self) -> str:
        return str(self.values["id"])

    @property
    def etag(self) -> str:
        counter = f"19;{self.version + 8_313_900_000_000_000_000};1;00;"
        return f'W/"{base64.b64encode(counter.encode()).decode()}"'


@dataclass(eq=False)
class EntitySet:
    """Records in the order in which they came."""

    name: str
    type: EntityType
    records: dict[str, Record] = field(default_factory=dict)
    by: dict[str, dict[str, dict[str, Record]]] = field(default_factory=lambda: {name: {} for name in _INDEXED})

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self.records.values()))

    def find(self, name: str, value: str) -> Record | None:
        """The first record whose property (number, code, documentId) has this value."""
        return next(iter(self.by[name].get(value, {}).values()), None)

    def all_with(self, name: str, value: str) -> list[Record]:
        return list(self.by[name].get(value, {}).values())


class Company:
    """One company: its sets, number series and clock. The ids follow the seed."""

    def __init__(self, clock: UtcClock, name: str, seed: int) -> None:
        self.clock, self.name = clock, name
        self._dice = random.Random(f"business-central-ids-{seed}")
        self.id = self.new_id()
        self.sets = {set_name: EntitySet(set_name, TYPES[kind]) for set_name, kind in SETS.items()}
        self.item_units: dict[str, dict[str, Decimal]] = {}
        """Item number to its units' codes and how many base units each holds."""
        self.dimension_sets: dict[str, dict[str, str]] = {}
        """By the id of a document or line, where it is not `default_dimensions`: dimension code to value code."""
        self.default_dimensions: dict[str, str] = {}
        self.unreadable: set[str] = set()
        """Sets whose tables the application has no permission set for."""
        self.listeners: list[Listener] = []
        self._numbers = dict(_FIRST)
        self._version = 0
        self._place = 0

    @property
    def version(self) -> int:
        """Another number after every change."""
        return self._version

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    def take_number(self, series: str) -> str:
        """The next number of a series."""
        number = self._numbers[series]
        self._numbers[series] = number + 1
        return str(number) if series == "PO" else f"{series}{number}"

    def today(self) -> str:
        """The work date, in UTC as online."""
        return f"{self.clock.now():%Y-%m-%d}"

    def stamp(self) -> str:
        """The moment now as the API writes it: milliseconds, trailing zeros dropped."""
        text = f"{self.clock.now():%Y-%m-%dT%H:%M:%S.%f}"[:-3]
        return text.rstrip("0").rstrip(".") + "Z"

    def get(self, set_name: str, record_id: str) -> Record:
        """Errors: 404 Internal_RecordNotFound."""
        record = self.sets[set_name].records.get(record_id.lower())
        if record is None:
            raise not_found(f"The {self.sets[set_name].type.name} with id '{record_id}'")
        return record

    def lines_of(self, record: Record) -> list[Record]:
        """A document's lines by sequence."""
        lines = self.sets[LINE_SETS[record.set_name]].all_with("documentId", record.id)
        return sorted(lines, key=lambda line: line.values["sequence"])

    def dimension_lines_of(self, record: Record) -> list[Values]:
        """The dimensions of a document or line. A value that is gone keeps its code there."""
        rows = []
        for code, value_code in self.dimension_sets.get(record.id, self.default_dimensions).items():
            (dimension,) = self.sets["dimensions"].all_with("code", code)
            found = self.sets["dimensionValues"].all_with("code", value_code)
            value = next((each for each in found if each.values["dimensionId"] == dimension.id), None)
            rows.append(
                {
                    "id": dimension.id,
                    "code": code,
                    "parentId": record.id,
                    "parentType": _parent_type(record.set_name),
                    "displayName": dimension.values["displayName"],
                    "valueId": value.id if value else NO_ID,
                    "valueCode": value_code,
                    "valueDisplayName": value.values["displayName"] if value else "",
                }
            )
        return rows

    def set_dimensions(self, record: Record, **codes: str) -> None:
        """Give all lines of a document these dimensions, as a clerk can even where it is posted; that changes it."""
        for line in self.lines_of(record):
            self.dimension_sets[line.id] = codes
        self.touch(record)

    def add(self, set_name: str, values: Values, *, over_api: bool = False, record_id: str = "") -> Record:
        """Store a record with whatever it leaves out filled in. Lines raise no change of their own."""
        entities = self.sets[set_name]
        full = entities.type.defaults() | values | {"id": record_id or self.new_id()}
        self._version += 1
        self._place += 1
        record = Record(set_name, full, self._place, self._version, over_api)
        if "lastModifiedDateTime" in entities.type.kinds:
            full["lastModifiedDateTime"] = self.stamp()
        entities.records[record.id] = record
        self._index(record)
        self._tell(record, "created")
        return record

    def write(self, record: Record, changes: Values, *, stamped: bool = True) -> bool:
        """Merge changes; False, with nothing stamped, where they change nothing."""
        if all(record.values.get(name) == value for name, value in changes.items()):
            return False
        self._unindex(record)
        record.values.update(changes)
        self._index(record)
        self.touch(record, stamped=stamped)
        return True

    def touch(self, record: Record, *, stamped: bool = True) -> None:
        """A new version and, if stamped, a new modification time."""
        self._version += 1
        record.version = self._version
        if stamped and "lastModifiedDateTime" in record.values:
            record.values["lastModifiedDateTime"] = self.stamp()
        self._tell(record, "updated")

    def remove(self, record: Record) -> None:
        """Delete a record, a document with its lines."""
        for line in self.lines_of(record) if record.set_name in LINE_SETS else ():
            self.remove(line)
        self._version += 1
        self._unindex(record)
        del self.sets[record.set_name].records[record.id]
        self._tell(record, "deleted")

    def _index(self, record: Record) -> None:
        for name, index in self.sets[record.set_name].by.items():
            if name in record.values:
                index.setdefault(record.values[name], {})[record.id] = record

    def _unindex(self, record: Record) -> None:
        for name, index in self.sets[record.set_name].by.items():
            if name in record.values:
                index[record.values[name]].pop(record.id, None)

    def _tell(self, record: Record, change: str) -> None:
        for listener in self.listeners:
            listener(record.set_name, record.id, change)

    def snapshot(self) -> Any:
        """The state that `restore` brings back, for transactional batches."""
        kept = {name: [(record, dict(record.values), record.version, record.posted) for record in entities]
                for name, entities in self.sets.items()}  # fmt: skip
        return kept, dict(self._numbers)

    def restore(self, snapshot: Any) -> None:
        kept, self._numbers = snapshot[0], dict(snapshot[1])
        self._version += 1
        for name, rows in kept.items():
            entities = EntitySet(name, self.sets[name].type)
            self.sets[name] = entities
            for record, values, version, posted in rows:
                record.values, record.version, record.posted = values, version, posted
                entities.records[record.id] = record
                self._index(record)


def _parent_type(set_name: str) -> str:
    """
    >>> _parent_type("salesInvoiceLines")
    'Sales_x0020_Invoice_x0020_Line'
    """
    words = re.sub(r"(?=[A-Z])", "_x0020_", set_name.removesuffix("s"))
    return words[:1].upper() + words[1:]
