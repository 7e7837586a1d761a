"""X12 855 against our purchase order: what SAP lets us write of it, at once and after approval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.supplier_documents import Correction, answers_to
from mlconn_pipelines.ports.mapping import AcknowledgmentEffect
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.ordered_lines import OurOrder, our_order
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings


def change_of(
    answer: OrderAcknowledgment, record: Record, partner: Partner, book: ReferenceBook, settings: SapSettings
) -> AcknowledgmentEffect:
    """Dates at once, prices and quantities after approval and by setting, rejected lines never: a person closes them in SAP."""
    order = our_order(record, partner, book)
    notes, differences = Checklist(partner), Checklist(partner)
    answers = answers_to(answer, order.supplied, partner, notes, differences)
    dates = {key: _dates(key, date, record, settings) for key, date in answers.dates.items()}
    corrections = {key: _corrected(correction, order) for key, correction in answers.corrections.items()}
    open_lines = _open_lines(order, notes, any(dates.values()))
    changes = _patch({key: values for key, values in dates.items() if key in open_lines})
    approved = {key: dates.get(key, {}) | corrections.get(key, {}) for key in dates.keys() | corrections.keys()}
    approved_changes = _patch({k: v for k, v in approved.items() if k in open_lines}) if settings.apply_differences else changes
    expected = _patched(record, changes) if changes else {}
    return AcknowledgmentEffect(changes, approved_changes, differences.findings, answers.told, notes.findings, expected)


def _corrected(correction: Correction, order: OurOrder) -> dict[str, Any]:
    """The line's fields that make the order agree, in SAP's own unit."""
    ordered, source = correction.ordered, order.sources[correction.ordered.key]
    fields: dict[str, Any] = {}
    if (quantity := correction.quantity) is not None:
        fields["Quantity"] = round(source.Quantity * quantity / ordered.quantity, 6) if ordered.quantity else quantity
    if correction.unit_price is not None:
        in_sap_unit = ordered.quantity / source.Quantity if source.Quantity else Decimal(1)
        fields |= {"UnitPrice": round(correction.unit_price * in_sap_unit, 6), "DiscountPercent": 0}
    return fields


def _dates(key: int, date: dt.date, record: Record, settings: SapSettings) -> dict[str, Any]:
    """The configured date fields that hold another day yet."""
    rows: Sequence[Record] = record.get("DocumentLines") or ()
    held: Record = next((line for line in rows if line.get("LineNum") == key), {})
    return {name: date.isoformat() for name in settings.confirmed_date_fields if str(held.get(name) or "")[:10] != str(date)}


def _open_lines(order: OurOrder, notes: Checklist, dates: bool) -> set[int]:
    """LineNums that SAP still lets us change."""
    closed = order.document.DocumentStatus == "bost_Close" or order.document.cancelled
    if closed and dates and not order.document.cancelled:
        notes.note(
            Reason.ORDER_CLOSED,
            f"Purchase order {order.document.DocNum} is closed in SAP; the confirmed dates are not written.",
        )
    return set() if closed else {key for key, line in order.sources.items() if line.LineStatus != "bost_Close"}


def _patch(lines: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """A PATCH body: SAP finds lines by LineNum and merges their fields."""
    rows = [{"LineNum": key, **values} for key, values in sorted(lines.items()) if values]
    return {"DocumentLines": rows} if rows else {}


def _patched(record: Record, patch: Record) -> Record:
    """The record as SAP will hold it after a PATCH of line fields that nothing else follows from, such as dates."""
    changed = {row["LineNum"]: row for row in patch["DocumentLines"]}
    lines = [{**line, **changed.get(line.get("LineNum"), {})} for line in record.get("DocumentLines") or ()]
    return {**record, "DocumentLines": lines}
