"""What a partner's guide asks of a set beyond the standard: required, forbidden, codes, fixed values, lengths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from mlconn_pipelines.x12.envelope import Segment, TransactionSet
from mlconn_pipelines.x12.findings import Finding
from mlconn_pipelines.x12.guide import PartnerGuide, Target, target_of


def guide_findings(transaction_set: TransactionSet, guide: PartnerGuide) -> list[Finding]:
    """The findings of a guide on a set, in the order of its rules. A rule that names nothing is told, and not applied."""
    rules = guide.rules(transaction_set.set_id)
    if not (rules.required or rules.forbidden or rules.fixed or rules.codes or rules.lengths_max):
        return []
    check = _GuideCheck(transaction_set, guide)
    return [
        *(f for target, _ in check.targets((name, "") for name in rules.required) for f in check.required(target)),
        *(f for target, _ in check.targets((name, "") for name in rules.forbidden) for f in check.forbidden(target)),
        *(f for target, value in check.targets(rules.fixed.items()) for f in check.allowed(target, (value,), "guide_value")),
        *(f for target, codes in check.targets(rules.codes.items()) for f in check.allowed(target, codes, "guide_code")),
        *(f for target, longest in check.targets(rules.lengths_max.items()) for f in check.length(target, longest)),
        *check.unreadable,
    ]


T = TypeVar("T")


class _GuideCheck:
    def __init__(self, transaction_set: TransactionSet, guide: PartnerGuide) -> None:
        self._set, self._partner = transaction_set, guide.partner
        self._segments = transaction_set.segments
        self.unreadable: list[Finding] = []

    def targets(self, rules: Iterable[tuple[str, T]]) -> Iterator[tuple[Target, T]]:
        """What each rule is about, with what it says."""
        for name, said in rules:
            try:
                yield target_of(name), said
            except ValueError as fault:
                text = f"The guide of {self._partner} has a rule that was not applied: {fault}."
                self.unreadable.append(self._set.finding("guide_rule_unreadable", text, 1, "ST", value=name))

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
