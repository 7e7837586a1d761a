"""A first read of many accounts: killed, or stopped at our share of the quota, it goes on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import pytest

from mlconn_pipelines.definitions import defs as load_definitions
from mlconn_pipelines.defs import warm
from mlconn_pipelines.flows.fetching import fetch_changes
from mlconn_pipelines.flows.reading_records import RECORDS_AT_ONCE
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.systems.salesforce.api.faults import QuotaReached
from mlconn_pipelines_tests.integration.sync_scene import ACCOUNT_FLOWS, FLOWS, NAME, SyncScene, sync_scene
from mlconn_pipelines_tests.resilience.conftest import Start

pytestmark = [pytest.mark.database, pytest.mark.slow]

ACCOUNTS, IDS_AT_ONCE, PAGE = 3_000, 170, 2_000
"""How many there are; of which one request reads so many whole by their ids, and lists so many."""

SHARE = 0.5


@pytest.fixture
def scene(tmp_path: Path, ledger_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncScene]:
    """An org whose accounts were all made on one day, and none of them read yet."""
    flows = {**FLOWS, **ACCOUNT_FLOWS, "accounts": {**ACCOUNT_FLOWS["accounts"], "with_won_deal": False}}
    limits = {"quota_share": SHARE}
    with ExitStack() as stack:
        scene = stack.enter_context(sync_scene(tmp_path, ledger_database, flows=flows, salesforce=limits))
        with scene.org.lock:
            for account in list(scene.org.store.all("Account")):
                scene.org.store.delete(account)
            for number in range(ACCOUNTS):
                scene.org.store.add(
                    "Account", {"Name": f"Customer {number}", "Type": "Customer", "AccountNumber": f"N{number}"}
                )
        for name, value in scene.environment.items():
            if name.startswith("MLCONN_"):
                monkeypatch.setenv(name, value)
        yield scene
        warm.close_cached()


def read_on(scene: SyncScene) -> Tally:
    """The step of the flow that reads, once."""
    with scene.pipeline() as pipeline:
        return fetch_changes(pipeline.route("accounts"), pipeline.run("accounts", "test", pipeline.engine.today()))


def stored(scene: SyncScene) -> int:
    with scene.engine.connect() as connection:
        [held] = connection.exec_driver_sql("SELECT count(*) FROM document WHERE flow = 'accounts'").one()
    return int(held)


def asked(scene: SyncScene, before: Counter[str]) -> int:
    """Queries since then."""
    made = Counter(scene.org.faults.requests) - before
    return sum(count for path, count in made.items() if "/query" in path)


def test_a_first_read_that_was_killed_reads_no_stored_account_again(scene: SyncScene, start: Start) -> None:
    start(scene, "accounts", at="after store_fetched", nth=3, integration=NAME).go().died()
    assert 2 * RECORDS_AT_ONCE < (before := stored(scene)) <= 3 * RECORDS_AT_ONCE
    already = Counter(scene.org.faults.requests)
    assert read_on(scene)["new"] == (left := ACCOUNTS - before) and stored(scene) == ACCOUNTS
    assert asked(scene, already) <= -(-left // IDS_AT_ONCE) + -(-ACCOUNTS // PAGE) + 2, (
        "listed once more, and only the rest read"
    )
    assert read_on(scene)["new"] == 0


def test_a_first_read_stops_at_our_share_with_one_alert_and_resumes(scene: SyncScene) -> None:
    scene.run("opportunities")  # sensors wait for reference data
    definitions = load_definitions()
    scene.org.quota, scene.org.used = 40, 0
    with pytest.raises(QuotaReached):
        read_on(scene)
    assert 0 < (before := stored(scene)) < ACCOUNTS and scene.org.used <= SHARE * scene.org.quota + 4
    with dg.DagsterInstance.ephemeral() as instance, scene.pipeline() as pipeline:

        def alerts(*flows: str) -> list[str]:
            """After the sensors of these flows have looked."""
            for flow in flows:
                sensor = definitions.resolve_sensor_def(f"{NAME}_{flow}_sensor")
                with dg.build_sensor_context(instance=instance, definitions=definitions, sensor_name=sensor.name) as context:
                    assert sensor.evaluate_tick(context).run_requests == [], "a run would fail"
            return [alert.text for alert in pipeline.watch.open_alerts()]

        [told] = alerts("accounts")
        assert "requests is used up" in told
        used = scene.org.used
        assert alerts("opportunities", "accounts", "orders") == [told]
        assert scene.org.used == used, "nothing is asked until the pause is over"
        scene.org.quota, scene.org.used = 100_000, 0
        with scene.engine.begin() as tx:  # the pause passes
            tx.exec_driver_sql("UPDATE limiter SET next_at = now()")
        assert alerts("opportunities") == []
    assert read_on(scene)["new"] == ACCOUNTS - before and stored(scene) == ACCOUNTS
