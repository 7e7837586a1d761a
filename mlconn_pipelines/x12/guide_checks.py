"""What a partner's guide asks of a set beyond the standard: required, forbidden, codes, fixed values, lengths."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlconn_pipelines.x12.envelope import Segment, TransactionSet
from mlconn_pipelines.x12.findings import Finding
from mlconn_pipelines.x12.guide import PartnerGuide

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


def guide_findings(transaction_set: TransactionSet, guide: PartnerGuide) -> list[Finding]:
    """The findings of a guide on a set, in the order of its rules."""
    rules = guide.rules(transaction_set.set_id)
    if not (rules.required or rules.forbidden or rules.fixed or rules.codes or rules.lengths_max):
        return []
    check = _GuideCheck(transaction_set, guide)
    return [
        *(f for name in rules.required for f in check.required(target_of(name))),
        *(f for name in rules.forbidden for f in check.forbidden(target_of(name))),
        *(f for name, value in rules.fixed.items() for f in check.allowed(target_of(name), (value,), "guide_value")),
        *(f for name, codes in rules.codes.items() for f in check.allowed(target_of(name), codes, "guide_code")),
        *(f for name, longest in rules.lengths_max.items() for f in check.length(target_of(name), longest)),
    ]


class _GuideCheck:
    def __init__(self, transaction_set: TransactionSet, guide: PartnerGuide) -> None:
        self._set, self._partner = transaction_set, guide.partner
        self._segments = transaction_set.segments

    def _matching(self, target: Target) -> Iterator[tuple[int, Segment]]:
        return ((n, segment) for n, segment in enumerate(self._segments, start=1) if target.matches(segment))

    def required(self, target: Target) -> Iterator[Finding]:
        matching = list(self._matching(target))
        if not matching:
            wanted = target._replace(element=None)
            text = f"{self._partner} wants {wanted}, which is missing."
            yield self._set.finding("guide_segment_missing", text, len(self._segments), target.segment)
        elif target.element:
            for number, segment in matching:
                if not target.value(segment):
                    text = f"{self._partner} wants {target}, which is empty."
                    yield self._set.finding("guide_element_missing", text, number, target.segment, target.element)

    def forbidden(self, target: Target) -> Iterator[Finding]:
        for number, segment in self._matching(target):
            if target.element is None:
                text = f"{self._partner} does not want {target}."
                yield self._set.finding("guide_segment_forbidden", text, number, target.segment)
            elif value := target.value(segment):
                text = f"{self._partner} does not want {target}, which is {value!r}."
                yield self._set.finding("guide_element_forbidden", text, number, target.segment, target.element, value=value)

    def allowed(self, target: Target, values: tuple[str, ...], code: str) -> Iterator[Finding]:
        for number, segment in self._matching(target):
            value = target.value(segment)
            if value and value not in values:
                wanted = " or ".join(values[:8]) + (" ..." if len(values) > 8 else "")
                text = f"{target} is {value[:40]!r}; {self._partner} takes {wanted}."
                yield self._set.finding(code, text, number, target.segment, target.element, value=value)

    def length(self, target: Target, longest: int) -> Iterator[Finding]:
        for number, segment in self._matching(target):
            value = target.value(segment)
            if len(value) > longest:
                text = f"{target} has {len(value)} characters; {self._partner} takes at most {longest}."
                yield self._set.finding("guide_length", text, number, target.segment, target.element, value=value)
