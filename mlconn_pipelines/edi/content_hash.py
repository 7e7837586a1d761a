"""The hash of a record's business fields: equal when nothing that a partner would read has changed.

Hashes are compared within one version of the projection only. A projection that has grown a field makes another hash of every
record, although none has changed: so each hash is stored with its version, and what the ledger holds of another version is made
again from the stored record first (`RecordHashing.again`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.storable import storable_number, storable_text
from mlconn_pipelines.ports.records import Record

ALGORITHM = 1
"""Raised when the canonical form below changes: then every stored hash is of another version."""

_VERSION_LENGTH = 12
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00(?:\.0+)?Z?")


@dataclass(frozen=True, slots=True)
class Projection:
    """The declared fields of a record. parts: collections or complex values, each with a projection of its own.

    ordered_by: field that a collection of these is sorted by, since servers promise no order; empty keeps the order given.
    """

    fields: tuple[str, ...]
    parts: Mapping[str, Projection] = field(default_factory=dict)
    ordered_by: str = ""

    def without(self, *names: str, **parts: Projection) -> Projection:
        """The projection before it had these fields, and with earlier ones of some parts: for `RecordHashing.earlier`."""
        return Projection(tuple(name for name in self.fields if name not in names), {**self.parts, **parts}, self.ordered_by)

    def shape(self) -> list[Any]:
        """What a version is a digest of."""
        return [sorted(self.fields), {name: part.shape() for name, part in sorted(self.parts.items())}, self.ordered_by]


def _as_it_is(record: Record) -> Record:
    return record


@dataclass(frozen=True, slots=True)
class RecordHashing:
    """Hashes of one entity's records; implements ports.hashing.ContentHashing.

    earlier: the projections of former releases, oldest first. The first is that of ledgers whose hashes name no version: releases
    before versions. They tell a hash whose record is kept nowhere. prepared: what is done to a record before it is projected;
    rules: raised when that changes.
    """

    entity: str
    projection: Projection
    earlier: tuple[Projection, ...] = ()
    prepared: Callable[[Record], Record] = _as_it_is
    rules: int = 1
    version: str = field(init=False)
    _by_version: Mapping[str, Projection] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        former = {self._version_of(each): each for each in self.earlier}
        first = self.earlier[0] if self.earlier else self.projection
        object.__setattr__(self, "version", self._version_of(self.projection))
        object.__setattr__(self, "_by_version", {"": first, **former, self.version: self.projection})

    def of(self, record: Record) -> str:
        """Today's hash."""
        return hash_of(self.entity, self.prepared(record), self.projection)

    def as_of(self, version: str, record: Record) -> str | None:
        """The hash that a release of that version would have made of the record; None of a version that nobody knows any more."""
        projection = self._by_version.get(version)
        return None if projection is None else hash_of(self.entity, self.prepared(record), projection)

    def again(self, stored: Record, now: Record, version: str) -> str:
        """Today's hash of a stored record, of which a hash of another version was kept.

        A field that is new since then and that the stored record lacks, since it was read without it, is taken to have been as it
        is now: that something became known is no change. A field that was declared then and is missing was empty.
        """
        filled = _filled(self.prepared(stored), self.prepared(now), self.projection, self._by_version.get(version))
        return hash_of(self.entity, filled, self.projection)

    def _version_of(self, projection: Projection) -> str:
        shape = json.dumps([ALGORITHM, self.rules, projection.shape()], separators=(",", ":"))
        return hashlib.sha256(shape.encode()).hexdigest()[:_VERSION_LENGTH]


def hash_of(entity: str, record: Mapping[str, Any], projection: Projection) -> str:
    """sha256 over the canonical JSON of the projected record, as 64 hexadecimal digits.

    Numbers by value (600, 600.0 and 6E+2 are one), a date with midnight is the date, and null, empty text, empty collection
    and an absent field are one.
    """
    canonical = json.dumps([entity, _project(record, projection)], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _filled(stored: Record, now: Record, today: Projection, then: Projection | None) -> dict[str, Any]:
    """The stored record, with what it lacks of the fields that are new since then taken from the record now."""
    filled = dict(stored)
    for name in today.fields:
        if name not in stored and name in now and (then is None or name not in then.fields):
            filled[name] = now[name]
    for name, part in today.parts.items():
        part_then = then.parts.get(name) if then is not None else None
        if name not in stored:
            if name in now and (then is None or part_then is None):
                filled[name] = now[name]
            continue
        # A part that is new as a whole is like one of which nobody knows what was declared.
        filled[name] = _filled_part(stored[name], now.get(name), part, part_then)
    return filled


def _filled_part(stored: Any, now: Any, today: Projection, then: Projection | None) -> Any:
    if isinstance(stored, Mapping) and isinstance(now, Mapping):
        return _filled(stored, now, today, then)
    if not (_is_rows(stored) and _is_rows(now)):
        return stored
    if today.ordered_by:
        counterparts = {_rank(_value(row.get(today.ordered_by))): row for row in now if isinstance(row, Mapping)}
        pairs = [
            (row, counterparts.get(_rank(_value(row.get(today.ordered_by))))) for row in stored if isinstance(row, Mapping)
        ]
    elif len(stored) == len(now):
        pairs = list(zip(stored, now, strict=True))
    else:  # nothing says which row is which, and it has changed anyway
        return stored
    return [_filled(row, other, today, then) if isinstance(other, Mapping) else row for row, other in pairs]


def _is_rows(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _project(record: Mapping[str, Any], projection: Projection) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in projection.fields:
        held = record.get(name)
        if held is not None and held != "":
            values[name] = _value(held)
    for name, part in projection.parts.items():
        held = record.get(name)
        if not held:
            continue
        if isinstance(held, Mapping):
            if projected := _project(held, part):
                values[name] = projected
        elif _is_rows(held):
            rows = [_project(row, part) for row in held]
            values[name] = _sorted(rows, part.ordered_by) if part.ordered_by else rows
    return values


def _value(value: Any) -> Any:
    if not isinstance(value, str):
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, (int, float, Decimal)):
            number = value if isinstance(value, Decimal) else Decimal(str(value))
            kept = storable_number(number)
            if isinstance(kept, Decimal):
                return {"number": f"{kept.normalize():f}" if kept else "0"}
            value = kept
        else:
            value = str(value)
    text = storable_text(value)  # as the ledger keeps it, so that a record read from there has the same hash
    # Few texts are dates, and one that is none is told by its fifth character.
    return match.group(1) if text[4:5] == "-" and (match := _DATE_TIME.fullmatch(text)) else text


def _sorted(rows: list[dict[str, Any]], field_name: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: _rank(row.get(field_name)))


def _rank(value: Any) -> tuple[Decimal, str]:
    if isinstance(value, dict):
        return Decimal(value["number"]), ""
    return Decimal(), str(value or "")
