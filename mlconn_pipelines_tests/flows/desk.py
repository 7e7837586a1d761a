"""Reading a simulated SAP Business One into the fake ledger: what a test of a reading use case needs, and no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from mlconn_pipelines.config.integration import OutboundFlow
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.route import IdleWindow, Route, System
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.systems.sap_business_one.mapping.mapping import mapping_of
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import Company, sap_company
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.world.making import make_world
from mlconn_simulators.world.model import World, WorldPartner


@dataclass
class Desk:
    """As a `Scene` to the clerks of `integration.clerks`. Its company has partners and items, and no documents."""

    company: Company
    connector: Connector
    mapping: ErpMapping
    ledger: FakeLedger = field(default_factory=FakeLedger)
    quiet: dict[str, IdleWindow] = field(default_factory=dict)

    @property
    def erp(self) -> SapBusinessOneSandbox:
        return self.company.sandbox

    @property
    def world(self) -> World:
        return self.erp.world

    def partner_named(self, name: str) -> WorldPartner:
        return next(partner for partner in self.world.partners if partner.name == name)

    def route(self, flow: str = "x12_810", **changes: Any) -> Route:
        """changes: of the engine."""
        system = System(engine_on(self.ledger, **{"zone": ZoneInfo("UTC"), **changes}), self.connector, self.mapping)
        declared, settings = self.mapping.outbound.sets[flow], OutboundFlow(send_from=dt.date(2020, 1, 1))
        return Route(system, declared, settings, self.quiet)

    def run(self, flow: str = "x12_810") -> Run:
        return Run("acme", flow, "test", self.world.today, False, "config-1", "sap_business_one", "cleo")


@contextmanager
def desk() -> Iterator[Desk]:
    with sap_company(world=make_world(documents=0, items=80), zone_clock=None) as company:
        yield Desk(company, company.connector(page_size=100), mapping_of(SapSettings()))
