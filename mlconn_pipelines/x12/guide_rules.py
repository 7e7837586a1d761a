"""A partner's rules made ready to be applied: names read, conditions sorted by segment, each rule with a name of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mlconn_pipelines.x12.guide import Condition, SetRules
from mlconn_pipelines.x12.guide_targets import Target, target_of

RuleKind = Literal[
    "required", "forbidden", "fixed", "codes", "lengths_max", "lengths_min", "qualifiers", "repeats_max"
]  # fmt: skip


class Case(NamedTuple):
    """What a segment must fulfil. values: those that the element may have; empty: it only has to be there."""

    target: Target
    values: frozenset[str] = frozenset()

    def holds(self, segment: tuple[str, ...]) -> bool:
        if not self.target.matches(segment):
            return False
        if self.target.element is None:
            return True
        value = self.target.value(segment)
        return value in self.values if self.values else value != ""


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """One demand. name: where it stands in the guide, `810.conditions.2`. values, limit: what is allowed, by kind.

    each, cases, absent: when it holds; cases by segment id, all of one id being meant of one segment. same_segment: the demand
    is about the very segments that fulfil the cases. circumstances: the same in words, to be added to a sentence.
    """

    kind: RuleKind
    name: str
    target: Target
    values: tuple[str, ...] = ()
    limit: int = 0
    each: Target | None = None
    cases: Mapping[str, tuple[Case, ...]] = field(default_factory=dict)
    absent: tuple[Target, ...] = ()
    is_conditional: bool = False
    same_segment: bool = False
    circumstances: str = ""
    note: str = ""


def ready_rules(rules: SetRules, set_id: str) -> tuple[list[ReadyRule], list[tuple[str, str, str]]]:
    """The rules in their order, and those that name nothing: name of the rule, what was written, what is wrong with it."""
    ready: list[ReadyRule] = []
    unreadable: list[tuple[str, str, str]] = []
    where = f"{set_id}.{rules.name}" if rules.name else set_id
    for kind, written, values, limit in _demands(rules):
        name = f"{where}.{kind}.{written}"
        try:
            ready.append(ReadyRule(kind, name, target_of(written), values, limit))
        except ValueError as fault:
            unreadable.append((name, written, str(fault)))
    for number, condition in enumerate(rules.conditions, start=1):
        name = f"{where}.conditions.{number}"
        try:
            ready += _conditional(condition, name)
        except ValueError as fault:
            unreadable.append((name, str(fault).partition("'")[2].partition("'")[0], str(fault)))
    return ready, unreadable


_Demand = tuple[RuleKind, str, tuple[str, ...], int]


def _demands(rules: SetRules) -> Iterator[_Demand]:
    yield from (("required", name, (), 0) for name in rules.required)
    yield from (("forbidden", name, (), 0) for name in rules.forbidden)
    yield from (("fixed", name, (value,), 0) for name, value in rules.fixed.items())
    yield from (("codes", name, values, 0) for name, values in rules.codes.items())
    yield from (("lengths_max", name, (), longest) for name, longest in rules.lengths_max.items())
    yield from (("lengths_min", name, (), shortest) for name, shortest in rules.lengths_min.items())
    yield from (("qualifiers", name, values, 0) for name, values in rules.qualifiers.items())
    yield from (("repeats_max", name, (), most) for name, most in rules.repeats_max.items())


def _conditional(condition: Condition, name: str) -> Iterator[ReadyRule]:
    cases: dict[str, tuple[Case, ...]] = {}
    wanted = [(name_, frozenset(among)) for name_, among in condition.when.items()]
    for case_name, among in (*wanted, *((present, frozenset[str]()) for present in condition.when_present)):
        case = Case(target_of(case_name), among)
        cases[case.target.segment] = (*cases.get(case.target.segment, ()), case)
    absent = tuple(map(target_of, condition.when_absent))
    circumstances = circumstances_of(condition)
    each = target_of(condition.each) if condition.each else None
    demands: Iterable[_Demand] = (
        *(("required", written, (), 0) for written in condition.require),
        *(("forbidden", written, (), 0) for written in condition.forbid),
        *(("codes", written, values, 0) for written, values in condition.codes.items()),
        *(("repeats_max", written, (), most) for written, most in condition.repeats_max.items()),
    )
    for kind, written, values, limit in demands:
        target = target_of(written)
        yield ReadyRule(
            kind, name, target, values, limit, each, cases, absent,
            is_conditional=True,
            same_segment=target.segment in cases and target.element is not None,
            circumstances=circumstances,
            note=condition.note,
        )  # fmt: skip


def circumstances_of(condition: Condition) -> str:
    """When a condition holds, in words that follow a sentence.

    >>> circumstances_of(Condition(each="PO1", when={"PO103": ("CA", "BX")}, when_absent=("PO4",)))
    ' for each PO1 where PO103 is CA or BX and PO4 is missing'
    """
    words = [
        *(f"{name} is {' or '.join(values)}" for name, values in condition.when.items()),
        *(f"{name} is there" for name in condition.when_present),
        *(f"{name} is missing" for name in condition.when_absent),
    ]
    each = f" for each {condition.each}" if condition.each else ""
    return each + (" where " + " and ".join(words) if words else "")
