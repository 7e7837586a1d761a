"""A file explained: no segment is lost, depths follow loops and levels, findings stand where they belong; nothing raises."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.x12.check import check_file
from mlconn_pipelines.x12.describing import describe
from mlconn_pipelines.x12.guide import SetRules
from mlconn_pipelines_tests.x12.guides import ORDER, guide_of, interchange_of

WHOLE = interchange_of(*ORDER)


def test_every_segment_is_there_with_its_depth() -> None:
    told = describe(WHOLE)
    assert [(s.depth, s.id) for s in told.segments] == [
        (0, "ISA"), (1, "GS"), (2, "ST"), (3, "BEG"), (3, "REF"), (3, "DTM"), (3, "N1"), (4, "N3"), (4, "N4"),
        (3, "PO1"), (4, "PID"), (3, "PO1"), (3, "CTT"), (2, "SE"), (1, "GE"), (0, "IEA"),
    ]  # fmt: skip
    assert all(WHOLE[s.offset :].startswith(s.id.encode()) for s in told.segments)


def test_levels_of_a_ship_notice_stand_within_each_other() -> None:
    notice = (
        "BSN*00*S1*20260301*1200",
        "HL*1**S",
        "TD5**2*U",
        "HL*2*1*O",
        "PRF*P",
        "HL*3*2*I",
        "LIN**VP*A",
        "HL*4*1*O",
        "PRF*Q",
        "CTT*4",
    )
    told = describe(interchange_of(*notice, functional_id="SH", set_id="856"))
    assert [(s.depth, s.id) for s in told.segments[3:-3]] == [
        (3, "BSN"), (3, "HL"), (4, "TD5"), (4, "HL"), (5, "PRF"), (5, "HL"), (6, "LIN"), (4, "HL"), (5, "PRF"), (3, "CTT"),
    ]  # fmt: skip


def test_codes_dates_amounts_and_components_are_explained() -> None:
    invoice = ("BIG*20260301*INV1", "IT1*1*1*EA*250", "TDS*-25005")
    elements = {
        e.place: e for s in describe(interchange_of(*invoice, functional_id="IN", set_id="810")).segments for e in s.elements
    }
    assert elements["BIG01"].meaning == "2026-03-01" and elements["TDS01"].meaning == "-250.05"
    assert elements["IT103"] == ("IT103", "unit of measure", "EA", "each")
    assert elements["GS01"].meaning == "810"
    note = ("AK1*PO*1", "AK2*850*0001", "AK3*PO1*5**8", "AK4*6>2*235*7*XX", "AK5*R*5", "AK9*R*1*1*0")
    parts = [e for s in describe(interchange_of(*note, functional_id="FA", set_id="997")).segments for e in s.elements]
    assert [(e.place, e.value) for e in parts if e.place.startswith("AK401")] == [("AK401-1", "6"), ("AK401-2", "2")]


def test_findings_stand_at_their_segment_the_guides_too() -> None:
    data = WHOLE.replace(b"*10*EA", b"*ten*EA").replace(b"GE*1*7", b"GE*2*7")
    told = describe(b"Dear Sirs " + data, guide_of(sets={"850": SetRules(forbidden=("DTM",))}))
    placed = {(s.id, f.code) for s in told.segments for f in s.findings}
    assert placed == {("PO1", "element_number"), ("GE", "group_count"), ("DTM", "guide_segment_forbidden")}
    assert [f.code for f in told.findings] == ["text_outside"]


def test_a_release_without_grammar_is_named_by_the_oldest_known() -> None:
    (beginning,) = [s for s in describe(interchange_of(*ORDER, version="003040")).segments if s.id == "BEG"]
    assert beginning.name == "Beginning Segment for Purchase Order" and beginning.elements[2].name == "PO number"


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, len(WHOLE)))
def test_no_bytes_raise_and_no_finding_is_lost(noise: bytes, at: int) -> None:
    for data in (noise, WHOLE[:at] + noise + WHOLE[at:], WHOLE[at:]):
        told = describe(data)
        found = [*told.findings, *(f for s in told.segments for f in s.findings)]
        assert len(found) == len(check_file(data).findings)
