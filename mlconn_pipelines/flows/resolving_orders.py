"""Received 850s, which become orders in the ERP, and 855s, which answer the orders that we sent."""

from __future__ import annotations

from decimal import Decimal

from mlconn_pipelines.documents.kinds import Document, part_of
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.inbound_850 import order_record
from mlconn_pipelines.edi.order_comparison import plain
from mlconn_pipelines.edi.order_splitting import orders_by_store
from mlconn_pipelines.edi.order_totals import check_totals
from mlconn_pipelines.edi.own_prices import check_own_prices
from mlconn_pipelines.flows.correlation_reference import correlation_reference
from mlconn_pipelines.flows.holding import hold, reason_of
from mlconn_pipelines.flows.orders_sent import no_such_order
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, Run
from mlconn_pipelines.flows.ports.parts import Part
from mlconn_pipelines.flows.reference import with_look_ups
from mlconn_pipelines.flows.related_documents import Known
from mlconn_pipelines.flows.route import InboundRoute
from mlconn_pipelines.ports.mapping import Creation, Finding
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason


def partner_of(route: InboundRoute, row: DocumentRow) -> Partner:
    """The trading partner of a received document. DocumentRejected when the configuration no longer has them, or stops them."""
    if (partner := route.partners.named(row.partner)) is None:
        raise route.partners.missing(f"{row.set_id} {row.business_number}", row.partner)
    return partner


def resolve_order(route: InboundRoute, run: Run, row: DocumentRow, document: Document, known: Known) -> Checked:
    """An 850: ready when every item, unit and address resolves and no other order has its number.

    One for several stores becomes an order for each, where the partner file has it so; whether one came before is asked of each.
    """
    assert isinstance(document, PurchaseOrder)
    if (divided := _divided(route, row, document, known)) is not None:
        return divided
    if (twin := known.twin(row)) is not None:
        finding = Finding(
            Reason.BUSINESS_DUPLICATE,
            f"{row.partner} has sent purchase order {row.business_number} before ({twin.id}, {twin.state}), under another control "
            "number. If it is a new order, approve it; if they sent it twice, dismiss it.",
        )
        return hold(row, (*row.findings, finding))
    creation, version = creation_of_order(route, run, row, document)
    findings = (*row.findings, *creation.findings, *_price_findings(route, row, creation))
    told = {"partner_code": creation.partner_code, "reference_version": version}
    if reason_of(findings) or creation.payload is None:
        return hold(row, findings, **told)
    return Checked(
        row.id,
        State.READY,
        findings=findings,
        reference_version=version,
        partner_code=creation.partner_code,
        part=part_of(row.canonical),
    )


def _price_findings(route: InboundRoute, row: DocumentRow, creation: Creation) -> tuple[Finding, ...]:
    """Against what the ERP would charge itself, where the partner file wants that."""
    partner, own_prices = partner_of(route, row), route.system.connector.own_prices
    tolerance = partner.orders.list_price_tolerance_percent
    if tolerance is None or own_prices is None or creation.payload is None:
        return ()
    route.system.connector.target.reserve()
    notes = Checklist(partner)
    own = own_prices(creation.entity, creation.payload)
    check_own_prices(creation.prices, own, tolerance, route.mapping.title, notes)
    return notes.findings


def _divided(route: InboundRoute, row: DocumentRow, order: PurchaseOrder, known: Known) -> Checked | None:
    """What becomes of an order that is divided by its stores: nothing more than the orders of each."""
    partner = partner_of(route, row)
    whole = known.twins.get(row.id)
    if whole is not None and whole.state is not State.PROCESSED and not row.approved:
        return None  # it came before and was taken undivided: its parts would be told for new
    if route.mapping.orders is None or not (orders := orders_by_store(order, partner.orders)):
        return None
    notes = Checklist(partner)
    check_totals(order, notes)
    named = ", ".join(f"{one.store} {plain(sum((line.quantity for line in one.lines), Decimal()))}" for one in orders)
    words = f"Divided into {len(orders)} orders, one for each store: {named}."
    findings = (*row.findings, *notes.findings, Finding(Reason.DIVIDED_BY_STORE, words, Reason.DIVIDED_BY_STORE.severity))
    parts = tuple(Part(f"store {one.store}", one, row.raw) for one in orders)
    return Checked(row.id, State.PROCESSED, findings=findings, reason=words, parts=parts)


def creation_of_order(route: InboundRoute, run: Run, row: DocumentRow, order: PurchaseOrder) -> tuple[Creation, int]:
    """The record that the order becomes, and the reference version it was made with; what is missing is looked up."""
    partner = partner_of(route, row)
    mapping, orders = route.mapping, route.mapping.orders
    reference = correlation_reference(route.name, orders.entity if orders else "", row.id)
    creation, version = with_look_ups(route.system, run, lambda book: order_record(mapping, order, partner, book, reference))
    assert creation is not None
    return creation, version


def resolve_order_acknowledgment(route: InboundRoute, run: Run, row: DocumentRow, document: Document, known: Known) -> Checked:
    """An 855: line status kept, the confirmed date written to the order; other prices or quantities wait for a person."""
    assert isinstance(document, OrderAcknowledgment)
    partner = partner_of(route, row)
    if (sent := known.orders.order(row, document.order_number)) is None:
        return hold(row, (*row.findings, no_such_order(row, document.order_number)))
    book = route.engine.intake.reference_book(route.name)
    change = route.mapping.suppliers.effect(document, sent.record, partner, book)
    links = {"order": sent.document.id, "lines": [dict(line) for line in change.lines]}
    findings = (*row.findings, *change.findings, *change.differences)
    if reason_of(findings):
        return hold(row, findings, links=links)
    if change.changes and not run.preview:
        entity = route.mapping.suppliers.entity
        if change.expected:  # should the answer be lost, or we with it, the order's next revision is ours all the same
            note_our_change(route, sent.key, change.expected)
        route.system.connector.target.reserve()
        changed = route.system.connector.target.update(entity, sent.key, change.changes)
        note_our_change(route, sent.key, changed)
    return Checked(row.id, State.PROCESSED, findings=findings, links=links)


def note_our_change(route: InboundRoute, key: str, record: Record) -> None:
    """Tell the ledger that a revision like this record is our own doing, in whichever flow sends that entity."""
    entity = route.mapping.suppliers.entity
    hashing = route.mapping.outbound.hashing(entity)
    for declared in route.mapping.outbound.sets.values():
        if declared.entity == entity:
            route.engine.queue.note_our_update(route.name, declared.flow, key, hashing.of(record), hashing.version)
