"""What our answer says of a received set is what becomes of that very set; and nothing is answered as checked that was not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.entries import ReceivedGroup
from mlconn_pipelines.flows.reading import ReadFile, read_file
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines_tests.cases import case, changed
from mlconn_pipelines_tests.x12.guides import guide_of


def read(content: bytes, **guide: Any) -> ReadFile:
    ours = guide_of(our_id="MERIDIAN", our_group_id="MERIDIAN", their_group_id="123456789", **guide)
    return read_file(
        content, Partners([Partner("northwind", "Northwind", ("C1",), (), ours, "to_northwind")]), answer_groups=True
    )


def groups(content: bytes, **guide: Any) -> tuple[ReceivedGroup, ...]:
    file = read(content, **guide)
    assert file.problem is None
    (interchange,) = file.interchanges
    return interchange.groups


def told(group: ReceivedGroup) -> list[tuple[str, str, bool]]:
    """Each set by its order number: what our answer says of it, and whether it is refused."""
    statuses = [noted.status for noted in group.answer.sets]
    return [(one.business_number, status, one.refused) for one, status in zip(group.sets, statuses, strict=True)]


@pytest.mark.parametrize(
    ("name", "numbers", "refused"),
    [
        ("env_same_st02", ["E-ST1", "E-ST2"], [1]),
        ("env_same_st02_same_po", ["E-ST3", "E-ST3"], [1]),
        ("misc_st02_1_3", ["M-S1", "M-S2", "M-S3"], [2]),
    ],
)
def test_of_sets_with_one_control_number_the_accepted_one_is_the_first(
    name: str, numbers: list[str], refused: list[int]
) -> None:
    (group,) = groups(case(f"inbound/{name}.edi"))
    wanted = [(number, "R" if place in refused else "A", place in refused) for place, number in enumerate(numbers)]
    assert told(group) == wanted
    keys = [one.source_key for one in group.sets]
    assert len(set(keys)) == len(keys)
    assert keys[0] == f"{group.group_key}|0001"


def test_a_set_at_fault_beside_a_sound_one_of_its_number_refuses_itself_alone() -> None:
    content = changed(case("inbound/env_same_st02.edi"), "BEG*00*SA*E-ST1**20261128", "BEG*00*SA*E-ST1**20269928")
    (group,) = groups(content, severities={"set_number_duplicate": "accept_with_error"})
    assert told(group) == [("E-ST1", "R", True), ("E-ST2", "E", False)]


def test_of_two_groups_with_one_number_each_is_answered_for_itself() -> None:
    first, second = groups(case("inbound/env_two_groups_same_gs06.edi"))
    assert told(first) == [("E-G1", "A", False)]
    assert told(second) == [("E-G2", "R", True)]
    assert second.answer.codes == ("6",), "19 is another fault in 004010"
    assert [(finding.code, finding.severity) for finding in second.sets[0].findings] == [("group_number_duplicate", "reject")]
    assert first.group_key != second.group_key
    assert first.sets[0].source_key != second.sets[0].source_key


@pytest.mark.parametrize(
    ("name", "note"),
    [("flow_no_gs_iea1", "022"), ("flow2_no_gs_bad", "022"), ("flow2_no_gs_ta1", "022"), ("flow_gs_cut", "024")],
)
@pytest.mark.parametrize("severities", [{}, {"group_header_missing": "ignore", "group_number_invalid": "ignore"}])
def test_sets_outside_of_a_group_that_can_be_named_are_taken_by_no_setting(
    name: str, note: str, severities: dict[str, Any]
) -> None:
    file = read(case(f"answers/{name}.edi"), severities=severities)
    assert (file.interchanges, file.complete) == ((), True)
    assert file.problem is not None
    assert file.problem.code == "interchange_refused"
    assert "send it again with each set in a group, GS to GE" in file.problem.message
    (refusal,) = file.refusals
    assert (refusal.answer.status, refusal.answer.note) == ("R", note)


def test_a_set_before_the_first_group_keeps_the_whole_interchange_out() -> None:
    whole = case("inbound/850_plain.edi").decode()
    one = whole[whole.index("ST*850") : whole.index("GE*")]
    file = read(whole.replace("~GS*", f"~{one}GS*", 1).encode())
    assert (file.interchanges, file.problem is not None, len(file.refusals)) == ((), True, 1)


@pytest.mark.parametrize("functional_id", ["", "purchase"])
def test_a_group_without_a_functional_id_is_answered_by_a_ta1(functional_id: str) -> None:
    file = read(changed(case("inbound/850_plain.edi"), "GS*PO*", f"GS*{functional_id}*"))
    assert file.interchanges == ()
    assert [refusal.answer.status for refusal in file.refusals] == ["R"]


def test_acknowledgments_outside_of_a_group_are_held_and_never_answered() -> None:
    whole = case("answers/flow_no_gs_iea1.edi").decode()
    start, end = whole.index("ST*850"), whole.index("IEA*")
    file = read((whole[:start] + "ST*997*0001~AK1*IN*5~AK9*A*1*1*1~SE*4*0001~" + whole[end:]).encode())
    assert file.problem is not None
    assert file.refusals == ()


@pytest.mark.parametrize("version", ["003040", "002040", "006030", "007010", "008060", "004", "", "ZZ4010"])
def test_a_release_that_no_grammar_of_ours_speaks_for_is_answered_as_not_supported(version: str) -> None:
    (group,) = groups(changed(case("answers/flow_v003040.edi"), "*X*003040", f"*X*{version}"))
    assert told(group) == [("A-3040", "R", True)]
    assert (group.answer.status, group.answer.codes, group.answer.sets[0].codes) == ("R", ("2",), ("1",))
    refusing = [finding.code for finding in group.sets[0].findings if finding.severity == "reject"]
    assert refusing == ["group_version_unsupported"]


def test_a_partner_may_be_taken_without_a_check_and_hears_that_it_was_with_errors() -> None:
    (group,) = groups(case("answers/flow_v003040.edi"), severities={"group_version_unsupported": "accept_with_error"})
    assert told(group) == [("A-3040", "E", False)]


@pytest.mark.parametrize("version", ["004020", "004040", "004050", "005040", "00501", "004040VICS"])
def test_a_release_between_ours_is_checked_by_the_nearest_grammar(version: str) -> None:
    content = changed(case("inbound/env_r4030.edi"), "*X*004030", f"*X*{version}")
    (group,) = groups(content)
    assert told(group) == [("E-4030", "A", False)]
    assert [finding.code for finding in group.sets[0].findings] == ["nearest_grammar"]
    (group,) = groups(changed(content, "BEG*00*SA*E-4030**20261128", "BEG*00*SA*E-4030**20261328"))
    assert told(group) == [("E-4030", "R", True)]
    (group,) = groups(changed(content, "~CTT*1", "~LM*ZZ~LQ*1*2~QQ*7~CTT*1").replace(b"SE*7*", b"SE*10*"))
    assert told(group) == [("E-4030", "E", False)]


@pytest.mark.parametrize("version", ["004030", "004060", "004030VICS"])
def test_a_release_that_has_a_grammar_of_its_own_is_checked_by_that(version: str) -> None:
    content = changed(case("inbound/env_r4030.edi"), "*X*004030", f"*X*{version}")
    (group,) = groups(content)
    assert (told(group), group.sets[0].findings) == ([("E-4030", "A", False)], ())
    (group,) = groups(changed(content, "~CTT*1", "~QQ*7~CTT*1").replace(b"SE*7*", b"SE*8*"))
    assert told(group) == [("E-4030", "R", True)]
    (group,) = groups(changed(content, "~N1*ST", "~N9*L1*NOTE~MTX**Ring first~N1*ST").replace(b"SE*7*", b"SE*9*"))
    assert told(group) == [("E-4030", "A", False)]


@pytest.mark.parametrize("version", ["003060", "003050", "003070"])
def test_a_release_whose_dates_have_six_digits_is_read_and_posted(version: str) -> None:
    old = case("inbound/env_r4030.edi").replace(b"*X*004030", f"*X*{version}".encode()).replace(b"*20261128*", b"*261128*")
    old = old.replace(b"*20261128~", b"*261128~").replace(b"*20261208", b"*261208")
    (group,) = groups(old)
    assert told(group) == [("E-4030", "A", False)]
    assert group.sets[0].document_date == dt.date(2026, 11, 28)
    (group,) = groups(old.replace(b"*261208", b"*261332"))
    assert told(group) == [("E-4030", "R", True)]


def test_a_set_that_lacks_in_the_release_is_checked_by_the_nearest_that_has_it() -> None:
    change = b"ST*860*0001~BCH*04*SA*E-4030***20261128*****20261129~POC*1*AI*10**EA*12.5**VP*A1001~CTT*1~SE*5*0001~"
    whole = case("inbound/env_r4030.edi")
    start, end = whole.index(b"ST*850"), whole.index(b"GE*")
    (group,) = groups((whole[:start] + change + whole[end:]).replace(b"GS*PO*", b"GS*PC*"))
    assert ("nearest_grammar", True) in {(found.code, "004010" in found.message) for found in group.sets[0].findings}


def test_a_value_that_no_document_can_hold_is_a_fault_of_the_set() -> None:
    (group,) = groups(case("answers/flow_v006030_bad.edi"), severities={"group_version_unsupported": "accept_with_error"})
    assert told(group) == [("A-6030", "R", True)]
    (noted,) = group.answer.sets[0].segments
    assert (noted.segment, [(element.element, element.code) for element in noted.elements]) == ("PO1", [(2, "6")])


def test_a_kind_of_set_without_a_grammar_is_answered_as_not_supported_and_kept_to_be_seen() -> None:
    schedule = case("answers/flow_s875.edi").replace(b"GS*OG*", b"GS*PS*").replace(b"ST*875*", b"ST*830*")
    (group,) = groups(schedule)
    assert told(group) == [("0001", "R", False)]
    assert group.answer.sets[0].codes == ("1",)
    (group,) = groups(schedule, severities={"no_grammar": "accept_with_error"})
    assert told(group) == [("0001", "E", False)]


def test_a_kind_of_set_that_nothing_handles_is_answered_for_its_syntax() -> None:
    short = case("answers/flow_s875.edi")
    (group,) = groups(short)
    (answer,) = group.answer.sets
    assert answer.status == "R" and "1" not in answer.codes
    assert ("N1", "3") in {(one.segment, one.code) for one in answer.segments}
    whole = short.replace(b"G68*10*EA*12.5~", b"N1*ST*STORE 7~G68*10*EA*12.5*041520893192~").replace(b"SE*5*", b"SE*6*")
    (group,) = groups(whole)
    assert told(group) == [("A-875", "A", False)]


def test_an_acknowledgment_of_any_release_is_taken_and_not_answered() -> None:
    whole = case("inbound/850_plain.edi").decode()
    start, end = whole.index("ST*850"), whole.index("GE*")
    body = "ST*997*0001~AK1*IN*5~AK9*A*1*1*1~SE*4*0001~"
    content = (whole[:start] + body + whole[end:]).replace("GS*PO*", "GS*FA*").replace("*X*004010", "*X*003040").encode()
    (group,) = groups(content)
    assert group.answer is None
    assert [(one.refused, one.canonical is not None) for one in group.sets] == [(False, True)]
