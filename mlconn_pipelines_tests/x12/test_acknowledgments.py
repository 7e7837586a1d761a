from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from mlconn_pipelines.documents.functional_acknowledgment import ContextNote, FunctionalAcknowledgment
from mlconn_pipelines.x12.acknowledgments import acknowledge, acknowledgment_set, is_answered
from mlconn_pipelines.x12.interchange_acknowledgment import can_be_named
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.rendering import render_interchange
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.guides import AT, ORDER, guide_of, interchange_of, only_set, rendered

Change = Callable[[bytes], bytes]


def group_of(*sets: bytes, stated: int | None = None, version: str = "004010") -> bytes:
    """One group with these sets; each gets its own control number."""
    data = interchange_of(*ORDER, version=version)
    body = data[data.index(b"ST*") : data.index(b"GE*")]
    numbered = b"".join(one.replace(b"*0001~", f"*{n:04d}~".encode()) for n, one in enumerate(sets, start=1))
    return data.replace(body + b"GE*1*", numbered + f"GE*{len(sets) if stated is None else stated}*".encode())


def body_of(change: Change = bytes) -> bytes:
    data = interchange_of(*ORDER)
    return change(data[data.index(b"ST*") : data.index(b"GE*")])


GOOD = body_of()
UNLISTED_CODE = body_of(lambda body: body.replace(b"BEG*00", b"BEG*QQ"))
BAD_QUANTITY = body_of(lambda body: body.replace(b"*10*EA", b"*ten*EA"))
NO_BEG = body_of(lambda body: body.replace(b"BEG*00*SA*4500012345**20260301~", b"").replace(b"SE*12*", b"SE*11*"))


def answer_to(data: bytes) -> FunctionalAcknowledgment:
    (interchange,) = read(data).interchanges
    (group,) = interchange.groups
    return acknowledge(interchange, group, {s: validate(s, group.version) for s in group.sets}, guide_of())


@pytest.mark.parametrize(
    ("sets", "status", "accepted", "each"),
    [
        ((GOOD, GOOD), "A", 2, ["A", "A"]),
        ((GOOD, UNLISTED_CODE), "E", 2, ["A", "E"]),
        ((GOOD, BAD_QUANTITY), "P", 1, ["A", "R"]),
        ((UNLISTED_CODE, BAD_QUANTITY), "P", 1, ["E", "R"]),
        ((BAD_QUANTITY, NO_BEG), "R", 0, ["R", "R"]),
    ],
)
def test_the_verdict_on_a_group_follows_from_its_sets(
    sets: tuple[bytes, ...], status: str, accepted: int, each: list[str]
) -> None:
    answer = answer_to(group_of(*sets))
    assert (answer.functional_id, answer.group_control_number) == ("PO", "7")
    assert (answer.status, answer.sets_stated, answer.sets_received, answer.sets_accepted) == (status, 2, 2, accepted)
    assert [s.status for s in answer.sets] == each
    assert [(s.set_id, s.control_number) for s in answer.sets] == [("850", "0001"), ("850", "0002")]


def test_counts_are_given_as_stated_and_as_found() -> None:
    answer = answer_to(group_of(GOOD, GOOD, stated=3))
    assert (answer.status, answer.sets_stated, answer.sets_received, answer.sets_accepted) == ("E", 3, 2, 2)
    assert answer.codes == ("5",)


LOST = GOOD.replace(b"ST*850", b"XX*850")


@pytest.mark.parametrize(
    ("sets", "status", "counts"),
    [
        ((GOOD, LOST), "P", (2, 1, 1)),
        ((LOST, GOOD), "P", (2, 1, 1)),
        ((LOST,), "R", (1, 0, 0)),
        ((BAD_QUANTITY, LOST), "R", (2, 1, 0)),
    ],
)
def test_a_set_without_st_is_accepted_by_nothing_and_refuses_no_other(
    sets: tuple[bytes, ...], status: str, counts: tuple[int, int, int]
) -> None:
    answer = answer_to(group_of(*sets))
    assert (answer.status, answer.sets_stated, answer.sets_received, answer.sets_accepted) == (status, *counts)
    assert "5" in answer.codes


@pytest.mark.parametrize(("stated", "status", "codes"), [(0, "A", ()), (1, "R", ("5",))])
def test_an_empty_group_is_answered(stated: int, status: str, codes: tuple[str, ...]) -> None:
    data = group_of(stated=stated)
    ((group,),) = [interchange.groups for interchange in read(data).interchanges]
    assert is_answered(group)
    answer = answer_to(data)
    assert (answer.status, answer.sets, answer.codes) == (status, (), codes)


@pytest.mark.parametrize("version", ["003060", "004010", "004030", "005010"])
def test_a_code_is_one_of_the_release(version: str) -> None:
    body = GOOD.replace(b"20260301", b"260301").replace(b"20260315", b"260315") if version < "004010" else GOOD
    answer = answer_to(group_of(body, version=version).replace(b"GS*PO*", b"GS*IN*"))
    assert answer.sets[0].codes == (("18",) if version >= "004050" else ("6",))


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        (b"ST*850*0001", b"ST*850*1", "AK2*850*0001"),
        (b"ST*850*0001", b"ST*850*", "AK2*850*0000"),
        (b"ST*850*0001", b"ST*850*12345678901", "AK2*850*123456789"),
        (b"ST*850*", b"ST*85000*", "AK2*850*0001"),
        (b"ST*850*", b"ST*\xc3\xa9*", "AK2*000*0001"),
        (b"~PID", b"~X*1~PID", "AK3*0X*9"),
        (b"GE*1*", b"GE*99999999*", "AK9*E*1*1*1*5"),
    ],
)
def test_what_cannot_be_named_as_received_is_answered_by_a_997_that_can_be_sent(old: bytes, new: bytes, written: str) -> None:
    data = group_of(GOOD)
    assert old in data
    made = rendered(answer_to(data.replace(old, new, 1)))
    assert made.can_be_sent
    assert written in made.content.decode()


def test_whatever_comes_is_answered_by_what_can_be_sent() -> None:
    chance = random.Random(5)
    for _ in range(400):
        data = bytearray(group_of(GOOD, UNLISTED_CODE, version=chance.choice(("004010", "005010"))))
        for _ in range(chance.randint(1, 5)):
            at = chance.randrange(106, len(data))
            if chance.random() < 0.5:
                data[at : at + chance.randint(1, 20)] = b""
            else:
                data[at:at] = bytes(chance.choice(b"*~>^ AZ09\n\x1b\xc3\xa9") for _ in range(chance.randint(1, 8)))
        for interchange in read(bytes(data)).interchanges:
            for group in filter(can_be_named, filter(is_answered, interchange.groups)):
                results = [validate(one, group.version, WANTS_999) for one in group.sets]
                answer = acknowledge(interchange, group, results, WANTS_999)
                for made in (rendered(answer), rendered(answer, guide_of(version="005010"))):
                    assert made.can_be_sent, (bytes(data), [found.message for found in made.findings])


def test_a_group_at_fault_is_refused_as_a_whole() -> None:
    answer = answer_to(group_of(GOOD).replace(b"GE*1*7", b"GE*1*8"))
    assert (answer.status, answer.sets_accepted, answer.codes) == ("R", 0, ("4",))
    assert [one.status for one in answer.sets] == ["R"]


def test_an_element_at_fault_is_named_with_its_place_code_and_value() -> None:
    (answered,) = answer_to(group_of(BAD_QUANTITY)).sets
    assert answered.codes == ("5",)
    (note,) = answered.segments
    assert (note.segment, note.position, note.code) == ("PO1", 8, "8")
    (element,) = note.elements
    assert (element.element, element.reference, element.code, element.value) == (2, "330", "6", "ten")


def test_a_missing_segment_is_named_where_it_was_missed() -> None:
    (answered,) = answer_to(group_of(NO_BEG)).sets
    (note,) = answered.segments
    assert (note.segment, note.position, note.code, note.elements) == ("BEG", 2, "3", ())


def test_faults_of_one_segment_stand_together_in_its_order() -> None:
    body = body_of(lambda b: b.replace(b"*10*EA*4.5", b"*ten*EA*x").replace(b"REF*DP*038", b"REF*DP"))
    (answered,) = answer_to(group_of(body)).sets
    assert [(n.segment, n.position, n.code, [(e.element, e.code) for e in n.elements]) for n in answered.segments] == [
        ("REF", 3, "8", [(2, "2")]),
        ("PO1", 8, "8", [(2, "6"), (4, "6")]),
    ]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"SE*12*", b"SE*11*", "4"),
        (b"SE*12*0001", b"SE*12*0009", "3"),
        (b"SE*12*0001~", b"", "2"),
        (b"ST*850*0001", b"ST*850*1", "7"),
    ],
)
def test_faults_of_the_set_itself_have_the_codes_of_ak502(old: bytes, new: bytes, code: str) -> None:
    (answered,) = answer_to(interchange_of(*ORDER).replace(old, new)).sets
    assert answered.status == "R"
    assert code in answered.codes


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"CTT*2", b"CTT*7", "line_count"),
        (b"N1*ST*", b"N1*Q?*", "element_code_beyond_list"),
        (b"~REF", b"~~REF", "empty_segment"),
    ],
)
def test_what_is_ignored_is_not_mentioned(old: bytes, new: bytes, code: str) -> None:
    body = body_of(lambda b: b.replace(old, new))
    assert [(f.code, f.severity) for f in validate(only_set(group_of(body)))] == [(code, "ignore")]
    (answered,) = answer_to(group_of(body)).sets
    assert (answered.status, answered.segments, answered.codes) == ("A", (), ())


def test_the_version_of_the_group_is_named_from_005010_on() -> None:
    assert answer_to(group_of(GOOD, version="005010")).group_version == "005010"
    assert answer_to(group_of(GOOD)).group_version == ""


def test_a_bad_value_cannot_break_the_acknowledgment() -> None:
    body = body_of(lambda b: b.replace(b"*10*EA", b"*" + b"1>2^\xc3\xa9" * 50 + b"*EA"))
    answer = answer_to(group_of(body))
    value = answer.sets[0].segments[0].elements[0].value
    assert 0 < len(value) <= 99
    assert value.isascii() and not set(value) & set("*>^~")
    made = rendered(answer)
    assert made.can_be_sent
    assert parse_document(only_set(made.content)) == (answer, ())


def test_every_answer_can_be_sent_and_read_back() -> None:
    for sets in ((GOOD,), (GOOD, BAD_QUANTITY, NO_BEG, UNLISTED_CODE)):
        for version in ("004010", "005010"):
            answer = answer_to(group_of(*sets, version=version))
            made = rendered(answer, guide_of(version=version))
            assert [f for f in made.findings if f.severity != "ignore"] == []
            assert parse_document(only_set(made.content))[0] == answer
            assert made.functional_id == "FA"


def test_the_results_may_be_given_in_order_too() -> None:
    (interchange,) = read(group_of(GOOD, BAD_QUANTITY)).interchanges
    (group,) = interchange.groups
    in_order = acknowledge(interchange, group, [validate(s) for s in group.sets])
    assert in_order == acknowledge(interchange, group, {s: validate(s) for s in group.sets})


def test_a_partner_may_want_an_error_where_the_standard_refuses() -> None:
    guide = guide_of(severities={"element_number": "accept_with_error"})
    (interchange,) = read(group_of(BAD_QUANTITY)).interchanges
    (group,) = interchange.groups
    answer = acknowledge(interchange, group, [validate(s, "004010", guide) for s in group.sets], guide)
    assert (answer.status, answer.sets[0].status) == ("E", "E")


def test_acknowledgments_are_never_acknowledged() -> None:
    answer = answer_to(group_of(GOOD))
    (group,) = read(rendered(answer).content).interchanges[0].groups
    assert not is_answered(group)
    assert not is_answered(read(rendered_999(answer)).interchanges[0].groups[0])
    assert is_answered(read(group_of(GOOD)).interchanges[0].groups[0])
    strange = group_of(GOOD).replace(b"GS*PO*", b"GS*FA*")
    assert not is_answered(read(strange).interchanges[0].groups[0])


WANTS_999 = guide_of(acknowledgments="999", version="005010")


def rendered_999(answer: FunctionalAcknowledgment) -> bytes:
    made = render_interchange(answer, WANTS_999, interchange_number=1, group_number=1, set_number=1, at=AT, set_id="999")
    assert [f for f in made.findings if f.severity != "ignore"] == []
    assert (made.set_id, made.functional_id, made.envelope["set_id"]) == ("999", "FA", "999")
    return made.content


def test_a_999_exists_from_005010_on() -> None:
    for version, wanted in (("004010", "997"), ("005010", "999"), ("005010X231A1", "999")):
        (group,) = read(group_of(GOOD, version=version)).interchanges[0].groups
        assert acknowledgment_set(group, WANTS_999) == wanted
        assert acknowledgment_set(group, guide_of()) == "997"


def test_a_999_says_what_a_997_says_with_the_number_of_the_document() -> None:
    (interchange,) = read(group_of(GOOD, BAD_QUANTITY, NO_BEG, version="005010")).interchanges
    (group,) = interchange.groups
    results = [validate(s, group.version, WANTS_999) for s in group.sets]
    answer = acknowledge(interchange, group, results, WANTS_999)
    content = rendered_999(answer)
    assert b"~IK3*PO1*8**8~CTX*BEG03>4500012345~IK4*2*380*6*ten~IK5*R*5~" in content
    assert b"~AK2*850*0001~IK5*A~" in content and b"AK3*" not in content and b"AK5*" not in content
    assert parse_document(only_set(content)) == (answer, ())


def test_a_number_that_is_too_long_is_named_in_a_999_as_far_as_it_fits() -> None:
    body = body_of(lambda b: b.replace(b"4500012345", b"4" * 40))
    (interchange,) = read(group_of(body, version="005010")).interchanges
    (group,) = interchange.groups
    content = rendered_999(acknowledge(interchange, group, [validate(s) for s in group.sets], WANTS_999))
    assert b"~CTX*BEG03>" + b"4" * 35 + b"~IK4*3*324*5*" + b"4" * 40 + b"~" in content


def test_contexts_of_a_received_999_are_read() -> None:
    segments = (
        *("AK1*HC*17456*005010", "AK2*837*0002", "IK3*REF*57**3", "CTX*SITUATIONAL TRIGGER*CLM*43**5>3*1325>98"),
        *("CTX*CLM01>987654321", "IK4*2*127*1", "CTX*PAT>1", "IK5*R*5", "AK9*R*1*1*0"),
    )
    (found,) = parse_document(only_set(interchange_of(*segments, set_id="999", functional_id="FA", version="005010")))[:1]
    assert isinstance(found, FunctionalAcknowledgment)
    (note,) = found.sets[0].segments
    assert note.contexts == (
        ContextNote("SITUATIONAL TRIGGER", "", "CLM", 43, "", ("5", "3"), ("1325", "98")),
        ContextNote("CLM01", "987654321"),
    )
    assert [element.contexts for element in note.elements] == [(ContextNote("PAT", "1"),)]
    assert parse_document(only_set(rendered_999(found)))[0] == found


@pytest.mark.parametrize(
    "segments", [("AK1*PO*1", "AK9**1*1*1"), ("AK1**1", "AK9*A*1*1*1"), ("AK1*PO*1", "AK2*850*0001", "AK9*A*1*1*1")]
)
def test_an_acknowledgment_that_does_not_say_what_it_says_is_no_document(segments: tuple[str, ...]) -> None:
    document, findings = parse_document(only_set(interchange_of(*segments, set_id="997", functional_id="FA")))
    assert document is None
    assert findings[0].code in ("value_missing", "segment_missing")
