"""An application advice (X12 824): what a business system says to a document that was in order as X12."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.documents.remainder import Received


@dataclass(frozen=True, slots=True)
class AdviceError:
    """One TED. code: element 647. text: TED02. bad_value: TED07, what was received."""

    code: str
    text: str
    segment: str = ""
    position: int | None = None
    bad_value: str = ""


@dataclass(frozen=True, slots=True)
class AdvisedDocument:
    """One OTI: the verdict on one document.

    verdict: OTI01 (`TA` accepted, `TE` accepted with errors, `TR` rejected). reference_qualifier, reference: OTI02 and
    OTI03 (`IV` with the invoice number, `SI` with the shipment id ...). group_control_number, set_control_number, set_id:
    OTI08, OTI09, OTI10, as far as known.
    """

    verdict: str
    reference_qualifier: str
    reference: str
    set_id: str = ""
    group_control_number: str = ""
    set_control_number: str = ""
    group_sender: str = ""
    group_receiver: str = ""
    amount: Decimal | None = None
    errors: tuple[AdviceError, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationAdvice(Received):
    """number: BGN02. purpose: BGN01."""

    number: str
    date: dt.date
    documents: tuple[AdvisedDocument, ...]
    purpose: str = "00"
    time: dt.time | None = None
    parties: tuple[Party, ...] = ()
