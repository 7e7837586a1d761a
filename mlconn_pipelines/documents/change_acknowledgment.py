"""What a supplier says to a change of an order, or asks to change itself (X12 865)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, PaymentTerms, Reference
from mlconn_pipelines.documents.order_acknowledgment import LineAnswer
from mlconn_pipelines.documents.order_change import ChangedLine
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.remainder import Received


@dataclass(frozen=True, slots=True)
class AcknowledgedChange:
    """One POC of an 865 with its ACKs."""

    line: ChangedLine
    answers: tuple[LineAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeAcknowledgment(Received):
    """order_number, order_date: BCA03, BCA06. kind: BCA02 (`AC` with detail and change, `AT` accepted, `RD` rejected ...).

    date: the supplier's, of this answer (BCA10). change_number, changed_on: of the buyer's 860 (BCA05, BCA11).
    seller_reference: the supplier's own number of the order (BCA09).
    """

    order_number: str
    order_date: dt.date
    kind: str
    date: dt.date | None = None
    purpose: str = "00"
    release: str = ""
    change_number: str = ""
    changed_on: dt.date | None = None
    contract: str = ""
    seller_reference: str = ""
    lines: tuple[AcknowledgedChange, ...] = ()
    currency: str = ""
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    dates: tuple[DateReference, ...] = ()
    terms: PaymentTerms | None = None
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    notes: tuple[str, ...] = ()
    carriers: tuple[Carrier, ...] = ()
