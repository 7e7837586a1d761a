"""Whatever becomes of the stream of change events, the next poll brings both sides together, by count and amount."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.ledger.stores import LedgerStores
from mlconn_pipelines.wiring.listening import heard_of, listen_to_all
from mlconn_pipelines.wiring.stores import stores_over
from mlconn_pipelines_tests.integration.sync_scene import NAME, SyncScene
from mlconn_pipelines_tests.integration.test_listening import scene_with_bus
from mlconn_pipelines_tests.resilience.sync_rounds import account, settle
from mlconn_pipelines_tests.systems.salesforce.pubsub.listening import until

pytestmark = [pytest.mark.database, pytest.mark.slow]
LOST_FOR = dt.timedelta(days=4)
"""Longer than the three days for which the bus keeps events."""


@contextmanager
def listener(scene: SyncScene) -> Iterator[None]:
    """As `mlconn listen`, on a thread."""
    ended, configuration = threading.Event(), load_configuration(scene.settings.config)
    with stores_over(scene.engine, scene.settings) as stores:
        thread = threading.Thread(target=listen_to_all, args=(heard_of(configuration.syncs.values()), stores, ended))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(20)
            assert not thread.is_alive()


def test_after_the_next_poll_both_sides_agree(tmp_path: Path, ledger_database: str) -> None:
    with scene_with_bus(tmp_path, ledger_database, behind=LOST_FOR + dt.timedelta(hours=1)) as (scene, _):
        intake = LedgerStores(scene.engine).intake
        won = 0

        def told() -> int:
            return sum(one.count for one in intake.waiting_hints(NAME, "opportunities"))

        def assert_next_poll_agrees(phase: str) -> None:
            scene.run()
            made = account(scene)
            assert made.wrong == {}, phase
            assert made.states == {"posted": won, "back posted": won}, phase
            with scene.org.lock:
                deals = [row.values["Amount"] for row in scene.org.store.all("Opportunity") if row.values["IsWon"]]
            orders = [scene.erp.record("Orders", one["DocEntry"]) for one in scene.made()]
            totals = [Decimal(str(line["LineTotal"])) for order in orders for line in order["DocumentLines"]]
            assert (len(orders), sum(totals)) == (len(deals), sum(deals)), phase
            scene.org.clock.move(dt.timedelta(seconds=2))  # stamps are whole seconds

        def win(count: int) -> None:
            nonlocal won
            scene.org.win(count)
            won += count

        win(2)
        assert_next_poll_agrees("off")
        with listener(scene):
            until(lambda: told() == 2)  # a stream begins at the oldest event that is kept
            win(2)
            until(lambda: told() == 4)
            assert_next_poll_agrees("on")
            scene.org.events.add_field("Opportunity", "Region__c", 2)
            win(1)
            until(lambda: told() == 1)
            assert_next_poll_agrees("schema changed in mid-stream")
            scene.org.events.reset()
            win(1)
            until(lambda: told() >= 1)
            assert_next_poll_agrees("stream reset")
        win(2)
        for clock in (scene.org.clock.move, scene.erp.move_clock):
            clock(LOST_FOR)
        win(1)
        with listener(scene):
            until(lambda: any("events lost" in place for one in intake.waiting_hints(NAME) for place in one.places))
            assert_next_poll_agrees("lost for four days")
        settle(scene)
        assert len(scene.made()) == won
