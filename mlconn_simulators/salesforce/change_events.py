"""Change events out of what a transaction did to records: which fields, as bitmaps over the event's schema, and their values."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from mlconn_simulators.salesforce.avro import encoded
from mlconn_simulators.salesforce.profiles import Access
from mlconn_simulators.salesforce.schema import OBJECTS, Values
from mlconn_simulators.salesforce.store import Record

CHANGE_TYPES = (
    "CREATE", "UPDATE", "DELETE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW", "SNAPSHOT",
)  # fmt: skip
_HEADER = {
    "type": "record",
    "name": "ChangeEventHeader",
    "fields": [
        {"name": "entityName", "type": "string"},
        {"name": "recordIds", "type": {"type": "array", "items": "string"}},
        {"name": "changeType", "type": {"type": "enum", "name": "ChangeType", "symbols": list(CHANGE_TYPES)}},
        {"name": "changeOrigin", "type": "string"},
        {"name": "transactionKey", "type": "string"},
        {"name": "sequenceNumber", "type": "int"},
        {"name": "commitTimestamp", "type": "long"},
        {"name": "commitNumber", "type": "long"},
        {"name": "commitUser", "type": "string"},
        *({"name": name, "type": {"type": "array", "items": "string"}} for name in ("nulledFields", "diffFields", "changedFields")),
    ],
}  # fmt: skip
_LEFT_OUT = frozenset({"Id", "IsDeleted", "MasterRecordId", "SystemModstamp"})
_TYPES = {"boolean": "boolean", "int": "int", "currency": "double", "double": "double", "percent": "double"}
_PERSONS = ("Contact", "Lead")
_NOWHERE = ("", "")
_PARTS = ("Street", "City", "State", "PostalCode", "Country")


@dataclass(frozen=True)
class Change:
    """One event before it is numbered. named: Apex names of fields, `BillingAddress.City`, by what their value is now."""

    entity: str
    record_ids: tuple[str, ...]
    change_type: str
    values: Mapping[str, Any] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    nulled: frozenset[str] = frozenset()
    """Of those that changed."""


@dataclass(frozen=True)
class Transaction:
    key: str
    origin: str
    user: str
    number: int
    at: dt.datetime


def schema_of(entity: str, added: Mapping[str, int]) -> dict[str, Any]:
    """added: fields that an administrator has added since, and the place of each; all after it move on by one."""
    fields: list[dict[str, Any]] = [{"name": "ChangeEventHeader", "type": _HEADER}]
    compounds: set[str] = set()
    for name, each in OBJECTS[entity].fields.items():
        compound, part = _place(entity, name)
        if (compound, part) == _NOWHERE or (compound and compound in compounds):
            continue
        compounds.add(compound)
        kind: Any = "long" if each.type in ("date", "datetime") else _TYPES.get(each.type, "string")
        if compound:
            kind = _compound(compound)
        if name == "Name" and entity == "Account":
            fields.append({"name": "Name", "type": ["null", "string", _compound("Name")], "default": None})
            continue
        fields.append({"name": compound or part, "type": ["null", kind], "default": None})
    for name, place in added.items():
        fields.insert(place, {"name": name, "type": ["null", "string"], "default": None})
    return {"type": "record", "name": f"{entity}ChangeEvent", "namespace": "com.sforce.eventbus", "fields": fields}


def schema_text(schema: Mapping[str, Any]) -> tuple[str, str]:
    """The schema's id and its JSON."""
    text = json.dumps(schema)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode().rstrip("="), text


def changes_of(before: Mapping[Record, tuple[Values, dt.datetime | None] | None], access: Access) -> list[Change]:
    """What a transaction did, an event for each record with its final state; equal changes to several records of a type are one."""
    found: dict[tuple[Any, ...], Change] = {}
    for record, held in before.items():
        change = _change(record, held, access)
        if change is None:
            continue
        alike = (change.entity, change.change_type, change.changed, change.nulled, json.dumps(change.values, sort_keys=True))
        merged = found.get(alike)
        found[alike] = replace(merged, record_ids=merged.record_ids + change.record_ids) if merged else change
    return list(found.values())


def _change(record: Record, held: tuple[Values, dt.datetime | None] | None, access: Access) -> Change | None:
    seen = {name for name in access.fields(OBJECTS[record.entity]) if _place(record.entity, name) != _NOWHERE}
    now = {name: _value(record.values[name]) for name in seen}
    named = {_name(record.entity, name): value for name, value in now.items() if value is not None}
    if held is None:
        return None if record.deleted_at else Change(record.entity, (record.id,), "CREATE", named)
    values, deleted_at = held
    if record.deleted_at is not None:
        return None if deleted_at else Change(record.entity, (record.id,), "DELETE")
    if deleted_at is not None:
        return Change(record.entity, (record.id,), "UNDELETE", named)
    changed = {_name(record.entity, name) for name in seen if _value(values[name]) != now[name]}
    if not changed:
        return None
    nulled = frozenset(changed - named.keys())
    told = {name: value for name, value in named.items() if name in changed}
    return Change(record.entity, (record.id,), "UPDATE", told, frozenset(changed), nulled)


def payload(schema: Mapping[str, Any], change: Change, by: Transaction, sequence: int) -> bytes:
    """The event's bytes by the schema, which may have been changed since: positions are this one's."""
    header = {
        "entityName": change.entity,
        "recordIds": list(change.record_ids),
        "changeType": change.change_type,
        "changeOrigin": by.origin,
        "transactionKey": by.key,
        "sequenceNumber": sequence,
        "commitTimestamp": int(by.at.timestamp() * 1000),
        "commitNumber": by.number,
        "commitUser": by.user,
        "nulledFields": list(_bitmaps(schema, change.nulled)),
        "diffFields": [],
        "changedFields": list(_bitmaps(schema, change.changed)),
    }
    body: dict[str, Any] = {"ChangeEventHeader": header}
    for name, value in change.values.items():
        outer, _, inner = name.partition(".")
        if inner:
            body.setdefault(outer, {})[inner] = value
        else:
            body[outer] = value
    return encoded(schema, body)


def _bitmaps(schema: Mapping[str, Any], names: frozenset[str]) -> Iterator[str]:
    """One for the top level, where it has any, and one for each compound field; bit 0 is the first field."""
    fields = schema["fields"]
    top = 0
    nested: dict[int, int] = {}
    for place, each in enumerate(fields):
        if each["name"] in names:
            top |= 1 << place
        parts = [name.partition(".")[2] for name in names if name.startswith(f"{each['name']}.")]
        for inner, part in enumerate(_inner(each["type"]) if parts else ()):
            if part["name"] in parts:
                nested[place] = nested.get(place, 0) | 1 << inner
    if top:
        yield f"0x{top:02X}"
    for place, bits in nested.items():
        yield f"{place}-0x{bits:02X}"


def _inner(union: Sequence[Any]) -> list[dict[str, Any]]:
    return next(each["fields"] for each in union if isinstance(each, dict))


def _compound(name: str) -> dict[str, Any]:
    if name == "Name":
        parts = [(part, "string") for part in ("Salutation", "FirstName", "LastName")]
        kind = "Switchable_PersonName"
    else:
        parts = [*((part, "string") for part in _PARTS), ("Latitude", "double"), ("Longitude", "double")]
        kind = f"{name}Type"
    return {
        "type": "record",
        "name": kind,
        "fields": [{"name": part, "type": ["null", of], "default": None} for part, of in parts],
    }


def _place(entity: str, name: str) -> tuple[str, str]:
    """The compound field that a component belongs to, "" for none, and its name in there; neither of what no event has."""
    if name in _LEFT_OUT or OBJECTS[entity].fields[name].type == "address" or (entity in _PERSONS and name == "Name"):
        return _NOWHERE
    for kind in ("Billing", "Shipping", "Mailing"):
        if name.startswith(kind) and name.removeprefix(kind) in _PARTS:
            return f"{kind}Address", name.removeprefix(kind)
    if entity in _PERSONS and name in ("FirstName", "LastName"):
        return "Name", name
    return "", name


def _name(entity: str, name: str) -> str:
    compound, part = _place(entity, name)
    return f"{compound}.{part}" if compound else part


def _value(value: Any) -> Any:
    match value:
        case Decimal():
            return float(value)
        case dt.datetime():
            return int(value.timestamp() * 1000)
        case dt.date():
            return int(dt.datetime.combine(value, dt.time(), dt.UTC).timestamp() * 1000)
    return value
