"""The JSON of records and pages. Most properties of a record are empty; their text is the same each time and kept."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from mlconn_simulators.sap_business_one.query import Page
from mlconn_simulators.sap_business_one.schema import TYPES, EntityType, Values
from mlconn_simulators.sap_business_one.store import EntitySet, Record

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def dumps(whole: Any) -> str:
    return _ENCODER.encode(whole)


def page_text(page: Page, entities: EntitySet, select: tuple[str, ...], root: str) -> str:
    """The answer to a read of an entity set. root: the service's address, for the context."""
    head = {"@odata.context": f"{root}$metadata#{entities.name}"}
    count = "" if page.total is None else f'"@odata.count":{page.total},'
    rows = ",".join(record_text(record, entities.type, select) for record in page.records)
    following = f',"@odata.nextLink":{dumps(page.next)}' if page.next else ""
    return f'{dumps(head)[:-1]},{count}"value":[{rows}]{following}}}'


def entity_text(record: Record, entities: EntitySet, root: str, select: tuple[str, ...] = ()) -> str:
    """The answer to a read of one record."""
    context = dumps(f"{root}$metadata#{entities.name}/$entity")
    return f'{{"@odata.context":{context},{record_text(record, entities.type, select)[1:]}'


def record_text(record: Record, kind: EntityType, select: tuple[str, ...] = ()) -> str:
    """One record with its etag: all properties, or the selected ones with all of theirs."""
    values = record.values
    parts = [name for name in kind.parts if not select or name in select]
    if select:
        chosen = {name: values.get(name, kind.defaults[name]) for name in select if name not in kind.parts}
        pieces = [dumps({"@odata.etag": record.etag, **chosen})[:-1]]
    else:
        plain = {name: value for name, value in values.items() if name not in kind.parts}
        pieces = [dumps({"@odata.etag": record.etag, **plain})[:-1], _rest(kind.name, tuple(plain), _names(kind))]
    for name in parts:
        pieces += (',"', name, '":', _part_text(values.get(name, kind.defaults[name]), kind.parts[name]))
    pieces.append("}")
    return "".join(pieces)


def _names(kind: EntityType) -> tuple[str, ...]:
    return tuple(name for name in kind.kinds if name not in TYPES[kind.name].kinds)


def _part_text(value: Any, part: str) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{','.join(_element_text(each, part) for each in value)}]"
    return _element_text(value, part)


def _element_text(values: Values, part: str) -> str:
    return f"{dumps(values)[:-1]}{_rest(part, tuple(values), ())}}}" if values else dumps(TYPES[part].defaults)


@lru_cache(maxsize=2048)
def _rest(type_name: str, written: tuple[str, ...], user_fields: tuple[str, ...]) -> str:
    """The text of all properties that nothing was written to, with a comma before."""
    kind = TYPES[type_name]
    absent = {name: value for name, value in kind.defaults.items() if name not in written and name not in kind.parts}
    absent |= {name: None for name in user_fields if name not in written}
    return f",{dumps(absent)[1:-1]}" if absent else ""
