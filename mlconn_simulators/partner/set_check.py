"""Checks a transaction set: order and presence of segments, counts, control number, line numbers, totals, hierarchy."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

from mlconn_simulators.partner.element_check import cents_of, check_segment, decimal_of
from mlconn_simulators.partner.findings import Fault
from mlconn_simulators.partner.segment_rules import segment_rules
from mlconn_simulators.partner.x12_text import Segment, TransactionSet, element

_CENT = Decimal("0.01")

_ORDER = (
    "CUR REF PER FOB CTP SAC ITD DTM LIN PID MEA PKG TD1 TD5 TD3 MAN TXI N9 MSG N1 N2 N3 N4 | "
    "PO1 LIN CUR CTP PID MEA PO4 REF PER SAC ITD FOB SDQ DTM TD1 TD5 TD3 MAN MSG TXI QTY PKG N9 N1 N2 N3 N4 ACK AMT | CTT AMT"
)
# Per set what may stand in heading, detail and summary; each area begins with its first id.
_AREAS: dict[str, tuple[list[str], ...]] = {
    set_id: tuple(area.split() for area in text.split("|"))
    for set_id, text in {
        "810": "BIG NTE CUR REF PER N1 N2 N3 N4 ITD DTM FOB PID MEA PKG N9 MSG | "
        "IT1 QTY CUR TXI CTP MEA PID PKG PO4 ITD REF PER DTM CAD SAC N1 N2 N3 N4 | TDS TXI CAD AMT SAC CTT",
        "850": f"BEG {_ORDER}",
        "855": f"BAK {_ORDER}",
        "860": f"BCH {_ORDER.replace('PO1', 'POC')}",
        "856": "BSN DTM | HL LIN SN1 PRF PO4 PID MEA PKG TD1 TD5 TD3 REF PER MAN DTM FOB N1 N2 N3 N4 CUR SAC | CTT",
        "824": "BGN N1 N2 N3 N4 REF PER | OTI REF DTM PER AMT QTY TED NTE RED |",
        "997": "AK1 | AK2 AK3 AK4 AK5 | AK9",
    }.items()
}
_MANDATORY = {
    "810": ("BIG", "IT1", "TDS"),
    "850": ("BEG", "PO1"),
    "855": ("BAK",),
    "860": ("BCH",),
    "856": ("BSN", "HL", "PRF", "LIN", "SN1"),
    "824": ("BGN", "OTI"),
    "997": ("AK1", "AK9"),
}
KNOWN_SETS = frozenset(_AREAS)


def check_set(document: TransactionSet, version: str) -> list[Fault]:
    """Every fault of one set. version: GS08."""
    segments = document.segments
    if document.id not in KNOWN_SETS:
        return [Fault("set", "1", f"Transaction set {document.id!r} is not agreed", "ST", 1, bad=document.id)]
    faults = [*_frame(document), *_areas(document.id, segments, version)]
    rules = segment_rules(version)
    for position, segment in enumerate(segments, start=1):
        if (elements := rules.get(segment[0])) is not None:
            faults += check_segment(segment, position, elements)
    match document.id:
        case "810":
            faults += _line_numbers(segments, "IT1") + _counted(segments, "IT1") + _invoice_total(segments)
        case "850" | "855":
            faults += _line_numbers(segments, "PO1") + _counted(segments, "PO1")
        case "860":
            faults += _line_numbers(segments, "POC") + _counted(segments, "POC")
        case "856":
            faults += _hierarchy(segments) + _counted(segments, "HL") + _serial_numbers(segments)
    return faults


def _frame(document: TransactionSet) -> list[Fault]:
    last = document.segments[-1]
    if last[0] != "SE":
        return [Fault("set", "2", "The set has no SE", "SE", len(document.segments))]
    faults = []
    if element(last, 2) != document.control:
        text = f"SE02 is {element(last, 2)!r}, ST02 is {document.control!r}"
        faults.append(Fault("set", "3", text, "SE", len(document.segments), 2, bad=element(last, 2)))
    if element(last, 1) != str(len(document.segments)):
        text = f"SE01 says {element(last, 1)}, the set has {len(document.segments)} segments"
        faults.append(Fault("set", "4", text, "SE", len(document.segments), 1, bad=element(last, 1)))
    return faults


def _areas(set_id: str, segments: list[Segment], version: str) -> list[Fault]:
    """From 005010 on the text behind an N9 stands in MTX."""
    heading, detail, summary = _AREAS[set_id]
    if version.startswith("005") and "N9" in heading:
        heading = [*heading, "MTX"]
    faults, area = [], 0
    for position, segment in enumerate(segments[1:], start=2):
        name = segment[0]
        if name == "SE":
            continue
        if name == detail[0] and area < 2:
            area = 1
        elif summary and name == summary[0]:
            area = 2
        allowed = (heading, detail, summary)[area]
        if name not in allowed:
            known = name in heading or name in detail or name in summary
            code = "7" if known else "6" if len(name) in (2, 3) else "1"
            faults.append(Fault("segment", code, f"{name} does not belong here", name, position))
        elif position == 2 and name != heading[0]:
            faults.append(Fault("segment", "3", f"{heading[0]} must follow ST, received {name}", heading[0], position))
    present = {segment[0] for segment in segments}
    for name in _MANDATORY[set_id]:
        if name not in present:
            faults.append(Fault("segment", "3", f"{name} is mandatory and missing", name, len(segments)))
    return faults


def _line_numbers(segments: list[Segment], name: str) -> list[Fault]:
    faults = []
    seen: Counter[str] = Counter()
    for position, segment in enumerate(segments, start=1):
        if segment[0] == name:
            number = element(segment, 1)
            seen[number] += 1
            if not number or seen[number] > 1:
                text = f"{name}01 is {'missing' if not number else f'{number!r} a second time'}"
                faults.append(Fault("element", "7", text, name, position, 1, "350", number, rejects=not number))
    return faults


def _counted(segments: list[Segment], name: str) -> list[Fault]:
    """CTT01 counts lines (HLs in an 856), CTT02 adds up the quantities where it is given."""
    faults = []
    for position, segment in enumerate(segments, start=1):
        if segment[0] != "CTT":
            continue
        there = sum(other[0] == name for other in segments)
        if element(segment, 1) != str(there):
            text = f"CTT01 says {element(segment, 1)}, there are {there} {name}"
            faults.append(Fault("element", "7", text, "CTT", position, 1, "354", element(segment, 1)))
        if element(segment, 2):
            quantity = "SN1" if name == "HL" else name
            total = sum((decimal_of(element(other, 2)) or Decimal() for other in segments if other[0] == quantity), Decimal())
            if decimal_of(element(segment, 2)) != total:
                text = f"CTT02 says {element(segment, 2)}, the quantities add up to {total}"
                faults.append(Fault("element", "7", text, "CTT", position, 2, "347", element(segment, 2)))
    return faults


def _invoice_total(segments: list[Segment]) -> list[Fault]:
    """TDS01 is lines, charges less allowances, and taxes; rounded once, or line by line, both are in use."""
    exact = rounded = other = line_taxes = summary_taxes = Decimal()
    stated, at, kind, after_total, within_charge = None, 0, "", False, False
    for position, segment in enumerate(segments, start=1):
        match segment[0]:
            case "BIG":
                kind = element(segment, 7)
            case "IT1":
                quantity, price = decimal_of(element(segment, 2)), decimal_of(element(segment, 4))
                amount = (quantity or Decimal()) * (price or Decimal())
                exact += amount
                rounded += amount.quantize(_CENT, ROUND_HALF_UP)
            case "SAC" if element(segment, 1) in ("A", "C"):
                amount = cents_of(element(segment, 5)) or Decimal()
                other += amount if element(segment, 1) == "C" else -amount
                within_charge = after_total
            case "TXI" if not within_charge:
                amount = decimal_of(element(segment, 2)) or Decimal()
                if after_total:
                    summary_taxes += amount
                else:
                    line_taxes += amount
            case "TDS":
                stated, at, after_total = cents_of(element(segment, 1)), position, True
    if stated is None:
        return []  # missing or no number: said already
    other += summary_taxes or line_taxes
    fitting = {(total + other).quantize(_CENT, ROUND_HALF_UP) for total in (exact, rounded)}
    if stated in fitting or (kind in ("CR", "CN") and abs(stated) in {abs(total) for total in fitting}):
        return []
    text = f"TDS01 says {stated}, lines, charges and taxes add up to {min(fitting)}"
    return [Fault("element", "7", text, "TDS", at, 1, "610", str(stated))]


def _hierarchy(segments: list[Segment]) -> list[Fault]:
    faults = []
    levels: dict[str, str] = {}
    for position, segment in enumerate(segments, start=1):
        if segment[0] != "HL":
            continue
        number, parent, level = element(segment, 1), element(segment, 2), element(segment, 3)
        if number != str(len(levels) + 1):
            text = f"HL01 is {number!r}, expected {len(levels) + 1}"
            faults.append(Fault("element", "7", text, "HL", position, 1, "628", number))
        if (level == "S") != (not parent) or (parent and parent not in levels):
            text = f"HL02 is {parent!r} at level {level!r}; only S has no parent, and a parent comes first"
            faults.append(Fault("element", "7", text, "HL", position, 2, "734", parent))
        levels[number] = level
    return faults


def _serial_numbers(segments: list[Segment]) -> list[Fault]:
    """An SSCC has 18 digits (20 with its application identifier 00) and a GS1 check digit, and comes once."""
    faults = []
    seen: set[str] = set()
    for position, segment in enumerate(segments, start=1):
        if segment[0] == "MAN" and element(segment, 1) == "GM":
            sscc = element(segment, 2)
            digits = sscc[2:] if len(sscc) == 20 and sscc.startswith("00") else sscc
            if len(digits) != 18 or not digits.isdigit() or digits != with_check_digit(digits[:-1]):
                faults.append(Fault("element", "7", f"SSCC {sscc!r} is malformed", "MAN", position, 2, "87", sscc))
            elif digits in seen:
                faults.append(Fault("element", "7", f"SSCC {sscc!r} comes twice", "MAN", position, 2, "87", sscc))
            seen.add(digits)
    return faults


def with_check_digit(digits: str) -> str:
    """A GS1 number with its check digit behind it.

    >>> with_check_digit("10614141123456789")
    '106141411234567897'
    """
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)
