"""850s that are not plain: changed, doubtful, doubled, one bad one among good ones, or written as 875s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import TransitionRefused
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_simulators.partner.orders import DraftOrder

pytestmark = pytest.mark.database


def created(scene: Scene) -> list[str]:
    return [entry["NumAtCard"] for entry in scene.erp.state()["created"]]


def orders(scene: Scene, *states: State) -> list[DocumentRow]:
    return scene.documents(INBOUND, *states, set_ids=("850",))


def with_segment(order: DraftOrder, name: str, place: int, value: str) -> DraftOrder:
    """The order with one element of its last segment of that name written otherwise."""
    segments = [list(segment) for segment in order.segments]
    last = [segment for segment in segments if segment[0] == name][-1]
    last[place] = value
    return replace(order, segments=tuple(segments))


def put_set(scene: Scene, set_id: str, functional_id: str, segments: Sequence[str], control: int) -> None:
    """One set from northwind, in the envelope that its orders have."""
    content = clerks.order_file(scene, [clerks.an_order(scene)], control).decode()
    start, end = content.index("ST*850"), content.index("GE*")
    body = [f"ST*{set_id}*0001", *segments, f"SE*{len(segments) + 2}*0001"]
    written = (
        content[:start].replace("GS*PO*", f"GS*{functional_id}*") + "".join(f"{segment}~" for segment in body) + content[end:]
    )
    clerks.put(scene, written.encode(), f"{set_id}.edi")


@pytest.mark.parametrize("purpose", ["01", "04", "05", "06", "07"])
def test_only_originals_create_an_order(stage: Stage, purpose: str) -> None:
    scene = stage(only=["northwind"])
    clerks.put(scene, clerks.order_file(scene, [with_segment(clerks.an_order(scene), "BEG", 1, purpose)], 7), "change.edi")
    scene.settle()
    (row,) = orders(scene)
    assert (row.state, row.reason_code) == (State.ON_HOLD, "purpose_not_supported")
    assert created(scene) == []
    assert [got.set_id for got in scene.received()] == ["997"]


def test_an_item_number_that_means_two_items_waits_for_a_person(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    numbers = [item.partner_numbers.get("northwind", "") for item in scene.world.items]
    twice = next(number for number in numbers if number and numbers.count(number) > 1)
    clerks.put(scene, clerks.order_file(scene, [with_segment(clerks.an_order(scene), "PO1", 7, twice)], 7), "odd.edi")
    scene.settle()
    (row,) = orders(scene)
    assert (row.state, row.reason_code) == (State.ON_HOLD, "item_ambiguous")
    assert twice in row.reason
    codes = [item.code for item in scene.world.items if item.partner_numbers.get("northwind") == twice]
    scene.reconfigure(partners={"northwind": {"items": {twice: codes[0]}}})
    scene.settle()
    (entry,) = scene.erp.state()["created"]
    assert entry["lines"][-1]["item"] == codes[0]


@pytest.mark.parametrize(
    ("segment", "place", "value", "code"),
    [("PO1", 7, "NOSUCH1", "item_unknown"), ("PO1", 3, "BD", "unit_unknown"), ("CUR", 2, "EUR", "currency_differs")],
)
def test_what_does_not_resolve_waits_with_its_reason(stage: Stage, segment: str, place: int, value: str, code: str) -> None:
    scene = stage(only=["northwind"])
    clerks.put(scene, clerks.order_file(scene, [with_segment(clerks.an_order(scene), segment, place, value)], 7), "odd.edi")
    scene.settle()
    (row,) = orders(scene)
    assert (row.state, row.reason_code) == (State.ON_HOLD, code)
    assert created(scene) == []


def test_an_order_in_another_currency_is_posted_once_a_person_approves(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    order = with_segment(clerks.an_order(scene), "CUR", 2, "EUR")
    clerks.put(scene, clerks.order_file(scene, [order], 7), "odd.edi")
    scene.settle()
    (row,) = orders(scene)
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(run_of(pipeline, INBOUND), row.id, "they said so")
    scene.settle()
    assert [entry["iso"] for entry in scene.erp.state()["created"]] == ["EUR"]
    assert [row.state for row in orders(scene)] == [State.POSTED]


def test_one_order_number_under_two_control_numbers_waits_for_a_person(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    order = clerks.an_order(scene)
    for control in (7, 8):
        clerks.put(scene, clerks.order_file(scene, [order], control), f"{control}.edi")
        scene.settle()
    assert created(scene) == [order.number]
    (row,) = orders(scene, State.ON_HOLD)
    assert row.reason_code == "business_duplicate"
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(run_of(pipeline, INBOUND), row.id, "a second truck")
    scene.settle()
    assert created(scene) == [order.number] * 2


def test_one_order_number_twice_in_files_read_together_is_posted_once(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    order = clerks.an_order(scene)
    for control in (7, 8):
        clerks.put(scene, clerks.order_file(scene, [order], control), f"{control}.edi")
    scene.settle()
    assert created(scene) == [order.number]
    assert sorted(row.state for row in orders(scene)) == [State.ON_HOLD, State.POSTED]


def test_one_bad_set_in_a_group_is_refused_and_the_others_are_posted(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    good, bad, fine = (clerks.an_order(scene) for _ in range(3))
    bad = with_segment(bad, "BEG", 5, "")  # the order's date is mandatory
    clerks.put(scene, clerks.order_file(scene, [good, bad, fine], 7), "group.edi")
    scene.settle()
    assert sorted(created(scene)) == sorted([good.number, fine.number])
    assert {row.business_number: row.state for row in orders(scene)} == {
        good.number: State.POSTED,
        bad.number: State.SYNTAX_REJECTED,
        fine.number: State.POSTED,
    }
    (answer,) = scene.uploads("997")
    text = answer.content.decode()
    assert "AK9*P*3*3*2" in text
    assert [part.split("*")[1][0] for part in text.split("~") if part.startswith("AK5")] == ["A", "R", "A"]


def grocery_segments(order: DraftOrder, status: str = "N") -> list[str]:
    """The 850 as an 875: the same partner, day, place, items, quantities and prices."""
    beg, *others = order.segments
    lines = [segment for segment in others if segment[0] == "PO1"]
    parties = ["*".join(segment) for segment in others if segment[0] in ("N1", "N3", "N4")]
    return [
        f"G50*{status}*{beg[5]}*{order.number}",
        *parties,
        *("*".join(("G68", *po1[2:5], "", *po1[6:10])) for po1 in lines),
        f"G76*{sum(int(po1[2]) for po1 in lines)}*{lines[0][3]}",
    ]


def test_a_grocery_order_becomes_the_record_that_an_850_would(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    first, second = clerks.an_order(scene), clerks.an_order(scene)
    put_set(scene, "875", "OG", grocery_segments(first), 7)
    clerks.put(scene, clerks.order_file(scene, [second], 8), "850.edi")
    scene.settle()
    (row,) = scene.documents(INBOUND, set_ids=("875",))
    assert (row.state, row.business_number, row.reason) == (State.POSTED, first.number, "")
    made = {entry["NumAtCard"]: entry for entry in scene.erp.state()["created"]}
    assert made.keys() == {first.number, second.number}
    assert [(line["quantity"], line["price"]) for line in made[first.number]["lines"]] == [
        (float(line.quantity), float(line.price)) for line in first.lines
    ]
    assert ["AK9*A*1*1*1" in upload.content.decode() for upload in scene.uploads("997")] == [True, True]


def test_a_grocery_order_that_is_sent_again_or_cancelled_waits_for_a_person(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    first, second = clerks.an_order(scene), clerks.an_order(scene)
    put_set(scene, "875", "OG", grocery_segments(first), 7)
    scene.settle()
    put_set(scene, "875", "OG", grocery_segments(first), 8)
    scene.settle()
    put_set(scene, "875", "OG", grocery_segments(second, "F"), 9)
    scene.settle()
    rows = [(row.business_number, row.reason_code) for row in scene.documents(INBOUND, State.ON_HOLD, set_ids=("875",))]
    assert rows == [(first.number, "business_duplicate"), (second.number, "purpose_not_supported")]
    (cancelled,) = (row for row in scene.documents(INBOUND, set_ids=("875",)) if row.business_number == second.number)
    assert "The order is a cancellation (G5001)" in cancelled.reason
    assert created(scene) == [first.number]


UNHANDLED = {
    "860": ("PC", "PO-77", ("BCH*04*SA*PO-77***20990105*****20990107", "POC*1*QI*12*12*EA*4.5**BP*A-1", "CTT*1")),
    "865": ("CA", "PO-78", ("BCA*00*AC*PO-78***20990105", "POC*1*PC*12*12*EA*4.5**BP*A-1", "ACK*IP*12*EA", "CTT*1")),
    "846": ("IB", "ST-1", ("BIA*00*SI*ST-1*20990105", "LIN*1*BP*A-1", "QTY*33*100*EA", "CTT*1")),
    "832": ("SC", "CAT-1", ("BCT*PC*CAT-1", "LIN*1*BP*A-1", "CTP**WHL*4.5", "CTT*1")),
    "820": ("RA", "CHECK-1", ("BPR*I*100*C*CHK", "TRN*1*CHECK-1", "ENT*1", "RMR*IV*4711**100")),
}


def test_sets_that_no_flow_handles_are_kept_and_answered(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    for control, (set_id, (functional_id, _, segments)) in enumerate(UNHANDLED.items(), start=7):
        put_set(scene, set_id, functional_id, segments, control)
    scene.settle()
    assert created(scene) == []
    answers = [upload.content.decode() for upload in scene.uploads("997")]
    assert len(answers) == len(UNHANDLED)
    assert all("AK9*A*1*1*1" in answer for answer in answers)
    for set_id, (_, number, _) in UNHANDLED.items():
        (row,) = scene.documents(INBOUND, set_ids=(set_id,))
        assert (row.state, row.reason_code, row.business_number) == (State.ON_HOLD, "set_not_handled", number)
        assert f"no flow handles {set_id} yet" in row.reason
        with scene.pipeline() as pipeline:
            with pytest.raises(TransitionRefused, match="no flow handles"):
                pipeline.operator.approve(run_of(pipeline, INBOUND), row.id, "they said so")
            pipeline.operator.reprocess(run_of(pipeline, INBOUND), row.id, "perhaps now", False)
    scene.run(INBOUND)
    rows = scene.documents(INBOUND, set_ids=tuple(UNHANDLED))
    assert [(row.state, row.reason_code) for row in rows] == [(State.ON_HOLD, "set_not_handled")] * len(UNHANDLED)


def test_a_change_order_whose_date_is_missing_is_refused(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    put_set(scene, "860", "PC", ("BCH*04*SA*PO-79", "CTT*0"), 7)
    scene.settle()
    (row,) = scene.documents(INBOUND, set_ids=("860",))
    assert (row.state, row.business_number) == (State.SYNTAX_REJECTED, "PO-79")
    assert "AK9*R*1*1*0" in scene.uploads("997")[0].content.decode()
