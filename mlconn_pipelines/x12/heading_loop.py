"""What stands between the first segment of a set and its first line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    DateReference,
    PaymentTerms,
    Price,
    Reference,
    Tax,
    TaxReference,
)
from mlconn_pipelines.documents.party import Contact
from mlconn_pipelines.x12.element_reader import ElementReader, text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.line_segments import (
    NTE_LENGTH,
    NoteSegments,
    allowance_or_charge_of,
    carrier_of,
    date_of,
    price_of,
    reference_of,
    tax_of,
    tax_reference_of,
    terms_of,
)
from mlconn_pipelines.x12.note_loops import MSG_LENGTH, NoteLoop
from mlconn_pipelines.x12.party_segments import PartyLoop, contact_of

_MEMBERS: Mapping[str, frozenset[str]] = {
    "SAC": frozenset(("CUR",)),
    "AMT": frozenset(("REF", "DTM", "PCT", "FA1", "FA2")),
    "V1": frozenset(("R4", "DTM")),
    "CLD": frozenset(("REF", "DTP")),
    "LDT": frozenset(("QTY", "MTX", "MSG", "REF")),
}
_NONE: frozenset[str] = frozenset()
_LAST_LOOPS = frozenset(("SPI", "ADV", "LM"))


class HeadingLoop:
    """Collects CUR, REF, PER, CTP, SAC, ITD, DTM, TAX, TXI, TD5, notes and parties. What a loop holds stays with it and is not the
    document's.

    apart: ids of segments that the set reads itself, which are kept in `kept_apart` wherever they stand. nte: the set has NTE.
    """

    def __init__(self, values: ElementReader, apart: Collection[str] = (), nte: bool = False) -> None:
        self.values, self._apart, self._nte = values, apart, nte
        self._note_segments = NoteSegments(values.piece_length("NTE02", NTE_LENGTH))
        self._notes = NoteLoop(values.piece_length("MSG01", MSG_LENGTH))
        self._parties = PartyLoop()
        self._members = _NONE
        self._over = False
        self.kept_apart: list[Segment] = []
        self.currency = ""
        self.terms: PaymentTerms | None = None
        self.references: list[Reference] = []
        self.contacts: list[Contact] = []
        self.dates: list[DateReference] = []
        self.allowances_and_charges: list[AllowanceOrCharge] = []
        self.carriers: list[Carrier] = []
        self.prices: list[Price] = []
        self.taxes: list[Tax] = []
        self.tax_references: list[TaxReference] = []

    def add(self, segment: Segment) -> None:
        """The next segment of the heading; one that says nothing to the document is passed over."""
        id_ = segment[0]
        if id_ in self._apart:
            self.kept_apart.append(segment)
            return
        if self._nte and id_ == "NTE":
            self._note_segments.add(segment)
            return
        if self._over or id_ in self._members:
            return
        self._members = _MEMBERS.get(id_, _NONE)
        if id_ == "N1":
            self._notes.end()
            self._parties.start(segment)
        elif self._parties.add(segment):
            return
        elif id_ == "N9":
            self._parties.end()
            self._notes.start(segment)
        elif self._notes.add(segment):
            return
        elif id_ in _LAST_LOOPS:
            self._over = True
        else:
            self._parties.end()
            self._add_alone(id_, segment)

    def _add_alone(self, id_: str, segment: Segment) -> None:
        match id_:
            case "REF":
                self.references.append(reference_of(segment))
            case "DTM":
                if (date := date_of(segment, self.values)) is not None:
                    self.dates.append(date)
            case "PER":
                self.contacts.append(contact_of(segment))
            case "SAC":
                self.allowances_and_charges.append(allowance_or_charge_of(segment, self.values))
            case "ITD":
                self.terms = self.terms or terms_of(segment, self.values)
            case "TD5":
                if (carrier := carrier_of(segment)) is not None:
                    self.carriers.append(carrier)
            case "CTP":
                self.prices.append(price_of(segment, self.values))
            case "TXI":
                self.taxes.append(tax_of(segment, self.values))
            case "TAX":
                self.tax_references.append(tax_reference_of(segment))
            case "CUR":
                self.currency = self.currency or text(segment, 2)

    def fields(self, kind: type) -> dict[str, Any]:
        """What was collected, by the names of the fields that this kind of document has for it."""
        return {name: read(self) for name, read in _readers(kind)}

    def _all_notes(self) -> tuple[str, ...]:
        return self._note_segments.notes() + self._notes.notes()


_FIELDS: Mapping[str, Callable[[HeadingLoop], Any]] = {
    "currency": lambda heading: heading.currency,
    "parties": lambda heading: heading._parties.parties(),
    "references": lambda heading: tuple(heading.references),
    "contacts": lambda heading: tuple(heading.contacts),
    "dates": lambda heading: tuple(heading.dates),
    "terms": lambda heading: heading.terms,
    "allowances_and_charges": lambda heading: tuple(heading.allowances_and_charges),
    "notes": HeadingLoop._all_notes,
    "carriers": lambda heading: tuple(heading.carriers),
    "prices": lambda heading: tuple(heading.prices),
    "tax_references": lambda heading: tuple(heading.tax_references),
    "taxes": lambda heading: tuple(heading.taxes),
}


@cache
def _readers(kind: type) -> tuple[tuple[str, Callable[[HeadingLoop], Any]], ...]:
    return tuple((field.name, _FIELDS[field.name]) for field in fields(kind) if field.name in _FIELDS)
