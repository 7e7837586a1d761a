"""The environment's records in memory: by composite key, with a version for the etag."""

from __future__ import annotations

import base64
import bisect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlconn_simulators.finance_operations.errors import no_record
from mlconn_simulators.finance_operations.schema import ENTITIES, Entity, Values
from mlconn_simulators.odata.narrowing import Wanted

Key = tuple[Any, ...]


@dataclass(eq=False)
class Record:
    entity: Entity
    key: Key
    values: Values
    version: int
    over_api: bool = False

    @property
    def etag(self) -> str:
        counter = f"1,{5_637_144_576 + self.version};0,0;"
        return f'W/"{base64.b64encode(counter.encode()).decode()}"'


class EntitySet:
    """Records by key, in the key's order."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self._records: dict[Key, Record] = {}
        self._sorted: list[Key] = []
        self._by_text: dict[str, dict[str, set[Record]]] = {}
        """Per text property that was asked for once, the records by its value."""

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return (self._records[key] for key in list(self._sorted))

    def key_of(self, values: Values) -> Key:
        return tuple(values[name] for name in self.entity.key)

    def find(self, *key: Any) -> Record | None:
        return self._records.get(key)

    def get(self, *key: Any) -> Record:
        """Errors: 404."""
        record = self._records.get(key)
        if record is None:
            raise no_record(self.entity.set_name)
        return record

    def beginning_with(self, *start: Any) -> list[Record]:
        """The records whose key begins so, in order."""
        place = bisect.bisect_left(self._sorted, start)
        found = []
        while place < len(self._sorted) and self._sorted[place][: len(start)] == start:
            found.append(self._records[self._sorted[place]])
            place += 1
        return found

    def with_texts(self, wanted: Wanted) -> Iterable[Record]:
        """All records that have one of the values of each property, and maybe others, in order; all where nothing is wanted."""
        if not wanted:
            return self
        choices = [
            [record for value in values for record in self._indexed(name).get(value, ())] for name, values in wanted.items()
        ]
        fewest: list[Record] = min(choices, key=lambda records: len(records))
        return sorted(fewest, key=lambda record: record.key)

    def add(self, record: Record) -> None:
        self._records[record.key] = record
        bisect.insort(self._sorted, record.key)
        self.index(record)

    def remove(self, record: Record) -> None:
        del self._records[record.key]
        del self._sorted[bisect.bisect_left(self._sorted, record.key)]
        self.forget(record)

    def index(self, record: Record) -> None:
        for name, by_value in self._by_text.items():
            by_value.setdefault(record.values[name], set()).add(record)

    def forget(self, record: Record) -> None:
        """Before a record changes or goes."""
        for name, by_value in self._by_text.items():
            by_value[record.values[name]].discard(record)

    def _indexed(self, name: str) -> dict[str, set[Record]]:
        if name not in self._by_text:
            by_value = self._by_text[name] = {}
            for record in self._records.values():
                by_value.setdefault(record.values[name], set()).add(record)
        return self._by_text[name]


class Store:
    """All sets. `undoable` is for changesets, which are stored whole or not at all."""

    def __init__(self) -> None:
        self.sets = {name: EntitySet(entity) for name, entity in ENTITIES.items()}
        self._version = 0
        self._undo: list[Callable[[], None]] | None = None

    def add(self, set_name: str, values: Values, *, over_api: bool = False) -> Record:
        """Store a record with whatever it leaves out at its default. Errors: ValueError for a key that is taken."""
        entities = self.sets[set_name]
        full = entities.entity.defaults() | values
        key = entities.key_of(full)
        if entities.find(*key) is not None:
            raise ValueError(f"{set_name}{key} is there already")
        self._version += 1
        record = Record(entities.entity, key, full, self._version, over_api)
        entities.add(record)
        self._can_undo(lambda: entities.remove(record))
        return record

    def write(self, record: Record, changes: Values) -> None:
        self._version += 1
        before = ({name: record.values[name] for name in changes}, record.version)
        self._set(record, changes, self._version)
        self._can_undo(lambda: self._set(record, *before))

    def remove(self, set_name: str, record: Record) -> None:
        entities = self.sets[set_name]
        entities.remove(record)
        self._can_undo(lambda: entities.add(record))

    @contextmanager
    def undoable(self) -> Iterator[Callable[[], None]]:
        """Within it, what it gives takes back whatever was written since it began."""
        steps: list[Callable[[], None]] = []

        def undo() -> None:
            self._undo = None
            while steps:
                steps.pop()()

        self._undo = steps
        try:
            yield undo
        finally:
            self._undo = None

    def _set(self, record: Record, values: Values, version: int) -> None:
        entities = self.sets[record.entity.set_name]
        entities.forget(record)
        record.values.update(values)
        record.version = version
        entities.index(record)

    def _can_undo(self, step: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(step)
