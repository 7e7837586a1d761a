"""An advance ship notice (X12 856)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.line import DateReference, Packing, ProductId, Reference
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.remainder import Received
from mlconn_pipelines.documents.turnaround import Returned


@dataclass(frozen=True, slots=True)
class ShippedLine:
    """number: LIN01, the order line it fulfils where that is known. unit: X12 element 355."""

    number: str
    quantity: Decimal
    unit: str
    product_ids: tuple[ProductId, ...]
    description: str = ""
    ordered_quantity: Decimal | None = None
    packing: Packing | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[DateReference, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """A tare or pack. sscc: the 18 digits (MAN*GM), empty where the package has none. level: HL03 `T` or `P`.

    carrier_number: the carrier's own for this package (MAN*CP), to track it. tare: SSCC of the tare that a pack stands on.
    references: REF of its level.
    """

    sscc: str
    lines: tuple[ShippedLine, ...]
    level: str = "P"
    carrier_number: str = ""
    tare: str = ""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class ShippedOrder:
    """What of one purchase order is in the shipment: lines directly, or in packages.

    order_number, release, order_date: PRF01, PRF02, PRF04. parties: of this order (`BY` the store it is for).
    """

    order_number: str
    lines: tuple[ShippedLine, ...] = ()
    packages: tuple[Package, ...] = ()
    order_date: dt.date | None = None
    references: tuple[Reference, ...] = ()
    release: str = ""
    parties: tuple[Party, ...] = ()
    dates: tuple[DateReference, ...] = ()

    @property
    def all_lines(self) -> tuple[ShippedLine, ...]:
        return self.lines + tuple(line for package in self.packages for line in package.lines)


@dataclass(frozen=True, slots=True)
class ShipNotice(Received):
    """number: BSN02. time: BSN04, as the sender's own clock stood. carrier: SCAC (TD503 with TD502 = 2).

    transport_mode: TD504, element 91 (`M` motor, `U` parcel ...). routing: TD505, in words. packaging: TD101 of the packages
    counted (`CTN` cartons, `PLT` pallets ...). bill_of_lading, tracking_number: REF*BM and REF*CN.
    """

    number: str
    date: dt.date
    time: dt.time
    orders: tuple[ShippedOrder, ...]
    purpose: str = "00"
    structure: str = ""
    carrier: str = ""
    tracking_number: str = ""
    bill_of_lading: str = ""
    package_count: int | None = None
    weight: Decimal | None = None
    weight_unit: str = ""
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[DateReference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    transport_mode: str = ""
    routing: str = ""
    packaging: str = "CTN"
    returned: Returned | None = None
