"""The demo's deals from beginning to end, with the flows run by hand in place of Dagster."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.flows.sync.pipeline import run_flow
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import stores_over
from mlconn_pipelines.wiring.sync.opening import open_sync
from mlconn_pipelines_tests.integration.sync_scene import unhurried
from mlconn_simulators.demo.customers import compare_customers, read_customer_books
from mlconn_simulators.demo.report import FlowReport
from mlconn_simulators.demo.salesforce import (
    FLOWS,
    INTEGRATION,
    READ_AFTER_S,
    Deals,
    compare_deals,
    read_deal_books,
    store_deal_credentials,
    write_deal_configuration,
)
from mlconn_simulators.program import start

pytestmark = pytest.mark.database


def test_deals_learn_what_becomes_of_their_orders(tmp_path: Path, ledger_database: str) -> None:
    with start(systems=["salesforce"], documents={"salesforce": 0}) as running:
        described = running.describe()
        write_deal_configuration(tmp_path / "config", described)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLCONN_")}
        environment |= {"MLCONN_CONFIG": str(tmp_path / "config"), "MLCONN_HOME": str(tmp_path)}
        environment |= {"MLCONN_DATABASE_URL": ledger_database, "MLCONN_VAULT_KEY": Fernet.generate_key().decode()}
        settings, engine = read_settings(environment), ledger_engine(ledger_database)
        deals, now = Deals(described), 0.0
        with stores_over(engine, settings) as stores:
            store_deal_credentials(stores.credentials, described)
            with open_sync(INTEGRATION, load_configuration(settings.config), settings, stores) as opened:
                pipeline = unhurried(opened)
                for _ in range(40):
                    now += READ_AFTER_S
                    deals.go_on(now)
                    if deals.over:
                        break
                    running.sales.org.clock.move(dt.timedelta(seconds=2))  # stamps are whole seconds
                    for flow in FLOWS:
                        run_flow(pipeline, pipeline.run(flow, "test", dt.date(2026, 11, 29)))
        engine.dispose()
        assert deals.over
        books = read_deal_books(described)
        rows = FlowReport(INTEGRATION, "opportunities"), FlowReport(INTEGRATION, "orders")
        words = compare_deals(*rows, books)
        customers = FlowReport(INTEGRATION, "accounts"), FlowReport(INTEGRATION, "receivables")
        said = compare_customers(*customers, read_customer_books(described))
    assert all(row.adds_up and not row.differences for row in customers), [row.differences for row in customers]
    assert "0 doubled, 0 changed telephone numbers are not in SAP, 0 balances on accounts are not SAP's. 1 account " in said
    assert all(row.adds_up and not row.differences for row in rows), [row.differences for row in rows]
    assert "SAP delivered 1 of them in part and 2 in full, and 2 were paid in full or in part: 0 deals say otherwise" in words
