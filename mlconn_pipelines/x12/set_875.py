"""Grocery products purchase orders: orders with segments of their own (UCS)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, Packing, PaymentTerms, ProductId, Reference
from mlconn_pipelines.documents.order import GroceryOrder, OrderLine
from mlconn_pipelines.documents.party import Contact
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, money_text, number_text, text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import product_ids_of
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

_TEXT_LENGTH = 45  # of G69, G73 and N903
_CASE_CODE = "UA"  # element 235 for what G6804 holds
_PURPOSES: Mapping[str, str] = {"N": "00", "F": "01", "D": "03", "R": "04", "C": "06"}
"""G5001 (element 473) to BEG01 (353); what has no such purpose (`T` sent again, `A` for information) stays as it is."""
_STATUSES = {purpose: status for status, purpose in _PURPOSES.items()}
_NUMBER_KINDS: Mapping[str, str] = {"TE": "phone", "EM": "email", "FX": "fax"}


def parse(values: ElementReader) -> GroceryOrder:
    """The order that the segments state. Lines are numbered as they stand, since G68 has no number.

    A cost for another quantity (G6810), prices in shops (G6815), terms of lines and sub-lines are passed over; the first and the
    last are told in `unread`.
    """
    heading = _Heading(values)
    g50, lines, _ = read_lines(heading, _ItemLoop(values), _line_of, ends=("G76", "SE"))
    in_heading = heading.fields(GroceryOrder) | {"allowances_and_charges": heading.charges.all()}
    return GroceryOrder(
        number=text(g50, 3),
        date=values.wanted_date(g50, 2),
        lines=tuple(replace(line, number=str(number)) for number, line in enumerate(lines, start=1)),
        purpose=_PURPOSES.get(text(g50, 1), text(g50, 1)),
        kind=text(g50, 7) or "SA",
        **in_heading,
    )


def render(order: GroceryOrder, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. The set has no place for a currency, nor for days, notes and stores of lines."""
    kind = "" if order.kind == "SA" else order.kind
    quantity = number_text(sum((line.quantity for line in order.lines), Decimal()))
    units = {line.unit for line in order.lines}
    amount = money_text(order.total.quantize(Decimal("0.01"))) if writing.wants("G7608") else ""
    return [
        ("G50", _STATUSES.get(order.purpose, order.purpose), date_text(order.date), order.number, "", "", "", kind),
        *_reference_segments(order.references, writing),
        *(segment for contact in order.contacts for segment in _contact_segments(contact)),
        *(("G62", date.qualifier.removeprefix("0"), date_text(date.date)) for date in order.dates),
        *field_segments(order, writing, "NTE"),
        *(("G66", "", carrier.mode, "", "", carrier.routing) for carrier in order.carriers),
        *_terms_segments(order.terms, writing),
        *field_segments(order, writing, "N1"),
        *_charge_segments(order.allowances_and_charges, writing),
        *(segment for line in order.lines for segment in _line_segments(line, writing)),
        ("G76", quantity, *(units if len(units) == 1 else ("ZZ",)), "", "", "", "", "", amount),
    ]


def _line_segments(line: OrderLine, writing: Writing) -> Iterator[OutSegment]:
    case_code = next((one.id for one in line.product_ids if one.qualifier == _CASE_CODE), "")
    others = writing.product_pairs([one for one in line.product_ids if one.qualifier != _CASE_CODE])
    yield ("G68", number_text(line.quantity), line.unit, number_text(line.unit_price), case_code, *others[:4])
    for piece in writing.pieces(line.description, "G6901", _TEXT_LENGTH):
        yield ("G69", piece)
    if (packing := line.packing) is not None:
        yield ("G70", number_text(packing.pack), number_text(packing.size), packing.size_unit)
    yield from _reference_segments(line.references, writing)
    yield from _charge_segments(line.allowances_and_charges, writing)
    yield from field_segments(line, writing, "N1")


def _reference_segments(references: Sequence[Reference], writing: Writing) -> Iterator[OutSegment]:
    for reference in references:
        yield ("N9", reference.qualifier, reference.id, writing.cut(reference.description, "N903", _TEXT_LENGTH))


def _contact_segments(contact: Contact) -> Iterator[OutSegment]:
    numbers = [(kind, number) for kind, name in _NUMBER_KINDS.items() if (number := getattr(contact, name))]
    for kind, number in numbers or [("", "")]:
        yield ("G61", contact.function, contact.name, kind, number)


def _terms_segments(terms: PaymentTerms | None, writing: Writing) -> Iterator[OutSegment]:
    """G23, which cannot be without the day or the days until the whole is due."""
    if terms is not None and (terms.net_due_date is not None or terms.net_days is not None):
        discount = (number_text(terms.discount_percent), "", number_text(terms.discount_days))
        due = (date_text(terms.net_due_date), number_text(terms.net_days))
        description = writing.cut(terms.description, "G2315", 60)
        yield ("G23", terms.kind, terms.basis, "", "", *discount, *due, "", "", "", "", "", description)


def _charge_segments(items: Sequence[AllowanceOrCharge], writing: Writing) -> Iterator[OutSegment]:
    """G72, an allowance with a number below zero, and G73."""
    for item in items:
        sign = -1 if item.indicator == "A" else 1
        amount, rate, percent = (None if n is None else n * sign for n in (item.amount, item.rate, item.percent))
        quantity = (number_text(item.rate_quantity), item.rate_unit)
        stated = (number_text(rate), *quantity, money_text(amount), number_text(percent))
        yield ("G72", item.code, item.handling, "", "", *stated)
        for piece in writing.pieces(item.description, "G7301", _TEXT_LENGTH):
            yield ("G73", piece)


class _Charges:
    """G72 and the texts that follow each (G73). Only the sign tells an allowance; what is not below zero may be either."""

    def __init__(self, values: ElementReader) -> None:
        self._values = values
        self._read: list[tuple[AllowanceOrCharge, list[str]]] = []

    def add(self, segment: Segment) -> None:
        if segment[0] == "G72":
            self._read.append((self._charge_of(segment), []))
        elif self._read and len(segment) > 1:
            self._read[-1][1].append(segment[1].rstrip())

    def _charge_of(self, g72: Segment) -> AllowanceOrCharge:
        values = self._values
        stated = (values.money(g72, 8), values.number(g72, 5), values.number(g72, 9))
        amount, rate, percent = (None if number is None else abs(number) for number in stated)
        return AllowanceOrCharge(
            indicator="A" if any(number is not None and number < 0 for number in stated) else "N",
            code=text(g72, 1),
            amount=amount,
            handling=text(g72, 2),
            percent=percent,
            rate=rate,
            rate_unit=text(g72, 7),
            rate_quantity=values.number(g72, 6),
        )

    def all(self) -> tuple[AllowanceOrCharge, ...]:
        length = self._values.piece_length("G7301", _TEXT_LENGTH)
        return tuple(replace(charge, description=joined(pieces, length)) for charge, pieces in self._read)


class _Heading(HeadingLoop):
    """Segments that stand for those of an 850: N9 for REF, G61 for PER, G62 for DTM, G66 for TD5, G23 for ITD, G72 for SAC."""

    def __init__(self, values: ElementReader) -> None:
        super().__init__(values, nte=True)
        self.charges = _Charges(values)

    def add(self, segment: Segment) -> None:
        values = self.values
        match segment[0]:
            case "N9":
                self.references.append(_reference_of(segment))
            case "G61":
                self._add_contact(segment)
            case "G62":
                if (date := values.date(segment, 2)) is not None:
                    self.dates.append(DateReference(text(segment, 1).rjust(3, "0"), date))
            case "G66":
                if text(segment, 2) or text(segment, 5):
                    self.carriers.append(Carrier(mode=text(segment, 2), routing=text(segment, 5)))
            case "G23":
                self.terms = self.terms or _terms_of(segment, values)
            case "G72" | "G73":
                self.charges.add(segment)
            case _:
                super().add(segment)

    def _add_contact(self, segment: Segment) -> None:
        """Each G61 has one number; those of one person belong together."""
        name = _NUMBER_KINDS.get(text(segment, 3), "")
        contact = Contact(text(segment, 2), function=text(segment, 1), **({name: text(segment, 4)} if name else {}))
        last = self.contacts[-1] if self.contacts else None
        if (
            last is not None
            and name
            and not getattr(last, name)
            and (last.function, last.name) == (contact.function, contact.name)
        ):
            self.contacts[-1] = replace(last, **{name: text(segment, 4)})
        else:
            self.contacts.append(contact)


class _ItemLoop(LineLoop):
    def __init__(self, values: ElementReader) -> None:
        super().__init__(values)
        self._description_length = values.piece_length("G6901", _TEXT_LENGTH)

    def start(self, segment: Segment) -> None:
        super().start(segment)
        self.charges = _Charges(self.values)
        if not text(segment, 3) and text(segment, 10):
            self.unread["G6810"] = None

    def add(self, segment: Segment) -> None:
        values = self.values
        match segment[0]:
            case "G69" if not self.is_over:
                self._pieces.append(segment[1].rstrip() if len(segment) > 1 else "")
            case "G70" if not self.is_over:
                size = (values.number(segment, 2), text(segment, 3))
                self.packing = self.packing or Packing(values.integer(segment, 1), *size)
            case "N9":
                if not self.is_over and not self._loop:  # else it is of a party
                    self.references.append(_reference_of(segment))
            case "G72" | "G73":
                if not self.is_over:
                    self.charges.add(segment)
            case _:
                super().add(segment)


def _line_of(line: _ItemLoop) -> OrderLine:
    g68, values = line.segment, line.values
    case_code = text(g68, 4)
    return OrderLine(
        number="",
        quantity=values.wanted_number(g68, 1),
        unit=text(g68, 2),
        unit_price=values.number(g68, 3),
        product_ids=(*((ProductId(_CASE_CODE, case_code),) if case_code else ()), *product_ids_of(g68[:9], 5)),
        **line.fields(OrderLine) | {"allowances_and_charges": line.charges.all()},
    )


def _reference_of(n9: Segment) -> Reference:
    return Reference(text(n9, 1), text(n9, 2), text(n9, 3))


def _terms_of(g23: Segment, values: ElementReader) -> PaymentTerms:
    return PaymentTerms(
        kind=text(g23, 1),
        basis=text(g23, 2),
        discount_percent=values.number(g23, 5),
        discount_days=values.integer(g23, 7),
        net_due_date=values.date(g23, 8),
        net_days=values.integer(g23, 9),
        description=text(g23, 15),
    )
