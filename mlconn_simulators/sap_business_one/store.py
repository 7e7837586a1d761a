"""The company's records in memory: by key, with an index for the properties that look-ups ask for."""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from mlconn_simulators.sap_business_one.errors import not_found
from mlconn_simulators.sap_business_one.schema import EntityType, Values

Key = tuple[int | str, ...]


@lru_cache(maxsize=4096)
def etag_of(version: int) -> str:
    """The Service Layer's etag: SHA-1 of the decimal version counter.

    >>> etag_of(1)
    'W/"356A192B7913B04C54574D18C28D46E6395428AB"'
    """
    return f'W/"{hashlib.sha1(str(version).encode(), usedforsecurity=False).hexdigest().upper()}"'


@dataclass(slots=True, eq=False)
class Record:
    """values: what was written; anything else reads as its type's default. over_api: created by a client."""

    key: Key
    values: Values
    version: int = 1
    over_api: bool = False

    @property
    def etag(self) -> str:
        return etag_of(self.version)


class EntitySet:
    """One entity set. indexed: string properties looked up by equality; days: date properties looked up by range."""

    def __init__(
        self, name: str, kind: EntityType, key: tuple[str, ...], indexed: tuple[str, ...] = (), days: tuple[str, ...] = ()
    ) -> None:
        self.name, self.type, self.key_names = name, kind, key
        self._records: dict[Key, Record] = {}
        self._sorted: list[Key] = []
        self._by_value: dict[str, dict[str, set[Key]]] = {each: {} for each in indexed}
        self._by_day: dict[str, dict[str, set[Key]]] = {each: {} for each in days}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return (self._records[key] for key in list(self._sorted))

    def next_entry(self) -> int:
        """The next number of a set whose key is one number."""
        return int(self._sorted[-1][0]) + 1 if self._sorted else 1

    def find(self, key: Key) -> Record | None:
        return self._records.get(key)

    def get(self, key: Key) -> Record:
        """Errors: 404 with -2028."""
        record = self._records.get(key)
        if record is None:
            raise not_found()
        return record

    def add(self, values: Values, over_api: bool = False) -> Record:
        key = tuple(values[name] for name in self.key_names)
        record = Record(key, values, over_api=over_api)
        if key in self._records:
            raise ValueError(f"{self.name}{key!r} is there already")
        self._records[key] = record
        if not self._sorted or key > self._sorted[-1]:
            self._sorted.append(key)
        else:
            bisect.insort(self._sorted, key)
        self._index(record)
        return record

    def write(self, record: Record, changes: Values) -> None:
        """Merge top-level changes into a record and raise its version."""
        self._unindex(record)
        record.values.update(changes)
        record.version += 1
        self._index(record)

    def remove(self, record: Record) -> None:
        self._unindex(record)
        del self._records[record.key]
        self._sorted.remove(record.key)

    def in_key_range(self, low: Key | None, low_in: bool, high: Key | None, high_in: bool) -> list[Key]:
        """Keys between two bounds, in order."""
        start = 0 if low is None else (bisect.bisect_left if low_in else bisect.bisect_right)(self._sorted, low)
        end = (
            len(self._sorted) if high is None else (bisect.bisect_right if high_in else bisect.bisect_left)(self._sorted, high)
        )
        return self._sorted[start:end]

    def with_value(self, name: str, value: str) -> set[Key] | None:
        """Keys of the records whose property equals `value`; None if the property has no index."""
        index = self._by_value.get(name)
        return None if index is None else index.get(value, set())

    def on_days(self, name: str, operator: str, day: str) -> set[Key] | None:
        """Keys by date property, `day` as YYYY-MM-DD; None if the property has no index."""
        index = self._by_day.get(name)
        if index is None:
            return None
        if operator == "eq":
            return index.get(day, set())
        fits = {"gt": day.__lt__, "ge": day.__le__, "lt": day.__gt__, "le": day.__ge__}[operator]
        return set().union(*(keys for each, keys in index.items() if fits(each)))

    def records(self, keys: Iterable[Key]) -> Iterator[Record]:
        """The records of those keys that exist."""
        found = map(self._records.get, keys)
        return (record for record in found if record is not None)

    def _index(self, record: Record) -> None:
        for name, index in self._by_value.items():
            if (value := record.values.get(name)) is not None:
                index.setdefault(value, set()).add(record.key)
        for name, index in self._by_day.items():
            if (value := record.values.get(name)) is not None:
                index.setdefault(value[:10], set()).add(record.key)

    def _unindex(self, record: Record) -> None:
        for name, index in self._by_value.items():
            if (value := record.values.get(name)) is not None:
                index.get(value, set()).discard(record.key)
        for name, index in self._by_day.items():
            if (value := record.values.get(name)) is not None:
                index.get(value[:10], set()).discard(record.key)
