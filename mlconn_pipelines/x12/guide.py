"""A partner guide: what one trading partner wants of X12 beyond the standard. Plain values; the configuration makes them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

FindingSeverity = Literal["reject", "accept_with_error", "ignore"]


_TARGET = re.compile(r"([A-Z][A-Z0-9]{1,2})(?:_([A-Z0-9]{1,4}))?(?:(?(2)\.)(\d\d))?")
_PAIRS_FROM = {"PO1": 6, "IT1": 6, "LIN": 2, "POC": 8}


class Target(NamedTuple):
    """What a rule is about. qualifier: of the segment, empty for all of them. element: from 1, None for the segment itself."""

    segment: str
    qualifier: str = ""
    element: int | None = None

    def matches(self, segment: Sequence[str]) -> bool:
        """Whether a segment is meant: by its first element, HL by its third, lines by any of their product id qualifiers."""
        if segment[0] != self.segment:
            return False
        if not self.qualifier:
            return True
        if (start := _PAIRS_FROM.get(self.segment)) is not None:
            return self.qualifier in segment[start::2]
        position = 3 if self.segment == "HL" else 1
        return len(segment) > position and segment[position] == self.qualifier

    def value(self, segment: Sequence[str]) -> str:
        """The element of a segment, empty where it has none."""
        return segment[self.element] if self.element and self.element < len(segment) else ""

    def __str__(self) -> str:
        qualifier = f"_{self.qualifier}" if self.qualifier else ""
        dot = "." if self.qualifier and self.element else ""
        return f"{self.segment}{qualifier}{dot}" + (f"{self.element:02d}" if self.element else "")


@functools.lru_cache(maxsize=4096)
def target_of(name: str) -> Target:
    """`BIG07` an element, `PID` a segment, `N1_ST` a segment by its qualifier, `N1_ST.04` an element of that.

    ValueError: the name is none of these.

    >>> target_of("IT101"), target_of("DTM_002").qualifier, target_of("N1_ST.04").element
    (Target(segment='IT1', qualifier='', element=1), '002', 4)
    """
    match = _TARGET.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} names no element or segment; BIG07, PID, N1_ST or N1_ST.04 was expected")
    return Target(match[1], match[2] or "", int(match[3]) if match[3] else None)


@dataclass(frozen=True, slots=True)
class Delimiters:
    """One character each. line_break: a line feed after every segment terminator."""

    element: str = "*"
    component: str = ">"
    repetition: str = "^"
    segment: str = "~"
    line_break: bool = False


@dataclass(frozen=True, slots=True)
class SetRules:
    """What a partner wants of one transaction set. Elements are named like `BIG07`, segments by qualifier like `N1_ST`."""

    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lengths_max: Mapping[str, int] = field(default_factory=dict)
    product_id_qualifiers: tuple[str, ...] = ()
    acknowledgment_within_h: float | None = None
    acknowledgment_expected: bool = True


@dataclass(frozen=True, slots=True)
class PartnerGuide:
    """qualifier and id of both sides (ISA05-08), group ids (GS02, GS03), version (GS08), usage (ISA15), how to write text.

    characters: `basic`, `extended` or `any`. unsupported_characters: what becomes of one outside the set or equal to a separator.
    severities: finding code to severity, where this partner wants another than the default.
    acknowledgments: the set that answers their groups; a 999 exists from 005010 on, groups before it get a 997 all the same.
    """

    partner: str
    our_qualifier: str
    our_id: str
    their_qualifier: str
    their_id: str
    our_group_id: str
    their_group_id: str
    version: str = "004010"
    usage: str = "P"
    delimiters: Delimiters = Delimiters()
    characters: Literal["basic", "extended", "any"] = "extended"
    unsupported_characters: Literal["refuse", "substitute", "transliterate"] = "transliterate"
    substitute: str = " "
    acknowledgment_within_h: float = 24.0
    acknowledgments: Literal["997", "999"] = "997"
    severities: Mapping[str, FindingSeverity] = field(default_factory=dict)
    product_id_qualifiers: tuple[str, ...] = ("VP", "BP", "UP", "EN", "SK")
    sets: Mapping[str, SetRules] = field(default_factory=dict)

    def rules(self, set_id: str) -> SetRules:
        """The rules of one set; none where the partner wrote none."""
        return self.sets.get(set_id, _NO_RULES)

    def qualifiers(self, set_id: str) -> tuple[str, ...]:
        """Product id qualifiers of one set, most wanted first."""
        return self.rules(set_id).product_id_qualifiers or self.product_id_qualifiers

    def acknowledgment_hours(self, set_id: str) -> float | None:
        """Hours until a 997 is overdue, None where none is expected."""
        rules = self.rules(set_id)
        if set_id in ("997", "999", "TA1", "824") or not rules.acknowledgment_expected:
            return None
        return rules.acknowledgment_within_h or self.acknowledgment_within_h


_NO_RULES = SetRules()
