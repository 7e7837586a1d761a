"""Two texts side by side: the fewest differences that a person would name, in any separators."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.x12.comparing import Difference, differences
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of

WHOLE = interchange_of(*ORDER)


def told(before: bytes, after: bytes, ignore_envelope: bool = False) -> list[tuple[str, str, str, str]]:
    return [(d.kind, d.place, d.before, d.after) for d in differences(before, after, ignore_envelope=ignore_envelope)]


def test_the_same_text_has_no_differences_whatever_its_line_ends() -> None:
    assert differences(WHOLE, WHOLE) == []
    assert differences(WHOLE, interchange_of(*ORDER, terminator="~\r\n")) == []


def test_a_changed_element_is_named_with_both_values_and_its_number_in_the_file() -> None:
    after = WHOLE.replace(b"REF*DP*038", b"REF*DP*039")
    assert differences(WHOLE, after) == [Difference("changed", 5, 5, "REF", 2, "038", "039")]


def test_a_segment_that_was_added_or_removed_shifts_nothing() -> None:
    longer = interchange_of(*ORDER[:2], "REF*IA*77", *ORDER[2:])
    assert told(WHOLE, longer) == [("added", "REF", "", "REF*IA*77"), ("changed", "SE01", "12", "13")]
    assert told(longer, WHOLE) == [("removed", "REF", "REF*IA*77", ""), ("changed", "SE01", "13", "12")]
    (added, count) = differences(WHOLE, longer)
    assert (added.segment_before, added.segment_after, added.segment) == (None, 6, 6)
    assert (count.segment_before, count.segment_after) == (14, 15)


def test_of_several_segments_of_one_id_the_most_alike_are_paired() -> None:
    before = interchange_of("BEG*00*SA*1**20260301", "REF*DP*1", "REF*IA*2", "PO1*1*1*EA*1**VP*A")
    after = interchange_of("BEG*00*SA*1**20260301", "REF*VR*9", "REF*DP*8", "REF*IA*2", "PO1*1*1*EA*1**VP*A")
    assert ("added", "REF", "", "REF*VR*9") in told(before, after)
    assert ("changed", "REF02", "1", "8") in told(before, after)


def test_the_envelope_can_be_left_aside() -> None:
    later = WHOLE.replace(b"260304*0506", b"260305*0607").replace(b"000000007", b"000000008")
    later = later.replace(b"*7*X*", b"*8*X*").replace(b"GE*1*7", b"GE*1*8").replace(b"*0001", b"*0002")
    assert {place for _, place, _, _ in told(WHOLE, later)} == {
        "ISA09", "ISA10", "ISA13", "GS04", "GS05", "GS06", "ST02", "SE02", "GE02", "IEA02"
    }  # fmt: skip
    assert told(WHOLE, later, ignore_envelope=True) == []
    other = later.replace(b"Widget", b"Gadget").replace(b"*P*>", b"*T*>")
    assert told(WHOLE, other, ignore_envelope=True) == [
        ("changed", "ISA15", "P", "T"),
        ("changed", "PID05", "Widget", "Gadget"),
    ]


def test_other_separators_are_a_difference_of_the_header_only() -> None:
    other = interchange_of(*ORDER).replace(b">~", b":~").replace(b"~", b"'").replace(b"*", b"|")
    assert told(WHOLE, other) == [("changed", "ISA16", ">", ":")]
    note = ("AK1*PO*1", "AK2*850*0001", "AK3*PO1*5**8", "AK4*6>2*235*7*XX", "AK5*R*5", "AK9*R*1*1*0")
    before = interchange_of(*note, functional_id="FA", set_id="997")
    after = before.replace(b">", b":")
    assert told(before, after) == [("changed", "ISA16", ">", ":")]


def several(*numbers: str) -> bytes:
    """One interchange with an order of each number; what is equal of them is nearly everything."""
    one = WHOLE[WHOLE.index(b"ST*") : WHOLE.index(b"GE*")]
    sets = b"".join(one.replace(b"4500012345", number.encode()) for number in numbers)
    return WHOLE.replace(one, sets)


def test_sets_are_compared_with_their_own_by_the_number_of_the_document() -> None:
    changed = several("A1", "B2", "C3").replace(b"C3**20260301", b"C3**20260302")
    assert told(several("A1", "C3"), changed.replace(b"*4500012345", b"")) == [
        ("added", segment.split("*")[0], "", segment)
        for segment in several("B2")[several("B2").index(b"ST*") : several("B2").index(b"GE*")].decode().split("~")[:-1]
    ] + [("changed", "BEG05", "20260301", "20260302")]
    assert told(several("A1", "B2"), several("A1", "X9")) == [("changed", "BEG03", "B2", "X9")]


@pytest.mark.parametrize(("before", "after", "count"), [(b"", b"", 0), (b"Dear Sirs", b"", 1), (b"one\ntwo", b"one\nthree", 2)])
def test_texts_that_are_no_x12_are_compared_by_lines(before: bytes, after: bytes, count: int) -> None:
    assert len(differences(before, after)) == count


@settings(deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_bytes_raise(before: bytes, after: bytes) -> None:
    differences(before, WHOLE + after)
    differences(before, after)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*ORDER, "REF*IA*1", "REF*IA*2", "PID*F****x"]), max_size=12),
       st.lists(st.sampled_from([*ORDER, "REF*IA*1", "REF*IA*3"]), max_size=12))  # fmt: skip
def test_the_differences_lead_from_the_one_to_the_other(old: list[str], new: list[str]) -> None:
    """Applied to the first text they give the second."""
    before, after = interchange_of(*old), interchange_of(*new)
    segments: list[list[str] | None] = [s.split("*") for s in before.decode().split("~")[:-1]]
    added: dict[int, list[str]] = {}
    for d in differences(before, after):
        if d.kind == "removed":
            segments[d.segment - 1] = None
        elif d.kind == "added":
            added[d.segment] = d.after.split("*")
        else:
            changed = segments[d.segment - 1]
            assert changed is not None and d.element is not None
            changed += [""] * (d.element + 1 - len(changed))
            changed[d.element] = d.after
    made = [s for s in segments if s is not None]
    for place in sorted(added):
        made.insert(place - 1, added[place])
    trimmed = ["*".join(s).rstrip("*") for s in made]
    assert trimmed == [s.rstrip("*") for s in after.decode().split("~")[:-1]]


def test_a_long_file_is_compared_in_reasonable_time() -> None:
    lines = [f"PO1*{n}*{n % 7}*EA*4.5**VP*A-{n % 90}" for n in range(4000)]
    changed = [line.replace("*EA*", "*CA*") if n % 10 == 0 else line for n, line in enumerate(lines)]
    begun = time.process_time()
    found = differences(interchange_of(*ORDER[:6], *lines), interchange_of(*ORDER[:6], *changed))
    assert [(d.place, d.before, d.after) for d in found] == [("PO103", "EA", "CA")] * 400
    assert time.process_time() - begun < 5
