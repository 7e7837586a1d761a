"""One value against its element: the precise and slow way, which says what is wrong. Fast patterns are in `patterns`."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from mlconn_pipelines.x12.character_names import is_invisible, named
from mlconn_pipelines.x12.grammar.definitions import CodeList, Element

_DIGITS = re.compile(r"-?\d+")
_REAL = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)")
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d{1,2})?)?", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]*")
_IMPLIED_POINT = {"N2": "it has a decimal point, but the last two digits are the cents here (14400 = 144.00)"}


class Fault(NamedTuple):
    """code: a finding code. text: follows "Element X is 'value': "."""

    code: str
    text: str


def element_fault(value: str, element: Element, codes: CodeList | None) -> Fault | None:
    """The first thing wrong with a value that is not empty, None where nothing is. Trailing spaces do not count."""
    value = value.rstrip(" ") or value[:1]
    if not _PRINTABLE.fullmatch(value):
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            if "\n" in value or "\r" in value:
                return Fault("element_characters", "it runs over a line end; probably the segment's terminator is missing")
            odd = next(character for character in value if ord(character) < 32 or ord(character) == 127)
            return Fault("element_characters", f"it contains control characters, which are no text: {named(odd)}")
        odd = next(character for character in value if not " " <= character <= "~")
        if element.kind in ("AN", "ID"):
            return Fault("element_not_ascii", f"{named(odd)} is no character of X12's sets")
        if is_invisible(odd) and (fault := _fault(value, element, codes)) is not None:
            return fault._replace(text=f"{fault.text}; it contains {named(odd)}")
    return _fault(value, element, codes)


def _fault(value: str, element: Element, codes: CodeList | None) -> Fault | None:
    match element.kind:
        case "AN":
            return _length_fault(len(value), element)
        case "ID":
            return _length_fault(len(value), element) or _code_fault(value, element, codes)
        case kind if kind[0] == "N":
            return _integer_fault(value, element)
        case "R":
            if not (value.isascii() and _REAL.fullmatch(value)):
                return Fault("element_number", "a number such as 12.5 was expected, without separators of thousands")
            return _length_fault(sum(map(str.isdigit, value)), element)
        case "DT":
            fault = _length_fault(len(value), element)
            if fault is not None:
                return fault._replace(
                    text="a date CCYYMMDD of eight digits was expected" if element.longest == 8 else fault.text
                )
            return None if is_date(value) else Fault("element_date", "there is no such date; CCYYMMDD was expected")
        case _:
            if _TIME.fullmatch(value):
                return _length_fault(len(value), element)
            return Fault("element_time", "there is no such time; HHMM or HHMMSS was expected")


def is_date(value: str) -> bool:
    """CCYYMMDD, or YYMMDD as before 004010.

    >>> is_date("20260229"), is_date("20240229")
    (False, True)
    """
    if not (value.isascii() and value.isdigit() and len(value) in (6, 8)):
        return False
    full = value if len(value) == 8 else "20" + value
    try:
        dt.date(int(full[:4]), int(full[4:6]), int(full[6:]))
    except ValueError:
        return False
    return True


def _length_fault(length: int, element: Element) -> Fault | None:
    if length > element.longest:
        return Fault("element_long", f"it has {length} characters, at most {element.longest} are allowed")
    if length < element.shortest:
        return Fault("element_short", f"it has {length} characters, at least {element.shortest} are needed")
    return None


def _integer_fault(value: str, element: Element) -> Fault | None:
    if not (value.isascii() and _DIGITS.fullmatch(value)):
        if element.implied_decimals and value.isascii() and _REAL.fullmatch(value):
            return Fault("element_implied_point", _IMPLIED_POINT.get(element.kind) or _implied_point(element))
        return Fault("element_number", "digits only were expected")
    return _length_fault(sum(map(str.isdigit, value)), element)


def _implied_point(element: Element) -> str:
    digits = element.implied_decimals or 0
    return (
        f"it has a decimal point, but the last {digits} digits are the decimals here "
        f"({'144' + '0' * digits} = 144.{'0' * digits})"
    )


def _code_fault(value: str, element: Element, codes: CodeList | None) -> Fault | None:
    if codes is None or value in codes.codes:
        return None
    if element.id == "103" and value[:3] in codes.codes and (len(value) == 3 or value[3:] in codes.codes):
        return None  # packaging form and material in one element
    if codes.is_closed:
        return Fault("element_code", "there is no such code")
    return Fault("element_code_beyond_list", "the code is not in the list of this release")
