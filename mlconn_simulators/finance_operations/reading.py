"""Reads of entity sets: the default company's records unless all are asked for, enum filters, server-driven pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_simulators.finance_operations.errors import bad_query, no_segment
from mlconn_simulators.finance_operations.schema import ENUMS, NAMESPACE, NAVIGATION, Entity, Values
from mlconn_simulators.finance_operations.store import EntitySet, Key, Record, Store
from mlconn_simulators.odata.evaluation import compile_test, instant
from mlconn_simulators.odata.filter_parser import Dialect, FilterUnreadable, parse_filter
from mlconn_simulators.odata.narrowing import texts_wanted
from mlconn_simulators.odata.query_options import Options, OptionUnreadable, read_options
from mlconn_simulators.odata.resource_path import KeyPart

_DIALECT = Dialect(functions=(), guids=True, enums=True)
"""No functions: a star inside a text compared with `eq` is the way to look for a part of it."""


@dataclass(frozen=True)
class Page:
    """next: the query string of the next page, empty on the last one. total: only where it was asked for."""

    records: list[Record]
    next: str
    total: int | None


def options_of(query_string: str) -> Options:
    """Errors: 400."""
    try:
        return read_options(query_string)
    except OptionUnreadable as unreadable:
        raise bad_query(str(unreadable)) from None


def all_companies(options: Options) -> bool:
    return options.others.get("cross-company", "").lower() == "true"


class Reader:
    """default_company: that of the user who is mapped to the application."""

    def __init__(self, store: Store, default_company: str) -> None:
        self._store, self.default_company = store, default_company

    def visible(self, entity: Entity, records: Iterable[Record], options: Options) -> Iterable[Record]:
        """All of the records, or those of the default company where nobody asked for the others."""
        if not entity.by_company or all_companies(options):
            return records
        return [record for record in records if record.values["dataAreaId"] == self.default_company]

    def one(self, entities: EntitySet, parts: tuple[KeyPart, ...], options: Options) -> Record:
        """By its whole key. Errors: 400 for another shape of key, 404, also for other companies' records without cross-company."""
        key = _key(entities.entity, parts)
        record = entities.get(*key)
        if entities.entity.by_company and not all_companies(options) and record.values["dataAreaId"] != self.default_company:
            entities.get()  # no such key: the same 404 as for a record that is not there
        return record

    def page(self, entities: EntitySet, options: Options, size: int) -> Page:
        """Errors: 400."""
        entity = entities.entity
        if options.filter:
            try:
                tree = parse_filter(options.filter, _DIALECT)
                test = compile_test(tree, entity.filter_kinds, _symbol, wildcards=True)
            except FilterUnreadable as unreadable:
                raise bad_query(f"{unreadable} on type '{NAMESPACE}.{entity.name}'.") from None
            likely = entities.with_texts(texts_wanted(tree, entity.filter_kinds, wildcards=True))
            found = [record for record in self.visible(entity, likely, options) if test(record.values)]
        else:
            found = list(self.visible(entity, entities, options))
        for name, descending in reversed(options.order):
            kind = entity.filter_kinds.get(name)
            if kind is None:
                raise bad_query(f"Could not find a property named '{name}' on type '{NAMESPACE}.{entity.name}'.")
            found.sort(key=lambda record, name=name, kind=kind: _sortable(record.values[name], kind), reverse=descending)  # type: ignore[misc]
        total = len(found) if options.count else None
        offset = options.skip
        if options.skip_token:
            offset = self._resumed(found, options)
        wanted = size if options.top is None else min(size, options.top)
        rows = found[offset : offset + wanted]
        if offset + wanted >= len(found) or (options.top is not None and options.top <= wanted) or not rows:
            return Page(rows, "", total)
        kept = [f"{name}={text}" for name, text in options.raw if name not in ("$skip", "$top", "$skiptoken")]
        if options.top is not None:
            kept.append(f"$top={options.top - wanted}")
        token = ",".join([str(offset + wanted), *(f"%27{_quoted(part)}%27" for part in rows[-1].key)])
        return Page(rows, "&".join([*kept, f"$skiptoken={token}"]), total)

    def shown(self, record: Record, entity: Entity, options: Options) -> Values:
        """Errors: 400 for unknown properties and for what cannot be expanded."""
        for name in options.select:
            if name not in entity.kinds:
                raise bad_query(f"Could not find a property named '{name}' on type '{NAMESPACE}.{entity.name}'.")
        values: Values = {"@odata.etag": record.etag}
        values |= record.values if not options.select else {name: record.values[name] for name in options.select}
        for expansion in options.expand:
            rows = self.related(record, entity, expansion.name)
            if expansion.options.expand:
                raise bad_query("Only the first level can be expanded.")
            if rows is None:
                raise bad_query(f"Could not find a property named '{expansion.name}' on type '{NAMESPACE}.{entity.name}'.")
            inner = self._store.sets[NAVIGATION[entity.set_name][expansion.name][0]].entity
            values[expansion.name] = [self.shown(row, inner, expansion.options) for row in rows]
        return values

    def related(self, record: Record, entity: Entity, name: str) -> list[Record] | None:
        """The records behind a navigation property, None for one that is not known."""
        set_name, shared = NAVIGATION.get(entity.set_name, {}).get(name, ("", ()))
        if not set_name:
            return None
        return self._store.sets[set_name].beginning_with(*(record.values[each] for each in shared))

    def _resumed(self, found: list[Record], options: Options) -> int:
        """Where the next page begins: behind the last row shown, or by count if that row is gone."""
        number, *parts = options.skip_token.split(",'")
        last = tuple(part.rstrip("'").replace("''", "'") for part in parts)
        for place, record in enumerate(found):
            if tuple(map(str, record.key)) == last:
                return place + 1
        if not number.isdecimal():
            raise bad_query("The skip token cannot be read.")
        return int(number)


def _key(entity: Entity, parts: tuple[KeyPart, ...]) -> Key:
    named = {part.name: part for part in parts}
    if set(named) != set(entity.key):
        raise bad_query(
            f"The number of keys specified in the URI does not match number of key properties for the resource '{NAMESPACE}.{entity.name}'."
        )
    values: list[Any] = []
    for name in entity.key:
        part, kind = named[name], entity.filter_kinds[name]
        if part.quoted is not kind.startswith("text"):
            raise bad_query(f"Bad Request - Error in query syntax: {name} of kind {kind} is {part.value!r}.")
        try:
            if name == "dataAreaId":
                values.append(part.value.lower())
            elif kind == "datetime":
                values.append(f"{instant(part.value):%Y-%m-%d}T12:00:00Z")
            elif kind in ("int", "number"):
                values.append(Decimal(part.value))
            else:
                values.append(part.value)
        except (ValueError, ArithmeticError):
            raise bad_query("Bad Request - Error in query syntax.") from None
    return tuple(values)


def _symbol(kind: str, literal: str) -> str:
    """An enum literal must carry its type. Errors: FilterUnreadable."""
    type_name, _, rest = literal.partition("'")
    symbol = rest.removesuffix("'")
    if type_name != f"{NAMESPACE}.{kind}":
        raise FilterUnreadable(
            "A binary operator with incompatible types was detected. Found operand types "
            f"'{NAMESPACE}.{kind}' and '{type_name or 'Edm.String'}' for operator kind 'Equal'"
        )
    if symbol not in ENUMS[kind]:
        raise FilterUnreadable(f"The string '{literal}' is not a valid enumeration type constant")
    return symbol


def _sortable(value: Any, kind: str) -> Any:
    return instant(value) if kind == "datetime" else value


def _quoted(part: Any) -> str:
    return (
        str(part)
        .replace("'", "''")
        .replace("%", "%25")
        .replace("&", "%26")
        .replace("#", "%23")
        .replace("+", "%2B")
        .replace(" ", "%20")
    )


def set_named(store: Store, name: str) -> EntitySet:
    """Errors: 404 for an unknown set; names are exact."""
    entities = store.sets.get(name)
    if entities is None:
        raise no_segment(name)
    return entities
