"""Our order in Sage against what its vendor says, and the dates that an 855 confirms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.acknowledgment_comparison import answers_to
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import OrderedLine
from mlconn_pipelines.edi.supplied_order import SuppliedOrder
from mlconn_pipelines.edi.units import x12_factors
from mlconn_pipelines.ports.mapping import AcknowledgmentEffect
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sage_100.mapping.order_lines import mapped_lines
from mlconn_pipelines.systems.sage_100.mapping.sets import SYSTEM_TITLE
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.records.purchase_order import COMPLETED, PurchaseOrder, PurchaseOrderLine, order_from
from mlconn_pipelines.systems.sage_100.records.reading import day_text


@dataclass(frozen=True, slots=True)
class OurOrder:
    """supplied: the order as its vendor read it. sources: the record's own lines by LineKey."""

    document: PurchaseOrder
    supplied: SuppliedOrder
    sources: Mapping[int, PurchaseOrderLine]


def our_order(record: Record, partner: Partner, book: ReferenceBook, settings: Sage100Settings) -> OurOrder:
    """DocumentRejected when the record cannot be read. What is inactive by now was in order when we sent it."""
    document = order_from(record)
    day = document.PurchaseOrderDate or dt.date.min
    lines = tuple(
        OrderedLine(
            key=line.source.LineKey,
            number=line.number,
            item_code=line.source.ItemCode,
            quantity=line.measure.quantity,
            unit=line.measure.unit,
            unit_price=line.measure.unit_price,
            product_ids=line.product_ids,
            factors=x12_factors(book.items.get(line.source.ItemCode), partner, book),
        )
        for line in mapped_lines(document, day, partner, book, Checklist(partner), settings)
    )
    supplied = SuppliedOrder(
        SYSTEM_TITLE,
        document.number,
        document.vendor,
        settings.currency,
        cancelled=False,
        lines=lines,
        partner=partner,
        book=book,
    )
    return OurOrder(document, supplied, {line.LineKey: line for line in document.lines})


def change_of(
    answer: OrderAcknowledgment, record: Record, partner: Partner, book: ReferenceBook, settings: Sage100Settings
) -> AcknowledgmentEffect:
    """Confirmed dates as those on which lines are required, by setting; other prices, quantities and rejections are a person's.

    changes: parameters of the agent's po.update_dates. A line that was received in full, and an order that is completed, keep theirs.
    """
    order = our_order(record, partner, book, settings)
    notes, differences = Checklist(partner), Checklist(partner)
    answers = answers_to(answer, order.supplied, partner, notes, differences)
    other = {
        key: date
        for key, date in sorted(answers.dates.items())
        if settings.confirmed_dates and order.sources[key].is_open and order.sources[key].RequiredDate != date
    }
    if other and order.document.OrderStatus == COMPLETED:
        said = f"Purchase order {order.document.number} is completed in Sage; the confirmed dates are not written."
        notes.note(Reason.ORDER_CLOSED, said)
        other = {}
    changes: dict[str, Any] = {}
    expected: Record = {}
    if other:
        rows = [{"line_key": f"{key:06}", "required_date": day_text(date)} for key, date in other.items()]
        changes = {"number": order.document.PurchaseOrderNo, "lines": rows}
        expected = _with_dates(record, {row["line_key"]: row["required_date"] for row in rows})
    return AcknowledgmentEffect(changes, changes, differences.findings, answers.told, notes.findings, expected)


def _with_dates(record: Record, dates: Mapping[str, str]) -> Record:
    """The order's record with other days on which its lines are required, by LineKey as Sage writes it."""
    lines = [
        {**row, "RequiredDate": dates.get(str(row.get("LineKey") or "").strip().zfill(6), row.get("RequiredDate"))}
        for row in record.get("lines") or ()
    ]
    return {**record, "lines": lines}
