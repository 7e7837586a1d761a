"""What goes wrong with won deals one by one: whose account is gone, who may not sign in, which of five is poisoned."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from mlconn_pipelines.errors import ConnectionStopped, ConnectorError
from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines.flows.sync.pipeline import reprocess
from mlconn_pipelines.ledger.stores import LedgerStores
from mlconn_pipelines.wiring.stores import stores_over
from mlconn_pipelines_tests.integration.sync_scene import FLOWS, SyncScene, sync_scene
from mlconn_simulators.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET

pytestmark = pytest.mark.database


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Callable[..., SyncScene]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(sync_scene(tmp_path, ledger_database, **options))


def account_of(scene: SyncScene, deal: str) -> str:
    return str(scene.deal(deal)["AccountId"])


def alerts(scene: SyncScene) -> list[str]:
    return [alert.text for alert in LedgerStores(scene.engine).watch.open_alerts()]


def seconds_pass(scene: SyncScene) -> None:
    """Stamps are whole seconds."""
    scene.org.clock.move(dt.timedelta(seconds=2))


def test_a_deal_whose_account_was_deleted_waits_and_nothing_of_it_is_made(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    (won,) = scene.org.win(1)
    with scene.org.lock:
        scene.org.store.delete(scene.org.store.get("Account", account_of(scene, won["Id"])))
    scene.run()
    (held,) = scene.documents("opportunities")
    assert (held.state, held.reason_code) == ("on_hold", "account_deleted") and "recycle bin" in held.reason
    assert scene.made() == []


def test_an_account_that_is_deleted_or_merged_after_the_order_leaves_it_in_sap(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    deals = [row["Id"] for row in scene.org.win(6)]
    loser, winner, *_ = dict.fromkeys(account_of(scene, deal) for deal in deals)
    scene.run()
    before = [scene.erp.record("Orders", one["DocEntry"]) for one in scene.made()]
    seconds_pass(scene)
    scene.org.merge(winner, loser)
    for deal in deals:
        scene.org.edit("Opportunity", deal, {"Description": "merged"})  # a merge stamps no deal; the next edit does
    scene.run()
    assert [scene.erp.record("Orders", one["DocEntry"]) for one in scene.made()] == before
    with scene.engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT exception_code FROM document WHERE exception <> ''").scalars().all()
    assert set(told) == {"changed_after_sending"}


@pytest.mark.parametrize("system", ["org", "sap"])
def test_a_refused_sign_in_stops_once_and_goes_on_with_another_secret(stage: Callable[..., SyncScene], system: str) -> None:
    scene = stage()
    scene.run()
    scene.org.win(2)
    wrong = {"org": {"client_id": CLIENT_ID, "client_secret": "no"}, "sap": {"username": "mlconn", "password": "no"}}
    right = {
        "org": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        "sap": {"username": "mlconn", "password": "secret"},
    }
    with stores_over(scene.engine, scene.settings) as stores:
        stores.credentials.set(system, wrong[system])
        with scene.engine.begin() as tx:
            tx.exec_driver_sql("UPDATE session SET ciphertext = NULL")
        for _ in range(4):
            for flow in ("opportunities", "orders"):
                with suppress(ConnectorError):
                    scene.run(flow)
        refused = scene.org.tokens.refused if system == "org" else scene.erp.state(source=False)["failed_logins"]
        assert (sum(refused.values()) if system == "org" else refused) <= 2
        assert len(alerts(scene)) == 1 and scene.made() == []
        with pytest.raises(ConnectionStopped), scene.pipeline() as pipeline:
            pipeline.connectors["salesforce" if system == "org" else "erp"].target.reserve()
        stores.credentials.set(system, right[system])
    scene.hours_pass()
    scene.run()
    assert scene.states("opportunities") == scene.states("orders") == {"posted": 2}
    assert alerts(scene) == []


def test_one_poisoned_deal_among_five_keeps_no_other_waiting(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    deals = [row["Id"] for row in scene.org.win(5)]
    poisoned = scene.deal(deals[2])
    with scene.org.lock:
        line = scene.org.store.having("OpportunityLineItem", "OpportunityId", deals[2])[0]
        line.values["ProductCode"] = "NOWHERE"
    scene.run()
    assert scene.states("opportunities") == {"posted": 4, "on_hold": 1} and scene.states("orders") == {"posted": 4}
    (held,) = (row for row in scene.documents("opportunities") if row.state == "on_hold")
    assert held.business_number == poisoned["Name"] and "NOWHERE" in held.reason


def test_a_deal_that_sap_falls_over_is_held_and_the_others_go_on(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    name = scene.deal(scene.org.win(1)[0]["Id"])["Name"]
    scene.erp.faults.arm("500", "/Orders", None, method="POST", holding=f'{name}"')
    for _ in range(12):
        scene.org.win(1)  # that others are answered shows that it is not the connection
        scene.run("opportunities")
        scene.hours_pass()
        scene.org.clock.move(dt.timedelta(seconds=2))
    assert scene.states("opportunities") == {"posted": 12, "on_hold": 1}


def test_deals_from_before_the_start_are_known_and_become_orders_only_by_name(stage: Callable[..., SyncScene]) -> None:
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(days=60)).date()
    flows = {**FLOWS, "opportunities": {**FLOWS["opportunities"], "send_from": later.isoformat()}}
    scene = stage(flows=flows, salesforce={"history_days": 90})
    scene.org.win(2)
    scene.run()
    assert scene.states("opportunities") == {"before_go_live": 2} and scene.made() == []
    first, _ = scene.documents("opportunities")
    with scene.pipeline() as pipeline:
        run = pipeline.run("opportunities", "by hand", pipeline.engine.today())
        reprocess(pipeline, run, [first], "the customer asked for it")
    assert scene.states("opportunities") == {"before_go_live": 1, "posted": 1} and len(scene.made()) == 1


def test_a_backfill_makes_what_was_never_seen_and_nothing_again(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    seen = [row["Id"] for row in scene.org.win(2)]
    scene.run()
    with scene.engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT name, value FROM watermark ORDER BY name").all()
    hidden = [row["Id"] for row in scene.org.win(2)]
    days = tuple(sorted({scene.deal(key)["CloseDate"] for key in (*seen, *hidden)}))
    scene.run("opportunities", selection=Selection(days=days))
    assert scene.states("opportunities") == {"posted": 4} and len(scene.made()) == 4
    with scene.engine.connect() as connection:
        after = connection.exec_driver_sql("SELECT name, value FROM watermark ORDER BY name").all()
    assert after == before, "a backfill neither reads nor moves the watermark"
    for _ in range(2):
        scene.run("opportunities", selection=Selection(days=days))
        scene.run()
    assert len(scene.made()) == 4 and scene.states("orders") == {"posted": 4}


def test_an_org_has_one_lane_of_writes_over_all_runs(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    scene.org.win(6)
    scene.run("opportunities")
    at_once, most = 0, 0
    counting = threading.Lock()
    wrote = scene.org.wrote

    def noted(*given: object) -> None:
        nonlocal at_once, most
        with counting:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        wrote(*given)  # type: ignore[arg-type]
        with counting:
            at_once -= 1

    scene.org.wrote = noted  # type: ignore[method-assign]
    runs = [threading.Thread(target=scene.run, args=("orders",)) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    scene.run("orders")
    assert scene.states("orders") == {"posted": 6} and most == 1
