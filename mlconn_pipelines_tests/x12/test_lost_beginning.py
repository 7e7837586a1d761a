"""Files without their beginning: what is missing is told, what follows is read, and other texts stay no X12."""

from __future__ import annotations

import pytest

from mlconn_pipelines.x12.check import check_file
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of, only_set

BODY = b"N1*ST*Store 12~N4*Springfield*IL~CTT*2~"
NO_ST = "There is no ST: the set '0001' that this SE ends lost its beginning and was not read."
NO_GS = "There is no GS: the group '7' that this GE ends lost its beginning."
NOT_READ = "Segments stand outside of any transaction set and were not read."


@pytest.mark.parametrize("blanks", [b"", b"\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n  "])
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"SE*12*0001~", [NO_ST]),
        (b"SE*12*0001", [NO_ST]),
        (b"SE*12*0001\r\n", [NO_ST]),
        (b"SE|12|0001'", [NO_ST]),
        (b"SE*12*0001~GE*1*7~IEA*1*000000007~", [NO_ST, NO_GS, "IEA01 states '1' groups, 0 were found."]),
        (b"GE*1*7~\r\nIEA*1*000000007~\r\n", [NO_GS, "IEA01 states '1' groups, 0 were found."]),
        (b"GE*1*7~TA1*000000005*260301*1200*A*000~IEA*1*00000007~", [NO_GS, "IEA01 states '1' groups, 0 were found."]),
        (b"IEA*1*000000007~", ["IEA01 states '1' groups, 0 were found."]),
        (BODY + b"SE*12*0001~", [NOT_READ, NO_ST]),
        (BODY.replace(b"~", b"\n") + b"SE*12*0001\n", [NOT_READ, NO_ST]),
        (BODY.replace(b"~", b"~\r\n") + b"SE*12*0001~\r\nGE*1*7~", [NOT_READ, NO_ST, NO_GS]),
        (b"XYZ*a segment of sets that have no grammar~" + BODY + b"SE*12*0001~", [NOT_READ, NO_ST]),
    ],
)
def test_a_file_that_lost_its_beginning_is_told_what_is_missing(blanks: bytes, data: bytes, told: list[str]) -> None:
    reading = read(blanks + data)
    (interchange,) = reading.interchanges
    missing, *others = interchange.findings
    assert missing.code == "interchange_header_missing"
    assert [f.message for f in others] == told
    assert interchange.content == data or data.startswith(interchange.content)
    assert not interchange.complete and interchange.groups == ()
    places = [f for f in others if f.segment_id in ("SE", "GE")]
    assert all((blanks + data)[f.offset :].startswith(f.segment_id.encode()) for f in places)


@pytest.mark.parametrize("begin", [b"SE*12*0001~", BODY + b"SE*12*0001~"])
def test_what_follows_a_lost_beginning_is_read(begin: bytes) -> None:
    whole = interchange_of(*ORDER)
    after = whole[whole.index(b"ST*") : whole.index(b"IEA")].replace(b"*0001~", b"*0002~")
    assert only_set(begin + after).control_number == "0002"
    assert NO_ST in [f.message for f in read(begin + after).all_findings()]
    lost, complete = read(begin + b"GE*1*7~IEA*1*000000006~\n" + whole.replace(b"*", b"|")).interchanges
    assert (lost.complete, complete.complete, complete.all_findings()) == (False, True, ())


def test_a_file_that_lost_its_beginning_is_refused_by_the_check() -> None:
    report = check_file(BODY + b"SE*12*0001~")
    assert not report.is_clean and report.transaction_sets == ()
    assert {f.severity for f in report.findings} == {"reject"}


@pytest.mark.parametrize(
    "data",
    [
        b"SE,12,0001\nNO,13,0002\n",
        b"SE;12;0001\n",
        b"SE|12|Malmoe\n",
        b"SE|12|0001|west\n",
        b"SE|12|0001\nUS|14|0002\n",
        b"DK|3|1050\nNO|12|0150\nSE|12|11120\n",
        b"SKU|QTY|PRICE\nA12|5|1.50\n",
        b"Dear Sirs,\nSE*12*0001~\n",
        b"TO: orders@example.com\nCC: a@example.com\n\nN1*ST*Store~SE*12*0001~\n",
        b'{"SE": "SE*12*0001~"}',
        b"<html><body>SE*12*0001~</body></html>",
        b"UNB+UNOA:1+A+B+260301:1200+1'UNH+1+ORDERS:D:96A:UN'UNT+2+1'",
        b"N1*ST*Store 12~N4*Springfield~",
        b"SE*12~",
        b"SE*twelve*0001~",
        b"CTT*2~no segment~SE*12*0001~",
    ],
)
def test_texts_that_only_look_a_little_like_segments_are_no_x12(data: bytes) -> None:
    reading = read(data)
    assert reading.interchanges == ()
    assert [f.code for f in reading.findings] == ["not_x12"]
