"""A sync integration as Dagster runs it: deals go all the way, and materializations and checks tell it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mlconn_pipelines.definitions import defs as load_definitions
from mlconn_pipelines.defs import warm
from mlconn_pipelines.defs.keys import LIVE, tags_of
from mlconn_pipelines.defs.partitions import DAY, today_of
from mlconn_pipelines.defs.sensors import reason_to_run
from mlconn_pipelines_tests.integration.sync_scene import ACCOUNT_FLOWS, FLOWS, NAME, SyncScene, sync_scene

pytestmark = pytest.mark.database

DEALS, MADE = f"{NAME}/salesforce/opportunities", f"{NAME}/sap_business_one/orders_created"
ORDERS, TOLD = f"{NAME}/sap_business_one/orders", f"{NAME}/salesforce/opportunities_updated"


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SyncScene]]:
    """This process works like a code server or a worker: its environment is the scene's."""
    with ExitStack() as stack:

        def open_scene(**options: Any) -> SyncScene:
            opened = stack.enter_context(sync_scene(tmp_path, ledger_database, **options))
            for name, value in opened.environment.items():
                if name.startswith("MLCONN_"):
                    monkeypatch.setenv(name, value)
            return opened

        yield open_scene
        warm.close_cached()


def test_a_sensor_sees_a_won_deal_and_runs_carry_it_and_its_number(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    definitions = load_definitions()
    with scene.pipeline() as pipeline:
        today = today_of(pipeline.settings).strftime(DAY)
    with dg.DagsterInstance.ephemeral() as instance:

        def run(flow: str) -> dg.ExecuteInProcessResult:
            partition = None if flow == "reference" else today
            job = definitions.resolve_job_def(f"{NAME}_{flow}")
            return job.execute_in_process(instance=instance, partition_key=partition, tags=tags_of(NAME, flow, LIVE))

        def look(flow: str) -> Any:
            sensor = f"{NAME}_{flow}_sensor"
            with dg.build_sensor_context(instance=instance, definitions=definitions, sensor_name=sensor) as context:
                return definitions.resolve_sensor_def(sensor).evaluate_tick(context)

        def metadata(asset: str) -> dict[str, Any]:
            made = instance.fetch_materializations(dg.AssetKey(asset.split("/")), limit=1).records
            assert made[0].asset_materialization is not None
            return {label: value.value for label, value in made[0].asset_materialization.metadata.items()}

        assert run("reference").success
        (won,) = scene.org.win(1, lines=2)
        (wanted,) = look("opportunities").run_requests
        assert wanted.partition_key == today
        assert run("opportunities").success
        assert metadata(DEALS)["mlconn/run_new"] == 1 and metadata(MADE)["mlconn/run_posted"] == 1
        assert metadata(DEALS)["mlconn/run_salesforce_calls"] >= 1 and "mlconn/run_exchange_calls" not in metadata(DEALS)
        assert metadata(MADE)["mlconn/partition_posted"] == 1 and metadata(MADE)["mlconn/run_erp_calls"] >= 1
        assert not look("opportunities").run_requests
        assert look("orders").run_requests and run("orders").success
        assert metadata(TOLD)["mlconn/run_posted"] == 1
        (order,) = scene.made()
        number = scene.erp.record("Orders", order["DocEntry"])["DocNum"]
        assert scene.deal(won["Id"])["ERP_Order_Number__c"] == str(number)
        passed = {
            f"{key.asset_key.to_user_string()}:{key.name}": record.event.dagster_event.asset_check_evaluation_data.passed  # type: ignore[union-attr]
            for key in definitions.resolve_asset_graph().asset_check_keys
            if (record := instance.get_latest_asset_check_evaluation_record(key)) is not None
        }
        rules = ("nothing_set_aside", "no_unknown_outcomes")
        assert passed == {
            **{f"{asset}:watermark_fresh": True for asset in (DEALS, ORDERS)},
            **{f"{asset}:{rule}": True for asset in (MADE, TOLD) for rule in rules},
        }
        nightly = definitions.resolve_job_def(f"{NAME}_reconciliation")
        assert nightly.execute_in_process(instance=instance).success
        agree = instance.get_latest_asset_check_evaluation_record(
            dg.AssetCheckKey(dg.AssetKey(MADE.split("/")), "both_sides_agree")
        )
        assert agree is not None and agree.event is not None
        evaluation = agree.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
        assert evaluation.passed and "1 are due and 1 are there" in str(evaluation.description)
        (day,) = evaluation.metadata["mlconn/both_sides"].records
        assert day.data["due in Salesforce"] == day.data["in SAP Business One"] == 1
        assert day.data["amount in Salesforce"] == day.data["amount in SAP Business One"]
        assert definitions.resolve_job_def(f"{NAME}_deletions").execute_in_process(instance=instance).success
        there = instance.get_latest_asset_check_evaluation_record(
            dg.AssetCheckKey(dg.AssetKey(DEALS.split("/")), "nothing_deleted_for_good")
        )
        assert there is not None and there.event is not None
        assert there.event.dagster_event.asset_check_evaluation_data.passed  # type: ignore[union-attr]
        assert not look("orders").run_requests
        watched = definitions.resolve_sensor_def(f"{NAME}_watch_sensor")
        with dg.build_sensor_context(instance=instance, definitions=definitions, sensor_name=watched.name) as context:
            assert "alert" not in str(watched.evaluate_tick(context).skip_message)


def test_balances_show_every_row_and_what_keeps_one(stage: Callable[..., SyncScene]) -> None:
    flow = {"to": "account_balances", "currency": "USD", "without_account": "ignore"}
    scene = stage(flows={**FLOWS, "receivables": flow})
    definitions = load_definitions()
    with scene.pipeline() as pipeline:
        today = today_of(pipeline.settings).strftime(DAY)
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_job_def(f"{NAME}_receivables")

        def run() -> None:
            assert job.execute_in_process(
                instance=instance, partition_key=today, tags=tags_of(NAME, "receivables", LIVE)
            ).success

        def metadata(asset: str) -> dict[str, Any]:
            key = dg.AssetKey([NAME, *asset.split("/")])
            made = instance.fetch_materializations(key, limit=1).records[0].asset_materialization
            assert made is not None
            return {label: value.value for label, value in made.metadata.items()}

        scene.org.faults.arm("validation_rule", "/composite", rows=[0])
        run()
        read, told = metadata("sap_business_one/receivables"), metadata("salesforce/account_balances")
        assert read["mlconn/run_rows_read"] == read["mlconn/run_rows_changed"] > 5 and read["mlconn/run_read_whole"] == 1
        accounts = len(list(scene.org.store.all("Account")))
        assert (told["mlconn/rows_written"], told["mlconn/run_rows_on_hold"]) == (accounts - 1, 1)
        assert told["mlconn/rows_failed"] == read["mlconn/run_rows_read"] - accounts + 1
        rows = [record.data for record in told["mlconn/rows"].records]
        assert {row["state"] for row in rows} == {"failed", "written"} and "ERP_Balance__c" in rows[0]["fields"]
        code = next(row["row"] for row in rows if row["state"] == "written")
        scene.erp.receive_payment(str(code), 5)
        run()
        assert metadata("salesforce/account_balances")["mlconn/run_rows_written"] == 1
        checks = {
            key.name: record.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
            for key in definitions.resolve_asset_graph().asset_check_keys
            if (record := instance.get_latest_asset_check_evaluation_record(key)) is not None
        }
        assert {name: check.passed for name, check in checks.items()} == {
            "nothing_set_aside": False,
            "no_unknown_outcomes": True,
            "rows_agree": True,
            "watermark_fresh": True,
        }


def test_a_used_up_quota_is_one_alert_of_the_org_and_over_by_itself(stage: Callable[..., SyncScene]) -> None:
    scene = stage(salesforce={"quota_pause_s": 1, "quota_share": 0.5})
    scene.run()
    scene.org.win(1)
    definitions = load_definitions()
    with dg.DagsterInstance.ephemeral() as instance, scene.pipeline() as pipeline:

        def look(flow: str) -> Any:
            sensor = f"{NAME}_{flow}_sensor"
            with dg.build_sensor_context(instance=instance, definitions=definitions, sensor_name=sensor) as context:
                return definitions.resolve_sensor_def(sensor).evaluate_tick(context)

        def alerts() -> list[str]:
            return [alert.text for alert in pipeline.watch.open_alerts()]

        scene.org.used = 50_000
        for _ in range(3):
            look("opportunities")
            look("orders")
        (told,) = alerts()
        assert "requests is used up" in told and f"{dt.datetime.now(dt.UTC):%Y-%m-%d} " in told
        scene.org.used = scene.org.quota  # by others, meanwhile: the org itself refuses
        time.sleep(1.1)
        look("opportunities")
        assert alerts() == [told]
        scene.org.used = 10
        time.sleep(1.1)
        look("opportunities")
        assert alerts() == []
        scene.run()
        assert scene.states("opportunities") == scene.states("orders") == {"posted": 1}


def test_a_deal_that_waits_for_its_customer_is_woken_by_its_sensor(stage: Callable[..., SyncScene]) -> None:
    scene = stage(flows={**FLOWS, **ACCOUNT_FLOWS})
    definitions = load_definitions()
    with scene.pipeline() as pipeline:
        today = today_of(pipeline.settings).strftime(DAY)
    with dg.DagsterInstance.ephemeral() as instance:

        def run(flow: str) -> set[str]:
            """The assets that were materialized."""
            partition = None if flow == "reference" else today
            job = definitions.resolve_job_def(f"{NAME}_{flow}")
            done = job.execute_in_process(instance=instance, partition_key=partition, tags=tags_of(NAME, flow, LIVE))
            assert done.success
            return {event.asset_key.to_user_string() for event in done.get_asset_materialization_events() if event.asset_key}

        def wanted(flow: str) -> bool:
            sensor = f"{NAME}_{flow}_sensor"
            with dg.build_sensor_context(instance=instance, definitions=definitions, sensor_name=sensor) as context:
                return bool(definitions.resolve_sensor_def(sensor).evaluate_tick(context).run_requests)

        run("reference")
        key = scene.org.add("Account", {"Name": "Northwind, Inc.", "Type": "Customer"})
        scene.org.edit("Opportunity", scene.org.win(1)[0]["Id"], {"AccountId": key})
        run("opportunities")
        assert scene.states("opportunities") == {"on_hold": 1} and not wanted("opportunities")
        assert wanted("accounts")
        assert run("accounts") == {f"{NAME}/salesforce/accounts", f"{NAME}/sap_business_one/customers"}
        assert wanted("customer_codes")
        assert run("customer_codes") == {f"{NAME}/sap_business_one/customer_codes", f"{NAME}/salesforce/accounts_updated"}
        with scene.pipeline() as pipeline:  # a process whose last look is long ago
            assert "waited for is there" in str(reason_to_run(pipeline, "opportunities"))
        run("opportunities")
        assert scene.states("opportunities") == {"posted": 1}
        assert [order["CardCode"] for order in scene.made()] == [scene.account(key)["AccountNumber"]]
