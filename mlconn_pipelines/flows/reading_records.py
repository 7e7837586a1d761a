"""Whole records by their keys, some hundred at a time; one that the code falls over, or that cannot be asked for, is held by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from mlconn_pipelines.errors import NotStorable
from mlconn_pipelines.flows.correlation_reference import names_own_entity
from mlconn_pipelines.flows.internal_errors import ends_the_run, internal_error
from mlconn_pipelines.flows.ports.entries import FetchedRecord
from mlconn_pipelines.flows.route import RecordRoute
from mlconn_pipelines.ports.mapping import Finding, OutboundSet, RecordHeader
from mlconn_pipelines.ports.records import KeyStamp, Record
from mlconn_pipelines.reasons import Reason

RECORDS_AT_ONCE = 500
"""Whole records held in memory between two transactions."""


@dataclass(slots=True)
class Listed:
    """What a source listed so far. stamps: by key, as the records are to be remembered. unusable: words by key, see KeyStamp."""

    stamps: dict[str, str] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)

    def note(self, page: Sequence[KeyStamp]) -> None:
        self.stamps.update((stamp.key, stamp.stamp) for stamp in page)
        self.unusable.update((stamp.key, stamp.unusable) for stamp in page if stamp.unusable)


def read_records(route: RecordRoute, keys: Iterable[str], listed: Listed | None = None) -> Iterator[list[FetchedRecord]]:
    """listed: how the records are to be remembered; by their own stamps where left out."""
    listed = listed or Listed()
    for chunk in _chunks(keys):
        asked = [key for key in chunk if key not in listed.unusable]
        odd = [_without_key(route.declared, key, listed) for key in chunk if key in listed.unusable]
        yield [*odd, *(_together(route, asked, listed.stamps) if asked else ())]


def _chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(keys)
    while chunk := list(islice(iterator, RECORDS_AT_ONCE)):
        yield chunk


def _together(route: RecordRoute, keys: Sequence[str], stamps: Mapping[str, str]) -> list[FetchedRecord]:
    """All in few requests. What the code falls over is told from the others by asking for each of the rest by itself."""
    read, tripped = dict[str, FetchedRecord](), False
    try:
        for record in route.source.records(route.declared.entity, keys):
            try:
                one = _with_facts(route, record, stamps)
                read[one.facts.key] = one
            except Exception as trouble:
                if ends_the_run(trouble):
                    raise
                tripped = True
    except Exception as trouble:
        if ends_the_run(trouble):
            raise
        tripped = True
    # A record that nobody asked for may be what it falls over: then nobody knows whose it is.
    rest = ([key for key in keys if key not in read] or keys) if tripped else []
    return [*read.values(), *(one for key in rest for one in _alone(route, key, stamps))]


def _alone(route: RecordRoute, key: str, stamps: Mapping[str, str]) -> list[FetchedRecord]:
    """With what it comes along with, as a delivery does with its orders. Nothing where the record is gone."""
    finding, odd = None, None
    found: list[FetchedRecord] = []
    try:
        for record in route.source.records(route.declared.entity, [key]):
            try:
                found.append(_with_facts(route, record, stamps))
            except Exception as trouble:
                finding, odd = internal_error(trouble, *_names(route.declared, key)), record
    except Exception as trouble:
        finding = internal_error(trouble, *_names(route.declared, key))
    if any(one.facts.key == key for one in found):
        return found  # whatever odd came beside it
    return [] if finding is None else [_held(route.declared, key, stamps, finding, odd)]


def _names(declared: OutboundSet, key: str) -> tuple[str, str]:
    return f"{declared.description} {key}", f"{declared.entity} {key}"


def _with_facts(route: RecordRoute, record: Record, stamps: Mapping[str, str]) -> FetchedRecord:
    facts = route.outbound.header(route.flow, record)
    if facts.key in stamps:
        facts = replace(facts, stamp=stamps[facts.key])
    return FetchedRecord(facts, record, names_own_entity(facts.correlation_reference, route.name, route.declared.entity))


def held_record(declared: OutboundSet, record: FetchedRecord, trouble: NotStorable) -> FetchedRecord:
    """A record that was read and cannot be stored, as what is known of it for certain."""
    facts = record.facts
    finding = internal_error(trouble, f"{declared.description} {facts.business_number}", f"{declared.entity} {facts.key}")
    return _held(declared, facts.key, {facts.key: facts.stamp}, finding, None)


def _without_key(declared: OutboundSet, key: str, listed: Listed) -> FetchedRecord:
    finding = Finding(
        Reason.KEY_UNREADABLE,
        f"{declared.description}: a record was listed that cannot be read: {listed.unusable[key]}. Look for it there and correct "
        "it, then dismiss this; the record comes by itself.",
    )
    return _held(declared, key, listed.stamps, finding, None)


def _held(declared: OutboundSet, key: str, stamps: Mapping[str, str], finding: Finding, record: Record | None) -> FetchedRecord:
    """As what it was listed; there is nothing else that could be said of it. It has changed when its stamp has."""
    stamp = stamps.get(key, "")
    facts = RecordHeader(
        key=key,
        stamp=stamp,
        business_number=key,
        date=None,
        partner_code="",
        content_hash=f"unread {stamp}",
        cancelled=False,
        correlation_reference="",
        line_count=0,
        amount=None,
        currency="",
    )
    return FetchedRecord(facts, record, ours=False, problem=finding)
