"""What a received transaction set says: numbers, dates, lines, parties and the total, whatever its kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mlconn_simulators.partner.element_check import cents_of, decimal_of
from mlconn_simulators.partner.x12_text import Segment, TransactionSet, element

_NUMBER_AT = {"810": ("BIG", 2), "850": ("BEG", 3), "860": ("BCH", 3), "855": ("BAK", 3), "856": ("BSN", 2), "824": ("BGN", 2),
              "997": ("AK1", 2)}  # fmt: skip
_DATE_AT = {"810": ("BIG", 1), "850": ("BEG", 5), "860": ("BCH", 11), "855": ("BAK", 4), "856": ("BSN", 3), "824": ("BGN", 3)}
_PURPOSE_AT = {"810": ("BIG", 8), "850": ("BEG", 1), "860": ("BCH", 1), "855": ("BAK", 1), "856": ("BSN", 1), "824": ("BGN", 1)}
_ORDER_NUMBER_AT = {"810": ("BIG", 4), "850": ("BEG", 3), "860": ("BCH", 3), "855": ("BAK", 3), "856": ("PRF", 1),
                    "824": ("OTI", 3)}  # fmt: skip
_LINE_SEGMENT = {"810": "IT1", "850": "PO1", "860": "POC", "855": "PO1", "856": "LIN"}
_IDS_FROM = {"IT1": 6, "PO1": 6, "POC": 8, "LIN": 2}
_VALUES_AT = {"IT1": (2, 3, 4), "PO1": (2, 3, 4), "POC": (3, 5, 6)}
"""Where quantity, unit and price stand."""


@dataclass(slots=True)
class LineFacts:
    """item: the product id under the partner's own qualifier, else the first. raw: the IT1, PO1, POC or LIN as received.

    order_number: of an 856 line, the PRF above it; sscc: the MAN*GM above it.
    """

    number: str
    item: str
    ids: dict[str, str]
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    raw: Segment
    description: str = ""
    order_number: str = ""
    sscc: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"number": self.number, "item": self.item, "ids": self.ids, "quantity": _text(self.quantity),
                "unit": self.unit, "price": _text(self.price), "description": self.description,
                "order_number": self.order_number, "sscc": self.sscc}  # fmt: skip


@dataclass(slots=True)
class DocumentFacts:
    """kind: BIG07, BEG02 or BAK02. purpose: BIG08, BEG01 ... total: TDS01, or the lines added up for an 850; else None.

    change_number: BCH05, which of an order's changes an 860 is.
    """

    set_id: str
    business_number: str
    purpose: str
    kind: str
    date: str
    order_number: str
    order_date: str
    currency: str
    total: Decimal | None
    lines: list[LineFacts]
    parties: dict[str, dict[str, str]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    change_number: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"purpose": self.purpose, "kind": self.kind, "date": self.date, "order_number": self.order_number,
                "order_date": self.order_date, "currency": self.currency, "parties": self.parties,
                "references": self.references, "change_number": self.change_number,
                "dates": self.dates, "lines": [line.as_json() for line in self.lines]}  # fmt: skip


def facts_of(document: TransactionSet, product_qualifier: str) -> DocumentFacts:
    """Read leniently: what is missing or wrong is empty or None, the checks have said so already."""
    set_id = document.id
    first: dict[str, Segment] = {}
    for segment in document.segments:
        first.setdefault(segment[0], segment)

    def at(place: tuple[str, int] | None) -> str:
        return element(first.get(place[0], [""]), place[1]) if place else ""

    facts = DocumentFacts(
        set_id,
        at(_NUMBER_AT.get(set_id)),
        at(_PURPOSE_AT.get(set_id)),
        at({"810": ("BIG", 7), "850": ("BEG", 2), "860": ("BCH", 2), "855": ("BAK", 2)}.get(set_id)),
        at(_DATE_AT.get(set_id)),
        at(_ORDER_NUMBER_AT.get(set_id)),
        at({"810": ("BIG", 3), "850": ("BEG", 5), "860": ("BCH", 6), "856": ("PRF", 4)}.get(set_id)),
        at(("CUR", 2)),
        cents_of(at(("TDS", 1))) if set_id == "810" else None,
        [],
        change_number=at({"860": ("BCH", 5)}.get(set_id)),
    )
    _walk(facts, document.segments, product_qualifier)
    if set_id == "850":
        facts.total = sum((line.quantity * line.price for line in facts.lines if line.quantity and line.price), Decimal())
    return facts


def _walk(facts: DocumentFacts, segments: list[Segment], product_qualifier: str) -> None:
    line_segment = _LINE_SEGMENT.get(facts.set_id, "")
    order_number, sscc = "", ""
    for segment in segments:
        line = facts.lines[-1] if facts.lines else None
        match segment[0]:
            case name if name == line_segment:
                facts.lines.append(_line(segment, product_qualifier, order_number, sscc))
            case "SN1" if line is not None:
                line.quantity, line.unit = decimal_of(element(segment, 2)), element(segment, 3)
            case "PID" if line is not None:
                line.description += element(segment, 5)
            case "PRF":
                order_number, sscc = element(segment, 1), ""
            case "MAN" if element(segment, 1) == "GM":
                sscc = element(segment, 2)
            case "N1" if line is None or facts.set_id == "856":
                named = {"name": element(segment, 2), "qualifier": element(segment, 3), "number": element(segment, 4)}
                facts.parties.setdefault(element(segment, 1), named)
            case "REF":
                facts.references.setdefault(element(segment, 1), element(segment, 2))
            case "DTM":
                facts.dates.setdefault(element(segment, 1), element(segment, 2))


def _line(segment: Segment, product_qualifier: str, order_number: str, sscc: str) -> LineFacts:
    start = _IDS_FROM[segment[0]]
    ids = {segment[at]: segment[at + 1] for at in range(start, len(segment) - 1, 2) if segment[at]}
    item = ids.get(product_qualifier) or next(iter(ids.values()), "")
    places = _VALUES_AT.get(segment[0])
    quantity, unit, price = (element(segment, place) for place in places) if places else ("", "", "")
    return LineFacts(
        element(segment, 1),
        item,
        ids,
        decimal_of(quantity),
        unit,
        decimal_of(price),
        segment,
        order_number=order_number,
        sscc=sscc,
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")
