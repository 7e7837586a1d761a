"""The lines of a set: where each begins, and what belongs to it beside its first segment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar

from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    Component,
    DateReference,
    Packing,
    Price,
    Reference,
    Schedule,
    StoreQuantity,
    Tax,
    TaxReference,
    UnitsShipped,
)
from mlconn_pipelines.documents.order_acknowledgment import LineAnswer
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS, number_at
from mlconn_pipelines.x12.element_reader import ElementReader
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_segments import (
    PID_LENGTH,
    allowance_or_charge_of,
    answer_of,
    component_of,
    date_of,
    packing_of,
    price_of,
    reference_of,
    schedule_of,
    store_quantities_of,
    tax_of,
    tax_reference_of,
    units_shipped_of,
)
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.note_loops import MSG_LENGTH, NoteLoop
from mlconn_pipelines.x12.party_segments import PartyLoop

_ASIDE = frozenset(("SCH", "LDT", "LM", "LS", "AMT"))  # REF, DTM and texts after these are theirs
_LAST = frozenset(("G39", "PKL", "LFG", "PD", "V1", "FA1"))  # from these on nothing is the line's own

_SAY_WHAT_IS_ORDERED = frozenset(("SCH", "PO3", "QTY", "G6810"))


class LineLoop:
    """One line at a time: `start` at its first segment, `add` what follows.

    Sub-lines, schedules, lead times, notes and parties of a line hold dates, references and charges of their own, which are
    not the line's. segment: the one that opened the line, empty before the first. is_over: a sub-line has begun.
    unread: ids of what was passed over although it says what is ordered, where to, when or at which price.
    """

    def __init__(self, values: ElementReader) -> None:
        self.values, self._loop = values, "before the first line"
        self._description_length = values.piece_length("PID05", PID_LENGTH)
        self._note_length = values.piece_length("MSG01", MSG_LENGTH)
        self.start(())

    def start(self, segment: Segment) -> None:
        """Forgets the line before and begins the next one."""
        if self._loop:  # most lines have neither notes nor parties
            self._notes, self._parties = NoteLoop(self._note_length), PartyLoop()
        self.segment, self.is_over, self._loop, self._of_charge = segment, False, "", False
        self._pieces: list[str] = []
        self.references: list[Reference] = []
        self.dates: list[DateReference] = []
        self.allowances_and_charges: list[AllowanceOrCharge] = []
        self.taxes: list[Tax] = []
        self.store_quantities: list[StoreQuantity] = []
        self.answers: list[LineAnswer] = []
        self.units_shipped: tuple[UnitsShipped, ...] = ()
        self.packing: Packing | None = None
        self.prices: list[Price] = []
        self.schedules: tuple[Schedule, ...] = ()
        self.components: tuple[Component, ...] = ()
        self.tax_references: tuple[TaxReference, ...] = ()
        self.unread: dict[str, None] = {}

    def fields(self, kind: type) -> dict[str, Any]:
        """What was collected, by the names of the fields that this kind of line has for it."""
        return {name: read(self) for name, read in _readers(kind)}

    def parties(self) -> tuple[Party, ...]:
        """All parties of the line."""
        return self._parties.parties()

    def add(self, segment: Segment) -> None:
        """The next segment of the line; one that says nothing to a document is passed over."""
        id_ = segment[0]
        if id_ == "SLN":
            self.is_over = True
            self.components += (component_of(segment, self.values),)
        elif self.is_over:
            return
        elif id_ in _LAST:
            self.is_over = True
            self.unread[id_] = None
        elif id_ == "N9":
            self._loop = id_
            self._notes.start(segment)
        elif id_ == "N1":
            self._loop = id_
            self._notes.end()
            self._parties.start(segment)
        elif id_ == "ACK":
            self._loop = id_
            self.answers.append(answer_of(segment, self.values))
        elif self._loop == "ACK" and id_ == "DTM":
            if (date := date_of(segment, self.values)) is not None:
                self.answers[-1] = replace(self.answers[-1], dates=(*self.answers[-1].dates, date))
        elif self._loop == "N1":
            if id_ == "SCH" or (id_ == "QTY" and self._parties.has_quantity):  # when the party's part is wanted; another part
                self.unread[id_] = None
            self._parties.add(segment, self.values)
        elif self._loop == "N9":
            self._notes.add(segment)
        elif id_ in _ASIDE:
            self._loop = "aside"
            if id_ == "SCH":
                self.schedules += (schedule_of(segment, self.values),)
            else:
                self.unread[id_] = None
        elif id_ == "TXI":
            self.taxes.append(tax_of(segment, self.values))
        elif not self._loop:
            self._add_own(id_, segment)

    def _add_own(self, id_: str, segment: Segment) -> None:
        self._of_charge = id_ == "SAC" or (
            self._of_charge and id_ == "CUR"
        )  # a CTP right after it is what the charge is reckoned by
        match id_:
            case "PID":
                if len(segment) > 5:
                    self._pieces.append(segment[5].rstrip())
            case "REF":
                self.references.append(reference_of(segment))
            case "DTM":
                if (date := date_of(segment, self.values)) is not None:
                    self.dates.append(date)
            case "SAC":
                self.allowances_and_charges.append(allowance_or_charge_of(segment, self.values))
            case "PO4":
                self.packing = self.packing or packing_of(segment, self.values)
            case "CTP":
                if not self._of_charge:
                    self.prices.append(price_of(segment, self.values))
            case "TAX":
                self.tax_references += (tax_reference_of(segment),)
            case "IT3":
                if (shipped := units_shipped_of(segment, self.values)) is not None:
                    self.units_shipped += (shipped,)
            case "PO3":
                self.unread[id_] = None
            case "SDQ":
                self.store_quantities += store_quantities_of(segment, self.values)


_FIELDS: Mapping[str, Callable[[LineLoop], Any]] = {
    "description": lambda line: joined(line._pieces, line._description_length),
    "references": lambda line: tuple(line.references),
    "dates": lambda line: tuple(line.dates),
    "taxes": lambda line: tuple(line.taxes),
    "allowances_and_charges": lambda line: tuple(line.allowances_and_charges),
    "store_quantities": lambda line: tuple(line.store_quantities),
    "answers": lambda line: tuple(line.answers),
    "units_shipped": lambda line: line.units_shipped,
    "packing": lambda line: line.packing,
    "prices": lambda line: tuple(line.prices),
    "schedules": lambda line: line.schedules,
    "components": lambda line: line.components,
    "tax_references": lambda line: line.tax_references,
    "notes": lambda line: line._notes.notes(),
    "parties": LineLoop.parties,
    "unread": lambda line: tuple(id_ for id_ in line.unread if id_ in _SAY_WHAT_IS_ORDERED) if line.unread else (),
}


@cache
def _readers(kind: type) -> tuple[tuple[str, Callable[[LineLoop], Any]], ...]:
    return tuple((field.name, _FIELDS[field.name]) for field in fields(kind) if field.name in _FIELDS)


Loop = TypeVar("Loop", bound=LineLoop)
Line = TypeVar("Line")


def read_lines(
    heading: HeadingLoop, line: Loop, line_of: Callable[[Loop], Line], ends: Collection[str] = ("CTT", "SE")
) -> tuple[Segment, tuple[Line, ...], Sequence[Segment]]:
    """The first segment (`BEG`), told as missing where it is; each line as `line_of` makes it; and what follows the last line.

    Which segments these are is said by the table of transaction sets. ends: ids that the summary may begin with.
    """
    values = line.values
    (first_id, _), line_id = number_at(values.set_id), TRANSACTION_SETS[values.set_id].line
    stops = {line_id, *ends}
    lines: list[Line] = []
    first: Segment = ()
    rest: Sequence[Segment] = ()
    for place, segment in enumerate(values.segments):
        id_ = segment[0]
        if id_ in stops:
            if line.segment:
                lines.append(line_of(line))
            if id_ != line_id:
                rest = values.segments[place:]
                break
            line.start(segment)
        elif line.segment:
            line.add(segment)
        elif id_ == first_id:
            first = first or segment
        else:
            heading.add(segment)
    if not first:
        values.missing_segment(first_id)
        first = (first_id,)
    return first, tuple(lines), rest
