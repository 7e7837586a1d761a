"""What becomes of what a received set says and no record takes: held, told, or of no account, by kind of document, segment and qualifier.

Whatever no row speaks of is told. A partner file may say otherwise for a segment (`unread: {FOB: ignore}`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlconn_pipelines.documents.transaction_sets import kind_of
from mlconn_pipelines.edi.acknowledgment_codes import DELIVERY_DATES
from mlconn_pipelines.ports.partner import Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """verdict: `hold` where it decides where to, when, how many, which or at which price; `tell` where it asks for something;
    `ignore` where it needs no word. why: for `mlconn x12 show` and `mlconn partner coverage`. of_fields: it speaks of what fields of
    the document hold; what they do not hold of such a segment is told."""

    verdict: Verdict
    why: str
    of_fields: bool = False


def _ignore(why: str) -> Rule:
    return Rule("ignore", why)


_TOLD = Rule("tell", "")
_PRICE = Rule("hold", "it states a price")
_HOW_MANY = Rule("hold", "it states quantities")
_WHEN = Rule("hold", "it states quantities and days")
_WHICH = Rule("hold", "it says what belongs to the line")
_COUNTED = _ignore("counts and sums of the set are compared where it is validated")
_SPOKEN_OF = Rule("ignore", "it has a finding of its own where it matters", of_fields=True)
_OURS = _ignore("it says who we are")
_WHOM_TO_ASK = _ignore("whom to ask at the partner stands with the document")
_IN_WORDS = _ignore("it describes an item that is known by its number")
_CURRENCY_OF_WHOM = _ignore("who states the currency makes it no other")
_CONFIRMED = Rule("ignore", "it is the day that is confirmed", of_fields=True)
_CONFIRMED = Rule("ignore", "it is the day that is confirmed", of_fields=True)
_IN_REMARKS = Rule("ignore", "it stands in the remarks of the record or line", of_fields=True)
_RETURNED = _ignore("it is kept with the document, for our answers to it")
_ON_ITS_WAY = _ignore("how the goods travel is kept with the ship notice; no receipt has a place for it")

_COMMON: Mapping[str, Rule] = {
    "CTT": _COUNTED,
    "CUR": _CURRENCY_OF_WHOM,
    "HL": _ignore("levels are read by their order and parents"),
    "PER": _WHOM_TO_ASK,
    "PID": _IN_WORDS,
    "SLN": _WHICH,
}
_PARTIES_OF_ORDER: Mapping[str, Rule] = {
    "N1:BY": _RETURNED,
    **dict.fromkeys(("N1:SE", "N1:SU", "N1:VN"), _OURS),
    **dict.fromkeys(("N1:ST", "N1:BS", "N1:DA"), Rule("ignore", "where to deliver is carried, or held", of_fields=True)),
}
_ORDER: Mapping[str, Rule] = {
    **_COMMON,
    **_PARTIES_OF_ORDER,
    "AMT:TT": _COUNTED,
    "CTP": _PRICE,
    "DIS": _PRICE,
    **dict.fromkeys(("MSG", "N1:Z7", "N1:MA"), _IN_REMARKS),
    "DTM": _SPOKEN_OF,
    "PO3": _PRICE,
    "QTY": _HOW_MANY,
    "SAC": _SPOKEN_OF,
    "SCH": _WHEN,
    "SDQ": _HOW_MANY,
}
_ANSWER: Mapping[str, Rule] = {
    **_COMMON,
    **dict.fromkeys((f"DTM:{qualifier}" for qualifier in DELIVERY_DATES), _CONFIRMED),
    **dict.fromkeys(("SAC", "TXI"), _SPOKEN_OF),
    "CTP": _PRICE,
    "SCH": _WHEN,
    "N1": _ignore("whom an answer is from and to is known by its order"),
}
RULES: Mapping[str, Mapping[str, Rule]] = {
    "purchase_order": _ORDER,
    "grocery_order": _ORDER,
    "order_change": _ORDER,
    "order_acknowledgment": _ANSWER,
    "change_acknowledgment": _ANSWER,
    "ship_notice": {
        **_ANSWER,
        "N1": _ON_ITS_WAY,
        **dict.fromkeys(("TD1", "TD3", "TD4", "TD5", "MAN", "MEA", "PAL", "PKG", "FOB", "CLD", "REF", "DTM"), _ON_ITS_WAY),
    },
    "receiving_advice": {
        **_COMMON,
        "N1": _ignore("whom an advice is from and to is known by its order"),
        **dict.fromkeys(("REF", "DTM", "TD5"), _ignore("how the goods came is kept with the advice, which makes no record")),
    },
    "invoice": {
        **_COMMON,
        "CTP": _PRICE,
        "IT3": _HOW_MANY,
        **dict.fromkeys(("SAC", "TXI"), Rule("ignore", "it counts in the invoice's total, which is compared", of_fields=True)),
        **dict.fromkeys(("REF", "DTM"), _ignore("numbers and days of the sender's own are kept with the invoice")),
        "N1": _ignore("whom an invoice is from and to is known by its order"),
        "N1:RI": _TOLD,
        "CAD": _ON_ITS_WAY,
        "SLN": _TOLD,
    },
}
"""What is named by no kind of its own goes by the rows of answers.

By kind of document: a segment, or a segment with its first element (`REF:IA`), which goes before the segment alone."""


def rule_of(set_id: str, segment: str, qualifier: str, of_partner: Mapping[str, Verdict], *, in_field: bool = False) -> Rule:
    """What becomes of a segment. of_partner: by segment, or by segment and qualifier (`REF_IA`). in_field: a field of the document
    holds it."""
    said = of_partner.get(f"{segment}_{qualifier}") or of_partner.get(segment)
    if said:
        return Rule(said, "the partner file says so")
    rows = RULES.get(kind_of(set_id), _ANSWER)
    rule = rows.get(f"{segment}:{qualifier}") or rows.get(segment) or _TOLD
    return _TOLD if rule.of_fields and not in_field else rule


def becomes(set_id: str, segment: str, qualifier: str) -> str:
    """In words, by our own rules: `the document is held, because it states a price`."""
    rule = rule_of(set_id, segment, qualifier, {})
    said = {"hold": "the document is held", "tell": "it is told on the document", "ignore": "it is of no account"}[rule.verdict]
    return f"{said}, because {rule.why}" if rule.why else said
