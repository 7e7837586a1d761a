"""The N1 loop and PER: parties, where they are, their own numbers, and whom to ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from mlconn_pipelines.documents.line import Reference
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.x12.element_reader import ElementReader, number_text, text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.line_segments import reference_of, reference_segments, unit_of
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

_NO_QUANTITY: tuple[Decimal | None, str, str] = (None, "", "")


class PartyLoop:
    """Collects N1 loops: `start` at an N1, `add` what belongs to it, `parties` at the end."""

    __slots__ = ("_contacts", "_done", "_first", "_name_2", "_place", "_quantity", "_references", "_street")

    def __init__(self) -> None:
        self._done: list[Party] = []
        self._first: Segment | None = None
        self._name_2 = ""
        self._street: list[str] = []
        self._place: Segment = ()
        self._contacts: list[Contact] = []
        self._references: list[Reference] = []
        self._quantity: tuple[Decimal | None, str, str] = _NO_QUANTITY

    def start(self, segment: Segment) -> None:
        """Begins the next party."""
        self.end()
        self._first = segment
        self._name_2, self._street, self._place, self._contacts, self._references = "", [], (), [], []
        self._quantity = _NO_QUANTITY

    @property
    def has_quantity(self) -> bool:
        """Whether the open party has one."""
        return self._quantity != _NO_QUANTITY

    def add(self, segment: Segment, values: ElementReader | None = None) -> bool:
        """Whether the segment belongs to the open party; then it is taken, or passed over where it says nothing of who that is.

        values: of a party at a line, to which QTY gives a part of it.
        """
        if self._first is None:
            return False
        match segment[0]:
            case "N2":
                self._name_2 = self._name_2 or text(segment, 1)
            case "N3":
                self._street += [line for element in (1, 2) if (line := text(segment, element))]
            case "N4":
                self._place = segment
            case "PER":
                self._contacts.append(contact_of(segment))
            case "REF":
                self._references.append(reference_of(segment))
            case "QTY" if values is not None:
                if not self.has_quantity:
                    self._quantity = (values.number(segment, 2), unit_of(segment, 3, values), text(segment, 1))
            case "FOB" | "DMG" | "QTY" | "TD1" | "TD5" | "PKG" | "SI" | "NX2":
                pass
            case _:
                return False
        return True

    def end(self) -> None:
        """Ends the open party, where there is one."""
        if (first := self._first) is None:
            return
        place, (quantity, unit, quantity_kind) = self._place, self._quantity
        party = Party(
            role=text(first, 1),
            name=text(first, 2),
            id_qualifier=text(first, 3),
            id=text(first, 4),
            name_2=self._name_2,
            street=tuple(self._street),
            city=text(place, 1),
            state=text(place, 2),
            postal_code=text(place, 3),
            country=text(place, 4),
            contacts=tuple(self._contacts),
            references=tuple(self._references),
            quantity=quantity,
            unit=unit,
            quantity_kind=quantity_kind,
        )
        self._done.append(party)
        self._first = None

    def parties(self) -> tuple[Party, ...]:
        """All parties read."""
        self.end()
        return tuple(self._done)


def contact_of(segment: Segment) -> Contact:
    """PER: the first telephone, e-mail and fax of its pairs."""
    numbers = {text(segment, i): text(segment, i + 1) for i in (7, 5, 3)}
    phone, email, fax = (numbers.get(kind, "") for kind in ("TE", "EM", "FX"))
    return Contact(text(segment, 2), phone, email, text(segment, 1), fax)


def contact_segment(contact: Contact) -> OutSegment:
    """PER with telephone (TE), e-mail (EM) and fax (FX), as far as known."""
    numbers = (("TE", contact.phone), ("EM", contact.email), ("FX", contact.fax))
    return ("PER", contact.function, contact.name, *(part for pair in numbers if pair[1] for part in pair))


def party_segments(parties: Sequence[Party], writing: Writing) -> Iterator[OutSegment]:
    """N1, N2, N3, N4, REF, PER of each party."""
    for party in parties:
        yield ("N1", party.role, party.name, party.id_qualifier, party.id)
        if party.name_2:
            yield ("N2", party.name_2)
        for i in range(0, len(party.street), 2):
            yield ("N3", *party.street[i : i + 2])
        if party.city or party.state or party.postal_code or party.country:
            yield ("N4", party.city, party.state, party.postal_code, party.country)
        if party.quantity is not None:
            yield ("QTY", party.quantity_kind, number_text(party.quantity), party.unit)
        yield from reference_segments(party.references, writing)
        for contact in party.contacts:
            yield contact_segment(contact)
