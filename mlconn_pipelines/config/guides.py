"""A trading partner's X12 settings as the plain guide that the X12 engine uses."""

from __future__ import annotations

from mlconn_pipelines.config.partner import SetGuide, TradingPartner
from mlconn_pipelines.x12.guide import Delimiters, PartnerGuide, SetRules


def guide_of(partner: TradingPartner) -> PartnerGuide:
    """The partner's guide; group ids that are not given are the interchange ids."""
    x12 = partner.x12
    return PartnerGuide(
        partner=partner.partner,
        our_qualifier=x12.ours.qualifier,
        our_id=x12.ours.id,
        their_qualifier=x12.theirs.qualifier,
        their_id=x12.theirs.id,
        our_group_id=x12.group_ours or x12.ours.id,
        their_group_id=x12.group_theirs or x12.theirs.id,
        version=x12.version,
        usage=x12.usage,
        delimiters=Delimiters(**x12.separators.model_dump()),
        characters=x12.characters,
        unsupported_characters=x12.unsupported_characters,
        substitute=x12.substitute,
        acknowledgment_within_h=x12.acknowledgment_within_h,
        acknowledgments=x12.acknowledgments,
        severities=dict(x12.severities),
        product_id_qualifiers=x12.product_id_qualifiers,
        sets={set_id: _rules_of(rules) for set_id, rules in x12.sets.items()},
    )


def _rules_of(rules: SetGuide) -> SetRules:
    return SetRules(
        required=rules.required,
        forbidden=rules.forbidden,
        fixed=dict(rules.fixed),
        codes=dict(rules.codes),
        lengths_max=dict(rules.lengths_max),
        product_id_qualifiers=rules.product_id_qualifiers,
        acknowledgment_within_h=rules.acknowledgment_within_h,
        acknowledgment_expected=rules.acknowledgment_expected,
    )
