"""What leaves in lines, whichever system it is of: a mapped line, the numbers of its item, and an invoice's lines and terms."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from mlconn_pipelines.documents.invoice import InvoiceLine
from mlconn_pipelines.documents.line import PaymentTerms, ProductId
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.gtin import LENGTH_OF_QUALIFIER, gtin_fault
from mlconn_pipelines.edi.item_resolution import product_ids
from mlconn_pipelines.edi.units import Measure
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason

Source = TypeVar("Source")


@dataclass(frozen=True, slots=True)
class MappedLine(Generic[Source]):
    """source: the line in the system's own record. measure.unit_price: net of line discounts, without tax, in the document's currency.

    number: how partners call the line. item: of an item's line, or its variant, where the system tells them apart.
    """

    source: Source
    number: str
    measure: Measure
    product_ids: tuple[ProductId, ...]
    description: str
    item: str = ""

    @property
    def unit_price(self) -> Decimal:
        return self.measure.unit_price or Decimal()

    @property
    def invoiced(self) -> InvoiceLine:
        return InvoiceLine(
            number=self.number,
            quantity=self.measure.quantity,
            unit=self.measure.unit,
            unit_price=self.unit_price,
            product_ids=self.product_ids,
            description=self.description,
        )


def wanted_ids(
    code: str,
    theirs: str,
    barcode: str,
    partner: Partner,
    set_id: str,
    cure: str,
    notes: Checklist,
    place: str,
    *,
    we_sell: bool,
) -> tuple[ProductId, ...]:
    """The item's numbers as the partner wants them. cure: what a clerk does where none of these is known."""
    wanted = partner.guide.qualifiers(set_id)
    if barcode and (fault := gtin_fault(barcode)) and any(qualifier in LENGTH_OF_QUALIFIER for qualifier in wanted):
        notes.note(
            Reason.BARCODE_INVALID, f"Barcode {barcode!r} of item {code} {fault}; it is not sent. Correct the item.", place
        )
    ids = product_ids(code, theirs, barcode, wanted, we_sell=we_sell)
    if not ids and code:
        notes.reject(
            Reason.PRODUCT_ID_MISSING,
            f"{partner.name} wants item {code} under one of {', '.join(wanted)}, and none of these numbers is known. {cure}",
            place,
        )
    return ids


def terms_until(due: dt.date | None, day: dt.date) -> PaymentTerms | None:
    """day: of the invoice."""
    if due is None or due < day:
        return None
    return PaymentTerms(net_days=(due - day).days if (due - day).days <= 999 else None, net_due_date=due)
