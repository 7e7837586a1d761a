"""Ready inbound documents into the ERP: each by a claim of its own, with our reference in the record."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET, Document
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.delivery_step import DeliveryStep, perform_all, refusal
from mlconn_pipelines.flows.holding import not_handled, reason_of
from mlconn_pipelines.flows.orders_sent import OrdersSent
from mlconn_pipelines.flows.ports.claims import Claim
from mlconn_pipelines.flows.ports.entries import ControlNumbers, DocumentRow, Rendered, Run
from mlconn_pipelines.flows.resolving_orders import creation_of_order, note_our_change, partner_of
from mlconn_pipelines.flows.resolving_supply import receipt_of, supplier_invoice_of
from mlconn_pipelines.flows.route import InboundRoute, System
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.records import Stored
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import dumps

DOCUMENTS_AT_ONCE = 400
"""Documents held in memory at once."""


def post_ready(route: InboundRoute, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Create a record for every ready inbound document, or apply what a person approved."""
    tally, orders = Tally(), OrdersSent(route.system)
    if run.preview:
        return tally

    def documents(after: str) -> Sequence[DocumentRow]:
        rows = route.engine.queue.ready(
            route.name,
            run.flow,
            direction="inbound",
            limit=DOCUMENTS_AT_ONCE,
            after=after,
            with_raw=False,
            **selection.query(),
        )
        orders.expect(rows)
        return rows

    with route.engine.claims.owner(run, route.engine.act_time_out_s, route.engine.absence_proves_after_s) as owner:
        perform_all(
            owner,
            documents,
            partial(_prepare, route, run, orders),
            route.posts_at_once,
            route.engine.hold_after_failures,
            tally,
        )
    return tally


def _prepare(route: InboundRoute, run: Run, orders: OrdersSent, row: DocumentRow) -> DeliveryStep:
    document: Document = from_json(DOCUMENT_OF_SET[row.set_id], row.canonical)
    try:
        match document:
            case PurchaseOrder():
                creation, _ = creation_of_order(route, run, row, document)
                return creating(route.system, row, creation)
            case OrderAcknowledgment():
                return _applying(route, row, document, orders)
            case ShipNotice():
                return _creating_or_noting(route, row, receipt_of(route, row, document, orders))
            case Invoice():
                sent = orders.order(row, document.order_number) if document.order_number else None
                return _creating_or_noting(route, row, supplier_invoice_of(route, run, row, document, sent))
            case _ if TRANSACTION_SETS[row.set_id].received_as:
                return _noting(row)
            case _:
                finding = not_handled(row)
                return refusal(row, DocumentRejected(finding.message, code=finding.code))
    except DocumentRejected as reason:
        return refusal(row, reason)


def creating(system: System, row: DocumentRow, creation: Creation) -> DeliveryStep:
    """A create with our reference in the record, by what was found out about the document just now."""
    reason = reason_of(creation.findings)
    if creation.payload is None or (reason is not None and not row.approved):
        words = reason.message if reason else "it cannot be written as a record"
        code = reason.code if reason else Reason.NOT_MAPPED
        return refusal(row, DocumentRejected(f"{row.set_id} {row.business_number}: {words}", code=code))

    def create(claim: Claim) -> Stored:
        stored = system.connector.target.create(creation.entity, json.loads(claim.content, parse_float=Decimal))
        tell_if_unposted(system, row, stored)
        return stored

    return _act(row, creation.entity, creation.payload, system.connector.target.reserve, create)


def tell_if_unposted(system: System, row: DocumentRow, stored: Stored) -> None:
    """An alert until somebody dismisses what the document shows of it."""
    if stored.unposted:
        system.engine.watch.raise_alert(
            system.name, f"entered_only:{row.id}", f"{row.set_id} {row.business_number}: {stored.unposted}"
        )


def _creating_or_noting(route: InboundRoute, row: DocumentRow, creation: Creation | None) -> DeliveryStep:
    return _noting(row) if creation is None else creating(route.system, row, creation)


def _applying(route: InboundRoute, row: DocumentRow, answer: OrderAcknowledgment, orders: OrdersSent) -> DeliveryStep:
    """What a person approved of an 855: the confirmed dates, and prices and quantities where the setting says so."""
    sent = orders.order(row, answer.order_number)
    if sent is None:
        return _noting(row)
    entity = route.mapping.suppliers.entity
    book = route.engine.intake.reference_book(route.name)
    change = route.mapping.suppliers.effect(answer, sent.record, partner_of(route, row), book)
    if not change.approved_changes:
        return _noting(row)

    def apply(claim: Claim) -> Stored:
        changed = route.system.connector.target.update(entity, sent.key, json.loads(claim.content, parse_float=Decimal))
        note_our_change(route, sent.key, changed)
        return Stored(key=sent.key, number=answer.order_number, entity=entity)

    return replace(_act(row, entity, change.approved_changes, route.system.connector.target.reserve, apply), repeatable=True)


def _noting(row: DocumentRow) -> DeliveryStep:
    """An approved document that nothing in the ERP needs: its approval is the whole act."""

    def note(claim: Claim) -> Stored:
        return Stored(key=row.business_number, number=row.business_number, entity="")

    return _act(row, "", {}, lambda: None, note)


def _act(
    row: DocumentRow, entity: str, payload: Any, wait: Callable[[], None], perform: Callable[[Claim], Stored]
) -> DeliveryStep:
    content = dumps(payload, sort_keys=True).encode()

    def render(_: ControlNumbers, __: dt.datetime) -> Rendered:
        return Rendered(content=content, file_name="", destination=entity)

    return DeliveryStep(document=row, channel=None, entity=entity, render=render, wait=wait, perform=perform)
