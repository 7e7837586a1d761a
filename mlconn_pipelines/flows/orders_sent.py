"""The purchase order that a supplier's 855, 856 or 810 refers to: our document of it, and the ERP's record as it stands."""

from __future__ import annotations

from dataclasses import dataclass

from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.ports.erp import Finding, Record


@dataclass(frozen=True, slots=True)
class OrderSent:
    """document: the 850 that we sent. record: the ERP's purchase order, read just now. key: its key in the ERP."""

    document: DocumentRow
    record: Record
    key: str


def order_sent(pipeline: Pipeline, partner: str, number: str) -> OrderSent | None:
    """The order that we sent to this partner under this number, None where there is none.

    DocumentRejected (`order_gone`) when the ERP has it no more: some delete an order once it is invoiced in full.
    """
    document = pipeline.ledger.sent_by_number(pipeline.name, "850", partner, number)
    if document is None:
        return None
    record = next(iter(pipeline.erp.records(pipeline.mapping.inbound.our_orders, [document.source_key])), None)
    if record is None:
        raise DocumentRejected(
            f"Order {number}, which we sent to {partner} as {document.id}, is no longer in the ERP: invoiced in full, or deleted",
            hint="Look there. If it was dealt with, dismiss this; if not, tell them.",
            code="order_gone",
        )
    return OrderSent(document, record, document.source_key)


def no_such_order(row: DocumentRow, number: str) -> Finding:
    return Finding(
        "order_unknown",
        f"{row.set_id} {row.business_number} of {row.partner} refers to purchase order {number!r}, which we have not sent them. "
        "If the number is wrong, ask them to correct it; if the order was sent by other means, dismiss this.",
    )
