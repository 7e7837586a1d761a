"""What stands between the first segment of a set and its first line."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, PaymentTerms, Reference
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.x12.carrier_segments import carrier_of
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.line_segments import allowance_or_charge_of, date_of, reference_of, terms_of
from mlconn_pipelines.x12.note_loops import MSG_LENGTH, NoteReading
from mlconn_pipelines.x12.party_segments import PartyReading, contact_of
from mlconn_pipelines.x12.values import Values, text

_MEMBERS: Mapping[str, frozenset[str]] = {
    "SAC": frozenset(("CUR",)),
    "AMT": frozenset(("REF", "DTM", "PCT", "FA1", "FA2")),
    "V1": frozenset(("R4", "DTM")),
    "CLD": frozenset(("REF", "DTP")),
    "LDT": frozenset(("QTY", "MTX", "MSG", "REF")),
}
_NONE: frozenset[str] = frozenset()
_LAST_LOOPS = frozenset(("SPI", "ADV", "LM"))


class HeadingReading:
    """Collects CUR, REF, PER, SAC, ITD, DTM, TD5, notes and parties. What a loop holds stays with it and is not the document's."""

    __slots__ = (
        "_members",
        "_notes",
        "_over",
        "_parties",
        "_values",
        "allowances_and_charges",
        "carriers",
        "contacts",
        "currency",
        "dates",
        "references",
        "terms",
    )

    def __init__(self, values: Values, note_length: int = MSG_LENGTH) -> None:
        self._values = values
        self._notes = NoteReading(note_length)
        self._parties = PartyReading()
        self._members = _NONE
        self._over = False
        self.currency = ""
        self.terms: PaymentTerms | None = None
        self.references: list[Reference] = []
        self.contacts: list[Contact] = []
        self.dates: list[DateReference] = []
        self.allowances_and_charges: list[AllowanceOrCharge] = []
        self.carriers: list[Carrier] = []

    def takes(self, segment: Segment) -> None:
        """The next segment of the heading; one that says nothing to the document is passed over."""
        id_ = segment[0]
        if self._over or id_ in self._members:
            return
        self._members = _MEMBERS.get(id_, _NONE)
        if id_ == "N1":
            self._notes.closes()
            self._parties.opens(segment)
        elif self._parties.takes(segment):
            return
        elif id_ == "N9":
            self._parties.closes()
            self._notes.opens(segment)
        elif self._notes.takes(segment):
            return
        elif id_ in _LAST_LOOPS:
            self._over = True
        else:
            self._parties.closes()
            self._take_alone(id_, segment)

    def _take_alone(self, id_: str, segment: Segment) -> None:
        match id_:
            case "REF":
                self.references.append(reference_of(segment))
            case "DTM":
                if (date := date_of(segment, self._values)) is not None:
                    self.dates.append(date)
            case "PER":
                self.contacts.append(contact_of(segment))
            case "SAC":
                self.allowances_and_charges.append(allowance_or_charge_of(segment, self._values))
            case "ITD":
                self.terms = self.terms or terms_of(segment, self._values)
            case "TD5":
                if (carrier := carrier_of(segment)) is not None:
                    self.carriers.append(carrier)
            case "CUR":
                self.currency = self.currency or text(segment, 2)

    def parties(self) -> tuple[Party, ...]:
        """All parties of the heading."""
        return self._parties.parties()

    def notes(self) -> tuple[str, ...]:
        """All notes of the heading."""
        return self._notes.notes()
