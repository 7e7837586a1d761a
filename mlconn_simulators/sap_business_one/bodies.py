"""What a client sent, checked against the type's properties and brought into the stored form."""

from __future__ import annotations

import datetime as dt
from typing import Any

from mlconn_simulators.sap_business_one.clock import date_text
from mlconn_simulators.sap_business_one.errors import invalid
from mlconn_simulators.sap_business_one.schema import TYPES, EntityType, Values


def writable(body: Any, kind: EntityType) -> Values:
    """What of a body counts: read-only properties are passed over, dates become `2026-01-05T00:00:00Z`.

    Errors: 400 for an unknown property or a value of the wrong kind, in the elements of collections too.
    """
    if not isinstance(body, dict):
        raise invalid("The request body must be a JSON object")
    kept: Values = {}
    for name, value in body.items():
        if name.startswith("@"):
            continue
        property_kind = kind.kind(name)
        if name in kind.read_only:
            continue
        value = _stored(name, value, property_kind)
        part = kind.parts.get(name)
        if part and isinstance(value, list):
            value = [writable(each, TYPES[part]) for each in value]
        elif part and value is not None:
            value = writable(value, TYPES[part])
        kept[name] = value
    return kept


def _stored(name: str, value: Any, property_kind: str) -> Any:
    if value is None:
        return None
    match property_kind:
        case "date":
            return _date(name, value)
        case "int":
            fits = isinstance(value, int) and not isinstance(value, bool)
        case "number":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        case "collection":
            fits = isinstance(value, list) and all(isinstance(each, dict) for each in value)
        case "complex":
            fits = isinstance(value, dict)
        case _:
            fits = isinstance(value, str)
    if not fits:
        raise invalid(f"Value of property '{name}' is invalid: {str(value)[:60]!r}")
    return float(value) if property_kind == "number" else value


def _date(name: str, value: Any) -> str:
    # The clock part and the Z mean nothing: these are calendar dates.
    try:
        return date_text(dt.date.fromisoformat(str(value)[:10]))
    except ValueError:
        raise invalid(f"Value of property '{name}' is invalid: {str(value)[:60]!r} is no date") from None
