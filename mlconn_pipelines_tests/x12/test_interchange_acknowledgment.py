from __future__ import annotations

import pytest

from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.x12.envelope import Interchange
from mlconn_pipelines.x12.grammar.loading import release
from mlconn_pipelines.x12.interchange_acknowledgment import (
    NOTES,
    acknowledge_interchange,
    in_words,
    parse_interchange_acknowledgment,
    wants_interchange_acknowledgment,
)
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines_tests.x12.guides import ORDER, guide_of, interchange_of, rendered

ANSWER = ("AK1*PO*1", "AK9*A*1*1*1")


def interchange(data: bytes) -> Interchange:
    (found,) = read(data).interchanges
    return found


@pytest.mark.parametrize(
    ("old", "new", "status", "note"),
    [
        (b"", b"", "A", "000"),
        (b"IEA*1*000000007", b"IEA*1*000000008", "R", "001"),
        (b"IEA*1*000000007~", b"", "R", "023"),
        (b"IEA*1*", b"IEA*3*", "E", "021"),
        (b"*000000007*0*", b"*00000X007*0*", "R", "018"),
        (b"*01*123456789 ", b"*77*123456789 ", "E", "005"),
        (b"*123456789      *", b"*               *", "E", "006"),
        (b"*ZZ*OURCOMPANY", b"*Q1*OURCOMPANY", "E", "007"),
        (b"*OURCOMPANY     *", b"*               *", "E", "008"),
        (b"ISA*00*", b"ISA*99*", "E", "010"),
        (b"*00*          *01*", b"*77*          *01*", "E", "012"),
        (b"*260304*0506*U", b"*260230*0506*U", "E", "014"),
        (b"*260304*0506*U", b"*260304*0560*U", "E", "015"),
        (b"*00401*0", b"*ABCDE*0", "E", "017"),
        (b"*0*P*>", b"*9*P*>", "E", "019"),
        (b"*0*P*>", b"*0*Q*>", "E", "020"),
        (b"~GS*", b"~N1*ST*X~GS*", "R", "022"),
        (b"GE*1*7~", b"GE*1*7~GE*1*7~", "R", "022"),
    ],
)
def test_the_worst_fault_of_the_envelope_decides_and_names_its_note(old: bytes, new: bytes, status: str, note: str) -> None:
    data = interchange_of(*ORDER)
    assert old in data
    answer = acknowledge_interchange(interchange(data.replace(old, new, 1)))
    assert (answer.status, answer.note) == (status, note)


def test_a_refusal_counts_before_an_error_that_stands_earlier() -> None:
    data = interchange_of(*ORDER).replace(b"*0*P*>", b"*0*Q*>").replace(b"IEA*1*000000007", b"IEA*1*000000008")
    answer = acknowledge_interchange(interchange(data))
    assert (answer.status, answer.note) == ("R", "001")


def test_what_is_wrong_in_groups_and_sets_is_no_matter_for_a_ta1() -> None:
    data = interchange_of(*ORDER).replace(b"SE*12*", b"SE*1*").replace(b"GE*1*7", b"GE*1*8")
    assert acknowledge_interchange(interchange(data)) == InterchangeAcknowledgment("000000007", "260304", "0506", "A", "000")


def test_a_partner_may_be_told_another_verdict() -> None:
    guide = guide_of(severities={"interchange_group_count": "reject", "segments_outside": "accept_with_error"})
    data = interchange_of(*ORDER)
    assert acknowledge_interchange(interchange(data.replace(b"IEA*1*", b"IEA*3*")), guide).status == "R"
    assert acknowledge_interchange(interchange(data.replace(b"~GS*", b"~N1*ST*X~GS*")), guide).status == "E"


@pytest.mark.parametrize("control_number", [b"00000X007", b"         "])
def test_what_cannot_be_copied_is_written_as_zeros(control_number: bytes) -> None:
    data = interchange_of(*ORDER).replace(b"*000000007*0*", b"*" + control_number + b"*0*").replace(b"*260304*", b"*269904*")
    answer = acknowledge_interchange(interchange(data))
    assert (answer.control_number, answer.date, answer.time) == ("000000000", "000000", "0506")


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (interchange_of(*ORDER), False),
        (interchange_of(*ORDER).replace(b"*0*P*", b"*1*P*"), True),
        (interchange_of(*ORDER).replace(b"IEA*1*000000007", b"IEA*1*000000008"), True),
        (interchange_of(*ORDER).replace(b"IEA*1*000000007~", b""), True),
        (interchange_of(*ANSWER, set_id="997", functional_id="FA").replace(b"*0*P*", b"*1*P*"), False),
        (interchange_of(*ORDER)[106:], False),
    ],
)
def test_who_gets_a_ta1(data: bytes, wanted: bool) -> None:
    assert wants_interchange_acknowledgment(interchange(data)) is wanted


def test_a_ta1_is_written_without_groups_and_read_back() -> None:
    for answer in (
        InterchangeAcknowledgment("000000007", "260304", "0506", "A"),
        InterchangeAcknowledgment("000000123", "260304", "0506", "R", "009"),
    ):
        made = rendered(answer)
        assert made.findings == ()
        assert (made.set_id, made.functional_id, made.envelope["interchange"]) == ("TA1", "", "000000001")
        found = interchange(made.content)
        assert found.groups == () and found.complete and found.findings == ()
        assert not wants_interchange_acknowledgment(found)
        (segment,) = found.interchange_acknowledgments
        assert parse_interchange_acknowledgment(segment) == (answer, ())


def test_an_interchange_with_only_a_ta1_is_never_answered_even_if_it_asks() -> None:
    content = rendered(InterchangeAcknowledgment("000000007", "260304", "0506", "A")).content
    assert not wants_interchange_acknowledgment(interchange(content.replace(b"*0*P*", b"*1*P*")))


@pytest.mark.parametrize(
    ("segment", "places"),
    [
        (("TA1", "000000005", "260301", "1200", "A", "000"), []),
        (("TA1", "0659", "20110922", "0512", "A"), [1, 2, 5]),
        (("TA1", "000000005", "260231", "2460", "A", "099"), [2, 3, 5]),
        (("TA1", "000000005", "260301", "1200", "Q", "000"), [4]),
        (("TA1", ""), [1, 2, 3, 4, 5]),
    ],
)
def test_faults_of_a_received_ta1_are_placed_and_do_not_hide_its_verdict(segment: tuple[str, ...], places: list[int]) -> None:
    answer, findings = parse_interchange_acknowledgment(segment)
    assert [fault.element for fault in findings] == places
    assert (answer is None) == bool({4} & set(places))
    data = interchange_of(*ORDER).replace(b"~GS*", b"~" + "*".join(segment).encode() + b"~GS*")
    assert [fault.element for fault in interchange(data).findings] == places


def test_every_note_code_of_the_standard_has_words() -> None:
    for name in ("004010", "005010"):
        codes = release(name).codes("I18")
        assert codes is not None and codes.codes == set(NOTES)
    for note, words in NOTES.items():
        said = in_words(InterchangeAcknowledgment("000000005", "260301", "1200", "R", note))
        assert said.startswith("refused interchange 000000005")
        assert note == "000" or words in said
