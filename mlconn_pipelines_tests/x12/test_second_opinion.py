from __future__ import annotations

import pytest

from mlconn_pipelines.x12.second_opinion import ask
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
        interchange_of(*ORDER, terminator="\n"),
    ],
)
def test_it_is_not_asked_beyond_what_it_supports(data: bytes) -> None:
    assert ask(data) is None
