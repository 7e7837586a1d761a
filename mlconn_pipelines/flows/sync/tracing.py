"""Which field of a record went into which field of the other system's record, and from where each of those came.

Found as every trace is, by trying other values (flows/tracing/): no mapping says anything about it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.correlation_reference import correlation_reference
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.sync.route import Collects, Creates, Maintains, SyncRoute, Updates
from mlconn_pipelines.flows.tracing.chain import Origin, Source, Trace, Traced, chosen_of, inverted, origins_of, shown
from mlconn_pipelines.flows.tracing.influences import Outcome, influences
from mlconn_pipelines.flows.tracing.naming import origin
from mlconn_pipelines.flows.tracing.places import altered, leaves, path_text, plain
from mlconn_pipelines.flows.tracing.reference_used import ReferenceUsed
from mlconn_pipelines.reasons import Reason

NO_ORIGIN = Origin("constant", "")
_KEY = "key of the record"


def trace_record(route: SyncRoute, row: DocumentRow) -> Trace:
    """By the configuration and the reference data in force. DocumentRejected: there is nothing to trace, with the reason.

    Of what is kept up to date in the other system, up to our own form of it: what is written then hangs on what is there.
    """
    used = ReferenceUsed(route.engine.intake.reference_book(route.name))
    inputs = {
        "record": row.raw,
        "correlation_reference": correlation_reference(route.name, getattr(route.act, "entity", ""), row.id),
        "at": route.engine.queue.now(),
        _KEY: _origin_key(route, row),
    }
    base = _made(route, inputs, used.recording) if row.raw is not None else None
    inputs["reference"] = used.tables

    def made(given: Mapping[str, Any]) -> Outcome | None:
        return _made(route, given, used.with_tables(given["reference"]))

    if base is None:
        raise DocumentRejected(
            f"{row.id} cannot be traced: nothing can be made of its record",
            f"`mlconn documents show {row.id}` tells its findings.",
            code=Reason.NOT_TRACEABLE,
        )
    inputs["record"] = _without_checks(inputs, made, base)
    chosen = chosen_of(influences(inputs, made, lambda path, value: used.like(value), sources=("record",)), inputs, base.result)
    traced = tuple(
        Traced(path_text(path), shown(value), origins=origins_of(chosen[path], inputs, origin) or (NO_ORIGIN,))
        for path, value in leaves(base.result)
    )
    goes_into = inverted({path: [each for each in found if each[0] == "record"] for path, found in chosen.items()})
    sources = tuple(
        Source(path_text(path), shown(value), tuple(path_text(end) for end in goes_into.get(("record", *path), ())))
        for path, value in leaves(row.raw)
    )
    return Trace("outbound", row.set_id, traced, sources)


def _without_checks(inputs: Mapping[str, Any], made: Callable[[Any], Outcome | None], base: Outcome) -> Any:
    """The record without what others are only held against, such as totals: with those, no other value of a price would be taken."""
    record = inputs["record"]
    for path, _ in leaves(record):
        without = altered(record, {path: None})
        with suppress(Exception):  # it is needed
            done = made({**inputs, "record": without})
            if done is not None and done.result == base.result:
                record = without
    return record


def _made(route: SyncRoute, given: Mapping[str, Any], book: ReferenceBook) -> Outcome | None:
    match route.act:
        case Creates() as act:
            translated = act.document(given["record"])
            if translated.document is None:
                return None
            creation = act.creation(translated.document, book, given["correlation_reference"])
            if creation.payload is None:
                return None
            return Outcome(plain(creation.payload), len(translated.findings) + len(creation.findings))
        case Maintains() as act:
            translated = act.document(given["record"])
            return None if translated.document is None else Outcome(plain(translated.document), len(translated.findings))
        case Updates() as act:
            translated = act.document(given["record"], given[_KEY], book)
            if translated.document is None:
                return None
            return Outcome(plain(act.changes(translated.document, given["at"])), len(translated.findings))
        case Collects():
            return None


def _origin_key(route: SyncRoute, row: DocumentRow) -> str:
    """Of what an update is about: the source of the document that the record was made for."""
    if not isinstance(route.act, Updates) or row.raw is None:
        return ""
    origin = route.engine.queue.document(route.act.origin(row.raw))
    return origin.source_key if origin else ""
