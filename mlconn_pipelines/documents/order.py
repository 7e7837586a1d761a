"""A purchase order (X12 850), whichever side wrote it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    Component,
    DateReference,
    Packing,
    PaymentTerms,
    Price,
    ProductId,
    Reference,
    Schedule,
    StoreQuantity,
    Tax,
    TaxReference,
)
from mlconn_pipelines.documents.order_prices import PaidPrice, paid_price
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.price_basis import units_of_price
from mlconn_pipelines.documents.remainder import Received


@dataclass(frozen=True, slots=True)
class OrderLine:
    """number: PO101, the buyer's line number. unit: X12 element 355. unit_price: None where the buyer states none.

    price_basis: PO105, element 639 (`PE` for each, `HP` for a hundred, `CT` by contract ...), empty where none is stated.
    Whatever it says, unit_price is for one unit; X12 states a hundredfold price with `HP`.
    parties: whom this line goes to or is marked for, where that is not the whole order's. prices: those beside PO104 (CTP).
    schedules: parts of the line with days of their own (SCH). components: what it is made of (SLN). unread: ids of segments that say
    more of what is ordered than any field here does (`PO3` prices, `QTY`, `SCH` of a party), and `G6810` where that is the only price of
    an 875's line.
    """

    number: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    product_ids: tuple[ProductId, ...]
    description: str = ""
    dates: tuple[DateReference, ...] = ()
    references: tuple[Reference, ...] = ()
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    store_quantities: tuple[StoreQuantity, ...] = ()
    price_basis: str = ""
    notes: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()
    packing: Packing | None = None
    unread: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    components: tuple[Component, ...] = ()
    taxes: tuple[Tax, ...] = ()
    tax_references: tuple[TaxReference, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchaseOrder(Received):
    """purpose: BEG01 (`00` original, the only one that creates). kind: BEG02 (`SA`, `NE`, `DS` ...). contract: BEG06.

    prices: CTP of the heading, for lines that state none. stated_total, stated_quantity: AMT*TT and CTT02, None where they are not
    stated. store: of an order that is one store's part of a received one, the store's number.

    STATED_IN: the elements that hold some of the fields, to name them to people.
    """

    STATED_IN: ClassVar[Mapping[str, str]] = {"purpose": "BEG01", "kind": "BEG02", "number": "BEG03", "unit_price": "PO104"}

    number: str
    date: dt.date
    lines: tuple[OrderLine, ...]
    purpose: str = "00"
    kind: str = "SA"
    release: str = ""
    currency: str = ""
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    dates: tuple[DateReference, ...] = ()
    terms: PaymentTerms | None = None
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    notes: tuple[str, ...] = ()
    carriers: tuple[Carrier, ...] = ()
    contract: str = ""
    prices: tuple[Price, ...] = ()
    stated_total: Decimal | None = None
    stated_quantity: Decimal | None = None
    taxes: tuple[Tax, ...] = ()
    tax_references: tuple[TaxReference, ...] = ()
    store: str = ""

    @property
    def total(self) -> Decimal:
        """Lines that state a price, added up, unrounded."""
        return sum(
            (line.quantity * price for line in self.lines if (price := self.price_of(line).amount) is not None), Decimal()
        )

    def price_of(self, line: OrderLine) -> PaidPrice:
        """What is to be paid for one unit of one of its lines: PO104, else a price of the line's CTP, else one of the heading's."""
        stated = line.unit_price
        if stated and line.price_basis and (units := units_of_price(line.price_basis, line.unit)):
            stated = stated / units
        if stated and not line.prices:  # most lines
            return PaidPrice(stated)
        return paid_price(stated, line.quantity, line.unit, line.prices, self.prices)


@dataclass(frozen=True, slots=True)
class GroceryOrder(PurchaseOrder):
    """The same in the words of the grocery trade (X12 875). purpose: the BEG01 that G5001 stands for. Lines have no own numbers."""

    STATED_IN: ClassVar[Mapping[str, str]] = {"purpose": "G5001", "kind": "G5007", "number": "G5003", "unit_price": "G6803"}
