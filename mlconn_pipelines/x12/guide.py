"""A partner guide: what one trading partner wants of X12 beyond the standard. Plain values; the configuration makes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.x12.guide_targets import PAIRS_FROM, Target, target_of

__all__ = [
    "PAIRS_FROM",
    "Condition",
    "DatedRules",
    "Delimiters",
    "FindingSeverity",
    "PartnerGuide",
    "SetRules",
    "Target",
    "target_of",
]

FindingSeverity = Literal["reject", "accept_with_error", "ignore"]


@dataclass(frozen=True, slots=True)
class Delimiters:
    """One character each. line_break: a line feed after every segment terminator."""

    element: str = "*"
    component: str = ">"
    repetition: str = "^"
    segment: str = "~"
    line_break: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule for some cases only. It applies where everything of `when`, `when_present` and `when_absent` holds.

    each: looked at for every such segment (`PO1`, `HL_P`) together with what belongs to it; for the whole set where empty.
    when: element to the values that it may have. What speaks of one segment is meant of one and the same: `{SAC01: [C]}` with
    require SAC15 wants it of the charges only. note: the partner's own words, told with every finding.
    """

    each: str = ""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    when_present: tuple[str, ...] = ()
    when_absent: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repeats_max: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class SetRules:
    """What a partner wants of one transaction set. Elements are named like `BIG07`, segments by qualifier like `N1_ST`.

    qualifiers: segment to the qualifiers that it may have (`{REF: (IA, DP)}`); one that must occur is required (`REF_IA`).
    dated: what holds instead of all these on some dates. name: of dated rules, told with findings (`dated.1`).
    """

    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lengths_max: Mapping[str, int] = field(default_factory=dict)
    product_id_qualifiers: tuple[str, ...] = ()
    acknowledgment_within_h: float | None = None
    acknowledgment_expected: bool = True
    lengths_min: Mapping[str, int] = field(default_factory=dict)
    qualifiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repeats_max: Mapping[str, int] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    dated: tuple[DatedRules, ...] = ()
    name: str = ""

    @property
    def narrows(self) -> bool:
        """Whether there is any rule to check."""
        return bool(
            self.required
            or self.forbidden
            or self.fixed
            or self.codes
            or self.lengths_max
            or self.lengths_min
            or self.qualifiers
            or self.repeats_max
            or self.conditions
        )


@dataclass(frozen=True, slots=True)
class DatedRules:
    """Rules of a set that hold from one day until another, both included; None: without end."""

    rules: SetRules
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None

    def holds_on(self, day: dt.date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class PartnerGuide:
    """qualifier and id of both sides (ISA05-08), group ids (GS02, GS03), version (GS08), usage (ISA15), how to write text.

    characters: `basic`, `extended` or `any`. unsupported_characters: what becomes of one outside the set or equal to a separator.
    other_delimiters: tried in their order for an interchange whose texts hold one of `delimiters`, before anything is replaced.
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
    other_delimiters: tuple[Delimiters, ...] = ()

    def rules(self, set_id: str) -> SetRules:
        """The rules of one set; none where the partner wrote none."""
        return self.sets.get(set_id, _NO_RULES)

    def on(self, set_id: str, day: dt.date | None) -> PartnerGuide:
        """The guide as it is for a set of that day: dated rules that hold then stand in place of the set's own.

        day: of the document or its interchange, never of the clock; None where it is not known: the set's own rules.
        """
        rules = self.rules(set_id)
        if not rules.dated:
            return self
        dated = next((one.rules for one in rules.dated if day is not None and one.holds_on(day)), None)
        return replace(self, sets={**self.sets, set_id: dated or replace(rules, dated=())})

    def qualifiers(self, set_id: str) -> tuple[str, ...]:
        """Product id qualifiers of one set, most wanted first."""
        return self.rules(set_id).product_id_qualifiers or self.product_id_qualifiers

    def acknowledgment_hours(self, set_id: str) -> float | None:
        """Hours until a 997 is overdue, None where none is expected."""
        rules, row = self.rules(set_id), TRANSACTION_SETS.get(set_id)
        if (row is not None and not row.awaits_997) or not rules.acknowledgment_expected:
            return None
        return rules.acknowledgment_within_h or self.acknowledgment_within_h


_NO_RULES = SetRules()
