"""What a client sent, checked against the entity's properties and brought into the stored form."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from mlconn_simulators.finance_operations.errors import bad_query
from mlconn_simulators.finance_operations.schema import ENUMS, NAMESPACE, Entity, Values
from mlconn_simulators.odata.json_text import loads


def read_object(body: bytes) -> Values:
    """Errors: 400 for what is no JSON object."""
    try:
        values = loads(body)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise bad_query("The request message could not be read as a JSON object.")
    return values


def writable(body: Values, entity: Entity) -> Values:
    """Errors: 400 for an unknown property, one that the server keeps, a value of the wrong kind."""
    kept: Values = {}
    for name, value in body.items():
        if "@" in name:
            continue
        kind = entity.kinds.get(name)
        if kind is None:
            raise bad_query(f"The property '{name}' does not exist on type '{NAMESPACE}.{entity.name}'. Make sure to only use property "
                            "names that are defined by the type.")  # fmt: skip
        if name in entity.read_only:
            raise bad_query(f"Property '{name}' of '{NAMESPACE}.{entity.name}' cannot be set.")
        kept[name] = _stored(name, value, kind)
    if "dataAreaId" in kept:
        kept["dataAreaId"] = kept["dataAreaId"].lower()
    return kept


def noon(day: dt.date) -> str:
    """A calendar date as F&O writes it.

    >>> noon(dt.date(2026, 1, 5))
    '2026-01-05T12:00:00Z'
    """
    return f"{day:%Y-%m-%d}T12:00:00Z"


def _stored(name: str, value: Any, kind: str) -> Any:
    match kind:
        case "text" | "guid" if value is None or isinstance(value, str):
            return value or ""
        case "number" if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Decimal(value)
        case "int" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "day" if isinstance(value, str) and len(value) > 10:
            try:
                moment = dt.datetime.fromisoformat(value)
            except ValueError:
                moment = None
            if moment is not None and moment.tzinfo is not None:
                return noon(moment.astimezone(dt.UTC).date())
        case _ if kind in ENUMS and isinstance(value, str) and value in ENUMS[kind]:
            return value
    edm = {"text": "Edm.String", "number": "Edm.Decimal", "int": "Edm.Int64", "day": "Edm.DateTimeOffset", "guid": "Edm.Guid"}
    wanted = edm.get(kind, f"{NAMESPACE}.{kind}")
    raise bad_query(f"Cannot convert the literal '{str(value)[:60]}' to the expected type '{wanted}' ({name}).")
