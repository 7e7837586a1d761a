"""A trading partner's X12 settings as the plain guide that the X12 engine uses."""

from __future__ import annotations

from dataclasses import replace

from mlconn_pipelines.config.partner import Separators, TradingPartner
from mlconn_pipelines.config.set_guide import Condition, Rules, SetGuide
from mlconn_pipelines.x12 import guide as plain


def guide_of(partner: TradingPartner) -> plain.PartnerGuide:
    """The partner's guide; group ids that are not given are the interchange ids."""
    x12 = partner.x12
    return plain.PartnerGuide(
        partner=partner.partner,
        our_qualifier=x12.ours.qualifier,
        our_id=x12.ours.id,
        their_qualifier=x12.theirs.qualifier,
        their_id=x12.theirs.id,
        our_group_id=x12.group_ours or x12.ours.id,
        their_group_id=x12.group_theirs or x12.theirs.id,
        version=x12.version,
        usage=x12.usage,
        delimiters=_delimiters(x12.separators),
        characters=x12.characters,
        unsupported_characters=x12.unsupported_characters,
        substitute=x12.substitute,
        acknowledgment_within_h=x12.acknowledgment_within_h,
        severities=dict(x12.severities),
        product_id_qualifiers=x12.product_id_qualifiers,
        sets={set_id: _set_rules(rules) for set_id, rules in x12.sets.items()},
        other_delimiters=tuple(map(_delimiters, x12.other_separators)),
    )


def _delimiters(separators: Separators) -> plain.Delimiters:
    return plain.Delimiters(**separators.model_dump())


def _set_rules(written: SetGuide) -> plain.SetRules:
    dated = tuple(
        plain.DatedRules(replace(_rules(one, written), name=f"dated.{number}"), one.valid_from, one.valid_until)
        for number, one in enumerate(written.dated, start=1)
    )
    return replace(_rules(written, written), dated=dated)


def _rules(written: Rules, of_set: SetGuide) -> plain.SetRules:
    """of_set: whose product ids and acknowledgment hold for dated rules too."""
    return plain.SetRules(
        required=written.required,
        forbidden=written.forbidden,
        fixed=dict(written.fixed),
        codes=dict(written.codes),
        qualifiers=dict(written.qualifiers),
        lengths_max=dict(written.lengths_max),
        lengths_min=dict(written.lengths_min),
        repeats_max=dict(written.repeats_max),
        conditions=tuple(map(_condition, written.conditions)),
        product_id_qualifiers=of_set.product_id_qualifiers,
        acknowledgment_within_h=of_set.acknowledgment_within_h,
        acknowledgment_expected=of_set.acknowledgment_expected,
    )


def _condition(written: Condition) -> plain.Condition:
    return plain.Condition(
        each=written.each or "",
        when=dict(written.when),
        when_present=written.when_present,
        when_absent=written.when_absent,
        require=written.require,
        forbid=written.forbid,
        codes=dict(written.codes),
        repeats_max=dict(written.repeats_max),
        note=written.note,
    )
