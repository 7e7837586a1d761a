"""The way of a document of the ledger, traced with what is stored of it: record, reference version, control numbers, time."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.backtesting.rerendering import rerender
from mlconn_pipelines.flows.change_sets import leaving
from mlconn_pipelines.flows.correlation_reference import correlation_reference
from mlconn_pipelines.flows.partners import file_wrong
from mlconn_pipelines.flows.ports.entries import ControlNumbers, DocumentRow
from mlconn_pipelines.flows.ports.history import History
from mlconn_pipelines.flows.rendering import guide_for, stored_document
from mlconn_pipelines.flows.tracing.chain import Trace
from mlconn_pipelines.flows.tracing.inbound import trace_received
from mlconn_pipelines.flows.tracing.outbound import trace_mapping, trace_rendering
from mlconn_pipelines.flows.translation import Translation
from mlconn_pipelines.ports.mapping import Mapped
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason

NOT_SENT_YET = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""The time of an interchange that was never rendered for sending, as on trial."""


def trace_document(translation: Translation, history: History, row: DocumentRow) -> Trace:
    """Where its elements came from and where its fields went, by the configuration in force.

    DocumentRejected: there is nothing to trace, with the reason. A document that was sent is compared with what was sent.
    """
    try:
        return _received(translation, history, row) if row.direction == "inbound" else _ours(translation, history, row)
    except ValueError as reason:
        raise DocumentRejected(
            f"{row.id} cannot be traced: {reason}",
            f"`mlconn documents show {row.id}` tells its findings.",
            code=Reason.NOT_TRACEABLE,
        ) from None


def _received(translation: Translation, history: History, row: DocumentRow) -> Trace:
    partner = _partner(translation, row)
    segments = (row.raw or {}).get("segments") or ()
    orders = translation.mapping.orders
    reference = correlation_reference(translation.name, orders.entity if orders else "", row.id)
    book = history.reference_book(translation.name, row.reference_version)
    return trace_received(segments, row.set_id, partner, translation.mapping, book, reference)


def _ours(translation: Translation, history: History, row: DocumentRow) -> Trace:
    partner = _partner(translation, row)
    sent = next(iter(history.sent([row.id])), None)
    numbers, at = (sent.numbers, translation.local(sent.at)) if sent else (ControlNumbers(1, 1, 1), NOT_SENT_YET)
    if not row.set_id:
        raise ValueError("it is master data, which goes out field by field as it is")
    guide = guide_for(row, partner)
    if row.flow in translation.mapping.outbound.sets:
        book = history.reference_book(translation.name, row.reference_version)

        def document_of(record: Record, partner: Partner, book: ReferenceBook) -> Mapped:
            return leaving(translation.mapping, row, record, partner, book).mapped

        mapped = trace_mapping(document_of, row.raw, partner, book)
        trace = trace_rendering(mapped.document, guide, numbers, at, mapped)
    else:
        if row.canonical is None:
            raise ValueError("it has no canonical form yet")
        trace = trace_rendering(stored_document(row), guide, numbers, at)
    if sent is None:
        return trace
    again = rerender(translation, sent, history.reference_book(translation.name, row.reference_version))
    return replace(trace, same_as_stored=again.content == sent.content)


def _partner(translation: Translation, row: DocumentRow) -> Partner:
    declared = translation.mapping.outbound.sets.get(row.flow)
    partner = translation.partners.named(row.partner)
    if partner is None and declared is not None:
        partner = translation.partners.receiving(declared, row.partner_code)
    if partner is None and (stopped := translation.partners.stopped_named(row.partner)):
        raise ValueError(file_wrong(stopped).message)
    if partner is None:
        raise ValueError(f"{row.partner or row.partner_code or 'its sender'} is no trading partner in the configuration")
    return partner
