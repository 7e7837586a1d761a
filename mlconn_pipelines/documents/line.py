"""What the lines of several documents share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ProductId:
    """qualifier: X12 element 235 (`VP` vendor part, `BP` buyer part, `UP` GTIN-12, `EN` GTIN-13 ...)."""

    qualifier: str
    id: str


@dataclass(frozen=True, slots=True)
class Reference:
    """qualifier: X12 element 128 (`IA` vendor number, `DP` department, `CO` customer order ...)."""

    qualifier: str
    id: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class DateReference:
    """qualifier: X12 element 374 (`002` delivery requested, `011` shipped, `010` requested ship ...)."""

    qualifier: str
    date: dt.date


@dataclass(frozen=True, slots=True)
class AllowanceOrCharge:
    """X12 SAC. indicator: `A` allowance, `C` charge, `N` neither, which only says something. code: element 1300.

    amount: money, None where it is stated in another way only. percent: 2 means 2 %, of what percent_of (SAC06) says. rate: money
    for one rate_unit, rate_quantity of them.
    """

    indicator: str
    code: str
    amount: Decimal | None = None
    description: str = ""
    handling: str = ""
    percent: Decimal | None = None
    percent_of: str = ""
    rate: Decimal | None = None
    rate_unit: str = ""
    rate_quantity: Decimal | None = None

    @property
    def signed(self) -> Decimal:
        """What its amount adds to the total of its document."""
        if self.amount is None or self.indicator == "N":
            return Decimal()
        return self.amount if self.indicator == "C" else -self.amount


@dataclass(frozen=True, slots=True)
class Tax:
    """X12 TXI. kind: element 963 (`ST` state, `GS` GST, `SP` province, `VA` VAT, `TX` all). percent: 8.25 means 8.25 %.

    amount: None where only the percentage is stated.
    """

    kind: str
    amount: Decimal | None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """X12 ITD. discount_percent: 2 means 2 %."""

    kind: str = "01"
    basis: str = "3"
    discount_percent: Decimal | None = None
    discount_days: int | None = None
    net_days: int | None = None
    net_due_date: dt.date | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class StoreQuantity:
    """What of a line is for one store (a pair of X12 SDQ). unit: element 355. qualifier: of the store's number, SDQ02 (`92`)."""

    store: str
    quantity: Decimal
    unit: str
    qualifier: str = "92"


@dataclass(frozen=True, slots=True)
class UnitsShipped:
    """How many units went out of what is charged by another measure (X12 IT3, or ISS of a whole invoice): cases of what is weighed.

    unit: element 355. weight, weight_unit: what they weigh together (ISS03, ISS04).
    """

    quantity: Decimal
    unit: str
    weight: Decimal | None = None
    weight_unit: str = ""


@dataclass(frozen=True, slots=True)
class Packing:
    """X12 PO4. pack: PO401, inner units in the outer one. size, size_unit: PO402 and PO403, of one inner unit.

    weight, weight_unit: PO406 and PO407, gross, of one pack.
    """

    pack: int | None = None
    size: Decimal | None = None
    size_unit: str = ""
    weight: Decimal | None = None
    weight_unit: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """X12 CTP. kind: element 236 (`WHL` wholesale, `RES` resale, `CON` contract, `MSR` suggested retail ...). amount: as stated,
    None where none is.

    from_quantity, unit: the price holds from that quantity on (CTP04, CTP05). trade_class: CTP01, of the customers it is for.
    currency: ISO 4217, empty where it is the document's. dates: `007` effective, `036` expiry ...
    multiplier_kind, multiplier: by what the amount is to be multiplied (CTP06, element 648, and CTP07). rebate: money (CTP08).
    basis: what the amount is stated for (CTP09, element 639). per: for so many units (CTP11).
    """

    kind: str
    amount: Decimal | None
    from_quantity: Decimal | None = None
    unit: str = ""
    trade_class: str = ""
    currency: str = ""
    dates: tuple[DateReference, ...] = ()
    multiplier_kind: str = ""
    multiplier: Decimal | None = None
    rebate: Decimal | None = None
    basis: str = ""
    per: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """X12 SCH: what of a line is wanted, or comes, when. location_role, location: for whom, SCH03 and SCH04. number: SCH12."""

    quantity: Decimal
    unit: str
    dates: tuple[DateReference, ...] = ()
    location_role: str = ""
    location: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """X12 SLN: what a line is made of, or comes with. parent: of a component of a component. relation: element 662 (`I` included ...).

    quantity: in one of the line's units. unit_price: as stated, for what price_basis says.
    """

    number: str
    parent: str = ""
    relation: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    price_basis: str = ""
    product_ids: tuple[ProductId, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxReference:
    """X12 TAX: who is taxed where, or why not. number: TAX01, of a registration or an exemption. places: pairs of element 309 and 310
    (`SP` and `NV`). exempt: element 441.
    """

    number: str
    places: tuple[tuple[str, str], ...] = ()
    exempt: str = ""


def product_id(ids: tuple[ProductId, ...], *qualifiers: str) -> str | None:
    """The id of the first qualifier that is there, the qualifiers tried in the order given."""
    return next((product.id for wanted in qualifiers for product in ids if product.qualifier == wanted), None)
