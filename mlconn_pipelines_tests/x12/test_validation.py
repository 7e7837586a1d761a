from __future__ import annotations

import pytest

from mlconn_pipelines.x12.findings import X12Finding
from mlconn_pipelines.x12.guide import Condition, PartnerGuide, SetRules, target_of
from mlconn_pipelines.x12.hierarchy import levels_of
from mlconn_pipelines.x12.validation import FINDINGS_MAX, validate
from mlconn_pipelines_tests.x12.guides import ORDER, guide_of, interchange_of, only_set


def findings_of(*segments: str, guide: PartnerGuide | None = None, **envelope: str) -> tuple[X12Finding, ...]:
    transaction_set = only_set(interchange_of(*segments, **envelope))
    return validate(transaction_set, guide=guide)


def changed(old: str, new: str) -> tuple[str, ...]:
    assert any(old in segment for segment in ORDER)
    return tuple(segment.replace(old, new) for segment in ORDER)


@pytest.mark.parametrize("version", ["004010", "004010VICS", "004010UCS", "005010"])
def test_a_correct_order_has_no_findings(version: str) -> None:
    assert findings_of(*ORDER, version=version) == ()


@pytest.mark.parametrize(
    ("segments", "code", "severity", "acknowledgment", "segment", "place"),
    [
        (ORDER[1:], "segment_missing", "reject", "AK304=3", 2, "BEG"),
        (ORDER[:6] + ORDER[9:], "segment_missing", "reject", "AK304=3", 8, "PO1"),
        ((*ORDER[:1], "XYZ*1", *ORDER[1:]), "segment_unknown", "reject", "AK304=1", 3, "XYZ"),
        ((*ORDER[:1], "BIG*20260101*1", *ORDER[1:]), "segment_not_in_set", "reject", "AK304=6", 3, "BIG"),
        ((*ORDER[:1], "N3*Street", *ORDER[1:]), "segment_unexpected", "reject", "AK304=2", 3, "N3"),
        ((*ORDER[:9], "CUR*BY*USD*1", "BEG*00*SA*1**20260101", *ORDER[9:]), "segment_order", "reject", "AK304=7", 12, "BEG"),
        ((ORDER[0], ORDER[0], *ORDER[1:]), "segment_repeats", "reject", "AK304=5", 3, "BEG"),
        ((*ORDER[:1], *["PER*BD*A"] * 4, *ORDER[1:]), "segment_repeats", "reject", "AK304=5", 6, "PER"),
        ((*ORDER[:3], *["N1*ST*A"] * 201, *ORDER[6:]), "loop_repeats", "reject", "AK304=4", 205, "N1"),
        (changed("*4500012345*", "**"), "element_missing", "reject", "AK403=1", 2, "BEG03"),
        (changed("4500012345", "4" * 23), "element_long", "reject", "AK403=5", 2, "BEG03"),
        (changed("IL*62701", "IL*6"), "element_short", "reject", "AK403=4", 7, "N403"),
        (changed("20260301", "20260231"), "element_date", "reject", "AK403=8", 2, "BEG05"),
        (changed("20260315", "2026 3 1"), "element_date", "reject", "AK403=8", 4, "DTM02"),
        (changed("*10*EA", "*ten*EA"), "element_number", "reject", "AK403=6", 8, "PO102"),
        (changed("*10*EA", "*1,000*EA"), "element_number", "reject", "AK403=6", 8, "PO102"),
        (changed("*20260315", "*20260315*2561"), "element_time", "reject", "AK403=9", 4, "DTM03"),
        (changed("BEG*00", "BEG*QQ"), "element_code", "accept_with_error", "AK403=7", 2, "BEG01"),
        (changed("N1*ST", "N1*Q?"), "element_code_beyond_list", "ignore", "AK403=7", 5, "N101"),
        (changed("*92*0012", "*92"), "element_conditional", "reject", "AK403=2", 5, "N104"),
        (changed("*Store 12*92*0012", ""), "element_conditional", "reject", "AK403=2", 5, "N102"),
        (changed("REF*DP*038", "REF*DP"), "element_conditional", "reject", "AK403=2", 3, "REF02"),
        (changed("CTT*2", "CTT*2*****1*X"), "element_conditional", "reject", "AK403=2", 11, "CTT05"),
        (changed("*10*EA", "**EA"), "element_conditional", "reject", "AK403=2", 8, "PO102"),
        ((*ORDER[:1], "CUR*BY*USD********007", *ORDER[1:]), "element_conditional", "reject", "AK403=2", 3, "CUR11"),
        ((*ORDER[:1], "CUR*BY*USD*********20260301", *ORDER[1:]), "element_conditional", "reject", "AK403=2", 3, "CUR10"),
        (changed("REF*DP*038", "REF*DP*038**1*2"), "element_extra", "reject", "AK403=3", 3, "REF05"),
        (changed("REF*DP*038", "REF*DP*038*"), "trailing_separators", "accept_with_error", "AK304=8", 3, "REF03"),
        (changed("Store 12", "Store\x0712"), "element_characters", "reject", "AK403=6", 5, "N102"),
        (changed("CTT*2", "CTT*3"), "line_count", "ignore", "AK502=5", 11, "CTT01"),
    ],
)
def test_each_fault_has_its_name_its_place_and_its_code(
    segments: tuple[str, ...], code: str, severity: str, acknowledgment: str, segment: int, place: str
) -> None:
    findings = findings_of(*segments)
    found = {f.code: f for f in findings}
    assert code in found, findings
    fault = found[code]
    assert (fault.severity, fault.acknowledgment, fault.segment, fault.place) == (severity, acknowledgment, segment, place)
    data = interchange_of(*segments)
    assert 0 <= fault.offset < len(data)
    if code not in ("segment_missing",):
        line = data[fault.offset :].split(b"~")[0].decode()
        whole = only_set(data).segments[segment - 1]
        assert ("*".join(whole)).endswith(line)


@pytest.mark.parametrize("segment", ["PO1*1*10", "CUR*BY*USD********007*20260301", "CUR*BY*USD********007**0905"])
def test_what_relations_allow_has_no_findings(segment: str) -> None:
    before = 1 if segment.startswith("CUR") else 8
    assert [f for f in findings_of(*ORDER[:before], segment, *ORDER[before:]) if f.code != "line_count"] == []


def test_a_missing_segment_does_not_make_the_others_unknown() -> None:
    assert [f.code for f in findings_of(*ORDER[1:])] == ["segment_missing"]


def test_the_place_of_an_element_is_its_own_byte() -> None:
    data = interchange_of(*changed("*10*EA", "*ten*EA"), terminator="~\r\n")
    (fault,) = validate(only_set(data))
    assert data[fault.offset : fault.offset + 3] == b"ten"
    assert (fault.line, fault.value, fault.reference) == (10, "ten", "330")
    assert "PO102" in fault.message and "'ten'" in fault.message


def test_an_amount_with_implied_decimals_and_a_point_is_never_read_as_cents() -> None:
    segments = ("BIG*20260301*INV1", "IT1*1*1*EA*250", "TDS*250.00")
    (fault,) = findings_of(*segments, functional_id="IN", set_id="810")
    assert (fault.code, fault.severity, fault.place) == ("element_implied_point", "reject", "TDS01")


def test_a_set_without_grammar_is_left_alone() -> None:
    for version, set_id in (("003040", "850"), ("004010", "830"), ("", "850")):
        (fault,) = findings_of("BFR*1", version=version or "00", set_id=set_id, functional_id="PS" if set_id == "830" else "PO")
        assert (fault.code, fault.severity) == ("no_grammar", "ignore")


@pytest.mark.parametrize(("version", "set_id"), [("003040", "850"), ("006030", "850"), ("004010", "830"), ("004030", "860")])
def test_the_rules_of_a_partner_hold_without_a_grammar(version: str, set_id: str) -> None:
    rules = SetRules(
        required=("REF_IA",),
        forbidden=("PID",),
        codes={"BEG02": ("NE",)},
        lengths_max={"BEG03": 4},
        conditions=(Condition(each="PO1", when={"PO103": ("CA",)}, require=("PO4",)),),
    )
    segments = (*ORDER[:-1], "PO4*12", "PO1*3*1*CA*20**VP*A-300", "CTT*3")
    found = findings_of(*segments, guide=guide_of(sets={set_id: rules}), version=version, set_id=set_id)
    told = sorted((fault.code, fault.rule) for fault in found if fault.code.startswith("guide"))
    assert told == [
        ("guide_code", f"{set_id}.codes.BEG02"),
        ("guide_length", f"{set_id}.lengths_max.BEG03"),
        ("guide_segment_forbidden", f"{set_id}.forbidden.PID"),
        ("guide_segment_missing", f"{set_id}.conditions.1"),
        ("guide_segment_missing", f"{set_id}.required.REF_IA"),
    ]
    assert "no_grammar" in {fault.code for fault in found}


@pytest.mark.parametrize(
    ("fixed", "told"),
    [
        ({"TD503": "FDEG"}, "northwind has TD503 fixed as 'FDEG', and there is no TD5."),
        ({"REF_IA.02": "77"}, "northwind has REF_IA.02 fixed as '77', and there is no REF_IA."),
        ({"BEG06": "C-1"}, "northwind has BEG06 fixed as 'C-1', and it is empty."),
    ],
)
def test_what_is_fixed_and_stands_nowhere_is_told_and_refuses_nothing(fixed: dict[str, str], told: str) -> None:
    (fault,) = findings_of(*ORDER, guide=guide_of(sets={"850": SetRules(fixed=fixed)}))
    assert (fault.code, fault.severity, fault.message) == ("guide_fixed_nowhere", "ignore", told)
    assert findings_of(*ORDER, guide=guide_of(sets={"850": SetRules(fixed={"BEG02": "SA", "REF_DP.02": "038"})})) == ()


def test_the_findings_of_the_reader_are_among_them_in_order() -> None:
    data = interchange_of(*changed("*10*EA", "*ten*EA")).replace(b"SE*12*", b"SE*1*")
    assert [f.code for f in validate(only_set(data))] == ["element_number", "set_count"]


def test_endless_faults_end_with_a_word() -> None:
    findings = findings_of(*ORDER[:6], *["PO1*1*x*EA"] * 2000)
    assert findings[-1].code == "more_findings" or findings[-2].code == "more_findings"
    assert len(findings) <= FINDINGS_MAX + 2


SHIPMENT = (
    "BSN*00*S1*20260301*1200",
    "HL*1**S",
    "TD5**2*UPSN",
    "HL*2*1*O",
    "PRF*PO1",
    "HL*3*2*I",
    "LIN**VP*A",
    "SN1**1*EA",
    "CTT*3",
)


def test_the_levels_of_a_ship_notice_are_looked_at() -> None:
    def of(*segments: str) -> list[tuple[str, str | None, int | None]]:
        return [(f.code, f.severity, f.segment) for f in findings_of(*segments, functional_id="SH", set_id="856")]

    assert of(*SHIPMENT) == []
    assert of(*(s.replace("HL*3*2", "HL*3*9") for s in SHIPMENT)) == [("level_parent", "accept_with_error", 7)]
    assert of(*(s.replace("HL*3*2", "HL*3*") for s in SHIPMENT)) == [("level_parent_empty", "ignore", 7)]
    assert of(*(s.replace("HL*1**", "HL*1*9*") for s in SHIPMENT)) == [("level_parent", "accept_with_error", 3)]
    assert of(*(s.replace("HL*3*2", "HL*2*2") for s in SHIPMENT)) == [("level_number", "accept_with_error", 7)]


def test_a_composite_and_a_repetition_are_split_only_where_the_grammar_says_so() -> None:
    message = ("N9*L1*NOTE", "MSG*size 3>4 and 5^6 here")
    assert findings_of(*ORDER[:3], *message, *ORDER[3:]) == ()
    acknowledgment = ("AK1*PO*1", "AK2*850*0001", "AK3*PO1*5**8", "AK4*6>2*235*7*XX", "AK5*R*5", "AK9*R*1*1*0")
    assert findings_of(*acknowledgment, functional_id="FA", set_id="997") == ()
    broken = tuple(s.replace("6>2", "6>x") for s in acknowledgment)
    (fault,) = findings_of(*broken, functional_id="FA", set_id="997")
    assert (fault.code, fault.element, fault.component) == ("element_number", 1, 2)


def test_rules_without_a_confirmed_source_are_told_and_not_refused() -> None:
    lines = ("BSN*00*S1*20260301*1200", "HL*1**I", "LIN**VP*A", "SN1**1*EA**5", "CTT*1")
    (fault,) = findings_of(*lines, functional_id="SH", set_id="856")
    assert (fault.code, fault.severity) == ("element_relation_doubtful", "ignore")


@pytest.mark.parametrize(
    ("rules", "code", "place"),
    [
        (SetRules(required=("BEG04",)), "guide_element_missing", "BEG04"),
        (SetRules(required=("N1_BT",)), "guide_segment_missing", "N1"),
        (SetRules(required=("N1_ST.05",)), "guide_element_missing", "N105"),
        (SetRules(required=("PO1_SK",)), "guide_segment_missing", "PO1"),
        (SetRules(forbidden=("PID",)), "guide_segment_forbidden", "PID"),
        (SetRules(forbidden=("REF_DP",)), "guide_segment_forbidden", "REF"),
        (SetRules(forbidden=("PO104",)), "guide_element_forbidden", "PO104"),
        (SetRules(fixed={"BEG02": "NE"}), "guide_value", "BEG02"),
        (SetRules(codes={"PO103": ("EA",)}), "guide_code", "PO103"),
        (SetRules(lengths_max={"PID05": 3}), "guide_length", "PID05"),
    ],
)
def test_the_guide_of_a_partner_narrows_the_standard(rules: SetRules, code: str, place: str) -> None:
    transaction_set = only_set(interchange_of(*ORDER))
    findings = validate(transaction_set, "004010", guide_of(sets={"850": rules}))
    assert findings and {(f.code, f.place, f.severity) for f in findings} == {(code, place, "reject")}
    assert validate(transaction_set, "004010", guide_of(sets={"810": rules})) == ()


def test_a_guide_that_is_kept_gives_no_findings() -> None:
    rules = SetRules(
        required=("BEG03", "N1_ST", "N1_ST.04", "PO1_VP", "DTM_002"),
        forbidden=("CUR", "BEG06"),
        fixed={"BEG01": "00"},
        codes={"PO103": ("EA", "CA"), "N1_ST.03": ("92",)},
        lengths_max={"PID05": 6},
    )
    assert validate(only_set(interchange_of(*ORDER)), "004010", guide_of(sets={"850": rules})) == ()


def test_a_partner_may_weigh_findings_otherwise() -> None:
    data = interchange_of(*changed("CTT*2", "CTT*9")).replace(b"SE*12*", b"SE*1*")
    guide = guide_of(severities={"line_count": "reject", "set_count": "accept_with_error"})
    assert {(f.code, f.severity) for f in validate(only_set(data), "004010", guide)} == {
        ("line_count", "reject"),
        ("set_count", "accept_with_error"),
    }


def test_a_rule_that_names_nothing_is_told_and_not_applied() -> None:
    guide = guide_of(sets={"850": SetRules(required=("nonsense",), forbidden=("12",), fixed={"BEG1": "x"})})
    findings = validate(only_set(interchange_of(*ORDER)), "004010", guide)
    assert {(f.code, f.severity) for f in findings} == {("guide_rule_unreadable", "ignore")}
    assert len(findings) == 3
    with pytest.raises(ValueError, match="names no element or segment"):
        target_of("nonsense")


def test_two_elements_that_exclude_each_other_refuse_the_set() -> None:
    segments = ("BIA*00*SI*1*20260301", "LIN**VP*A", "QTY*33*5*EA*FIVE")
    (fault,) = findings_of(*segments, set_id="846", functional_id="IB")
    assert (fault.code, fault.severity, fault.acknowledgment, fault.place) == (
        "element_exclusion",
        "reject",
        "AK403=10",
        "QTY04",
    )


def test_levels_without_hl02_stand_in_the_order_of_their_kinds() -> None:
    segments = [("HL", str(n), "", code) for n, code in enumerate("SOTPITPIOII", start=1)]
    parents = [level.parent.id if level.parent else "" for level in levels_of(segments)]
    assert parents == ["", "1", "2", "3", "4", "2", "6", "7", "1", "9", "9"]


def test_a_composite_with_too_many_components_refuses_the_set() -> None:
    (fault,) = findings_of(*changed("REF*DP*038", "REF*DP*038**DP>1>DP>2>DP>3>X"))
    assert (fault.code, fault.severity, fault.acknowledgment) == ("component_extra", "reject", "AK403=13")


@pytest.mark.parametrize(
    ("contexts", "codes"), [(1, []), (2, []), (10, []), (11, ["element_repetitions"]), (12, ["element_repetitions"])]
)
def test_an_element_may_be_repeated_as_often_as_its_segment_says(contexts: int, codes: list[str]) -> None:
    repeated = "^".join(["SITUATIONAL TRIGGER"] * contexts)
    segments = ("AK1*PO*1*005010", "AK2*850*0001", "IK3*PO1*5**8", f"CTX*{repeated}", "IK5*R*5", "AK9*R*1*1*0")
    found = findings_of(*segments, set_id="999", functional_id="FA", version="005010")
    assert [(f.code, f.place, f.acknowledgment) for f in found] == [(code, "CTX01", "AK403=12") for code in codes]


def test_a_code_or_a_number_may_not_be_repeated() -> None:
    for old, new, place in (("REF*DP*", "REF*DP^IA*", "REF01"), ("*10*EA", "*10^12*EA", "PO102")):
        found = findings_of(*changed(old, new), version="005010")
        assert [(f.code, f.place, f.acknowledgment) for f in found] == [("element_repetitions", place, "AK403=12")]


def test_a_length_of_the_guide_holds_to_the_character() -> None:
    order = only_set(interchange_of(*ORDER))
    for longest, codes in ((10, []), (9, ["guide_length"])):
        guide = guide_of(sets={"850": SetRules(lengths_max={"BEG03": longest})})
        assert [f.code for f in validate(order, guide=guide)] == codes
