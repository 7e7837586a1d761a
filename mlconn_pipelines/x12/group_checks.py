"""What can be wrong with a GS beside its control number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlconn_pipelines.x12.element_checks import is_date
from mlconn_pipelines.x12.envelope import Segment

_CHECKS = (
    (1, re.compile(r"[A-Z0-9]{2}"), "a functional id of two letters such as PO"),
    (2, re.compile(r"[ -~]{1,15}"), "the sender's id, 1 to 15 characters"),
    (3, re.compile(r"[ -~]{1,15}"), "the receiver's id, 1 to 15 characters"),
    (5, re.compile(r"([01]\d|2[0-3])[0-5]\d([0-5]\d(\d{1,2})?)?", re.ASCII), "a time HHMM or HHMMSS"),
    (7, re.compile(r"[XT]"), "X (the agency of X12)"),
    (8, re.compile(r"\d{6}[A-Z0-9]{0,6}", re.ASCII), "a version such as 004010"),
)


_DATE = re.compile(r"\d{8}", re.ASCII)
_OLD_DATE = re.compile(r"\d{6}", re.ASCII)
_CENTURIES_SINCE = "004010"
"""From this release on GS04 has eight digits; before it had six."""


def group_header_faults(elements: Segment) -> Iterator[tuple[int, str, str]]:
    """Element, what to say, value. elements: the GS, its id first; GS06 is looked at where groups are counted."""
    for element, wanted, description in _CHECKS:
        value = elements[element].strip() if element < len(elements) else ""
        if wanted.fullmatch(value) is None:
            yield element, f"GS{element:02d} is {value[:40]!r}; {description} was expected.", value
    day = elements[4].strip() if len(elements) > 4 else ""
    version = elements[8].strip() if len(elements) > 8 else ""
    is_old = version[:6] < _CENTURIES_SINCE and _OLD_DATE.fullmatch(day) is not None
    if (not is_old and _DATE.fullmatch(day) is None) or not is_date(day):
        yield 4, f"GS04 is {day[:40]!r}; a date CCYYMMDD was expected.", day


def is_mixed(interchange_version: str, group_version: str) -> bool:
    """Whether ISA12 and GS08 name different versions: seen in the wild, and no fault, since GS08 alone chooses the grammar.

    00400 for an envelope of 004010 sets is so common that it says nothing.

    >>> is_mixed("00400", "004010VICS"), is_mixed("00401", "005010")
    (False, True)
    """
    return interchange_version != "" and group_version[:6].isdigit() and group_version[:4] != interchange_version[:4]
