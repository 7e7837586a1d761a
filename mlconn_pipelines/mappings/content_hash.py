"""The hash of a record's business fields: equal when nothing that a partner would read has changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.storable import storable_number, storable_text

_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00(?:\.0+)?Z?")


@dataclass(frozen=True, slots=True)
class Projection:
    """The declared fields of a record. parts: collections or complex values, each with a projection of its own.

    ordered_by: field that a collection of these is sorted by, since servers promise no order; empty keeps the order given.
    """

    fields: tuple[str, ...]
    parts: Mapping[str, Projection] = field(default_factory=dict)
    ordered_by: str = ""


def hash_of(entity: str, record: Mapping[str, Any], projection: Projection) -> str:
    """sha256 over the canonical JSON of the projected record, as 64 hexadecimal digits.

    Numbers by value (600, 600.0 and 6E+2 are one), a date with midnight is the date, and null, empty text, empty collection
    and an absent field are one.
    """
    canonical = json.dumps([entity, _project(record, projection)], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _project(record: Mapping[str, Any], projection: Projection) -> dict[str, Any]:
    values = {name: _value(record.get(name)) for name in projection.fields}
    for name, part in projection.parts.items():
        held = record.get(name)
        if isinstance(held, Mapping):
            values[name] = _project(held, part)
        elif isinstance(held, Sequence) and not isinstance(held, str):
            rows = [_project(row, part) for row in held]
            values[name] = _sorted(rows, part.ordered_by) if part.ordered_by else rows
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _value(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float, Decimal)):
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        kept = storable_number(number)
        if isinstance(kept, Decimal):
            return {"number": f"{kept.normalize():f}" if kept else "0"}
        value = kept
    text = storable_text(str(value))  # as the ledger keeps it, so that a record read from there has the same hash
    return match.group(1) if (match := _DATE_TIME.fullmatch(text)) else text


def _sorted(rows: list[dict[str, Any]], field_name: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: _rank(row.get(field_name)))


def _rank(value: Any) -> tuple[Decimal, str]:
    if isinstance(value, dict):
        return Decimal(value["number"]), ""
    return Decimal(), str(value or "")
