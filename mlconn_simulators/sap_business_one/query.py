"""Reading an entity set: query options and paging."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import unquote_plus

from mlconn_simulators.odata.filter_parser import FilterUnreadable, Node, parse_filter
from mlconn_simulators.sap_business_one.errors import ServiceLayerError, invalid
from mlconn_simulators.sap_business_one.filters import candidates, compile_filter
from mlconn_simulators.sap_business_one.schema import EntityType
from mlconn_simulators.sap_business_one.store import EntitySet, Record

PAGE_DEFAULT = 20
_OPTIONS = ("$filter", "$select", "$orderby", "$top", "$skip", "$count", "$inlinecount", "$expand")


@dataclass(frozen=True)
class Query:
    """raw: name and still encoded text of each option, for the link to the next page. page_size: 0 is no limit."""

    raw: tuple[tuple[str, str], ...] = ()
    filter: Node | None = None
    select: tuple[str, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    page_size: int = PAGE_DEFAULT
    ignore_case: bool = False


@dataclass
class Page:
    """next: `Set?...`, relative to the service's root, empty on the last page. total: only where it was asked for."""

    records: list[Record] = field(default_factory=list)
    next: str = ""
    total: int | None = None


def read_query(query_string: str, headers: Mapping[str, str], kind: EntityType) -> Query:
    """Errors: 400 for options that cannot be read and for unknown properties, code 201 for every $expand."""
    raw = tuple(_split(part) for part in query_string.split("&") if part)
    options = {name: unquote_plus(text) for name, text in raw}
    for name in options:
        if name.startswith("$") and name not in _OPTIONS:
            raise invalid(f"Invalid query option '{name}'")
    if "$expand" in options:
        named = options["$expand"].split("(")[0]
        raise ServiceLayerError(400, 201, f"'{named}' is not a navigation property of '{kind.name}'")
    select = tuple(name.strip() for name in options.get("$select", "").split(",") if name.strip())
    if select == ("*",):
        select = ()
    for name in select:
        kind.kind(name)
    counted = options.get("$count", "").lower() == "true" or options.get("$inlinecount", "") == "allpages"
    return Query(
        raw,
        _filter(options["$filter"]) if options.get("$filter", "").strip() else None,
        select,
        tuple(_order(part, kind) for part in options.get("$orderby", "").split(",") if part.strip()),
        _whole_number(options, "$top"),
        _whole_number(options, "$skip") or 0,
        counted,
        page_size_of(headers),
        headers.get("b1s-caseinsensitive", "").lower() == "true",
    )


def read_page(entities: EntitySet, query: Query) -> Page:
    """The records of one page, in the asked order, else by key."""
    found = matching(entities, query)
    if query.order and not _is_key_order(query, entities):
        found = _ordered(list(found), query, entities.type)
    total: int | None = None
    if query.count:
        found = list(found)
        total = len(found)
    wanted = query.page_size or len(entities)
    if query.top is not None:
        wanted = min(wanted, query.top)
    # One record more than the page holds tells whether there is a next page.
    rows = list(islice(found, query.skip, query.skip + wanted + 1))
    records = rows[:wanted]
    more = len(rows) > wanted and (query.top is None or query.top > wanted)
    return Page(records, _next_link(entities, query, wanted) if more else "", total)


def matching(entities: EntitySet, query: Query) -> Iterable[Record]:
    """All records that the filter lets through, by key, descending where the order is the key's."""
    backwards = _is_key_order(query, entities) and query.order[0][1]
    if query.filter is None:
        return reversed(list(entities)) if backwards else entities
    test = compile_filter(query.filter, entities.type, query.ignore_case)
    keys = None if query.ignore_case else candidates(query.filter, entities)
    pool: Iterable[Record] = entities if keys is None else entities.records(sorted(keys))
    if backwards:
        pool = reversed(list(pool))
    return (record for record in pool if test(record.values))


def _filter(text: str) -> Node:
    try:
        return parse_filter(text)
    except FilterUnreadable as unreadable:
        raise invalid(str(unreadable)) from None


def _split(part: str) -> tuple[str, str]:
    name, _, text = part.partition("=")
    return unquote_plus(name), text


def _order(part: str, kind: EntityType) -> tuple[str, bool]:
    words = part.split()
    if len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
        raise invalid(f"Invalid query expression: cannot read $orderby '{part.strip()}'")
    kind.kind(words[0])
    return words[0], words[-1] == "desc" and len(words) == 2


def _whole_number(options: Mapping[str, str], name: str) -> int | None:
    if name not in options:
        return None
    if not options[name].isdecimal():
        raise invalid(f"Invalid query option: {name} must be a whole number, '{options[name]}' came")
    return int(options[name])


def page_size_of(headers: Mapping[str, str]) -> int:
    """What a client asked for; 0 is no limit."""
    for preference in headers.get("prefer", "").split(","):
        name, _, text = preference.strip().partition("=")
        if name == "odata.maxpagesize" and text.isdecimal():
            return int(text)
    text = headers.get("b1s-pagesize", "")
    return int(text) if text.isdecimal() else PAGE_DEFAULT


def _is_key_order(query: Query, entities: EntitySet) -> bool:
    return len(query.order) >= 1 and entities.key_names == (query.order[0][0],)


def _ordered(records: list[Record], query: Query, kind: EntityType) -> list[Record]:
    for name, descending in reversed(query.order):
        default = kind.defaults.get(name)

        def rank(record: Record, name: str = name, default: Any = default) -> tuple[bool, Any]:
            value = record.values.get(name, default)
            return value is not None, value if value is not None else 0

        records.sort(key=rank, reverse=descending)
    return records


def _next_link(entities: EntitySet, query: Query, shown: int) -> str:
    kept = [f"{name}={text}" for name, text in query.raw if name not in ("$skip", "$top")]
    if query.top is not None:
        kept.append(f"$top={query.top - shown}")
    return f"{entities.name}?{'&'.join([*kept, f'$skip={query.skip + shown}'])}"
