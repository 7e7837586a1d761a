"""Vendors of the simulated Sage by way of agent, gateway and PostgreSQL into the folder of the partner that takes them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mlconn_pipelines.config.integration import VendorFlow
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.checking import render_on_trial, validate_records
from mlconn_pipelines.flows.fetching import fetch_changes, look_for_changes
from mlconn_pipelines.flows.freshness import freshness
from mlconn_pipelines.flows.outlet import Destination, Outlet
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.flows.route import Route, System
from mlconn_pipelines.flows.sending import send_ready
from mlconn_pipelines.systems.sage_100.mapping.mapping import mapping_of
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.systems.cleo.cleo_tenant import cleo_tenant
from mlconn_pipelines_tests.systems.sage_100.sage_rows import partner
from mlconn_pipelines_tests.systems.sage_100.sage_site import INTEGRATION, SageSite, sage_site

pytestmark = pytest.mark.database
RUN = Run(INTEGRATION, "vendors", "run-1", dt.date(2026, 11, 29), source="sage_100", target="cleo")


def route_of(site: SageSite) -> Route:
    stores: Any = site.stores
    engine = engine_on(stores, name=INTEGRATION, zone=ZoneInfo("America/Chicago"))
    system = System(engine, site.connector(), mapping_of(Sage100Settings()))
    return Route(system, system.mapping.outbound.sets["vendors"], VendorFlow(send_from=dt.date(2020, 1, 1)))


def test_every_vendor_is_a_file_and_a_changed_one_is_another(
    tmp_path: Path, ledger_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sage_100_agent.service.WAIT_S", 1)
    with sage_site(tmp_path, ledger_database) as site, site.dialling(), cleo_tenant("to_platform") as tenant:
        route = route_of(site)
        refresh_reference(route.system, RUN)
        partners = Partners([partner(name="platform", supplier_codes=(), destination="to_platform", vendors="csv")])
        outlet = Outlet(partners, {"platform": Destination(tenant.exchange().folder("to_platform"), lambda x, _: x)}, 2)

        def run() -> None:
            fetch_changes(route, RUN)
            validate_records(route, partners, RUN)
            render_on_trial(route, partners, RUN)
            send_ready(route.engine, outlet, RUN)

        run()
        files = [file.content.decode() for file in tenant.sandbox.files("to_platform")]
        rows = [row for text in files for row in csv.DictReader(io.StringIO(text))]
        documents = site.stores.queue.documents(INTEGRATION, "vendors", {State.SENT})
        assert len(rows) == len(documents) > 5 and {row.kind for row in documents} == {"vendor"}
        assert sorted(row["number"] for row in rows) == sorted(row.business_number for row in documents)
        assert any(row["terms_description"] for row in rows)

        number = documents[0].business_number
        site.sandbox.people.edit_vendor(number.partition("-")[2], City="Troy")
        assert look_for_changes(route) == 1
        run()
        (last,) = [file for file in tenant.sandbox.files("to_platform") if f"{len(rows) + 1:09}" in file.name]
        assert last.name == f"vendor_platform_{len(rows) + 1:09}_{number}.csv" and b",Troy," in last.content
        assert look_for_changes(route) == 0
        assert freshness(route, dt.timedelta()).unread == ()
