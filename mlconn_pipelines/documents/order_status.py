"""What a supplier says of the state of orders (X12 870): asked for, or by a schedule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import DateReference, ProductId, Reference
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.remainder import Received


@dataclass(frozen=True, slots=True)
class StatusQuantity:
    """One QTY. kind: element 673 (`01` discrete, `39` shipped, `63` on order ...). unit: X12 element 355."""

    kind: str
    quantity: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """One ISR with what follows it. code: ISR01, element 368 (`BP` partly shipped, the rest back ordered, `CC` complete ...).

    date: of the status, or the day that it announces. reason: ISR03, element 641. Of a whole order only the description and
    the quantities can be stated beside these.
    """

    code: str
    date: dt.date | None = None
    reason: str = ""
    description: str = ""
    quantities: tuple[StatusQuantity, ...] = ()
    dates: tuple[DateReference, ...] = ()
    references: tuple[Reference, ...] = ()
    carriers: tuple[Carrier, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportedLine:
    """One PO1. number: the buyer's line number (PO101). quantity, unit, unit_price: as ordered, where they are repeated.

    dates, references: of its item level, where it stands in one.
    """

    number: str
    product_ids: tuple[ProductId, ...]
    statuses: tuple[ItemStatus, ...] = ()
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    price_basis: str = ""
    description: str = ""
    dates: tuple[DateReference, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """order_number, release, order_date: PRF01, PRF02, PRF04. statuses: of the whole order."""

    order_number: str
    lines: tuple[ReportedLine, ...] = ()
    statuses: tuple[ItemStatus, ...] = ()
    release: str = ""
    order_date: dt.date | None = None
    dates: tuple[DateReference, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    parties: tuple[Party, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderStatus(Received):
    """number: BSR03, of the report. kind: BSR01, element 850 (`1` answer to an inquiry, `3` unsolicited ...).

    scope: BSR02, element 847 (`PP` chosen items of chosen orders, `CA` all items of all orders ...). inquiry: BSR08, the number
    of the question that it answers.
    """

    number: str
    date: dt.date
    orders: tuple[ReportedOrder, ...]
    kind: str = "3"
    scope: str = "PP"
    time: dt.time | None = None
    inquiry: str = ""
    carriers: tuple[Carrier, ...] = ()
    dates: tuple[DateReference, ...] = ()
    references: tuple[Reference, ...] = ()
    parties: tuple[Party, ...] = ()
