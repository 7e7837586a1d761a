"""The longer nothing happens in the ERP, the less a look reads again; and nothing that comes late is missed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from mlconn_pipelines.flows.fetching import fetch_changes, look_for_changes
from mlconn_pipelines_tests.flows.desk import Desk, desk
from mlconn_pipelines_tests.integration import clerks


@dataclass
class Clock:
    """Our running seconds."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def pass_time(scene: Desk, clock: Clock, seconds: float) -> None:
    scene.erp.move_clock(dt.timedelta(seconds=seconds))
    clock.now += seconds


def test_after_two_quiet_hours_one_request_is_enough_however_much_there_was_before() -> None:
    with desk() as scene:
        for _ in range(105):
            clerks.invoice(scene)
        fetch_changes(scene.route(), scene.run())
        clock = Clock()
        route = scene.route(clock=clock)
        asked = []
        for _ in range(14):
            before = scene.erp.faults.requests["GET /b1s/v2/Invoices"]
            assert look_for_changes(route) == 0
            asked.append(scene.erp.faults.requests["GET /b1s/v2/Invoices"] - before)
            pass_time(scene, clock, 600)
        assert asked[0] == 2, "105 invoices within the overlap are read again, 100 a page"
        assert asked[-1] == 1
        clerks.invoice(scene)
        assert look_for_changes(route) == 1, "what is new is found all the same"


def test_a_clock_put_back_during_the_quiet_hides_nothing() -> None:
    with desk() as scene:
        clerks.invoice(scene)
        fetch_changes(scene.route(), scene.run())
        clock = Clock()
        route = scene.route(clock=clock)
        for _ in range(7):
            assert look_for_changes(route) == 0
            pass_time(scene, clock, 600)
        scene.erp.move_clock(dt.timedelta(hours=-1))
        clerks.invoice(scene)
        assert look_for_changes(route) == 1


def test_a_look_that_was_not_made_shortens_nothing() -> None:
    with desk() as scene:
        clerks.invoice(scene)
        fetch_changes(scene.route(), scene.run())
        clock = Clock()
        route = scene.route(clock=clock)
        assert look_for_changes(route) == 0
        clerks.invoice(scene)
        pass_time(scene, clock, 7_200)
        assert look_for_changes(route) == 1, "two hours in which nobody looked"
