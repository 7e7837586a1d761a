"""What no poll has brought, the nightly comparison finds, reads by itself, and tells only what differs afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.flows.catching_up import FOUND, CaughtUp, catch_up
from mlconn_pipelines.flows.comparing import compare_with_erp
from mlconn_pipelines.flows.fetching import fetch_changes
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.business_central_scene import business_central_scene
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import FO, each_system
from mlconn_pipelines_tests.systems.finance_operations.described import FinanceOperations
from mlconn_pipelines_tests.systems.system import System

pytestmark = pytest.mark.database


def compare(scene: Scene, flow: str = "", days_max: int = 10) -> CaughtUp:
    """As the nightly run does."""
    with scene.pipeline() as pipeline:
        today = pipeline.engine.local(pipeline.engine.queue.now()).date()
        run = run_of(pipeline, flow or scene.system.flow, "night")
        return catch_up(pipeline.route(run.flow), run, today - dt.timedelta(days=35), today, days_max)


def pass_by(scene: Scene) -> None:
    """The watermark is moved past everything that is there."""
    with scene.pipeline() as pipeline:
        now = pipeline.erp.source.watermark_at(pipeline.engine.queue.now())
    scene.rows("UPDATE watermark SET value = %s WHERE name = %s", now, scene.system.flow)


def write_long_ago(scene: Scene, act: Callable[[], Any]) -> Any:
    """Stamped and dated before what polls read again."""
    scene.system.move_clock(-scene.system.long_ago)
    made = act()
    scene.system.move_clock(scene.system.long_ago)
    return made


@each_system
def test_records_that_the_watermark_passed_are_brought_and_leave(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner])
    write_long_ago(scene, lambda: scene.system.write(scene))
    scene.settle()
    missed = write_long_ago(scene, lambda: [scene.system.write(scene) for _ in range(2)])
    pass_by(scene)
    scene.run(system.flow)
    assert len(scene.documents(system.flow)) == 1, "no poll reads them any more"

    done = compare(scene)
    assert (done.found, done.remaining, done.later) == (2, [], [])
    brought = {row.business_number: row.id for row in scene.documents(system.flow)}
    for one in missed:
        [told] = scene.rows("SELECT reason FROM audit_event WHERE document_id = %s AND event = 'fetched'", brought[one.number])
        assert told["reason"] == FOUND
    scene.settle()
    assert set(scene.states(system.flow)) == {"accepted"}
    assert sorted(got.business_number for got in scene.received(system.set_id)) == sorted(brought)
    assert compare(scene).differences == []


@each_system
def test_a_change_that_no_poll_brought_is_read_although_counts_agree(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner])
    one = write_long_ago(scene, lambda: scene.system.write(scene))
    scene.run(system.flow)
    scene.system.move_clock(dt.timedelta(seconds=2))  # SAP's stamps show no more than seconds
    write_long_ago(scene, lambda: scene.system.changes()[3](scene, one))
    pass_by(scene)
    scene.run(system.flow)
    [before] = scene.rows("SELECT content_hash, latest_hash FROM document WHERE flow = %s", system.flow)
    assert before["content_hash"] == before["latest_hash"]
    done = compare(scene)
    [after] = scene.rows("SELECT content_hash, latest_hash FROM document WHERE flow = %s", system.flow)
    assert (after["content_hash"], done.remaining) == (before["content_hash"], [])
    assert after["latest_hash"] != before["latest_hash"]
    assert compare(scene).differences == [], "a change after sending is known, and told by an exception of its own"


@each_system
def test_a_comparison_of_what_agrees_reads_nothing_again(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, documents=40, only=[system.partner])
    scene.run(system.flow)
    done = compare(scene)
    assert (done.differences, done.read, done.found) == ([], [], 0)


def test_only_so_many_days_are_read_again_in_a_night_and_the_others_follow(stage: Stage) -> None:
    scene = stage(only=["northwind"], flows={"x12_810": {"send_from": dt.date(2020, 1, 1)}})
    clerks.invoice(scene)
    scene.run("x12_810")
    today = scene.world.today
    for back in (3, 5, 8):
        day = (today - dt.timedelta(days=back)).isoformat()
        write_long_ago(scene, lambda day=day: clerks.invoice(scene, DocDate=day, TaxDate=day))
    pass_by(scene)
    first = compare(scene, days_max=2)
    assert (len(first.differences), len(first.read), len(first.later), first.found) == (3, 2, 1, 2)
    second = compare(scene, days_max=2)
    assert (second.read, second.later, second.found) == (first.later, [], 1)
    assert compare(scene, days_max=0).differences == []


def test_what_differs_although_it_was_read_again_is_told_by_its_number(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    gone, other, kept = (clerks.invoice(scene) for _ in range(3))
    scene.run("x12_810")
    with scene.erp.lock:
        entities = scene.erp.company.sets["Invoices"]
        entities.remove(entities.get((gone.entry,)))
        entities.get((other.entry,)).values["DocTotal"] += 1  # past the clerks, and without a stamp
    done = compare(scene)
    told = {each.number: each.words for each in done.remaining}
    assert set(told) == {gone.number, other.number}
    assert "lists no such document" in told[gone.number] and "amount" in told[other.number]
    assert kept.number not in str(done.remaining)


def test_a_confirmation_dated_back_is_found(stage: Stage) -> None:
    """F&O: polls read on by the day of a confirmation, and somebody confirms under a day of last week."""
    scene = stage(system=FO, only=["ferrolux"])
    system = scene.system
    assert isinstance(system, FinanceOperations)
    today, again = system.write(scene), system.write(scene)
    scene.run(system.flow)
    system.move_clock(-dt.timedelta(days=9))
    late = system.write(scene)
    system.move_clock(dt.timedelta(days=8))
    system.change_order(again.number, 12)  # a second confirmation, dated yesterday
    system.move_clock(dt.timedelta(days=1))
    scene.run(system.flow)
    known = {row.business_number for row in scene.documents(system.flow)}
    assert late.number not in known and {today.number, again.number} <= known
    done = compare(scene)
    assert done.remaining == []
    assert late.number in {row.business_number for row in scene.documents(system.flow)}
    [changed] = scene.rows("SELECT * FROM document WHERE business_number = %s", again.number)
    assert changed["latest_hash"] != changed["content_hash"], "confirmed again, under a day before the first"


def test_orders_that_vanish_are_compared_as_far_as_they_are_there(stage: Stage) -> None:
    """Business Central: an order that was invoiced in full is no difference; one that no poll brought is found while it stands."""
    with business_central_scene(stage, only=["northwind"]) as bc:
        sold = bc.sell("northwind", "salesOrders")
        bc.company.act("salesOrders", sold, "release")
        bc.scene.run("x12_850")
        bc.company.act("salesOrders", sold, "shipAndInvoice")
        bc.company.clock.move(-dt.timedelta(hours=3))
        missed = bc.sell("northwind", "salesOrders")
        bc.company.act("salesOrders", missed, "release")
        bc.company.clock.move(dt.timedelta(hours=3))
        with bc.scene.pipeline() as pipeline:
            now = pipeline.erp.source.watermark_at(pipeline.engine.queue.now())
        bc.scene.rows("UPDATE watermark SET value = %s WHERE name = 'x12_850'", now)
        bc.scene.run("x12_850")
        assert [row.source_key for row in bc.scene.documents("x12_850")] == [sold]
        done = compare(bc.scene, "x12_850")
        assert (done.found, done.remaining) == (1, [])
        assert {row.source_key for row in bc.scene.documents("x12_850")} == {sold, missed}
        assert compare(bc.scene, "x12_850").differences == [], "the one that is gone is none"


def test_a_record_that_is_written_while_a_day_is_read_again_is_not_told(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    clerks.invoice(scene)
    with scene.pipeline() as opened:
        written: list[str] = []

        class Busy:
            """The ERP, in which a clerk writes an invoice whenever its days have been listed; twice."""

            def __getattr__(self, name: str) -> Any:
                return getattr(opened.erp.totals, name)

            def headers(self, *about: Any) -> Any:
                yield from opened.erp.totals.headers(*about)
                if len(written) < 2:
                    written.append(clerks.invoice(scene).number)

        busy: Any = Busy()
        pipeline = replace(opened, erp=replace(opened.erp, totals=busy))
        today = pipeline.engine.local(pipeline.engine.queue.now()).date()
        done = catch_up(pipeline.route("x12_810"), run_of(pipeline, "x12_810"), today, today, 10)
        assert done.remaining == []
        fetch_changes(opened.route("x12_810"), run_of(opened, "x12_810"))
        assert compare_with_erp(opened.route("x12_810"), today, today) == []
