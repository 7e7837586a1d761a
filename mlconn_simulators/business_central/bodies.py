"""What a client sent, checked against the type's properties, lengths and kinds, and brought into the stored form."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from mlconn_simulators.business_central.errors import ApiError, bad, refused
from mlconn_simulators.business_central.schema import OPTIONS, EntityType, Values
from mlconn_simulators.odata.json_text import loads

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_object(body: bytes) -> Values:
    """Errors: 400 BadRequest for what is no JSON object."""
    try:
        values = loads(body)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise bad("The request body must contain a JSON object. The payload could not be read.")
    return values


def writable(body: Values, kind: EntityType) -> Values:
    """The body's properties in their order, annotations left out.

    Errors: 400 for an unknown property, one that the server keeps, a value that is too long or of the wrong kind.
    """
    kept: Values = {}
    for name, value in body.items():
        if "@" in name:
            continue
        if name not in kind.kinds:
            raise bad(f"The property '{name}' does not exist on type 'Microsoft.NAV.{kind.name}'. "
                      "Make sure to only use property names that are defined by the type.")  # fmt: skip
        if name not in kind.writable:
            raise bad(f"Control '{name}' is read-only.", "BadRequest_InvalidOperation")
        if value is not None:
            kept[name] = _stored(name, value, kind)
    return kept


def _stored(name: str, value: Any, kind: EntityType) -> Any:
    property_kind = kind.kinds[name]
    match property_kind:
        case "text" | "code" if isinstance(value, str):
            text = value.strip().upper() if property_kind == "code" else value
            longest = kind.lengths[name]
            if longest and len(text) > longest:
                raise refused(f"The length of the string is {len(text)}, but it must be less than or equal to {longest} "
                              f"characters. Value: {text}", "Application_StringExceededLength")  # fmt: skip
            return text
        case "guid" if isinstance(value, str):
            if not _GUID.fullmatch(value):
                raise refused(f"Invalid format of GUID string. Value: {value}", "Application_InvalidGUID")
            return value.lower()
        case "option" if isinstance(value, str):
            symbol = value.replace(" ", "_x0020_")
            options = OPTIONS.get(name, ())
            if symbol not in options:
                listed = ",".join(option.replace("_x0020_", " ") for option in options)
                raise ApiError(400, "Unknown", f"'{value}' is not an option. The existing options are: {listed}")
            return symbol
        case "date" if isinstance(value, str):
            try:
                return dt.date.fromisoformat(value).isoformat() if len(value) == 10 else _no(name, value, property_kind)
            except ValueError:
                return _no(name, value, property_kind)
        case "number" if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Decimal(value)
        case "int" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "bool" if isinstance(value, bool):
            return value
    return _no(name, value, property_kind)


def _no(name: str, value: Any, kind: str) -> Any:
    edm = {"date": "Edm.Date", "number": "Edm.Decimal", "int": "Edm.Int32", "bool": "Edm.Boolean", "guid": "Edm.Guid"}
    raise bad(f"Cannot convert the literal '{str(value)[:60]}' to the expected type '{edm.get(kind, 'Edm.String')}' ({name}).")
