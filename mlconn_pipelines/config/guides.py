"""A trading partner's X12 settings as the plain guide that the X12 engine uses."""

from __future__ import annotations

from dataclasses import replace

from mlconn_pipelines.config.partner import Separators, TradingPartner
from mlconn_pipelines.config.set_guide import Condition, Rules, SetGuide
from mlconn_pipelines.x12 import guide as x12


def guide_of(partner: TradingPartner) -> x12.PartnerGuide:
    """The partner's guide; group ids that are not given are the interchange ids."""
    written = partner.x12
    return x12.PartnerGuide(
        partner=partner.partner,
        our_qualifier=written.ours.qualifier,
        our_id=written.ours.id,
        their_qualifier=written.theirs.qualifier,
        their_id=written.theirs.id,
        our_group_id=written.group_ours or written.ours.id,
        their_group_id=written.group_theirs or written.theirs.id,
        version=written.version,
        usage=written.usage,
        delimiters=_delimiters(written.separators),
        characters=written.characters,
        unsupported_characters=written.unsupported_characters,
        substitute=written.substitute,
        acknowledgment_within_h=written.acknowledgment_within_h,
        severities=dict(written.severities),
        product_id_qualifiers=written.product_id_qualifiers,
        sets={set_id: _set_rules(rules) for set_id, rules in written.sets.items()},
        other_delimiters=tuple(map(_delimiters, written.other_separators)),
    )


def _delimiters(separators: Separators) -> x12.Delimiters:
    return x12.Delimiters(**separators.model_dump())


def _set_rules(written: SetGuide) -> x12.SetRules:
    dated = tuple(
        x12.DatedRules(replace(_rules(one, written), name=f"dated.{number}"), one.valid_from, one.valid_until)
        for number, one in enumerate(written.dated, start=1)
    )
    return replace(_rules(written, written), dated=dated)


def _rules(written: Rules, of_set: SetGuide) -> x12.SetRules:
    """of_set: whose product ids and acknowledgment hold for dated rules too."""
    return x12.SetRules(
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


def _condition(written: Condition) -> x12.Condition:
    return x12.Condition(
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
