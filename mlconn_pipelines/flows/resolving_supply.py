"""Received 870s, 856s and supplier 810s: held against the purchase order that they report on, deliver or charge for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlconn_pipelines.documents.application_advice import AdviceError, AdvisedDocument, ApplicationAdvice
from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.order_status import OrderStatus
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.edi.purposes import as_credit, is_acted_on, is_to_be_entered
from mlconn_pipelines.flows.correlation_reference import correlation_reference
from mlconn_pipelines.flows.holding import hold, reason_of
from mlconn_pipelines.flows.orders_sent import OrderSent, OrdersSent, no_such_order
from mlconn_pipelines.flows.ports.entries import Answer, Checked, DocumentRow, Run
from mlconn_pipelines.flows.reference import with_look_ups
from mlconn_pipelines.flows.related_documents import Known
from mlconn_pipelines.flows.resolving_orders import partner_of
from mlconn_pipelines.flows.route import InboundRoute
from mlconn_pipelines.ports.mapping import Creation, Finding
from mlconn_pipelines.reasons import Reason


def resolve_order_status(route: InboundRoute, run: Run, row: DocumentRow, document: Document, known: Known) -> Checked:
    """An 870: kept against its purchase orders, with the states of their lines; nothing in the ERP has a place for them."""
    assert isinstance(document, OrderStatus)
    numbers = dict.fromkeys(order.order_number for order in document.orders)
    named = [(row.partner, number) for number in numbers if number]
    sent = route.engine.acknowledgments.sent_by_numbers(route.name, "850", named) if named else {}
    unknown = tuple(no_such_order(row, number) for number in numbers if (row.partner, number) not in sent)
    links = {
        "orders": {number: found.id for (_, number), found in sent.items()},
        "lines": [
            {
                "order": order.order_number,
                "line": line.number,
                "status": status.code,
                "date": status.date.isoformat() if status.date else "",
                "quantity": ", ".join(f"{stated.quantity} {stated.unit}".strip() for stated in status.quantities),
            }
            for order in document.orders
            for line in order.lines
            for status in line.statuses or order.statuses
        ],
    }
    findings = (*row.findings, *unknown)
    if reason_of(findings):
        return hold(row, findings, links=links)
    return Checked(row.id, State.PROCESSED, findings=findings, links=links)


def resolve_ship_notice(route: InboundRoute, run: Run, row: DocumentRow, document: Document, known: Known) -> Checked:
    """An 856: kept against its purchase orders (lines, quantities, SSCC, date); by setting it also becomes a draft receipt."""
    assert isinstance(document, ShipNotice)
    if (twin := known.twin(row)) is not None:
        finding = Finding(
            Reason.BUSINESS_DUPLICATE,
            f"{row.partner} has announced shipment {row.business_number} before ({twin.id}, {twin.state}), under another control "
            "number. If it is another shipment, approve it; if they sent it twice, dismiss it.",
        )
        return hold(row, (*row.findings, finding))
    numbers = list(dict.fromkeys(order.order_number for order in document.orders))
    sent = {number: found for number in numbers if (found := known.orders.order(row, number)) is not None}
    unknown = tuple(no_such_order(row, number) for number in numbers if number not in sent)
    partner, book = partner_of(route, row), route.engine.intake.reference_book(route.name)
    records = {number: order.record for number, order in sent.items()}
    taken = (*route.engine.acknowledgments.taken_for_orders(row, list(records)), *known.decided.taken_of(row))
    before = [from_json(ShipNotice, one.canonical) for one in {one.id: one for one in taken}.values() if one.canonical]
    compared = route.mapping.suppliers.ship_notice_findings(document, records, partner, book, before)
    findings = (*row.findings, *unknown, *compared)
    links = {
        "orders": {number: order.document.id for number, order in sent.items()},
        "packages": [package.sscc for order in document.orders for package in order.packages if package.sscc],
        "lines": [
            {"order": order.order_number, "line": line.number, "quantity": str(line.quantity), "unit": line.unit}
            for order in document.orders
            for line in order.all_lines
        ],
        "date": document.date.isoformat(),
    }
    if reason_of(findings):
        return hold(row, findings, links=links)
    creation = receipt_of(route, row, document, known.orders)
    return _kept_or_ready(row, findings, creation, links, book.version)


def receipt_of(route: InboundRoute, row: DocumentRow, notice: ShipNotice, orders: OrdersSent) -> Creation | None:
    """The draft receipt of an 856, None where the setting is off."""
    receipts = route.mapping.receipts
    if receipts is None or not is_acted_on(notice.purpose, partner_of(route, row), "856"):
        return None
    numbers = dict.fromkeys(order.order_number for order in notice.orders)
    records = {n: found.record for n in numbers if (found := orders.order(row, n)) is not None}
    reference = correlation_reference(route.name, receipts.entity, row.id)
    book = route.engine.intake.reference_book(route.name)
    return receipts.receipt(notice, records, partner_of(route, row), book, reference)


def resolve_supplier_invoice(route: InboundRoute, run: Run, row: DocumentRow, document: Document, known: Known) -> Checked:
    """A supplier's 810: checked against its purchase order and answered with an 824; by setting it becomes a draft invoice."""
    assert isinstance(document, Invoice)
    if (twin := known.twin(row)) is not None:
        finding = Finding(
            Reason.BUSINESS_DUPLICATE,
            f"{row.partner} has sent invoice {row.business_number} before ({twin.id}, {twin.state}), under another control number. "
            "If it is another invoice, approve it; if they sent it twice, dismiss it.",
        )
        return hold(row, (*row.findings, finding))
    partner, book = partner_of(route, row), route.engine.intake.reference_book(route.name)
    sent = known.orders.order(row, document.order_number) if document.order_number else None
    before = known.invoices_before(row, document.order_number) if sent else ()
    unknown = () if sent else (no_such_order(row, document.order_number),)
    found = (
        *unknown,
        *route.mapping.suppliers.invoice_findings(document, sent.record if sent else None, partner, book, before),
    )
    answer = None if run.preview else _advice(row, document, found)
    findings = (*row.findings, *found)
    links = {"order": sent.document.id if sent else ""}
    if reason_of(findings):
        return hold(row, findings, links=links, answer=answer)
    creation = supplier_invoice_of(route, run, row, document, sent)
    decided = _kept_or_ready(row, findings, creation, links, book.version)
    # What we cannot enter may be right: nothing is said of it before somebody decides. Of a credit nothing is said before the ERP has it.
    if decided.outcome is State.ON_HOLD or _credit(route, document) is not None:
        return decided
    return replace(decided, answer=answer)


def _credit(route: InboundRoute, invoice: Invoice) -> Invoice | None:
    """The credit that it is, where the ERP's credit document is made of one."""
    invoices = route.mapping.supplier_invoices
    return as_credit(invoice) if invoices is not None and invoices.credit_entity else None


def supplier_invoice_of(
    route: InboundRoute, run: Run, row: DocumentRow, invoice: Invoice, sent: OrderSent | None
) -> Creation | None:
    """The supplier invoice that an 810 becomes, None where the setting is off or its order is unknown; what is missing is looked up."""
    invoices = route.mapping.supplier_invoices
    partner, credit = partner_of(route, row), _credit(route, invoice)
    if invoices is None or sent is None:
        return None
    if not (is_to_be_entered(invoice, partner) or (credit is not None and is_acted_on(invoice.purpose, partner, "810"))):
        return None
    reference = correlation_reference(route.name, invoices.credit_entity if credit else invoices.entity, row.id)
    creation, _ = with_look_ups(
        route.system, run, lambda book: invoices.invoice(invoice, sent.record, partner, book, reference)
    )
    return creation


def _kept_or_ready(
    row: DocumentRow, findings: Sequence[Finding], creation: Creation | None, links: Mapping[str, object], version: int
) -> Checked:
    if creation is None:
        return Checked(row.id, State.PROCESSED, findings=tuple(findings), links=links, reference_version=version)
    all_findings = (*findings, *creation.findings)
    if creation.payload is None or reason_of(all_findings):
        return hold(row, all_findings, links=links)
    return Checked(row.id, State.READY, findings=all_findings, links=links, reference_version=version)


def _advice(row: DocumentRow, invoice: Invoice, findings: Sequence[Finding]) -> Answer | None:
    """The 824 that tells the supplier what became of the invoice; one a verdict, however often it is checked.

    None where it is we who cannot judge or enter it: it may be right, so that neither verdict is.
    """
    rejected = reason_of(findings) is not None
    if any(finding.severity == "reject" and finding.code in _OUR_OWN_LIMITS for finding in findings):
        return None
    noted = [finding for finding in findings if finding.severity != "ignore"]
    verdict = "TR" if rejected else "TE" if noted else "TA"
    envelope = row.raw["envelope"]
    advised = AdvisedDocument(
        verdict=verdict,
        reference_qualifier="IV",
        reference=invoice.number,
        set_id=row.set_id,
        group_control_number=envelope.get("group", ""),
        set_control_number=envelope.get("set", ""),
        amount=invoice.total,
        errors=tuple(AdviceError(code=_ADVICE_CODES.get(f.code, "024"), text=f.message[:60]) for f in noted[:10]),
    )
    advice = ApplicationAdvice(number=f"{row.id}-{verdict}", date=row.first_seen_at.date(), documents=(advised,))
    return Answer("824", to_json(advice), f"824|{row.id}|{verdict}")


_OUR_OWN_LIMITS = frozenset(
    (
        *(Reason.PURPOSE_NOT_SUPPORTED, Reason.INVOICE_TYPE, Reason.CREDIT_NOT_HANDLED, Reason.PRICE_BASIS),
        *(Reason.STATED_WITHOUT_AMOUNT, Reason.UNIT_DIFFERS, Reason.INVOICED_BEFORE),
    )
)


_ADVICE_CODES: Mapping[str, str] = {
    Reason.TOTAL_DOES_NOT_ADD_UP: "010",
    Reason.PRICE_DIFFERS: "129",
    Reason.ITEM_UNKNOWN: "133",
    Reason.LINE_UNKNOWN: "133",
    Reason.ORDER_UNKNOWN: "011",
    Reason.QUANTITY_DIFFERS: "011",
}
"""Reason of ours to X12 element 647: 010 total out of balance, 011 not matching, 129 cost change, 133 item not on the order."""
