from __future__ import annotations

import pytest

from mlconn_pipelines.x12.reader import read
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of, only_set


def codes(data: bytes) -> list[str]:
    return [finding.code for finding in read(data).all_findings()]


def test_a_whole_interchange_is_read_with_its_envelope_and_no_findings() -> None:
    data = interchange_of(*ORDER)
    reading = read(data)
    assert reading.all_findings() == ()
    (interchange,) = reading.interchanges
    assert (interchange.sender_qualifier, interchange.sender_id) == ("01", "123456789")
    assert (interchange.receiver_qualifier, interchange.receiver_id) == ("ZZ", "OURCOMPANY")
    assert (interchange.date, interchange.time, interchange.version) == ("260304", "0506", "00401")
    assert (interchange.control_number, interchange.usage, interchange.acknowledgment_requested) == ("000000007", "P", False)
    assert interchange.complete
    assert interchange.content == data
    assert interchange.separators.element == "*"
    (group,) = interchange.groups
    assert (group.functional_id, group.sender_id, group.receiver_id) == ("PO", "THEIRGROUP", "OURGROUP")
    assert (group.control_number, group.version, group.stated_sets) == ("7", "004010", 1)
    (order,) = group.sets
    assert (order.set_id, order.control_number, order.version) == ("850", "0001", "004010")
    assert order.segments[0] == ("ST", "850", "0001")
    assert order.segments[1] == ("BEG", "00", "SA", "4500012345", "", "20260301")
    assert order.segments[-1] == ("SE", "12", "0001")
    assert order.content.startswith(b"ST*850") and order.content.endswith(b"SE*12*0001~")
    assert data[order.offset : order.end] == order.content


@pytest.mark.parametrize("terminator", ["~", "~\n", "~\r\n", "\n", "\r\n", "\r", "'", "|", "!", "~\n\n   "])
def test_any_terminator_and_line_end_gives_the_same_segments(terminator: str) -> None:
    data = interchange_of(*ORDER, terminator=terminator)
    assert only_set(data).segments == only_set(interchange_of(*ORDER)).segments
    assert codes(data) == []


def test_the_byte_0x85_is_a_terminator_too() -> None:
    data = interchange_of(*ORDER).replace(b"~", b"\x85")
    assert only_set(data).segments == only_set(interchange_of(*ORDER)).segments


@pytest.mark.parametrize(("element", "component"), [("|", ">"), ("\x1d", "\x1f"), ("^", ":"), ("\t", ">")])
def test_any_separators_are_read_from_the_header(element: str, component: str) -> None:
    data = interchange_of(*ORDER).replace(b">~GS", component.encode() + b"~GS").replace(b"*", element.encode())
    assert only_set(data).segments == only_set(interchange_of(*ORDER)).segments
    assert read(data).interchanges[0].separators.component == component


def test_isa11_is_a_repetition_separator_only_from_00402() -> None:
    assert read(interchange_of(*ORDER)).interchanges[0].separators.repetition == ""
    assert read(interchange_of(*ORDER, version="005010")).interchanges[0].separators.repetition == "^"
    for version, repetition in ((b"00400", ""), (b"00401", ""), (b"00402", "^")):
        data = interchange_of(*ORDER).replace(b"*U*00401*", b"*^*" + version + b"*")
        assert read(data).interchanges[0].separators.repetition == repetition


@pytest.mark.parametrize("character", [b"*", b"X", b"7"])
def test_a_separator_a_letter_or_a_digit_is_never_taken_for_the_terminator(character: bytes) -> None:
    reading = read(interchange_of(*ORDER).replace(b">~GS", b">" + character + b"GS", 1))
    assert all(i.separators.segment.encode() != character for i in reading.interchanges)
    assert any(f.severity == "reject" for f in reading.all_findings())


def test_a_terminator_that_only_the_isa_has_is_reported_at_its_place() -> None:
    data = interchange_of(*ORDER, terminator="\n").replace(b">\n", b">~\n", 1)
    found = next(f for f in read(data).all_findings() if f.code == "interchange_terminator")
    assert (found.element, found.value, found.severity, found.acknowledgment) == (16, "~", "reject", "TA105=004")
    assert "interchange_terminator" not in codes(data.replace(b"IEA*1*000000007", b"IEA*1*000000007~"))


def test_a_byte_order_mark_and_blank_lines_before_the_header_do_no_harm() -> None:
    assert codes(b"\xef\xbb\xbf" + interchange_of(*ORDER)) == ["byte_order_mark"]
    assert codes(b"\r\n\r\n" + interchange_of(*ORDER)) == ["text_before_header"]
    assert only_set(b"\xef\xbb\xbf\n" + interchange_of(*ORDER)).set_id == "850"


def test_a_header_that_lost_its_padding_is_read_and_reported() -> None:
    data = interchange_of(*ORDER).replace(b"123456789      ", b"123456789").replace(b" " * 10, b"")
    assert codes(data) == ["interchange_header_widths"]
    assert read(data).interchanges[0].sender_id == "123456789"
    assert read(data).interchanges[0].complete


def test_a_header_without_its_last_element_is_read_and_reported() -> None:
    data = interchange_of(*ORDER).replace(b"*>~GS", b"*~GS")
    assert codes(data) == ["interchange_header_widths"]
    assert only_set(data).segments == only_set(interchange_of(*ORDER)).segments


def test_a_blank_before_the_terminator_is_no_part_of_the_data() -> None:
    data = interchange_of(*ORDER).replace(b"~", b" ~")
    assert only_set(data).segments == only_set(interchange_of(*ORDER)).segments


def test_a_missing_last_terminator_is_only_noticed() -> None:
    data = interchange_of(*ORDER)[:-1]
    assert codes(data) == ["terminator_missing"]
    assert read(data).interchanges[0].complete


@pytest.mark.parametrize("start", [b"GS*", b"ST*"])
def test_text_without_an_envelope_is_read_all_the_same(start: bytes) -> None:
    data = interchange_of(*ORDER)
    data = data[data.index(start) : data.index(b"IEA") if start == b"GS*" else data.index(b"GE*")]
    assert only_set(data).segments == only_set(interchange_of(*ORDER)).segments
    assert "interchange_header_missing" in codes(data)
    assert not read(data).interchanges[0].complete


def test_several_interchanges_with_separators_of_their_own() -> None:
    first, second = interchange_of(*ORDER), interchange_of(*ORDER).replace(b"*", b"|").replace(b"~", b"'")
    reading = read(first + b"\n" + second)
    assert [i.separators.element for i in reading.interchanges] == ["*", "|"]
    assert all(i.complete for i in reading.interchanges)
    assert reading.all_findings() == ()
    assert reading.interchanges[1].content == second


def test_an_interchange_without_iea_leaves_the_next_one_whole() -> None:
    data = interchange_of(*ORDER)
    reading = read(data[: data.index(b"IEA")] + data)
    assert [i.complete for i in reading.interchanges] == [False, True]
    assert [f.code for f in reading.all_findings()] == ["interchange_trailer_missing"]


def test_the_letters_isa_in_data_open_nothing() -> None:
    data = interchange_of("BEG*00*SA*ISA*ISA*20260301", *ORDER[1:])
    assert len(read(data).interchanges) == 1
    assert only_set(data).segments[1][3] == "ISA"


def test_a_ta1_stands_beside_the_groups() -> None:
    data = interchange_of(*ORDER).replace(b"~GS*", b"~TA1*000000005*260301*1200*A*000~GS*")
    (interchange,) = read(data).interchanges
    assert interchange.interchange_acknowledgments == (("TA1", "000000005", "260301", "1200", "A", "000"),)
    assert codes(data) == []


def test_a_set_without_se_leaves_the_next_one_usable() -> None:
    data = interchange_of(*ORDER)
    body = data[data.index(b"ST*") : data.index(b"GE*")]
    broken = body.replace(b"SE*12*0001~", b"")
    good = body.replace(b"*0001~", b"*0002~")
    data = data.replace(body + b"GE*1*", broken + good + b"GE*2*")
    sets = [s for _, s in read(data).interchanges[0].sets()]
    assert [s.control_number for s in sets] == ["0001", "0002"]
    assert [[f.code for f in s.findings] for s in sets] == [["set_trailer_missing"], []]
    assert len(sets[0].segments) == 11


@pytest.mark.parametrize(
    ("old", "new", "code", "acknowledgment"),
    [
        (b"SE*12*", b"SE*13*", "set_count", "AK502=4"),
        (b"SE*12*0001", b"SE*12*0002", "set_number_mismatch", "AK502=3"),
        (b"SE*12*", b"SE*x*", "set_count", "AK502=4"),
        (b"SE*12*", b"SE*13\x1e*", "set_count", "AK502=4"),
        (b"ST*850*0001", b"ST*850*01", "set_number_invalid", "AK502=7"),
        (b"ST*850*0001", b"ST*850*001", "set_number_invalid", "AK502=7"),
        (b"ST*850*0001", b"ST*850*0000000001", "set_number_invalid", "AK502=7"),
        (b"ST*850*", b"ST*8500*", "set_id_missing", "AK502=6"),
        (b"ST*850*", b"ST*85*", "set_id_missing", "AK502=6"),
        (b"ST*850*", b"ST**", "set_id_missing", "AK502=6"),
        (b"GS*PO*", b"GS*IN*", "set_in_wrong_group", "AK502=6"),
        (b"GE*1*7", b"GE*1*8", "group_number_mismatch", "AK905=4"),
        (b"GE*1*7", b"GE*2*7", "group_count", "AK905=5"),
        (b"GE*1*7~", b"", "group_trailer_missing", "AK905=3"),
        (b"*7*X*", b"*7a*X*", "group_number_invalid", "AK905=6"),
        (b"*7*X*", b"*1234567890*X*", "group_number_invalid", "AK905=6"),
        (b"*>~GS", b"*~~GS", "interchange_header_invalid", "TA105=027"),
        (b"*U*00401", b"*^*00401", "interchange_standard_id", "TA105=016"),
        (b"IEA*1*000000007", b"IEA*1*000000008", "interchange_number_mismatch", "TA105=001"),
        (b"IEA*1*", b"IEA*2*", "interchange_group_count", "TA105=021"),
        (b"IEA*1*000000007~", b"", "interchange_trailer_missing", "TA105=023"),
        (b"*0*P*>", b"*0*X*>", "interchange_header_invalid", "TA105=020"),
        (b"*260304*0506*U", b"*261304*0506*U", "interchange_header_invalid", "TA105=014"),
        (b"*260304*0506*U", b"*260304*2506*U", "interchange_header_invalid", "TA105=015"),
        (b"*000000007*0*", b"*00000000A*0*", "interchange_number_invalid", "TA105=018"),
    ],
)
def test_each_fault_of_the_envelope_has_its_name_and_its_place(old: bytes, new: bytes, code: str, acknowledgment: str) -> None:
    data = interchange_of(*ORDER)
    assert data.count(old) >= 1
    broken = data.replace(old, new, 1)
    findings = {f.code: f for f in read(broken).all_findings()}
    assert code in findings
    assert findings[code].acknowledgment == acknowledgment
    assert 0 <= findings[code].offset < len(broken)


def test_a_set_number_that_occurs_twice_in_a_group_is_noticed() -> None:
    data = interchange_of(*ORDER)
    body = data[data.index(b"ST*") : data.index(b"GE*")]
    found = codes(data.replace(body + b"GE*1*", body + body + b"GE*2*"))
    assert found == ["set_number_duplicate"]


def test_empty_segments_are_skipped_and_not_counted() -> None:
    data = interchange_of(*ORDER).replace(b"~REF", b"~~REF")
    assert codes(data) == ["empty_segment"]
    assert only_set(data).segments == only_set(interchange_of(*ORDER)).segments


def test_a_place_is_given_in_bytes_and_lines() -> None:
    data = interchange_of(*ORDER, terminator="~\r\n").replace(b"SE*12*", b"SE*99*")
    (finding,) = read(data).all_findings()
    assert data[finding.offset : finding.offset + 2] == b"99"
    assert (finding.line, finding.segment, finding.segment_id, finding.element) == (14, 12, "SE", 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"Dear Sirs,\nplease find attached",
        b"ISA",
        b"ISA*",
        b"ISA*00*~",
        b"%PDF-1.4 ISA(x)",
        b"\xff\xfeI\x00S\x00A\x00",
        b"{}",
    ],
)
def test_what_is_no_x12_is_said_to_be_none(data: bytes) -> None:
    reading = read(data)
    assert reading.interchanges == ()
    assert reading.findings[-1].code == "not_x12"


def test_text_around_interchanges_is_reported_and_left_alone() -> None:
    data = b"Subject: order\r\n\r\n" + interchange_of(*ORDER) + b"-- \nRegards"
    reading = read(data)
    assert [f.code for f in reading.findings] == ["text_outside", "text_outside"]
    assert reading.interchanges[0].complete


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_letters_beyond_ascii_are_read_in_both_encodings(encoding: str) -> None:
    data = interchange_of(*ORDER).replace(b"Store 12", "Café Zoë".encode(encoding))
    assert only_set(data).segments[4][2] == "Café Zoë"


def test_an_end_that_was_never_opened_is_named_and_the_rest_is_read() -> None:
    data = interchange_of(*ORDER).replace(b"~ST*", b"~SE*12*0009~ST*")
    (finding,) = read(data).all_findings()
    assert finding.code == "segments_outside" and "the set '0009' that this SE ends" in finding.message
    assert only_set(data).control_number == "0001"


def test_several_groups_of_an_interchange_are_read_each_with_its_sets() -> None:
    data = interchange_of(*ORDER)
    group = data[data.index(b"GS*") : data.index(b"IEA")]
    again = group.replace(b"*7*X*", b"*8*X*").replace(b"GE*1*7", b"GE*1*8")
    (interchange,) = read(data.replace(b"IEA*1*", again + b"IEA*2*")).interchanges
    assert [g.control_number for g in interchange.groups] == ["7", "8"]
    assert [len(g.sets) for g in interchange.groups] == [1, 1]
    assert interchange.all_findings() == ()
    assert codes(data.replace(b"IEA*1*", group + b"IEA*2*")) == ["group_number_duplicate"]


def test_an_interchange_may_hold_nothing_but_a_ta1() -> None:
    data = interchange_of(*ORDER)
    data = data[: data.index(b"GS*")] + b"TA1*000000005*260301*1200*A*000~IEA*0*000000007~"
    (interchange,) = read(data).interchanges
    assert interchange.complete and interchange.groups == () and interchange.all_findings() == ()
    assert len(interchange.interchange_acknowledgments) == 1


@pytest.mark.parametrize("indent", [b"\n    ", b"\r\n\t", b"\n\n  \t"])
def test_indented_segments_are_read_and_their_places_are_right(indent: bytes) -> None:
    data = interchange_of(*ORDER).replace(b"~", b"~" + indent)
    assert only_set(data).segments == only_set(interchange_of(*ORDER)).segments
    assert codes(data) == []
    (finding,) = read(data.replace(b"SE*12*", b"SE*13*")).all_findings()
    assert data[finding.offset - 3 : finding.offset] == b"SE*"


def test_ids_padded_too_far_are_read_and_reported() -> None:
    data = interchange_of(*ORDER).replace(b"*OURCOMPANY     *", b"*OURCOMPANY          *")
    assert codes(data) == ["interchange_header_widths"]
    assert read(data).interchanges[0].receiver_id == "OURCOMPANY"


def test_blank_bytes_that_python_counts_as_digits_or_blanks_are_no_number() -> None:
    data = interchange_of(*ORDER)
    for odd in (b"SE*12\x1c*", b"SE*1\xb2*", b"SE*\xd9\xa1\xd9\xa2*"):
        assert set(codes(data.replace(b"SE*12*", odd))) <= {"set_count"}


def test_segments_are_counted_as_they_are_listed() -> None:
    for data in (
        interchange_of(*ORDER),
        interchange_of(*ORDER, terminator="\r\n"),
        interchange_of(*ORDER).replace(b"~", b"~~ ~"),
    ):
        order = only_set(data)
        assert order.segment_count == len(order.segments) == 12


def test_an_interchange_without_its_end_is_incomplete_even_if_its_number_is_zero() -> None:
    data = interchange_of(*ORDER).replace(b"000000007", b"000000000")
    assert read(data).interchanges[0].complete
    assert not read(data[: data.index(b"IEA")]).interchanges[0].complete


@pytest.mark.parametrize(
    ("old", "new", "element"),
    [
        (b"GS*PO*", b"GS*P*", 1),
        (b"*THEIRGROUP*", b"**", 2),
        (b"*OURGROUP*", b"*OURGROUPOURGROUP*", 3),
        (b"*20260304*0506*7", b"*20260231*0506*7", 4),
        (b"*20260304*0506*7", b"*20260304*2506*7", 5),
        (b"*7*X*", b"*7*Q*", 7),
        (b"*X*004010", b"*X*4010", 8),
    ],
)
def test_what_is_wrong_with_a_gs_is_told_and_refuses_nothing(old: bytes, new: bytes, element: int) -> None:
    data = interchange_of(*ORDER)
    assert old in data
    (found,) = [f for f in read(data.replace(old, new, 1)).all_findings() if f.code == "group_header_invalid"]
    assert (found.element, found.severity, found.acknowledgment) == (element, "accept_with_error", "TA105=024")


def test_an_envelope_and_a_group_of_other_versions_are_only_noted() -> None:
    assert codes(interchange_of(*ORDER).replace(b"*00401*", b"*00400*")) == []
    (found,) = read(
        interchange_of(*ORDER, version="005010").replace(b"*00501*", b"*00401*").replace(b"*^*", b"*U*")
    ).all_findings()
    assert (found.code, found.severity) == ("group_version_mixed", "ignore")


def test_a_fault_of_the_isa_is_placed_at_its_own_byte() -> None:
    data = interchange_of(*ORDER).replace(b"*0*P*>", b"*0*Q*>")
    (found,) = read(data).all_findings()
    assert (data[found.offset : found.offset + 1], found.element, found.value) == (b"Q", 15, "Q")


def test_a_right_isa11_is_not_mentioned() -> None:
    assert codes(interchange_of(*ORDER)) == codes(interchange_of(*ORDER, version="005010")) == []
    data = interchange_of(*ORDER, version="005010").replace(b"*^*00501", b"*U*00501")
    assert codes(data) == ["interchange_standard_id"]
