"""The environment's records in memory: by composite key, with a version for the etag."""

from __future__ import annotations

import base64
import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.sandbox.finance_operations.errors import no_record
from mlconn_pipelines.sandbox.finance_operations.schema import ENTITIES, Entity, Values

Key = tuple[Any, ...]


@dataclass(eq=False)
class Record:
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

    def add(self, record: Record) -> None:
        self._records[record.key] = record
        bisect.insort(self._sorted, record.key)

    def remove(self, record: Record) -> None:
        del self._records[record.key]
        self._sorted.remove(record.key)


class Store:
    """All sets. `snapshot` and `restore` undo a changeset that failed."""

    def __init__(self) -> None:
        self.sets = {name: EntitySet(entity) for name, entity in ENTITIES.items()}
        self._version = 0

    def add(self, set_name: str, values: Values, *, over_api: bool = False) -> Record:
        """Store a record with whatever it leaves out at its default. Errors: ValueError for a key that is taken."""
        entities = self.sets[set_name]
        full = entities.entity.defaults() | values
        key = entities.key_of(full)
        if entities.find(*key) is not None:
            raise ValueError(f"{set_name}{key} is there already")
        self._version += 1
        record = Record(key, full, self._version, over_api)
        entities.add(record)
        return record

    def write(self, record: Record, changes: Values) -> None:
        record.values.update(changes)
        self._version += 1
        record.version = self._version

    def remove(self, set_name: str, record: Record) -> None:
        self.sets[set_name].remove(record)

    def snapshot(self) -> Any:
        return {
            name: [(record, dict(record.values), record.version) for record in entities] for name, entities in self.sets.items()
        }

    def restore(self, snapshot: Any) -> None:
        for name, rows in snapshot.items():
            entities = self.sets[name] = EntitySet(ENTITIES[name])
            for record, values, version in rows:
                record.values, record.version = values, version
                entities.add(record)
