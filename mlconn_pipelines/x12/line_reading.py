"""What belongs to a line: its description, references, dates, charges, answers, notes, parties and quantities by store."""

from __future__ import annotations

from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, Packing, Reference, StoreQuantity, Tax
from mlconn_pipelines.documents.order_acknowledgment import LineAnswer
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.line_answers import answer_of
from mlconn_pipelines.x12.line_segments import (
    allowance_or_charge_of,
    date_of,
    packing_of,
    reference_of,
    store_quantities_of,
    tax_of,
)
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.note_loops import MSG_LENGTH, NoteReading
from mlconn_pipelines.x12.party_segments import PartyReading
from mlconn_pipelines.x12.values import Values

_ASIDE = frozenset(("SCH", "LDT", "LM", "LS", "AMT"))  # REF, DTM and texts after these are theirs
_LAST = frozenset(("SLN", "G39", "PKL", "LFG", "PD", "V1", "FA1"))  # from these on nothing is the line's own

_OF_A_PARTY = frozenset(("SCH", "QTY"))  # how much of the line is for the party, and when


class LineReading:
    """One line at a time: `opens` at its first segment, `takes` what follows.

    Sub-lines, schedules, lead times, notes and parties of a line hold dates, references and charges of their own, which are
    not the line's. segment: the one that opened the line, empty before the first. is_over: a sub-line has begun.
    unread: ids of what was passed over although it says what is ordered, where to, when or at which price.
    """

    __slots__ = (
        "_description_length",
        "_loop",
        "_note_length",
        "_notes",
        "_parties",
        "_pieces",
        "_values",
        "allowances_and_charges",
        "answers",
        "dates",
        "is_over",
        "packing",
        "references",
        "segment",
        "store_quantities",
        "taxes",
        "unread",
    )

    def __init__(self, values: Values, description_length: int, note_length: int = MSG_LENGTH) -> None:
        self._values, self._description_length, self._note_length = values, description_length, note_length
        self.opens(())

    def opens(self, segment: Segment) -> None:
        """Forgets the line before and begins the next one."""
        self.segment, self.is_over, self._loop = segment, False, ""
        self._notes, self._parties = NoteReading(self._note_length), PartyReading()
        self._pieces: list[str] = []
        self.references: list[Reference] = []
        self.dates: list[DateReference] = []
        self.allowances_and_charges: list[AllowanceOrCharge] = []
        self.taxes: list[Tax] = []
        self.store_quantities: list[StoreQuantity] = []
        self.answers: list[LineAnswer] = []
        self.packing: Packing | None = None
        self.unread: dict[str, None] = {}

    @property
    def description(self) -> str:
        """Every PID put together."""
        return joined(self._pieces, self._description_length)

    def notes(self) -> tuple[str, ...]:
        """All notes of the line."""
        return self._notes.notes()

    def parties(self) -> tuple[Party, ...]:
        """All parties of the line."""
        return self._parties.parties()

    def takes(self, segment: Segment) -> None:
        """The next segment of the line; one that says nothing to a document is passed over."""
        id_ = segment[0]
        if self.is_over:
            return
        if id_ in _LAST:
            self.is_over = True
            self.unread[id_] = None
        elif id_ == "N9":
            self._loop = id_
            self._notes.opens(segment)
        elif id_ == "N1":
            self._loop = id_
            self._notes.closes()
            self._parties.opens(segment)
        elif id_ == "ACK":
            self._loop = id_
            self.answers.append(answer_of(segment, self._values))
        elif self._loop == "N1":
            if id_ in _OF_A_PARTY:
                self.unread[id_] = None
            self._parties.takes(segment)
        elif self._loop == "N9":
            self._notes.takes(segment)
        elif id_ in _ASIDE:
            self._loop = "aside"
            self.unread[id_] = None
        elif id_ == "TXI":
            self.taxes.append(tax_of(segment, self._values))
        elif not self._loop:
            self._take_own(id_, segment)

    def _take_own(self, id_: str, segment: Segment) -> None:
        match id_:
            case "PID":
                if len(segment) > 5:
                    self._pieces.append(segment[5].rstrip())
            case "REF":
                self.references.append(reference_of(segment))
            case "DTM":
                if (date := date_of(segment, self._values)) is not None:
                    self.dates.append(date)
            case "SAC":
                self.allowances_and_charges.append(allowance_or_charge_of(segment, self._values))
            case "PO4":
                self.packing = self.packing or packing_of(segment, self._values)
            case "CTP" | "PO3":
                self.unread[id_] = None
            case "SDQ":
                self.store_quantities += store_quantities_of(segment, self._values)
