"""Rules beyond the simple ones: conditions, qualifiers, repeats, lengths, and rules that change with time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mlconn_pipelines.x12.document_dates import document_date
from mlconn_pipelines.x12.findings import X12Finding
from mlconn_pipelines.x12.guide import Condition, DatedRules, PartnerGuide, SetRules
from mlconn_pipelines.x12.guide_checks import guide_findings
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.guides import ORDER, guide_of, interchange_of, only_set

INVOICE = (
    "BIG*20260301*INV1**PO1***CR",
    "REF*IV*INV0",
    "N1*ST*Store 12*92*0012",
    "N1*BT*Head office",
    "IT1*1*2*CA*10**VP*A",
    "PID*F****First",
    "PO4*12",
    "IT1*2*3*EA*5**VP*B",
    "PID*F****Second",
    "PID*F****more of it",
    "TDS*3500",
    "SAC*C*D240***150**********Freight",
    "SAC*A*C310***50",
    "CTT*2",
)
NOTICE = (
    "BSN*00*S1*20260301*1200*0001",
    "HL*1**S",
    "TD5**2*UPSN",
    "HL*2*1*O",
    "PRF*PO1",
    "HL*3*2*P",
    "MAN*GM*00100000000000000017",
    "HL*4*3*I",
    "LIN**VP*A",
    "SN1**1*EA",
    "HL*5*2*P",
    "HL*6*5*I",
    "LIN**VP*B",
    "SN1**1*EA",
    "CTT*6",
)


def found(rules: SetRules, segments: tuple[str, ...] = INVOICE, set_id: str = "810") -> list[X12Finding]:
    functional_id = {"810": "IN", "856": "SH", "850": "PO"}[set_id]
    transaction_set = only_set(interchange_of(*segments, functional_id=functional_id, set_id=set_id))
    assert validate(transaction_set) == ()
    return list(validate(transaction_set, guide=guide_of(sets={set_id: rules})))


def told(rules: SetRules, segments: tuple[str, ...] = INVOICE, set_id: str = "810") -> list[tuple[str, str, int | None]]:
    return [(f.code, f.place, f.segment) for f in found(rules, segments, set_id)]


def without(*beginnings: str) -> tuple[str, ...]:
    return tuple(s for s in INVOICE if not s.startswith(beginnings))


CREDIT = Condition(when={"BIG07": ("CR", "CN")}, require=("REF_IV",), note="Vendor guide, section 4.2")


def test_a_condition_is_asked_only_where_it_holds() -> None:
    rules = SetRules(conditions=(CREDIT,))
    assert told(rules) == []
    assert told(rules, without("REF")) == [("guide_segment_missing", "REF", 15)]
    debit = tuple(s.replace("*CR", "*DI") for s in without("REF"))
    assert told(rules, debit) == []


def test_a_finding_names_the_rule_in_words_and_by_its_place() -> None:
    (one,) = found(SetRules(required=("BIG02",), conditions=(CREDIT,)), without("REF"))
    assert one.rule == "810.conditions.1"
    assert one.message == (
        "northwind wants REF_IV, which is missing; this is asked where BIG07 is CR or CN. Vendor guide, section 4.2."
    )  # fmt: skip
    (other,) = found(SetRules(forbidden=("BIG07",)))
    assert other.rule == "810.forbidden.BIG07" and other.message == "northwind does not want BIG07, which is 'CR'."


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # of one segment: the charge has a text, the allowance is not asked for one
        (Condition(when={"SAC01": ("C",)}, require=("SAC15",)), []),
        (Condition(when={"SAC01": ("A",)}, require=("SAC15",)), [("guide_element_missing", "SAC15", 14)]),
        (Condition(when={"SAC01": ("A",), "SAC02": ("D240",)}, require=("SAC15",)), []),
        (Condition(when={"SAC01": ("C",)}, codes={"SAC02": ("F050",)}), [("guide_code", "SAC02", 13)]),
        (Condition(when={"SAC01": ("C",)}, forbid=("SAC15",)), [("guide_element_forbidden", "SAC15", 13)]),
        # presence and absence
        (Condition(when_present=("REF_IV",), forbid=("PO4",)), [("guide_segment_forbidden", "PO4", 8)]),
        (Condition(when_absent=("CUR",), require=("ITD",)), [("guide_segment_missing", "ITD", 16)]),
        (Condition(when_absent=("REF_IV",), require=("ITD",)), []),
        (Condition(when_present=("SAC15",), when_absent=("BIG03",), forbid=("N1_BT",)), [("guide_segment_forbidden", "N1", 5)]),
        (Condition(when_present=("BIG03",), require=("ITD",)), []),
        # every line by itself
        (Condition(each="IT1", when={"IT103": ("CA",)}, require=("PO4",)), []),
        (Condition(each="IT1", require=("PO4",)), [("guide_segment_missing", "PO4", 9)]),
        (Condition(each="IT1", when={"IT103": ("EA",)}, require=("PO4",)), [("guide_segment_missing", "PO4", 9)]),
        (Condition(each="IT1", repeats_max={"PID": 1}), [("guide_repeats", "PID", 11)]),
        (Condition(each="IT1", when={"IT103": ("CA",)}, repeats_max={"PID": 1}), []),
        (Condition(each="N1_BT", require=("N3", "N4")), [("guide_segment_missing", "N3", 5), ("guide_segment_missing", "N4", 5)]),
        # what decides may stand outside of the line
        (Condition(each="IT1", when={"BIG07": ("CR",)}, require=("PO4",)), [("guide_segment_missing", "PO4", 9)]),
        (Condition(each="IT1", when={"BIG07": ("DI",)}, require=("PO4",)), []),
        (Condition(each="IT1", when_absent=("TDS",), require=("PO4",)), []),
        # what comes after the lines belongs to none of them
        (Condition(each="IT1", forbid=("SAC", "CTT", "TDS")), []),
    ],
)  # fmt: skip
def test_each_form_of_a_condition(condition: Condition, expected: list[tuple[str, str, int]]) -> None:
    assert told(SetRules(conditions=(condition,))) == expected


def test_every_pack_of_a_ship_notice_has_its_number() -> None:
    packs = SetRules(conditions=(Condition(each="HL_P", require=("MAN_GM",)),))
    assert told(packs, NOTICE, "856") == [("guide_segment_missing", "MAN", 12)]
    numbered = (*NOTICE[:11], "MAN*GM*00100000000000000024", *NOTICE[11:])
    assert told(packs, numbered, "856") == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (SetRules(qualifiers={"N1": ("ST", "RI")}), [("guide_qualifier", "N101", 5)]),
        (SetRules(qualifiers={"N1": ("ST", "BT"), "REF": ("IV",)}), []),
        (SetRules(qualifiers={"IT1": ("UP",)}), [("guide_qualifier", "IT106", 6), ("guide_qualifier", "IT106", 9)]),
        (SetRules(repeats_max={"IT1": 1}), [("guide_repeats", "IT1", 9)]),
        (SetRules(repeats_max={"IT1": 2, "N1_ST": 1, "PID": 3}), []),
        (SetRules(lengths_min={"BIG02": 5}), [("guide_length_min", "BIG02", 2)]),
        (SetRules(lengths_min={"BIG02": 4, "BIG05": 4}), []),
    ],
)
def test_qualifiers_repeats_and_least_lengths(rules: SetRules, expected: list[tuple[str, str, int]]) -> None:
    assert told(rules) == expected


def dated(**days: Any) -> SetRules:
    return SetRules(required=("BIG02",), dated=(DatedRules(SetRules(required=("BIG05",)), **days),))


@pytest.mark.parametrize(
    ("rules", "is_asked"),
    [
        (dated(valid_from=dt.date(2026, 3, 1)), True),
        (dated(valid_from=dt.date(2026, 3, 2)), False),
        (dated(valid_until=dt.date(2026, 3, 1)), True),
        (dated(valid_until=dt.date(2026, 2, 28)), False),
        (dated(valid_from=dt.date(2026, 1, 1), valid_until=dt.date(2026, 12, 31)), True),
    ],
)
def test_the_date_of_the_document_chooses_the_rules(rules: SetRules, is_asked: bool) -> None:
    assert [f.rule for f in found(rules)] == (["810.required.BIG05"] if is_asked else [])


def test_a_day_that_is_passed_goes_before_the_date_of_the_document() -> None:
    transaction_set = only_set(interchange_of(*INVOICE, functional_id="IN", set_id="810"))
    guide = guide_of(sets={"810": dated(valid_from=dt.date(2026, 6, 1))})
    assert validate(transaction_set, guide=guide) == ()
    assert [f.rule for f in validate(transaction_set, guide=guide, on=dt.date(2026, 6, 1))] == ["810.required.BIG05"]


def test_a_guide_of_a_day_keeps_everything_else() -> None:
    guide = guide_of(sets={"810": dated(valid_from=dt.date(2026, 6, 1)), "850": SetRules(required=("BEG04",))})
    later = guide.on("810", dt.date(2026, 7, 1))
    assert later.rules("810").required == ("BIG05",) and later.rules("850") is guide.rules("850")
    assert guide.on("810", None).rules("810").required == ("BIG02",)
    assert guide.on("850", dt.date(2026, 7, 1)) is guide


@pytest.mark.parametrize(("text", "day"), [("20260301", dt.date(2026, 3, 1)), ("20260231", None), ("260301", None), ("", None)])
def test_a_document_date_that_is_none_chooses_nothing(text: str, day: dt.date | None) -> None:
    assert document_date("856", [("ST", "856", "1"), ("BSN", "00", "S1", text)]) == day


def test_a_guide_without_rules_does_not_even_look_at_the_segments() -> None:
    class NoSegments:
        set_id = "850"

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} was looked at")

    assert guide_findings(NoSegments(), guide_of()) == []  # type: ignore[arg-type]


def test_rules_are_made_ready_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlconn_pipelines.x12 import guide_checks

    made = []
    ready_rules = guide_checks.ready_rules
    monkeypatch.setattr(guide_checks, "ready_rules", lambda *a: made.append(a) or ready_rules(*a))
    guide: PartnerGuide = guide_of(sets={"850": SetRules(required=("BEG04",))})
    for _ in range(5):
        assert len(validate(only_set(interchange_of(*ORDER)), guide=guide)) == 1
    assert len(made) == 1


def test_a_condition_that_cannot_be_read_is_told_once_and_the_others_are_applied() -> None:
    rules = SetRules(conditions=(Condition(when={"nonsense": ("x",)}, require=("REF_ZZ",)), CREDIT))
    (told_,) = found(rules)
    assert (told_.code, told_.rule, told_.value) == ("guide_rule_unreadable", "810.conditions.1", "nonsense")
