from __future__ import annotations

import pytest

from mlconn_pipelines.x12.second_opinion import ask, why_silent
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of


def test_a_right_envelope_has_no_complaints() -> None:
    assert ask(interchange_of(*ORDER)) == []
    assert ask(interchange_of(*ORDER, version="005010")) == []


@pytest.mark.parametrize(
    ("old", "new"), [(b"SE*12*", b"SE*13*"), (b"GE*1*7", b"GE*2*7"), (b"IEA*1*000000007", b"IEA*1*000000009")]
)
def test_wrong_counts_and_numbers_are_complained_of(old: bytes, new: bytes) -> None:
    assert ask(interchange_of(*ORDER).replace(old, new))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GS*PO",
        interchange_of(*ORDER).replace(b"00401", b"00400"),
        interchange_of(*ORDER).replace(b"*01*123456789 ", b"*12*123456789 "),
        interchange_of(*ORDER).replace(b"Store", b"Caf\xc3\xa9"),
        interchange_of(*ORDER).replace(b"~REF", b"~~REF"),
    ],
)
def test_it_is_not_asked_beyond_what_it_supports_and_says_why(data: bytes) -> None:
    assert ask(data) is None
    assert why_silent(data)


@pytest.mark.parametrize("terminator", ["~", "\n", "\r", "!", "\x1c", "'", "}"])
def test_it_is_asked_whatever_ends_a_segment(terminator: str) -> None:
    assert ask(interchange_of(*ORDER, terminator=terminator)) == []
    assert ask(interchange_of(*ORDER, terminator=terminator).replace(b"SE*12*", b"SE*13*"))


def test_it_is_asked_of_lines_that_end_with_two_characters() -> None:
    data = interchange_of(*ORDER, terminator="\n").replace(b"\n", b"\r\n")
    assert ask(data) == []
    assert why_silent(data) == ""
