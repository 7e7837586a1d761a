"""A receiving advice (X12 861): what of a shipment came in, and in which condition."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import DateReference, ProductId, Reference
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.remainder import Received

SHIPMENT = "SI"
"""REF01 of the number that the shipper gave the shipment."""


@dataclass(frozen=True, slots=True)
class OrderReference:
    """One PRF. number: PRF01, the buyer's order. release: PRF02. date: PRF04. line: PRF05, the order's line."""

    number: str
    release: str = ""
    date: dt.date | None = None
    line: str = ""


@dataclass(frozen=True, slots=True)
class QuantityInQuestion:
    """One of the up to five of an RCD. condition: element 412 (`01` damaged, `02` short, `03` over, `05` wrong product ...)."""

    quantity: Decimal
    unit: str
    condition: str


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """One RCD. number: RCD01. quantity: RCD02, received; quantity_returned: RCD04; each with a unit of its own (element 355).

    shipped, shipped_unit: SN102 and SN103, what the ship notice said. sscc: of the packages it came in (MAN*GM).
    """

    number: str
    product_ids: tuple[ProductId, ...]
    quantity: Decimal | None = None
    unit: str = ""
    quantity_returned: Decimal | None = None
    returned_unit: str = ""
    in_question: tuple[QuantityInQuestion, ...] = ()
    shipped: Decimal | None = None
    shipped_unit: str = ""
    description: str = ""
    references: tuple[Reference, ...] = ()
    dates: tuple[DateReference, ...] = ()
    orders: tuple[OrderReference, ...] = ()
    sscc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivingAdvice(Received):
    """number: BRA01. kind: BRA04 (`1` receiving dock, `2` after posting, `8` acceptance certificate ...). purpose: BRA03.

    dates: at least one (`050` received), as the set demands it. references: `SI` shipment id, `BM` bill of lading, `PK` ...
    condition: BRA06, element 412, of the whole shipment.
    """

    number: str
    date: dt.date
    dates: tuple[DateReference, ...]
    lines: tuple[ReceivedLine, ...]
    kind: str = "1"
    purpose: str = "00"
    time: dt.time | None = None
    condition: str = ""
    orders: tuple[OrderReference, ...] = ()
    carriers: tuple[Carrier, ...] = ()
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()

    def order_of(self, line: ReceivedLine) -> OrderReference:
        """The order that the line names, else the only one that the whole advice names; without number where neither does."""
        named = line.orders or (self.orders if len(self.orders) == 1 else ())
        return named[0] if named else OrderReference("")

    @property
    def order_numbers(self) -> tuple[str, ...]:
        """Of all orders that it names, each once."""
        named = (*self.orders, *(order for line in self.lines for order in line.orders))
        return tuple(dict.fromkeys(order.number for order in named if order.number))

    @property
    def shipments(self) -> tuple[str, ...]:
        """Numbers of the shipments (BSN02 of their ship notices) that it names, each once."""
        named = (*self.references, *(reference for line in self.lines for reference in line.references))
        return tuple(dict.fromkeys(one.id for one in named if one.qualifier == SHIPMENT and one.id))
