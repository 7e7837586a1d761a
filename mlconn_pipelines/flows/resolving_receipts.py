"""Received 861s: what came in, as whoever took it in reports it, held against what was ordered and shipped. Nothing is posted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.receiving_advice import ReceivedLine, ReceivingAdvice
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.documents.transaction_sets import sets_received_as
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.receipt_comparison import check_against_shipment, check_receiving_advice, order_as_told
from mlconn_pipelines.flows.holding import hold, reason_of
from mlconn_pipelines.flows.orders_sent import no_such_order
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, Run
from mlconn_pipelines.flows.related_documents import Known
from mlconn_pipelines.flows.resolving_orders import partner_of
from mlconn_pipelines.flows.route import InboundRoute
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason


@dataclass(frozen=True, slots=True)
class _Order:
    """An order that the advice names. document: the 850, sent by us or received. record: as the ERP has it, where it does.

    partner: whom we sent it to, or who sent it.
    """

    document: DocumentRow
    partner: Partner
    record: Record | None = None


def resolve_receiving_advice(route: InboundRoute, run: Run, row: DocumentRow, document: Document, known: Known) -> Checked:
    """An 861: kept with the orders and ship notices that it names. An order may be ours, sent to anybody, or the partner's own."""
    assert isinstance(document, ReceivingAdvice)
    partner, book = partner_of(route, row), route.engine.intake.reference_book(route.name)
    numbers = document.order_numbers
    orders = {number: order for number in numbers if (order := _order(route, row, number, partner, known)) is not None}
    shipments = _shipments(route, row, document.shipments)
    notices = [from_json(ShipNotice, shipment.canonical) for shipment in shipments.values()]
    shipped = {order.order_number for notice in notices for order in notice.orders}
    found = [no_such_order(row, number) for number in numbers if number not in orders and number not in shipped]
    if not (numbers or notices):
        found.append(_of_nothing_known(row, document))
    if numbers:
        found += (_of_no_order(line) for line in document.lines if not document.order_of(line).number)
    taken = (*route.engine.acknowledgments.taken_for_orders(row, list(orders)), *known.decided.taken_of(row))
    before = [from_json(ReceivingAdvice, one.canonical) for one in taken if one.canonical]
    for number, order in orders.items():
        if order.record is not None:
            findings = route.mapping.suppliers.receiving_advice_findings
            found += findings(document, {number: order.record}, order.partner, book, before)
    notes = Checklist(partner)
    told = {
        number: order_as_told(from_json(PurchaseOrder, held.canonical), order.partner, book)
        for number, order in orders.items()
        if order.record is None and (held := route.engine.queue.document(order.document.id)) and held.canonical
    }
    check_receiving_advice(document, told, notes, before)
    for notice in notices:
        check_against_shipment(document, notice, partner, book, notes)
    all_findings = tuple(dict.fromkeys((*row.findings, *found, *notes.findings)))
    links = {
        "orders": {number: order.document.id for number, order in orders.items()},
        "shipments": {number: shipment.id for number, shipment in shipments.items()},
        "lines": list(_lines(document)),
        "date": document.date.isoformat(),
    }
    if reason_of(all_findings):
        return hold(row, all_findings, links=links)
    return Checked(row.id, State.PROCESSED, findings=all_findings, links=links, reference_version=book.version)


def _order(route: InboundRoute, row: DocumentRow, number: str, partner: Partner, known: Known) -> _Order | None:
    """Ours to the partner; the partner's own to us; ours to another, whose goods a warehouse took in."""
    if (ours := known.orders.found(row, number)) is not None:
        return _Order(ours.document, partner, ours.record)
    theirs = route.engine.acknowledgments.taken_by_numbers(route.name, sets_received_as("order"), [(row.partner, number)])
    if theirs:
        return _Order(next(iter(theirs.values())), partner)
    others = known.orders.of_others(row, number, [one.name for one in route.partners])
    supplier = route.partners.named(others.document.partner) if others else None
    return _Order(others.document, supplier, others.record) if others and supplier else None


def _shipments(route: InboundRoute, row: DocumentRow, numbers: Iterable[str]) -> dict[str, DocumentRow]:
    """The ship notices of those numbers that we sent the partner, or got from them."""
    named = [(row.partner, number) for number in numbers]
    got = route.engine.acknowledgments.taken_by_numbers(route.name, sets_received_as("ship_notice"), named)
    sent = route.engine.acknowledgments.sent_by_numbers(route.name, "856", named) if named else {}
    documents = {number: route.engine.queue.document(document.id) for (_, number), document in sent.items()}
    documents |= {number: document for (_, number), document in got.items()}
    return {number: document for number, document in documents.items() if document and document.canonical}


def _of_nothing_known(row: DocumentRow, advice: ReceivingAdvice) -> Finding:
    named = ", ".join(advice.shipments)
    says = f"shipment {named}, of which there is no ship notice, and no order" if named else "neither an order nor a shipment"
    return Finding(
        Reason.ORDER_UNKNOWN,
        f"{row.set_id} {row.business_number} of {row.partner} names {says}: there is nothing to compare it with. Look what it is "
        "about, then approve or dismiss it.",
    )


def _of_no_order(line: ReceivedLine) -> Finding:
    said = f"Received line {line.number or 'without number'} names none of the orders, so that it is compared with none."
    return Finding(Reason.LINE_UNKNOWN, said, place=f"line {line.number}")


def _lines(advice: ReceivingAdvice) -> Iterator[dict[str, str]]:
    """What was received, a row each, for whoever reads the ledger."""
    for line in advice.lines:
        named = advice.order_of(line)
        yield {
            "order": named.number,
            "line": named.line or line.number,
            "quantity": "" if line.quantity is None else str(line.quantity),
            "unit": line.unit,
        }
