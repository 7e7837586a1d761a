"""Trading partner profiles.

Of a place (LX) its first party is the vendor; what is said of its plants, ratings and systems is passed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from mlconn_pipelines.documents.line import PaymentTerms
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.trading_partner_profile import TradingPartnerProfile
from mlconn_pipelines.documents.vendor import Vendor
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, text, time_text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import terms_of, terms_segments
from mlconn_pipelines.x12.party_segments import contact_segment, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

CHANGED, DELETED, INACTIVE = "2", "3", "41"
"""PLA01: what is to be done with what there was of the vendor."""
TERMS = "TC"
"""N901 of the code of a vendor's terms."""
_OF_OTHERS = frozenset(("TPD", "PAM", "TXN", "LM", "ENE"))


def parse(values: ElementReader) -> TradingPartnerProfile:
    """The vendors."""
    btp, vendors, _ = read_lines(HeadingLoop(values), _PlaceLoop(values), _vendor_of, ends=("ERI", "AMT", "SE"))
    return TradingPartnerProfile(
        number=text(btp, 2),
        date=values.wanted_date(btp, 3),
        time=values.time(btp, 4) or dt.time(),
        vendors=vendors,
        purpose=text(btp, 1),
        kind=text(btp, 5),
    )


def render(document: TradingPartnerProfile, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE."""
    date, time = date_text(document.date), time_text(document.time)
    return [
        ("BTP", document.purpose, document.number, date, time, document.kind),
        *(
            segment
            for place, vendor in enumerate(document.vendors, start=1)
            for segment in (
                ("LX", str(place)),
                ("PLA", CHANGED if vendor.active else INACTIVE, "VN", date, time),
                *_vendor_segments(vendor, writing),
            )
        ),
    ]


def _vendor_segments(vendor: Vendor, writing: Writing) -> Iterator[OutSegment]:
    yield from party_segments(
        (
            Party(
                role="VN",
                name=vendor.name,
                id_qualifier="92" if vendor.number else "",
                id=vendor.number,
                street=vendor.street,
                city=vendor.city,
                state=vendor.state,
                postal_code=vendor.postal_code,
                country=vendor.country,
            ),
        ),
        writing,
    )
    if vendor.terms:
        yield ("N9", TERMS, vendor.terms)
    if vendor.phone or vendor.email:
        yield contact_segment(Contact("", vendor.phone, vendor.email))
    if vendor.net_days is not None or vendor.terms_description:
        yield from terms_segments(PaymentTerms(net_days=vendor.net_days, description=vendor.terms_description), writing)


class _PlaceLoop(LineLoop):
    def start(self, segment: Segment) -> None:
        super().start(segment)
        self.action = self.code = ""
        self.terms: PaymentTerms | None = None
        self._parties_met = 0

    def add(self, segment: Segment) -> None:
        match segment[0]:
            case "PLA":
                self.action = self.action or text(segment, 1)
            case "LCD" | "LIN" if not self._parties_met:
                pass
            case "N1":
                self._parties_met += 1
                self.is_over = self.is_over or self._parties_met > 1
                super().add(segment)
            case "LCD":
                self.is_over = True
            case "N9":
                if not self.is_over and text(segment, 1) == TERMS:
                    self.code = self.code or text(segment, 2)
            case "ITD":
                if not self.is_over:
                    self.terms = self.terms or terms_of(segment, self.values)
            case id_ if id_ in _OF_OTHERS:
                self.is_over = True
            case _:
                super().add(segment)


def _vendor_of(place: _PlaceLoop) -> Vendor:
    party = next(iter(place.parties()), Party(""))
    contacts = party.contacts
    terms = place.terms or PaymentTerms()
    return Vendor(
        number=party.id,
        name=f"{party.name} {party.name_2}".strip(),
        active=place.action not in (INACTIVE, DELETED),
        street=party.street,
        city=party.city,
        state=party.state,
        postal_code=party.postal_code,
        country=party.country,
        phone=next((one.phone for one in contacts if one.phone), ""),
        email=next((one.email for one in contacts if one.email), ""),
        terms=place.code,
        terms_description=terms.description,
        net_days=terms.net_days,
    )
