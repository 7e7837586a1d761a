"""Texts of an ERP made to fit X12: blanks cleaned, long names and streets carried over, nothing lost without a word.

Lengths are those of 004010 (N102 60, N301 and N302 55, N401 30, BIG04 22). Characters that X12 or a partner does not take are
the renderer's matter, since only it knows the separators.
"""

from __future__ import annotations

import re

NAME_MAX = 60
STREET_MAX = 55
STREET_LINES_MAX = 4
CITY_MAX = 30
NUMBER_MAX = 22
PRODUCT_ID_MAX = 48

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f\u00a0]+")


def clean(text: str | None) -> str:
    """One line: line breaks, tabs, control characters and runs of blanks become one blank.

    >>> clean("  Bolt\\tM8 \\r\\n zinc ")
    'Bolt M8 zinc'
    """
    if not text:
        return ""
    if text.isascii() and text.isprintable() and "  " not in text:  # as nearly all are
        return text.strip()
    return _BLANKS.sub(" ", text).strip()


def wrap(text: str, width: int) -> list[str]:
    """The cleaned text in lines of at most `width`, broken at blanks; a word longer than a line is broken anywhere.

    >>> wrap("Warehouse 12 behind the old mill", 14)
    ['Warehouse 12', 'behind the old', 'mill']
    """
    rest, lines = clean(text), []
    while len(rest) > width:
        cut = rest.rfind(" ", 0, width + 1)
        at = cut if cut > 0 else width
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*lines, rest] if rest else lines


def fit_name(name: str, *further: str) -> tuple[str, str, str]:
    """(name, name_2, what is lost): a name over 60 goes on in the second line, further name parts follow there."""
    lines = wrap(name, NAME_MAX)
    rest = " ".join([*lines[1:], *filter(None, map(clean, further))])
    second = wrap(rest, NAME_MAX)
    return (lines or [""])[0], (second or [""])[0], " ".join(second[1:])


def fit_street(*parts: str) -> tuple[tuple[str, ...], str]:
    """(lines of at most 55, what is lost): each part begins a line, long ones are wrapped, four lines at most."""
    lines = [line for part in parts for line in wrap(part, STREET_MAX)]
    return tuple(lines[:STREET_LINES_MAX]), " ".join(lines[STREET_LINES_MAX:])
