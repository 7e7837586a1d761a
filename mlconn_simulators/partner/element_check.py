"""Checks segments one by one: known elements, mandatory ones, types and lengths, and pairs that go together."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

from mlconn_simulators.partner.findings import Fault
from mlconn_simulators.partner.segment_rules import ElementRule
from mlconn_simulators.partner.x12_text import Segment, element

_INTEGER = re.compile(r"-?\d+\Z")
_REAL = re.compile(r"-?(?:\d+\.?\d*|\.\d+)\Z")
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d\d{0,2})?\Z")

_PAIRED = {"IT1": 6, "PO1": 6, "LIN": 2, "ACK": 7}
"""Where the pairs of product id qualifier and product id begin; ACK has ten."""


def check_segment(segment: Segment, position: int, rules: tuple[ElementRule, ...]) -> list[Fault]:
    """The faults of one segment. position: ST = 1."""
    name = segment[0]
    faults = []
    if len(segment) - 1 > len(rules):
        text = f"{name} has {len(segment) - 1} elements, {len(rules)} are known"
        faults.append(Fault("element", "3", text, name, position, len(rules) + 1))
    if len(segment) > 1 and not segment[-1]:
        faults.append(Fault("segment", "10", f"{name} ends with empty elements", name, position, rejects=False))
    for number, rule in enumerate(rules, start=1):
        value = segment[number] if number < len(segment) else ""
        if not value:
            if rule.mandatory:
                text = f"{name}{number:02} is mandatory and empty"
                faults.append(Fault("element", "1", text, name, position, number, rule.number))
        elif (wrong := _wrong(value, rule)) is not None:
            code, words = wrong
            text = f"{name}{number:02} {words}: {value[:40]!r}"
            faults.append(Fault("element", code, text, name, position, number, rule.number, value[:99]))
        elif not value.isascii():
            text = f"{name}{number:02} has characters outside the agreed set: {value[:40]!r}"
            faults.append(Fault("element", "6", text, name, position, number, rule.number, value[:99], rejects=False))
    faults.extend(_unpaired(segment, position))
    return faults


def decimal_of(text: str) -> Decimal | None:
    """The number that an R element states, None where it is none."""
    try:
        return Decimal(text) if _REAL.match(text) else None
    except InvalidOperation:
        return None


def cents_of(text: str) -> Decimal | None:
    """The money that an N2 element states: two implied decimals."""
    return Decimal(text).scaleb(-2) if _INTEGER.match(text) else None


def date_of(text: str) -> dt.date | None:
    if len(text) != 8 or not text.isdigit():
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _wrong(value: str, rule: ElementRule) -> tuple[str, str] | None:
    """AK403 and words, None where the value is fine."""
    kind = rule.type
    length = len(value)
    if kind == "C":
        return None
    if kind in ("N0", "N2", "R"):
        if (_REAL if kind == "R" else _INTEGER).match(value) is None:
            return "6", "is no number" if kind == "R" else "is no whole number (decimals are implied)"
        length = sum(character.isdigit() for character in value)
    elif kind == "DT" and length in (6, 8):
        if date_of(value if length == 8 else f"20{value}") is None:
            return "8", "is no date"
    elif kind == "TM":
        if _TIME.match(value) is None:
            return "9", "is no time"
    elif not value.isprintable():
        return "6", "has control characters"
    elif value.strip() == "":
        return "6", "is blank"
    if length > rule.longest:
        return "5", f"is longer than {rule.longest}"
    if length < rule.shortest:
        return "4", f"is shorter than {rule.shortest}"
    return None


def _unpaired(segment: Segment, position: int) -> list[Fault]:
    name = segment[0]
    if name == "N1":
        if not element(segment, 2) and not element(segment, 3):
            return [Fault("element", "2", "N1 has neither a name nor a number", "N1", position, 2, "93")]
        if bool(element(segment, 3)) != bool(element(segment, 4)):
            return [Fault("element", "2", "N103 and N104 go together", "N1", position, 3, "66")]
    if name == "REF" and not element(segment, 2) and not element(segment, 3):
        return [Fault("element", "2", "REF has neither a number nor a description", "REF", position, 2, "127")]
    faults = []
    if (first := _PAIRED.get(name)) is not None:
        for at in range(first, min(len(segment), 27), 2):
            if bool(segment[at]) != bool(element(segment, at + 1)):
                text = f"{name}{at:02} and {name}{at + 1:02} go together"
                faults.append(Fault("element", "2", text, name, position, at, "235"))
    return faults
