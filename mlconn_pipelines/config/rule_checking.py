"""Rules of a guide against the standard: what they name exists there, and what they ask can be met."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping, Sequence

from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.config.rule_names import RuleNames
from mlconn_pipelines.config.set_guide import Condition, DatedRules, Rules, SetGuide
from mlconn_pipelines.config.yaml_source import Place, Source
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.findings import KINDS
from mlconn_pipelines.x12.grammar.loading import release, release_of, set_definition
from mlconn_pipelines.x12.guide_targets import target_of

_NEARLY = 0.88


def rule_mistakes(partner: TradingPartner, source: Source) -> Iterator[ConfigurationError]:
    """Every rule that X12 of this partner's version cannot meet or that contradicts another."""
    known = [*KINDS, *Reason]
    for code in partner.x12.severities:
        if code in known:
            continue
        near = difflib.get_close_matches(code, known, n=1, cutoff=_NEARLY)
        slip = bool(difflib.get_close_matches(code, KINDS, n=1, cutoff=_NEARLY))
        yield source.error(
            ("x12", "severities", code),
            f"there is no finding {code!r}",
            f"Did you mean {str(near[0])!r}?" if near else "`mlconn explain` lists them; take it out, since it does nothing.",
            since="" if slip else "0.1",  # until then only slips in the engine's own codes were told
        )
    for set_id, rules in partner.x12.sets.items():
        place: Place = ("x12", "sets", set_id)
        definition = set_definition(release_of(partner.x12.version), set_id)
        if definition is not None:
            names = RuleNames(release(definition.release), definition, source)
            yield from _rules_mistakes(rules, place, names)
            yield from names.id_qualifier_mistakes(rules.product_id_qualifiers, (*place, "product_id_qualifiers"))
            for number, dated in enumerate(rules.dated):
                yield from _rules_mistakes(dated, (*place, "dated", number), names)
        yield from _dated_mistakes(rules, place, source)


def _rules_mistakes(rules: Rules, place: Place, names: RuleNames) -> Iterator[ConfigurationError]:
    for number, name in enumerate(rules.required):
        yield from names.name_mistakes(name, (*place, "required", number))
    for number, name in enumerate(rules.forbidden):
        yield from names.name_mistakes(name, (*place, "forbidden", number))
        yield from names.never_left_out(name, (*place, "forbidden", number))
        if name in rules.required:
            what = f"{name} is both required and forbidden"
            yield names.source.error((*place, "forbidden", number), what, "Take it out of one of the two lists.")
    for name, value in rules.fixed.items():
        yield from names.value_mistakes(name, (value,), (*place, "fixed", name))
        if value not in rules.codes.get(name, (value,)):
            what = f"{name} is fixed as {value!r}, which its codes do not allow"
            yield names.source.error((*place, "fixed", name), what, "Keep one of the two rules, or add the code.")
        if len(value) > rules.lengths_max.get(name, len(value)):
            what = f"{name} is fixed as {value!r}, which is longer than its lengths_max"
            yield names.source.error((*place, "fixed", name), what, "Make the length larger, or the value shorter.")
    for name, values in rules.codes.items():
        yield from names.value_mistakes(name, values, (*place, "codes", name))
    for name, values in rules.qualifiers.items():
        yield from names.qualifier_mistakes(name, values, (*place, "qualifiers", name))
    yield from _unmet_qualifiers(rules, place, names.source)
    yield from _length_mistakes(rules, place, names)
    for name in rules.repeats_max:
        yield from names.segment_mistakes(name, (*place, "repeats_max", name))
    for number, condition in enumerate(rules.conditions):
        yield from _condition_mistakes(condition, (*place, "conditions", number), names)


def _unmet_qualifiers(rules: Rules, place: Place, source: Source) -> Iterator[ConfigurationError]:
    for number, name in enumerate(rules.required):
        target = target_of(name)
        taken = rules.qualifiers.get(target.segment)
        if taken is not None and target.qualifier and target.qualifier not in taken:
            yield source.error(
                (*place, "required", number),
                f"{name} is required, but {target.qualifier} is not among the qualifiers of {target.segment}",
                f"Add {target.qualifier} to qualifiers.{target.segment}, or take {name} out.",
            )


def _length_mistakes(rules: Rules, place: Place, names: RuleNames) -> Iterator[ConfigurationError]:
    for kind, lengths in (("lengths_max", rules.lengths_max), ("lengths_min", rules.lengths_min)):
        for name, length in lengths.items():
            yield from names.length_mistakes(name, length, (*place, kind, name))
    for name, shortest in rules.lengths_min.items():
        if shortest > rules.lengths_max.get(name, shortest):
            what = f"{name} is to have at least {shortest} and at most {rules.lengths_max[name]} characters"
            yield names.source.error((*place, "lengths_min", name), what, "Make lengths_min the smaller one.")


def _condition_mistakes(condition: Condition, place: Place, names: RuleNames) -> Iterator[ConfigurationError]:
    source = names.source
    if not (condition.require or condition.forbid or condition.codes or condition.repeats_max):
        yield source.error(place, "the condition asks for nothing", "Add require, forbid, codes or repeats_max.")
    if not (condition.each or condition.when or condition.when_present or condition.when_absent):
        hint = (
            "Add each, when, when_present or when_absent, or write the rule without a condition (required, forbidden, codes)."
        )
        yield source.error(place, "the condition holds always", hint)
    if condition.each is not None:
        yield from names.loop_mistakes(condition.each, (*place, "each"))
    mentioned: Mapping[str, Sequence[str]] = {
        "when_present": condition.when_present,
        "when_absent": condition.when_absent,
        "require": condition.require,
        "forbid": condition.forbid,
    }
    for kind, listed in mentioned.items():
        for number, name in enumerate(listed):
            yield from names.name_mistakes(name, (*place, kind, number))
    for kind, coded in (("when", condition.when), ("codes", condition.codes)):
        for name, values in coded.items():
            yield from names.value_mistakes(name, values, (*place, kind, name))
    for name in condition.repeats_max:
        yield from names.segment_mistakes(name, (*place, "repeats_max", name))
    if condition.each is not None:
        for number, name in enumerate(condition.require):
            yield from names.outside_mistakes(name, condition.each, (*place, "require", number))
    for number, name in enumerate(condition.forbid):
        yield from names.never_left_out(name, (*place, "forbid", number))
        if name in condition.require:
            what = f"the condition both requires and forbids {name}"
            yield source.error((*place, "forbid", number), what, "Take it out of one of the two lists.")


def _dated_mistakes(rules: SetGuide, place: Place, source: Source) -> Iterator[ConfigurationError]:
    for number, one in enumerate(rules.dated):
        here: Place = (*place, "dated", number)
        if one.valid_from is None and one.valid_until is None:
            yield source.error(
                here, "these rules have no dates", "Add valid_from: 2026-03-01, valid_until: 2026-12-31, or both."
            )
            continue
        if _begin(one) > _end(one):
            what = f"valid_until ({one.valid_until}) is before valid_from ({one.valid_from})"
            yield source.error((*here, "valid_until"), what, "Write the later day as valid_until.")
        for earlier in rules.dated[:number]:
            if _begin(earlier) <= _end(one) and _begin(one) <= _end(earlier):
                what = f"these days overlap with those of the entry from {earlier.valid_from} until {earlier.valid_until}"
                yield source.error(here, what, "Let only one entry hold on a day.")


def _begin(rules: DatedRules) -> dt.date:
    return rules.valid_from or dt.date.min


def _end(rules: DatedRules) -> dt.date:
    return rules.valid_until or dt.date.max
