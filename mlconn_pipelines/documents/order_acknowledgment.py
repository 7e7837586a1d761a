"""A purchase order acknowledgment (X12 855): what the supplier says to each line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, PaymentTerms, ProductId, Reference, Schedule, Tax
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.remainder import Received


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """One ACK. status: ACK01 (`IA` accepted, `IQ` quantity changed, `IP` price changed, `DR` date, `IR` rejected ...).

    product_ids: ACK07 on, of what comes instead. dates: DTM below it.
    """

    status: str
    quantity: Decimal | None = None
    unit: str = ""
    date_qualifier: str = ""
    date: dt.date | None = None
    product_ids: tuple[ProductId, ...] = ()
    dates: tuple[DateReference, ...] = ()


@dataclass(frozen=True, slots=True)
class AcknowledgedLine:
    """One PO1 of an 855 with its ACKs. number: the buyer's line number (PO101). price_basis: PO105, as in the order."""

    number: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    product_ids: tuple[ProductId, ...]
    answers: tuple[LineAnswer, ...]
    description: str = ""
    references: tuple[Reference, ...] = ()
    dates: tuple[DateReference, ...] = ()
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    price_basis: str = ""
    notes: tuple[str, ...] = ()
    taxes: tuple[Tax, ...] = ()
    schedules: tuple[Schedule, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderAcknowledgment(Received):
    """order_number: BAK03. kind: BAK02 (`AC` with detail and change, `AD` no change, `RJ` rejected, `AK` no detail ...).

    release, contract, seller_reference, acknowledged_on: BAK05, BAK07, BAK08, BAK09.
    """

    order_number: str
    date: dt.date
    kind: str
    purpose: str = "00"
    seller_reference: str = ""
    acknowledged_on: dt.date | None = None
    lines: tuple[AcknowledgedLine, ...] = ()
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[DateReference, ...] = ()
    release: str = ""
    contract: str = ""
    currency: str = ""
    contacts: tuple[Contact, ...] = ()
    terms: PaymentTerms | None = None
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    notes: tuple[str, ...] = ()
    carriers: tuple[Carrier, ...] = ()
    taxes: tuple[Tax, ...] = ()
