"""What differs between the guides of two partners, or of one partner before and after a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlconn_pipelines.x12.guide import Delimiters, PartnerGuide, SetRules
from mlconn_pipelines.x12.guide_rules import ready_rules
from mlconn_pipelines.x12.rule_words import demand_words

_OF_EVERY_SET = (
    "version", "usage", "characters", "unsupported_characters", "substitute", "acknowledgment_within_h",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GuideDifference:
    """set_id: empty for what holds for every set. before, after: in words, empty where a guide says nothing of it."""

    set_id: str
    about: str
    before: str
    after: str


def guide_differences(before: PartnerGuide, after: PartnerGuide, set_id: str = "") -> list[GuideDifference]:
    """In the order of the first guide, what only the second has last. set_id: this set alone, without what holds for all."""
    found: list[GuideDifference] = []
    if not set_id:
        found += _differing("", _settings(before), _settings(after))
    for one in [set_id] if set_id else dict.fromkeys((*before.sets, *after.sets)):
        found += _differing(one, _rules(before.rules(one), one), _rules(after.rules(one), one))
    return found


def _differing(set_id: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[GuideDifference]:
    return [
        GuideDifference(set_id, about, before.get(about, ""), after.get(about, ""))
        for about in dict.fromkeys((*before, *after))
        if before.get(about, "") != after.get(about, "")
    ]


def _settings(guide: PartnerGuide) -> dict[str, str]:
    settings = {name: str(getattr(guide, name)) for name in _OF_EVERY_SET}
    settings["separators"] = _delimiters(guide.delimiters)
    settings["other_separators"] = ", ".join(map(_delimiters, guide.other_delimiters))
    settings["product_id_qualifiers"] = ", ".join(guide.product_id_qualifiers)
    settings |= {f"severities {code}": severity for code, severity in guide.severities.items()}
    return settings


def _delimiters(delimiters: Delimiters) -> str:
    signs = (delimiters.element, delimiters.component, delimiters.repetition, delimiters.segment)
    shown = " ".join(sign if sign.isprintable() and sign != " " else repr(sign) for sign in signs)
    return shown + (" and a line break" if delimiters.line_break else "")


def _rules(rules: SetRules, set_id: str) -> dict[str, str]:
    """What is asked of what; two rules about the same thing stand together."""
    said: dict[str, list[str]] = {}
    for rule in ready_rules(rules, set_id)[0]:
        said.setdefault(f"{rule.target}{rule.circumstances}", []).append(demand_words(rule))
    found = {about: ", ".join(words) for about, words in said.items()}
    if rules.product_id_qualifiers:
        found["product_id_qualifiers"] = ", ".join(rules.product_id_qualifiers)
    if not rules.acknowledgment_expected:
        found["997"] = "not expected"
    elif rules.acknowledgment_within_h:
        found["997"] = f"within {rules.acknowledgment_within_h:g} h"
    for dated in rules.dated:
        days = f"from {dated.valid_from or 'the beginning'} until {dated.valid_until or 'further notice'}"
        then = _rules(dated.rules, set_id).items()
        found |= {f"{days}: {about}": said_ for about, said_ in then if about not in ("product_id_qualifiers", "997")}
        if not dated.rules.narrows:
            found[days] = "no rules"
    return found
