"""What a partner's set says and no record takes, told by name: whoever reads the order in the ERP knows that there was more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, PaymentTerms, Reference, Tax, TaxReference
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.documents.remainder import Received
from mlconn_pipelines.edi.allowances import in_words, tax_in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import plain
from mlconn_pipelines.edi.remainder_rules import rule_of
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of

_LINES_SHOWN = 5
_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class Unused:
    """A segment, or what is left of it, that decides nothing in any record. line: empty where it is of the whole document.

    in_field: a field of the document holds it.
    """

    segment: str
    qualifier: str
    shown: str
    line: str = ""
    in_field: bool = True


def not_carried_over(document: Document, set_id: str, partner: Partner) -> tuple[Finding, ...]:
    """At most one finding that holds the document and one that tells, each naming every segment with its values."""
    held: list[Unused] = []
    told: list[Unused] = []
    for one in unused(document):
        rule = rule_of(set_id, one.segment, one.qualifier, partner.unread, in_field=one.in_field)
        if rule.verdict == "hold" and not _is_spoken_of(one, document):
            held.append(one)
        elif rule.verdict == "tell":
            told.append(one)
    notes = Checklist(partner)
    if held:
        notes.reject(
            Reason.DECIDES_UNREAD,
            f"Not read, although it decides what is meant: {_listed(held)}. Do by hand what it asks for and dismiss this; or, if the "
            "rest says all that counts, approve it.",
            held[0].segment,
        )
    if told:
        words = f"Not carried over: {_listed(told)}. See to it by hand where it matters."
        notes.note(Reason.NOT_CARRIED_OVER, words, told[0].segment)
    return notes.findings


def unused(document: Document) -> Iterator[Unused]:
    """Everything of the set that may reach no record, whether a field of the document holds it or its remainder does."""
    yield from _stated(document, "")
    if isinstance(document, PurchaseOrder) and document.contract:
        yield Unused("BEG", "", f"BEG06 {document.contract}")
    if isinstance(document, Received):
        for kept in document.remainder:
            qualifier = kept.segment[1] if len(kept.segment) > 1 else ""
            yield Unused(kept.id, qualifier, kept.shown, kept.line, in_field=False)


def _stated(part: object, line: str) -> Iterator[Unused]:
    """Of a document, or of an order, package or line in it. line: of whatever stands within a line."""
    for name, shown in _FIELDS.items():
        for one in getattr(part, name, ()):
            segment, qualifier, text = shown(one)
            yield Unused(segment, qualifier, text, line)
    if (terms := getattr(part, "terms", None)) is not None:
        yield Unused("ITD", terms.kind, _terms(terms), line)
    for party in getattr(part, "parties", ()):
        yield from _stated(party, line)
    for name in _PARTS:
        for inner in getattr(part, name, ()):
            yield from _stated(inner, getattr(inner, "number", line) or line)


_PARTS = ("orders", "packages", "lines", "statuses")


def _words(*said: object) -> str:
    return " ".join(str(one) for one in said if one)


def _of_carrier(one: Carrier) -> tuple[str, str, str]:
    return "TD5", one.qualifier, _words("TD5", one.qualifier, one.code, one.mode, one.routing)


def _of_reference(one: Reference) -> tuple[str, str, str]:
    return "REF", one.qualifier, _words("REF", one.qualifier, one.id, one.description)


def _of_date(one: DateReference) -> tuple[str, str, str]:
    return "DTM", one.qualifier, f"DTM {one.qualifier} {one.date:%Y%m%d}"


def _of_party(one: Party) -> tuple[str, str, str]:
    return (
        "N1",
        one.role,
        _words("N1", one.role, one.name, one.id, one.name_2, *one.street, one.city, one.state, one.postal_code),
    )


def _of_extra(one: AllowanceOrCharge) -> tuple[str, str, str]:
    return "SAC", one.indicator, _words("SAC", in_words(one))


def _of_tax(one: Tax) -> tuple[str, str, str]:
    meaning = meaning_of("963", one.kind)
    return "TXI", one.kind, _words("TXI", one.kind, f"({meaning})" if meaning else "", tax_in_words(one))


def _of_tax_reference(one: TaxReference) -> tuple[str, str, str]:
    places = (" ".join(filter(None, pair)) for pair in one.places)
    return "TAX", one.number, _words("TAX", one.number, *places, f"exempt {one.exempt}" if one.exempt else "")


def _of_note(one: str) -> tuple[str, str, str]:
    return "MSG", "", f"MSG {one}"


_FIELDS: Mapping[str, Callable[[Any], tuple[str, str, str]]] = {
    "references": _of_reference,
    "dates": _of_date,
    "carriers": _of_carrier,
    "allowances_and_charges": _of_extra,
    "taxes": _of_tax,
    "tax_references": _of_tax_reference,
    "parties": _of_party,
    "notes": _of_note,
}
"""Fields that say more than a record may have a place for: the segment of each value, its qualifier, and the value for people.

What else a document holds decides something, and is carried, compared or held by whoever makes the record.
"""

MAY_REACH_NO_RECORD = frozenset(("REF", "DTM", "TD5", "SAC", "TXI", "TAX", "N1", "MSG", "ITD"))
"""Segments of these fields, and of payment terms."""

QUALIFIED = frozenset((*MAY_REACH_NO_RECORD, "PER", "MAN", "AMT", "QTY", "MEA", "N9", "CTP", "CUR")) - {"MSG"}
"""Segments whose first element says what the others are about."""


def _terms(terms: PaymentTerms) -> str:
    said: list[object] = ["ITD", terms.kind, terms.basis]
    if terms.discount_percent is not None:
        said.append(f"{plain(terms.discount_percent)} % within {terms.discount_days or 0} days")
    if terms.net_days is not None:
        said.append(f"{terms.net_days} days net")
    return _words(*said, terms.net_due_date, terms.description)


def _is_spoken_of(one: Unused, document: Document) -> bool:
    """Whether the checks of orders hold that line for this very segment; what they do not look at is held here."""
    if not isinstance(document, PurchaseOrder):
        return False
    for place, line in enumerate(document.lines, start=1):
        if one.line != (line.number or str(place)) or one.segment not in line.unread:
            continue
        match one.segment:
            case "SCH":
                return not line.schedules
            case "SLN":
                return not line.components
            case "CTP" | "PO3":
                return not document.price_of(line).amount
    return False


def _listed(unused: list[Unused]) -> str:
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for one in unused:
        lines[one.shown].append(one.line)
    shown = [f"{text}{_of_lines(of)}" for text, of in lines.items()]
    more = f" · and {len(shown) - _SHOWN_MAX} more, which stand in the file" if len(shown) > _SHOWN_MAX else ""
    return " · ".join(shown[:_SHOWN_MAX]) + more


def _of_lines(lines: list[str]) -> str:
    named = list(dict.fromkeys(line for line in lines if line))
    if not named:
        return f" ({len(lines)} times)" if len(lines) > 1 else ""
    more = f" and {len(named) - _LINES_SHOWN} more" if len(named) > _LINES_SHOWN else ""
    return f" (line{'s' if len(named) > 1 else ''} {', '.join(named[:_LINES_SHOWN])}{more})"
