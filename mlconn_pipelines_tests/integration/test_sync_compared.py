"""Every night both systems are held against each other: what no stamp tells is found, mended where that is safe, and told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mlconn_pipelines.flows.sync.both_sides import BothSides
from mlconn_pipelines.flows.sync.pipeline import compare, look_for_gone
from mlconn_pipelines_tests.integration.sync_scene import SyncScene, sync_scene
from mlconn_simulators.salesforce.seed import WON_STAGE

pytestmark = pytest.mark.database


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Callable[..., SyncScene]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(sync_scene(tmp_path, ledger_database, **options))


def compared(scene: SyncScene) -> BothSides:
    with scene.pipeline() as pipeline:
        return compare(pipeline, "opportunities", "night")


def words(found: BothSides) -> str:
    return "; ".join(map(str, found.remaining))


def test_both_sides_agree_by_count_and_amount(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    deals = [row["Id"] for row in scene.org.win(3)]
    scene.org.win(1, stage="Negotiation")
    scene.run()
    found = compared(scene)
    assert (found.remaining, found.written_again, found.found) == ([], [], 0)
    assert sum(day.due for day in found.days) == sum(day.made for day in found.days) == 3
    assert all(day.due_amount == day.made_amount for day in found.days)
    assert sum(day.due_amount for day in found.days) == sum(scene.deal(key)["Amount"] for key in deals)


def test_a_deal_that_no_poll_brought_is_read(stage: Callable[..., SyncScene]) -> None:
    scene = stage(behind=dt.timedelta(hours=1))
    scene.org.win(1)
    scene.org.clock.move(dt.timedelta(minutes=50))
    scene.org.win(1)
    scene.run()
    scene.org.clock.move(dt.timedelta(minutes=-50))
    scene.org.win(1)  # committed far later than it is stamped
    scene.org.clock.move(dt.timedelta(minutes=50))
    scene.run()
    assert len(scene.made()) == 2
    assert compared(scene).found == 1
    scene.run()
    assert len(scene.made()) == 3 and compared(scene).remaining == []


def test_a_stage_that_means_something_else_now_is_seen_though_no_deal_is_stamped(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    lost, won = (scene.org.win(1, stage=stage)[0]["Id"] for stage in (WON_STAGE, "Negotiation"))
    scene.run()
    scene.run()  # the deal was stamped by the number that it was told
    with scene.org.lock:
        scene.org.store.get("Opportunity", lost).values["IsWon"] = False
        scene.org.store.get("Opportunity", won).values["IsWon"] = True
    scene.run()
    assert scene.states("opportunities") == {"posted": 1}, "nothing was stamped"
    assert compared(scene).found == 2
    scene.run()
    assert scene.states("opportunities") == {"posted": 2} and len(scene.made()) == 2
    with scene.engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT source_key, exception_code FROM document WHERE exception <> ''").all()
    assert [tuple(row) for row in told] == [(lost, "cancelled_after_sending")]


def test_fields_that_were_overwritten_are_written_again(stage: Callable[..., SyncScene]) -> None:
    """By a person; or by a request of ours that was carried out long after we had hung up, and after a newer one."""
    scene = stage(salesforce={"timeout_s": 0.5})
    deal = scene.org.win(1)[0]["Id"]
    scene.run("opportunities")
    late = scene.org.faults.arm("slow", "/composite", method="PATCH", seconds=3600.0)
    scene.org.faults.commits_within_s = 7200.0
    scene.run("orders")
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.cancel("Orders", scene.made()[0]["DocEntry"])
    scene.hours_pass()
    scene.run("orders")
    assert scene.deal(deal)["ERP_Order_Status__c"] == "Cancelled"
    late.let_go.set()
    assert until(lambda: scene.deal(deal)["ERP_Order_Status__c"] == "Open")
    scene.run()
    assert scene.deal(deal)["ERP_Order_Status__c"] == "Open", "no poll sees it"
    found = compared(scene)
    assert found.written_again == [str(scene.made()[0]["DocNum"])] and found.remaining == []
    scene.run("orders")
    assert scene.deal(deal)["ERP_Order_Status__c"] == "Cancelled" and compared(scene).written_again == []


def test_a_partly_delivered_order_is_read_again_and_its_deal_told(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    deal = scene.org.win(1)[0]["Id"]
    scene.run()
    order = scene.made()[0]
    note = scene.erp.copy("Orders", order["DocEntry"], "DeliveryNotes", {0: order["lines"][0]["quantity"]})
    with scene.erp.lock:  # committed far later than it is stamped
        entities = scene.erp.company.sets["DeliveryNotes"]
        entities.write(entities.get((note,)), {"UpdateDate": "2020-01-01T00:00:00Z"})
    scene.run()
    assert scene.deal(deal)["ERP_Order_Status__c"] == "Open", "no poll sees it"
    found = compared(scene)
    assert (found.found, found.remaining) == (1, [])
    scene.run()
    assert scene.deal(deal)["ERP_Order_Status__c"] == "Partly delivered"
    again = compared(scene)
    assert (again.found, again.written_again, again.remaining) == (0, [], [])


def test_an_order_that_somebody_changed_or_removed_is_told(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    first, second = (scene.deal(row["Id"]) for row in scene.org.win(2))
    scene.run()
    changed, gone = (one["DocEntry"] for one in scene.made())
    record = scene.erp.record("Orders", changed)
    scene.erp.change("Orders", changed, DocTotal=record["DocTotal"] + 10)
    del scene.erp.company.sets["Orders"]._records[(gone,)]
    said = words(compared(scene))
    assert f"{record['DocNum']} of SAP Business One is over" in said and "SAP Business One has no record of it any more" in said
    assert {first["Name"], second["Name"]} == {one.number for one in compared(scene).remaining}


def test_a_deal_that_is_deleted_for_good_leaves_its_order_and_is_told(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    deal = scene.org.win(1)[0]["Id"]
    scene.run()
    with scene.org.lock:
        scene.org.store.records["Opportunity"].pop(deal)  # for good, as when the bin was emptied
    assert "Salesforce has Deal" in words(found := compared(scene)) and "no more; it is left as it is" in words(found)
    assert len(scene.made()) == 1 and scene.erp.record("Orders", scene.made()[0]["DocEntry"])["DocumentStatus"] == "bost_Open"


def test_deals_that_were_deleted_for_good_are_found_once_a_week(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    deals = [row["Id"] for row in scene.org.win(3)]
    scene.run()
    with scene.org.lock:
        scene.org.store.delete(scene.org.store.get("Opportunity", deals[0]))
        scene.org.store.records["Opportunity"].pop(deals[1])
    with scene.pipeline() as pipeline:
        for _ in range(2):
            (gone,) = look_for_gone(pipeline, "week")["opportunities"]
            assert gone.source_key == deals[1]
    with scene.engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT source_key, exception FROM document WHERE exception <> ''").all()
    assert [row[0] for row in told] == [deals[1]] and "left as it is" in told[0][1]
    assert len(scene.made()) == 3 and scene.states("opportunities") == {"posted": 3}
    with scene.pipeline() as pipeline:
        pipeline.operator.dismiss(pipeline.run("opportunities", "by hand", gone.partition), gone.id, "cancelled by hand")
        look_for_gone(pipeline, "week")
    with scene.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM document WHERE exception <> ''").scalar() == 0


def until(true: Callable[[], bool]) -> bool:
    ends = dt.datetime.now() + dt.timedelta(seconds=10)
    while not true() and dt.datetime.now() < ends:
        pass
    return true()
