"""What a partner's guide asks of a set beyond the standard. Its rules are made ready once and then applied to every set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlconn_pipelines.x12.envelope import TransactionSet
from mlconn_pipelines.x12.findings import X12Finding
from mlconn_pipelines.x12.guide import PartnerGuide, SetRules
from mlconn_pipelines.x12.guide_rules import ReadyRule, ready_rules
from mlconn_pipelines.x12.guide_scopes import Numbered, loop_members, scopes_of
from mlconn_pipelines.x12.guide_targets import Target, qualifier_positions

_SHOWN_MAX = 8
_KEPT_MAX = 512


class _Ready(NamedTuple):
    """rules: kept, so that its identity is not given to another while this is remembered."""

    rules: SetRules
    checks: Sequence[ReadyRule]
    unreadable: Sequence[tuple[str, str, str]]


_ready_by_identity: dict[tuple[int, str], _Ready] = {}


def guide_findings(transaction_set: TransactionSet, guide: PartnerGuide, release: str = "") -> list[X12Finding]:
    """The findings of a guide on a set, in the order of its rules. A rule that names nothing is told, and not applied.

    guide: without dated rules, or those are passed over (`PartnerGuide.on`). release: whose loops `each` of a condition means.
    """
    rules = guide.rules(transaction_set.set_id)
    if not rules.narrows:
        return []
    ready = _ready(rules, transaction_set.set_id)
    check = _GuideCheck(transaction_set, guide.partner, release or transaction_set.version[:6])
    found = [finding for rule in ready.checks for finding in check.findings(rule)]
    for name, written, fault in ready.unreadable:
        text = f"The guide of {guide.partner} has a rule that was not applied: {fault}."
        found.append(transaction_set.finding("guide_rule_unreadable", text, 1, "ST", value=written, rule=name))
    return found


def _ready(rules: SetRules, set_id: str) -> _Ready:
    key = (id(rules), set_id)
    known = _ready_by_identity.get(key)
    if known is None:
        if len(_ready_by_identity) >= _KEPT_MAX:
            _ready_by_identity.clear()
        known = _ready_by_identity[key] = _Ready(rules, *ready_rules(rules, set_id))
    return known


class _GuideCheck:
    def __init__(self, transaction_set: TransactionSet, partner: str, release: str) -> None:
        self._set, self._partner, self._release = transaction_set, partner, release
        self._segments = transaction_set.segments
        self._by_id: dict[str, list[Numbered]] = {}
        for number, segment in enumerate(self._segments, start=1):
            self._by_id.setdefault(segment[0], []).append((number, segment))

    def findings(self, rule: ReadyRule) -> Iterator[X12Finding]:
        if not rule.is_conditional:
            matching = [pair for pair in self._by_id.get(rule.target.segment, ()) if rule.target.matches(pair[1])]
            yield from self._apply(rule, matching, len(self._segments))
            return
        within = loop_members(self._release, self._set.set_id, rule.each.segment) if rule.each else frozenset()
        for scope in scopes_of(self._segments, rule.each, self._release, self._set.set_id):
            meant = self._meant(rule, scope, within)
            if meant is not None:
                yield from self._apply(rule, meant, scope[0][0] if rule.each else len(self._segments))

    def _meant(self, rule: ReadyRule, scope: Sequence[Numbered], within: frozenset[str]) -> list[Numbered] | None:
        """The segments of a stretch that the rule's demand is about, None where its conditions do not hold there.

        within: what belongs to a segment of `each`; conditions on other segments (BIG07) are looked up in the whole set.
        """

        def around(segment_id: str) -> Sequence[Numbered]:
            if rule.each is None or segment_id == rule.each.segment or segment_id in within:
                return scope
            return self._by_id.get(segment_id, ())

        fitting: dict[str, list[Numbered]] = {}
        for segment_id, cases in rule.cases.items():
            fitting[segment_id] = [
                pair for pair in around(segment_id) if pair[1][0] == segment_id and all(case.holds(pair[1]) for case in cases)
            ]
            if not fitting[segment_id]:
                return None
        if any(_is_there(target, around(target.segment)) for target in rule.absent):
            return None
        among = fitting[rule.target.segment] if rule.same_segment else scope
        return [pair for pair in among if rule.target.matches(pair[1])]

    def _apply(self, rule: ReadyRule, matching: Sequence[Numbered], missing_at: int) -> Iterator[X12Finding]:
        match rule.kind:
            case "required":
                yield from self._required(rule, matching, missing_at)
            case "forbidden":
                yield from self._forbidden(rule, matching)
            case "fixed" | "codes":
                yield from self._allowed(rule, matching)
                if rule.kind == "fixed":
                    yield from self._fixed_nowhere(rule, matching, missing_at)
            case "lengths_max" | "lengths_min":
                yield from self._length(rule, matching)
            case "qualifiers":
                yield from self._qualifiers(rule, matching)
            case "repeats_max":
                yield from self._repeats(rule, matching)

    def _found(
        self, code: str, text: str, rule: ReadyRule, number: int, value: str = "", element: int | None = None
    ) -> X12Finding:
        asked = f"; this is asked{rule.circumstances}" if rule.circumstances else ""
        said = f"{text}{asked}." + (f" {rule.note.rstrip('.')}." if rule.note else "")
        return self._set.finding(code, said, number, rule.target.segment, element, value=value, rule=rule.name)

    def _required(self, rule: ReadyRule, matching: Sequence[Numbered], missing_at: int) -> Iterator[X12Finding]:
        target = rule.target
        if not matching and not rule.same_segment:
            text = f"{self._partner} wants {target.of_segment}, which is missing"
            yield self._found("guide_segment_missing", text, rule, missing_at)
        elif target.element:
            for number, segment in matching:
                if not target.value(segment):
                    text = f"{self._partner} wants {target}, which is empty"
                    yield self._found("guide_element_missing", text, rule, number, element=target.element)

    def _forbidden(self, rule: ReadyRule, matching: Sequence[Numbered]) -> Iterator[X12Finding]:
        target = rule.target
        for number, segment in matching:
            if target.element is None:
                yield self._found("guide_segment_forbidden", f"{self._partner} does not want {target}", rule, number)
            elif value := target.value(segment):
                text = f"{self._partner} does not want {target}, which is {value!r}"
                yield self._found("guide_element_forbidden", text, rule, number, value, target.element)

    def _allowed(self, rule: ReadyRule, matching: Sequence[Numbered]) -> Iterator[X12Finding]:
        target, code = rule.target, "guide_value" if rule.kind == "fixed" else "guide_code"
        for number, segment in matching:
            value = target.value(segment)
            if value and value not in rule.values:
                text = f"{target} is {value[:40]!r}; {self._partner} takes {_any_of(rule.values)}"
                yield self._found(code, text, rule, number, value, target.element)

    def _fixed_nowhere(self, rule: ReadyRule, matching: Sequence[Numbered], missing_at: int) -> Iterator[X12Finding]:
        """A value that the partner fixes and that stands nowhere: a rule cannot add the segment that would hold it."""
        target = rule.target
        if not matching:
            text = f"{self._partner} has {target} fixed as {rule.values[0]!r}, and there is no {target.of_segment}"
            yield self._found("guide_fixed_nowhere", text, rule, missing_at, rule.values[0])
        for number, segment in matching:
            if target.element and not target.value(segment):
                text = f"{self._partner} has {target} fixed as {rule.values[0]!r}, and it is empty"
                yield self._found("guide_fixed_nowhere", text, rule, number, rule.values[0], target.element)

    def _length(self, rule: ReadyRule, matching: Sequence[Numbered]) -> Iterator[X12Finding]:
        target, is_longest = rule.target, rule.kind == "lengths_max"
        for number, segment in matching:
            value = target.value(segment)
            if value and (len(value) > rule.limit if is_longest else len(value) < rule.limit):
                words = "at most" if is_longest else "at least"
                text = f"{target} has {len(value)} characters; {self._partner} takes {words} {rule.limit}"
                code = "guide_length" if is_longest else "guide_length_min"
                yield self._found(code, text, rule, number, value, target.element)

    def _qualifiers(self, rule: ReadyRule, matching: Sequence[Numbered]) -> Iterator[X12Finding]:
        for number, segment in matching:
            for position in qualifier_positions(segment[0], len(segment)):
                if (value := segment[position]) and value not in rule.values:
                    text = f"{segment[0]} has the qualifier {value[:40]!r}; {self._partner} takes {_any_of(rule.values)}"
                    yield self._found("guide_qualifier", text, rule, number, value, position)

    def _repeats(self, rule: ReadyRule, matching: Sequence[Numbered]) -> Iterator[X12Finding]:
        if len(matching) > rule.limit:
            text = f"{rule.target} occurs {len(matching)} times; {self._partner} takes at most {rule.limit}"
            yield self._found("guide_repeats", text, rule, matching[rule.limit][0])


def _is_there(target: Target, scope: Sequence[Numbered]) -> bool:
    return any(target.matches(segment) and (target.element is None or target.value(segment)) for _, segment in scope)


def _any_of(values: Sequence[str]) -> str:
    return " or ".join(values[:_SHOWN_MAX]) + (" ..." if len(values) > _SHOWN_MAX else "")
