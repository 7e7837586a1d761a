"""Records that are saved again within the second that their stamp shows, while a run reads them."""

from __future__ import annotations

import datetime as dt

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.fetching import fetch_changes
from mlconn_pipelines_tests.flows.desk import Desk, desk
from mlconn_pipelines_tests.integration import clerks

MOMENT = dt.datetime(2026, 1, 14, 10, 0, 0)


def save_at(scene: Desk, seconds: float, entry: int, order_number: str) -> None:
    scene.erp.company.clock.set(MOMENT + dt.timedelta(seconds=seconds))
    scene.erp.change("Invoices", entry, NumAtCard=order_number)


def order_number_in_ledger(scene: Desk) -> str:
    [document] = scene.ledger.queue.documents("acme", "x12_810", [State.PENDING_VALIDATION])
    return str(document.raw["NumAtCard"])


def test_a_save_within_the_second_of_the_newest_stamp_is_not_missed() -> None:
    with desk() as scene:
        entry = clerks.invoice(scene).entry
        save_at(scene, 0.1, entry, "FIRST")
        waited: list[float] = []

        def wait(seconds: float) -> None:
            waited.append(seconds)
            save_at(scene, 0.9, entry, "SECOND")

        fetch_changes(scene.route(pause=wait), scene.run())
        assert order_number_in_ledger(scene) == "SECOND", "it was read before the second of its stamp was over"
        assert 0 < waited[0] <= 1


def test_a_save_between_listing_and_reading_does_not_hide_the_next_one() -> None:
    with desk() as scene:
        entry = clerks.invoice(scene).entry
        save_at(scene, 0.1, entry, "FIRST")
        fetch_changes(scene.route(pause=lambda _: save_at(scene, 5.2, entry, "SECOND")), scene.run())
        assert order_number_in_ledger(scene) == "SECOND"
        save_at(scene, 5.8, entry, "THIRD")
        fetch_changes(scene.route(), scene.run())
        assert order_number_in_ledger(scene) == "THIRD", (
            "it carries the stamp of the second save, under which it was read before"
        )
