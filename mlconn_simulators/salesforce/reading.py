"""Queries over the org's records, as the run-as user may see them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from mlconn_simulators.salesforce.errors import ApiError
from mlconn_simulators.salesforce.profiles import Access
from mlconn_simulators.salesforce.schema import OBJECTS, Field, SObject, Values, children_of
from mlconn_simulators.salesforce.soql import All, AnyOf, Comparison, Condition, Literal, Not, Order, Path, Query
from mlconn_simulators.salesforce.store import Record, Store, long_id

Test = Callable[[Record], bool]
Show = Callable[[Record, Values], None]
_NUMBERS = ("currency", "double", "percent", "int")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def json_value(value: Any) -> Any:
    """A stored value as JSON tells it: datetimes with `+0000`, numbers with a point."""
    match value:
        case dt.datetime():
            return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}+0000"
        case dt.date():
            return value.isoformat()
        case Decimal():
            return float(value)
    return value


class Reader:
    def __init__(self, store: Store, access: Access) -> None:
        self._store, self._access = store, access

    def select(self, query: Query, deleted: bool) -> list[Record]:
        """The records that a query finds, in its order. Errors: INVALID_TYPE, INVALID_FIELD."""
        of = self._access.object(query.entity)
        return self._chosen(query, of, self._store.all(of.name, deleted or query.all_rows))

    def shower(self, query: Query, root: str) -> Callable[[Record], Values]:
        """How a query shows a record. root: path of the version's resources. Errors: INVALID_TYPE, INVALID_FIELD."""
        return self._shower(query.fields, self._access.object(query.entity), root)

    def whole(self, of: SObject, root: str, fields: Iterable[str] = ()) -> Callable[[Record], Values]:
        """How a single record is shown: with these fields, or with all."""
        names = list(fields) or list(self._access.fields(of))
        return self._shower([(name,) for name in dict.fromkeys(["Id", *names])], of, root)

    def _chosen(self, query: Query, of: SObject, records: Iterable[Record]) -> list[Record]:
        test = self._test(query.where, of) if query.where is not None else None
        found = [record for record in records if test is None or test(record)]
        for by in reversed(query.order):
            found = self._ordered(found, by, of)
        end = None if query.limit is None else query.offset + query.limit
        return found[query.offset : end]

    def _ordered(self, found: list[Record], by: Order, of: SObject) -> list[Record]:
        value, _ = self._value(by.path, of)
        given = sorted(
            (each for each in found if value(each) is not None), key=lambda each: _folded(value(each)), reverse=by.descending
        )
        nulls = [each for each in found if value(each) is None]
        return [*given, *nulls] if by.nulls_last else [*nulls, *given]

    # Conditions.

    def _test(self, condition: Condition, of: SObject) -> Test:
        match condition:
            case Not(part):
                inner = self._test(part, of)
                return lambda record: not inner(record)
            case All(parts):
                tests = [self._test(part, of) for part in parts]
                return lambda record: all(test(record) for test in tests)
            case AnyOf(parts):
                tests = [self._test(part, of) for part in parts]
                return lambda record: any(test(record) for test in tests)
        return self._comparison(condition, of)

    def _comparison(self, one: Comparison, of: SObject) -> Test:
        value, field = self._value(one.path, of)
        if not field.filterable:
            raise ApiError(400, "INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")
        wanted = [_fitting(each, field) for each in (one.value if isinstance(one.value, tuple) else (one.value,))]
        operator = one.operator
        if operator == "LIKE":
            pattern = _pattern(str(wanted[0]))
            return lambda record: (text := value(record)) is not None and pattern.fullmatch(str(text)) is not None
        if operator in ("=", "!=", "IN", "NOT IN"):
            keys = {_folded(each) for each in wanted}
            present = operator in ("=", "IN")
            return lambda record: (_folded(value(record)) in keys) == present
        if wanted[0] is None:
            raise ApiError(400, "MALFORMED_QUERY", f"unexpected token: null after {operator}")
        compared, limit = _COMPARED[operator], _folded(wanted[0])
        return lambda record: (found := value(record)) is not None and compared(_folded(found), limit)

    def _value(self, path: Path, of: SObject) -> tuple[Callable[[Record], Any], Field]:
        """How the value that a path names is found, and its field. Errors: INVALID_FIELD."""
        *steps, name = path
        references: list[Field] = []
        for step in steps:
            references.append(self._access.relationship(of, step))
            of = OBJECTS[references[-1].target]
        field = self._access.field(of, name)

        def value(record: Record) -> Any:
            at: Record | None = record
            for reference in references:
                at = self._store.find(reference.target, at.values[reference.name]) if at else None
            return at.values[field.name] if at else None

        return value, field

    # Rows.

    def _shower(self, fields: Iterable[Path | Query], of: SObject, root: str) -> Callable[[Record], Values]:
        shows: list[Show] = []
        parents: dict[str, list[Path]] = {}
        for each in fields:
            if isinstance(each, Query):
                shows.append(self._children(each, of, root))
            elif len(each) == 1:
                shows.append(_shown_field(self._access.field(of, each[0])))
            else:
                name = self._access.relationship(of, each[0]).relationship
                if name not in parents:
                    parents[name] = []
                    shows.append(self._parent(name, parents[name], of, root))
                parents[name].append(each[1:])
        for name, paths in parents.items():  # refused now, not at the first row
            self._shower(paths, OBJECTS[self._access.relationship(of, name).target], root)

        def show(record: Record) -> Values:
            row: Values = {"attributes": {"type": of.name, "url": f"{root}/sobjects/{of.name}/{record.id}"}}
            for each in shows:
                each(record, row)
            return row

        return show

    def _parent(self, name: str, paths: list[Path], of: SObject, root: str) -> Show:
        reference = self._access.relationship(of, name)
        made: list[Callable[[Record], Values]] = []

        def show(record: Record, row: Values) -> None:
            made[:] = made or [self._shower(paths, OBJECTS[reference.target], root)]  # when all its paths are known
            parent = self._store.find(reference.target, record.values[reference.name])
            row[reference.relationship] = made[0](parent) if parent else None

        return show

    def _children(self, query: Query, of: SObject, root: str) -> Show:
        known = {key.lower(): value for key, value in children_of(of.name).items()}
        if (found := known.get(query.entity.lower())) is None:
            raise ApiError(400, "INVALID_TYPE", f"Didn't understand relationship '{query.entity}' in FROM part of query call.")
        child, reference = self._access.object(found[0]), found[1]
        shown = self._shower(query.fields, child, root)
        self._chosen(query, child, ())

        def show(record: Record, row: Values) -> None:
            now = self._store.clock.now()
            mine = [each for each in self._store.having(child.name, reference.name, record.id) if each.seen_from <= now]
            rows = [shown(each) for each in self._chosen(query, child, mine)]
            row[reference.children] = {"totalSize": len(rows), "done": True, "records": rows} if rows else None

        return show


def _shown_field(field: Field) -> Show:
    name = field.name

    def show(record: Record, row: Values) -> None:
        row[name] = json_value(record.values[name])

    def address(record: Record, row: Values) -> None:
        stem = name.removesuffix("Address")
        parts = {
            part: record.values[f"{stem}{part[0].upper()}{part[1:]}"]
            for part in ("street", "city", "state", "postalCode", "country")
        }
        nothing = {"latitude": None, "longitude": None, "geocodeAccuracy": None}
        row[name] = parts | nothing if any(parts.values()) else None

    return address if field.type == "address" else show


def _fitting(value: Literal, field: Field) -> Literal:
    """The literal as the field's values are. Errors: INVALID_FIELD for one of another type."""
    if value is None:
        return None
    match field.type:
        case "datetime":
            fits, wanted = isinstance(value, dt.datetime), "dateTime"
        case "date":
            fits, wanted = isinstance(value, dt.date) and not isinstance(value, dt.datetime), "date"
        case "boolean":
            fits, wanted = isinstance(value, bool), "boolean"
        case number if number in _NUMBERS:
            fits, wanted = isinstance(value, Decimal), number
        case kind:
            fits, wanted = isinstance(value, str), kind
    if not fits:
        quotes = "should be enclosed in quotes" if not isinstance(value, str) else "should not be enclosed in quotes"
        message = f"value of filter criterion for field '{field.name}' must be of type {wanted} and {quotes}"
        raise ApiError(400, "INVALID_FIELD", message)
    return long_id(value) if field.type in ("id", "reference") and isinstance(value, str) and len(value) == 15 else value


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _pattern(like: str) -> re.Pattern[str]:
    def part(found: re.Match[str]) -> str:
        sign = found[0]
        return {"%": ".*", "_": "."}.get(sign) or re.escape(sign[-1])

    return re.compile(re.sub(r"\\.|.", part, like, flags=re.DOTALL), re.IGNORECASE | re.DOTALL)
