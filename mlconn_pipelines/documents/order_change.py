"""A change of a purchase order (X12 860), whichever side wrote it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    DateReference,
    PaymentTerms,
    ProductId,
    Reference,
    StoreQuantity,
)
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.remainder import Received


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """One POC. number: POC01, the buyer's line number. change: POC02, element 670 (`AI` added, `DI` deleted, `CA` changed,
    `QI` and `QD` quantity up and down, `PC` price, `RQ` reschedule ...).

    quantity: POC03, what is ordered now. quantity_left: POC04, what of it is still to come. unit: X12 element 355, empty where
    no quantity is stated. unit_price: POC06, None where it stays. price_basis: POC07, as in an order.
    """

    number: str
    change: str
    product_ids: tuple[ProductId, ...]
    quantity: Decimal | None = None
    quantity_left: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    description: str = ""
    references: tuple[Reference, ...] = ()
    dates: tuple[DateReference, ...] = ()
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    store_quantities: tuple[StoreQuantity, ...] = ()
    price_basis: str = ""
    notes: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderChange(Received):
    """order_number, order_date: the order that is changed (BCH03, BCH06). date: of the change itself (BCH11).

    purpose: BCH01 (`04` change, `01` cancellation of the whole order ...). kind: BCH02 as in the order. change_number: BCH05.
    seller_reference: the seller's own number of the order (BCH09).
    """

    order_number: str
    order_date: dt.date
    lines: tuple[ChangedLine, ...]
    date: dt.date | None = None
    purpose: str = "04"
    kind: str = "SA"
    release: str = ""
    change_number: str = ""
    contract: str = ""
    seller_reference: str = ""
    currency: str = ""
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    dates: tuple[DateReference, ...] = ()
    terms: PaymentTerms | None = None
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    notes: tuple[str, ...] = ()
    carriers: tuple[Carrier, ...] = ()
