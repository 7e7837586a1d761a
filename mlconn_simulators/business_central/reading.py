"""Reads of entity sets: filters with the API's own limits, paging by the last row's id, expansion, selection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlconn_simulators.business_central.company import Company, EntitySet, Record
from mlconn_simulators.business_central.errors import ApiError, bad, no_segment, refused
from mlconn_simulators.business_central.schema import DIMENSION_LINES, HEADER_SETS, LINE_SETS, NAVIGATION, NO_ID, Values
from mlconn_simulators.odata.evaluation import Test, compile_test, instant, properties_of
from mlconn_simulators.odata.filter_parser import (
    Call,
    Comparison,
    Dialect,
    FilterUnreadable,
    Junction,
    Listed,
    Node,
    Not,
    parse_filter,
)
from mlconn_simulators.odata.query_options import Expansion, Options, OptionUnreadable, read_options

PAGE_MAX = 20_000
QUERY_MAX = 8_099
"""The gateway takes no longer query string; its answer is no JSON."""
_DIALECT = Dialect(cases=True, lists=True, lambdas=True, guids=True)


@dataclass(frozen=True)
class Page:
    """next: the query string of the next page, empty on the last one. total: only where it was asked for."""

    records: list[Record]
    next: str
    total: int | None


def options_of(query_string: str) -> Options:
    """Errors: 400 BadRequest, 414 for a query that is too long."""
    if len(query_string) > QUERY_MAX:
        raise ApiError(414, "", "The request URL is too long.")
    try:
        return read_options(query_string)
    except OptionUnreadable as unreadable:
        raise bad(str(unreadable)) from None


def page_size(headers: Mapping[str, str], largest: int) -> int:
    """From `Prefer: odata.maxpagesize=n`. Errors: 413 above the server's own size, as facts have it for 20,000."""
    for preference in headers.get("prefer", "").split(","):
        name, _, text = preference.strip().partition("=")
        if name == "odata.maxpagesize" and text.isdecimal():
            if int(text) > PAGE_MAX:
                raise ApiError(413, "BadRequest", f"The page size {text} exceeds the maximum of {PAGE_MAX}.")
            return min(int(text), largest) or largest
    return largest


class Reader:
    """Reads one company.

    The sort places of last rows are kept, so that a row that is deleted meanwhile loses nobody's place. One that changed meanwhile is
    looked for where it stands now, since a skip token says no more than its id (inferred): with `$orderby=lastModifiedDateTime` the rows
    between its old and its new place are then on no page.
    """

    def __init__(self, company: Company) -> None:
        self._company = company
        self._places: dict[str, tuple[Any, ...]] = {}

    def page(self, entities: EntitySet, options: Options, size: int, pool: Iterable[Record] | None = None) -> Page:
        """pool: the records to look at, all of the set's where None. Errors: 400, 501."""
        found = list(entities if pool is None else pool)
        if options.filter:
            test = self._test(options, entities)
            found = [record for record in found if test(record.values)]
        found.sort(key=lambda record: self._rank(record, options, entities))
        total = len(found) if options.count else None
        if options.skip_token:
            last = self._place_of(options.skip_token, options, entities)
            found = [record for record in found if self._rank(record, options, entities) > last]
        found = found[options.skip :]
        wanted = size if options.top is None else min(size, options.top)
        rows = found[:wanted]
        if len(found) <= wanted or not rows or (options.top is not None and options.top <= wanted):
            return Page(rows, "", total)
        self._places[rows[-1].id] = self._rank(rows[-1], options, entities)
        kept = [f"{name}={text}" for name, text in options.raw if name not in ("$skip", "$top", "$skiptoken", "aid")]
        if options.top is not None:
            kept.append(f"$top={options.top - wanted}")
        return Page(rows, "&".join(["aid=FIN", *kept, f"$skiptoken={rows[-1].id}"]), total)

    def shown(self, record: Record, options: Options) -> Values:
        """The record's properties and expansions. Errors: 400 for unknown ones."""
        entities = self._company.sets[record.set_name]
        for name in options.select:
            if name not in entities.type.kinds:
                raise bad(_no_property(name, entities))
        values: Values = {"@odata.etag": record.etag}
        values |= record.values if not options.select else {name: record.values[name] for name in options.select}
        for expansion in options.expand:
            values[expansion.name] = self._expanded(record, expansion)
        return values

    def linked(self, record: Record, name: str) -> Record | None:
        """The record behind a navigation property, None where it is empty. Errors: 404 for an unknown one."""
        set_name, id_name = NAVIGATION.get(name, ("", ""))
        if id_name not in record.values:
            raise no_segment(name)
        linked_id = record.values[id_name]
        return None if linked_id == NO_ID else self._company.sets[set_name].records.get(linked_id)

    def dimension_lines(self, record: Record) -> list[Values]:
        """Errors: 403 where the application may not read them."""
        readable(self._company, DIMENSION_LINES)
        return self._company.dimension_lines_of(record)

    def _expanded(self, record: Record, expansion: Expansion) -> Any:
        if expansion.name == DIMENSION_LINES and (record.set_name in LINE_SETS or record.set_name in HEADER_SETS):
            return self.dimension_lines(record)
        if LINE_SETS.get(record.set_name) == expansion.name:
            lines = self._company.lines_of(record)
            return [self.shown(line, expansion.options) for line in lines]
        try:
            linked = self.linked(record, expansion.name)
        except ApiError:
            type_name = self._company.sets[record.set_name].type.name
            raise bad(f"Could not find a property named '{expansion.name}' on type 'Microsoft.NAV.{type_name}'.") from None
        return None if linked is None else self.shown(linked, expansion.options)

    def _test(self, options: Options, entities: EntitySet) -> Test:
        node = filter_of(options)
        for name in properties_of(node):
            if name not in entities.type.kinds:
                raise bad(_no_property(name, entities))
        try:
            return compile_test(node, entities.type.filter_kinds(), _symbol)
        except FilterUnreadable as unreadable:
            raise bad(str(unreadable)) from None

    def _rank(self, record: Record, options: Options, entities: EntitySet) -> tuple[Any, ...]:
        parts: list[Any] = []
        for name, descending in options.order:
            kind = entities.type.kinds.get(name)
            if kind is None:
                raise bad(_no_property(name, entities))
            value = instant(record.values[name]) if kind == "datetime" else record.values[name]
            parts.append(_Descending(value) if descending else value)
        return *parts, record.place

    def _place_of(self, token: str, options: Options, entities: EntitySet) -> tuple[Any, ...]:
        record = entities.records.get(token)
        if record is not None:
            return self._rank(record, options, entities)
        if token in self._places:
            return self._places[token]
        raise bad("The skip token cannot be read.")


def filter_of(options: Options) -> Node:
    """The filter's tree. Errors: 400, and 501 for what wants `$schemaversion=2.1`."""
    try:
        node = parse_filter(options.filter, _DIALECT)
    except FilterUnreadable as unreadable:
        raise bad(str(unreadable)) from None
    newer = options.schema_version == "2.1"
    for each in _nodes(node):
        if isinstance(each, Listed) and not newer:
            raise ApiError(501, "BadRequest_MethodNotImplemented", "The 'IN' operator is not supported on an OData filter.")
        if isinstance(each, Call) and each.case and not newer:
            raise ApiError(501, "BadRequest_MethodNotImplemented", "Nested functions are not supported on an OData filter.")
        if isinstance(each, Junction) and each.word == "or" and len(set(properties_of(each))) > 1:
            raise refused("The 'OR' operator is not supported on distinct fields on an OData filter.",
                          "Application_FilterErrorException")  # fmt: skip
    return node


def document_id_of(options: Options) -> str:
    """The documentId that a filter over lines asks for. Errors: 400 where there is none."""
    if options.filter:
        for each in _conditions(filter_of(options)):
            if isinstance(each, Comparison) and each.operator == "eq" and each.name in ("documentId", "id"):
                return str(each.literal.value) if each.name == "documentId" else ""
    raise refused("You must specify an Id or a Document Id to get the lines.")


def readable(company: Company, set_name: str) -> None:
    """Errors: 403 where the application holds no permission set for it."""
    if set_name in company.unreadable:
        words = f"The current permissions prevented the action (TableData of {set_name} Read)."
        raise ApiError(403, "Authorization_RequestDenied", words)


def guards_lines(set_name: str) -> bool:
    """Whether a set is of lines, which cannot be read without saying of which document."""
    return set_name in HEADER_SETS


def _conditions(node: Node) -> Iterator[Node]:
    if isinstance(node, Junction) and node.word == "and":
        for part in node.parts:
            yield from _conditions(part)
    else:
        yield node


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Not(inner):
            yield from _nodes(inner)
        case Junction(_, parts):
            for part in parts:
                yield from _nodes(part)


def _symbol(_kind: str, literal: str) -> str:
    return literal.strip("'").replace(" ", "_x0020_")


def _no_property(name: str, entities: EntitySet) -> str:
    return f"Could not find a property named '{name}' on type 'Microsoft.NAV.{entities.type.name}'."


class _Descending:
    """Turns an order round inside a sort key."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __lt__(self, other: _Descending) -> bool:
        return bool(other._value < self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)
