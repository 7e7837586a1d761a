"""Records that are saved again within the second that their stamp shows, while a run reads them."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.fetching import fetch_changes
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of, tuned

pytestmark = pytest.mark.database

FLOW = "x12_810"


MOMENT = dt.datetime(2026, 1, 14, 10, 0, 0)


def save_at(scene: Scene, seconds: float, entry: int, order_number: str) -> None:
    scene.erp.company.clock.set(MOMENT + dt.timedelta(seconds=seconds))
    scene.erp.change("Invoices", entry, NumAtCard=order_number)


def order_number_in_ledger(scene: Scene) -> str:
    [document] = scene.documents(FLOW, State.PENDING_VALIDATION)
    return str(document.raw["NumAtCard"])


def test_a_save_within_the_second_of_the_newest_stamp_is_not_missed(stage: Stage) -> None:
    scene = stage(only=["northwind"], flows={FLOW: {"send_from": dt.date(2020, 1, 1)}})
    entry = clerks.invoice(scene).entry
    save_at(scene, 0.1, entry, "FIRST")
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        save_at(scene, 0.9, entry, "SECOND")

    with scene.pipeline() as pipeline:
        fetch_changes(tuned(pipeline, pause=wait).route(FLOW), run_of(pipeline, FLOW))
    assert order_number_in_ledger(scene) == "SECOND", "it was read before the second of its stamp was over"
    assert 0 < waited[0] <= 1


def test_a_save_between_listing_and_reading_does_not_hide_the_next_one(stage: Stage) -> None:
    scene = stage(only=["northwind"], flows={FLOW: {"send_from": dt.date(2020, 1, 1)}})
    entry = clerks.invoice(scene).entry
    save_at(scene, 0.1, entry, "FIRST")
    with scene.pipeline() as pipeline:
        run = run_of(pipeline, FLOW)
        fetch_changes(tuned(pipeline, pause=lambda _: save_at(scene, 5.2, entry, "SECOND")).route(FLOW), run)
        assert order_number_in_ledger(scene) == "SECOND"
        save_at(scene, 5.8, entry, "THIRD")
        fetch_changes(pipeline.route(run.flow), run)
    assert order_number_in_ledger(scene) == "THIRD", "it carries the stamp of the second save, under which it was read before"
