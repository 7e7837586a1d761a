"""What a set says beyond its document is kept, and written again in its place."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.remainder import Received
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.x12.envelope import TransactionSet
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.remainder import remainder_of, with_remainder, written_whole
from mlconn_pipelines.x12.survival import _missing, _text, survival
from mlconn_pipelines_tests.cases.sweeping import SET_IDS, sound
from mlconn_pipelines_tests.x12.generated_sets import SetMaker

VERSION = "004010"
CORPUS = os.environ.get("MLCONN_X12_CORPUS", "")
RECEIVED = sorted(set_id for set_id, kind in DOCUMENT_OF_SET.items() if issubclass(kind, Received))


def the_set(content: bytes) -> TransactionSet:
    (interchange,) = read(content).interchanges
    ((_, received),) = interchange.sets()
    return received


def of_segments(set_id: str, *body: str) -> TransactionSet:
    """A set with these segments between ST and SE."""
    written = "".join(f"{segment}~" for segment in (f"ST*{set_id}*0001", *body, f"SE*{len(body) + 2}*0001"))
    head = b"ISA*00*          *00*          *ZZ*ONE            *ZZ*OTHER          *261129*1200*U*00401*000000001*0*P*>~"
    return the_set(head + f"GS*PO*A*B*20261129*1200*1*X*004010~{written}GE*1*1~IEA*1*000000001~".encode())


def whole(received: TransactionSet) -> Received:
    document, findings = parse_document(received, VERSION)
    assert document is not None, findings
    kept = with_remainder(received, document, VERSION)
    assert isinstance(kept, Received)
    return kept


ORDER = ("BEG*00*SA*P1**20261125", "PO1*1*10*EA*2.5**BP*X1", "CTT*1")


def test_what_no_field_holds_is_kept_with_its_place_and_line() -> None:
    received = of_segments(
        "850",
        ORDER[0],
        "FOB*PB",
        "REF*IA*83138",
        ORDER[1],
        "PO4*4*4*EA*PLT94",
        "DIS*001*ZZ*1*EA*1",
        "TD3*TL",
        ORDER[2],
    )
    order = whole(received)
    assert [(kept.shown, kept.line) for kept in order.remainder] == [
        ("FOB PB", ""),
        ("PO404 PLT94", "1"),
        ("DIS 001 ZZ 1 EA 1", "1"),
        ("TD3 TL", "1"),
    ]
    assert isinstance(order, PurchaseOrder) and order.references[0].id == "83138"
    assert written_whole(order, "850", VERSION) == [tuple(segment) for segment in received.segments[1:-1]]


def test_a_set_that_says_no_more_than_its_document_keeps_nothing() -> None:
    order = whole(of_segments("850", *ORDER))
    assert order.remainder == () and {"remainder", "layout"}.isdisjoint(to_json(order))
    assert [kept.shown for kept in whole(of_segments("850", *ORDER[:2], "CTT*1*10*5*LB")).remainder] == ["CTT03 5 CTT04 LB"]


@pytest.mark.parametrize(
    ("stated", "elsewhere"),
    [
        ("PO1*1*10.00*EA*02.50**BP*X1", "1"),
        ("PO1*1*10*EA*2.5**BP*X1*VP*Y", "1"),
        ("PO1*1*10*EA*2.5****VP*Y", "1"),
    ],
)
def test_a_number_written_otherwise_and_a_product_number_at_another_place_say_the_same(stated: str, elsewhere: str) -> None:
    kept = whole(of_segments("850", ORDER[0], stated, "CTT*1")).remainder
    assert [one for one in kept if one.line == elsewhere] == []


def test_a_text_within_another_is_not_taken_for_it() -> None:
    """PID in codes is not read, and its words stand in one that is."""
    kept = whole(of_segments("850", *ORDER[:2], "PID*F****NORTHERN VALVE", "PID*S**VI*FL*NORTH", ORDER[2])).remainder
    assert [one.shown for one in kept] == ["PID S VI FL NORTH"]
    text = ("PID", "F", "", "", "", "NO")
    written = [("PID", "F", "", "", "", "NOTHING TO DO")]
    segments = [("ST", "850", "1"), ("PID", "F", "", "", "", "NOTHING TO DO"), text, ("SE", "4", "1")]
    assert [one.segment for one in remainder_of(segments, written, "850", VERSION)] == [text]


def test_the_measure_sees_a_loss_that_looks_alike() -> None:
    def shares(before: str, after: str) -> list[str]:
        return [one.place for one in _missing(_text([tuple(before.split("*"))]), _text([tuple(after.split("*"))]))]

    assert shares("PO1*1*12*EA", "PO1*1*1200*EA") == ["PO102"] and shares("MSG*NO", "MSG*NOTHING") == ["MSG01"]
    assert shares("DTM*011*20261201*1400", "DTM*011*20261201*140000") == [] == shares("PO1*1*12.0*EA", "PO1*1*12*EA")


def test_the_order_of_the_sender_is_written_again() -> None:
    received = of_segments(
        "850",
        ORDER[0],
        "REF*IA*1",
        "FOB*PB",
        "REF*DP*2",
        ORDER[1],
        "PID*F****Valve",
        "PO1*2*1*EA*1**BP*X2",
        "REF*LU*3",
        "CTT*2",
    )
    order = whole(received)
    again = written_whole(order, "850", VERSION)
    assert again == [tuple(segment) for segment in received.segments[1:-1]]
    assert written_whole(from_json(PurchaseOrder, to_json(order)), "850", VERSION) == again


def test_a_segment_that_stands_twice_and_is_read_once_is_kept_once() -> None:
    order = whole(of_segments("850", ORDER[0], "ITD*01*3*****30", "ITD*01*3*****30", *ORDER[1:]))
    assert [kept.shown for kept in order.remainder if kept.id == "ITD"] == ["ITD 01 3 30"]


@pytest.mark.parametrize("set_id", [set_id for set_id in SET_IDS if set_id in RECEIVED])
def test_a_sound_set_is_written_again_whole(set_id: str) -> None:
    received = the_set(sound(set_id, 1))
    again = written_whole(whole(received), set_id, VERSION)  # type: ignore[arg-type]
    assert remainder_of(received.segments, again, set_id, VERSION) == ()


@pytest.mark.parametrize("set_id", [set_id for set_id in RECEIVED if set_id != "875"])
@given(seed=st.integers(0, 2**32))
def test_whatever_the_grammar_allows_is_written_again(set_id: str, seed: int) -> None:
    made = SetMaker(VERSION, set_id, random.Random(seed), 0.25).segments()
    received = of_segments(set_id, *(segment.text for segment in made))
    document, _ = parse_document(received, VERSION)
    if document is None:
        return
    kept = with_remainder(received, document, VERSION)
    again = written_whole(kept, set_id, VERSION)
    assert remainder_of(received.segments, again, set_id, VERSION) == ()


@pytest.mark.skipif(not CORPUS, reason="set MLCONN_X12_CORPUS to a folder of X12 files (one folder a set)")
def test_files_of_others_survive_being_read_and_written_again() -> None:
    found = survival((file.name, file.read_bytes()) for file in sorted(Path(CORPUS).rglob("*.edi")))
    assert sum(one.sets for one in found.values()) > 60
    assert {set_id: one.lost for set_id, one in found.items() if set_id in RECEIVED and one.share < 0.995} == {}
