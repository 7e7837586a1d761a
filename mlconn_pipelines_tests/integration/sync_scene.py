"""A scene for sync tests: a simulated SAP company and a simulated org on sockets, a database, a configuration between them."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cryptography.fernet import Fernet

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline, run_flow
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.wiring.stores import stores_over
from mlconn_pipelines.wiring.sync.opening import open_sync
from mlconn_simulators.demo.configuration import yaml_text
from mlconn_simulators.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, SalesforceSandbox
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world

NAME = "acme_sf"
ABSENCE_S = 0.3
FLOWS: Mapping[str, Any] = {
    "opportunities": {"to": "orders", "send_from": "2020-01-01", "currency": "USD", "customer_order_number": "PO_Number__c"},
    "orders": {"to": "opportunities", "status": "ERP_Order_Status__c", "as_of": "ERP_As_Of__c"},
}
ACCOUNT_FLOWS: Mapping[str, Any] = {
    "accounts": {"to": "business_partners", "series": "sap", "group": "sap", "payment_terms": "sap"},
    "customer_codes": {"to": "accounts"},
}
"""Beside those."""


@dataclass
class SyncScene:
    """Everything of one test. environment: what a process of ours needs. act_time_out_s: as of `scenario.Scene`."""

    org: SalesforceSandbox
    erp: SapBusinessOneSandbox
    settings: Settings
    environment: Mapping[str, str]
    engine: Any
    act_time_out_s: float | None = None

    @contextmanager
    def pipeline(self) -> Iterator[SyncPipeline]:
        """As a process of its own would open it."""
        with (
            stores_over(self.engine, self.settings) as stores,
            open_sync(NAME, load_configuration(self.settings.config), self.settings, stores) as opened,
        ):
            yield unhurried(opened, {} if self.act_time_out_s is None else {"act_time_out_s": self.act_time_out_s})

    def run(self, *flows: str, selection: Selection = EVERYTHING, run_id: str = "test") -> None:
        """The flows once, in this process; all of them when none is named."""
        with self.pipeline() as pipeline:
            for flow in flows or pipeline.settings.flow_names:
                run_flow(pipeline, _run_of(pipeline, flow, run_id), selection)

    def hours_pass(self) -> None:
        """Whatever waits for its time is due: another try, taking over a lost claim, the next look for evidence."""
        columns = {
            "document": ("next_attempt_at",),
            "claim": ("expires_at", "absence_proves_at", "next_check_at", "twin_look_at"),
        }
        with self.engine.begin() as tx:
            for table, names in columns.items():
                for name in names:
                    tx.exec_driver_sql(f"UPDATE {table} SET {name} = now() WHERE {name} > now()")
            tx.exec_driver_sql(
                "UPDATE remembered_key SET absent_since = absent_since - interval '61 s', last_asked_at = now() - interval '1 h'"
            )

    def documents(self, flow: str) -> list[DocumentRow]:
        with self.pipeline() as pipeline:
            return pipeline.engine.queue.documents(NAME, flow, tuple(State), due_only=False)

    def states(self, flow: str) -> dict[str, int]:
        return dict(Counter(row.state.value for row in self.documents(flow)))

    def made(self) -> list[dict[str, Any]]:
        """The orders that came into SAP over the API."""
        return [one for one in self.erp.state(source=False)["created"] if one["set"] == "Orders"]

    def deal(self, key: str) -> dict[str, Any]:
        with self.org.lock:
            return dict(self.org.store.get("Opportunity", key).values)

    def partners(self) -> list[dict[str, Any]]:
        """The business partners that came into SAP over the API."""
        return list(self.erp.state(source=False)["partners"])

    def account(self, key: str) -> dict[str, Any]:
        with self.org.lock:
            return dict(self.org.store.get("Account", key).values)


def unhurried(opened: SyncPipeline, changes: Mapping[str, Any] = MappingProxyType({})) -> SyncPipeline:
    """Nobody saves a record twice while a test reads it. changes: further ones of the engine."""
    engine = replace(opened.engine, pause=lambda seconds: None, **changes)
    by_flow = {
        flow: replace(route, engine=engine, erp=replace(route.erp, engine=engine)) for flow, route in opened.by_flow.items()
    }
    return replace(opened, engine=engine, by_flow=by_flow)


def _run_of(pipeline: SyncPipeline, flow: str, run_id: str) -> Run:
    return pipeline.run(flow, run_id, dt.datetime.now(pipeline.engine.zone).date())


@contextmanager
def sync_scene(
    folder: Path,
    database_url: str,
    *,
    profile: str = "sales_cloud",
    behind: dt.timedelta = dt.timedelta(),
    act_time_out_s: float | None = None,
    erp: Mapping[str, Any] | None = None,
    salesforce: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Iterator[SyncScene]:
    """No deal is won yet, and every customer trades in dollars.

    behind: how far the clocks of both systems are. erp, salesforce: settings of the connections beside what they need. changes: of the
    integration's file, at its top.
    """
    world = make_world(seed=5, documents=0, items=12)
    sap = SapBusinessOneSandbox(
        world, user="mlconn", password="secret", company_db="SBODEMOUS", login_s=0.0, partner_fields=("U_SF_Account",)
    )
    sap.move_clock(-behind)
    start = dt.datetime.now(dt.UTC) - behind if behind else None
    org = SalesforceSandbox(world, profile=profile, opportunities=0, start=start)
    for account in list(org.store.all("Account")):
        if sap.record("BusinessPartners", account.values["AccountNumber"])["Currency"] != "$":
            org.store.delete(account)
    absence_s = (erp or {}).get("absence_proves_after_s", ABSENCE_S)
    sap.faults.commits_within_s = 0.8 * absence_s
    with ExitStack() as stack:
        at_sap, at_org = (stack.enter_context(serve(sandbox.app())).url for sandbox in (sap, org))
        config, home = folder / "config", folder / "home"
        for made in (config, home):
            made.mkdir()
        written = {
            "integration": NAME,
            "mode": "live",
            "erp": {
                "kind": "sap_business_one",
                "url": f"{at_sap}/b1s/v2/",
                "company_db": "SBODEMOUS",
                "credential": "sap",
                "absence_proves_after_s": ABSENCE_S,
                **(erp or {}),
            },
            "salesforce": {
                "kind": "salesforce",
                "url": at_org,
                "credential": "org",
                "requests_per_second": 1000,
                **(salesforce or {}),
            },
            "order_defaults": {"tax_code": "sap", "payment_terms": "sap", "series": "sap"},
            "flows": FLOWS,
            **changes,
        }
        (config / f"{NAME}.yaml").write_text(yaml_text(written), encoding="utf-8")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MLCONN_", "DAGSTER_"))},
            "MLCONN_CONFIG": str(config),
            "MLCONN_HOME": str(home),
            "MLCONN_DATABASE_URL": database_url,
            "MLCONN_VAULT_KEY": Fernet.generate_key().decode(),
        }
        settings, engine = read_settings(environment), ledger_engine(database_url)
        stack.callback(engine.dispose)
        with stores_over(engine, settings) as stores:
            stores.credentials.set("sap", {"username": "mlconn", "password": "secret"})
            stores.credentials.set("org", {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
        yield SyncScene(org, sap, settings, environment, engine, act_time_out_s)
