"""How many requests of Salesforce it takes to write what 10,000 customers owe, through the ledger, and how long."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.figures import Figure, figure, note
from benchmarks.salesforce import QUICK, simulated_org
from benchmarks.scene import server
from mlconn_pipelines.config.schedules import Schedules
from mlconn_pipelines.config.sync import BalanceFields, ReceivablesFlow
from mlconn_pipelines.database.databases import create_missing
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.selection import EVERYTHING
from mlconn_pipelines.flows.sync.collecting import collect_rows, read_rows
from mlconn_pipelines.flows.sync.route import Collects
from mlconn_pipelines.flows.sync.writing import write_ready
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.ledger.schema import upgrade
from mlconn_pipelines.ledger.stores import LedgerStores
from mlconn_pipelines.ports.records import ConnectionReport, Record
from mlconn_pipelines.ports.rows import Moved
from mlconn_pipelines.systems.salesforce.api.connector import open_org
from mlconn_pipelines.systems.salesforce.connection import SalesforceConnection
from mlconn_pipelines.wiring.sync import receivables
from mlconn_pipelines.wiring.sync.flow import Parts
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemorySessions

CUSTOMERS, CALLS_MAX = 10_000, 60


class Owed:
    """What so many customers owe; a RowSource that takes no time."""

    def __init__(self, customers: int) -> None:
        self.customers = customers

    def marks(self) -> Mapping[str, str]:
        return {}

    def moved(self, marks: Mapping[str, str], at_a_glance: bool = False) -> Moved:
        return Moved((), marks)

    def check(self) -> Sequence[ConnectionReport]:
        return ()

    def rows(self, keys: Collection[str] | None = None) -> Iterator[Sequence[Record]]:
        for start in range(0, self.customers, 100):
            numbers = range(start, min(start + 100, self.customers))
            yield [{"CardCode": f"C{number:06d}", "CurrentAccountBalance": Decimal(number)} for number in numbers]


def measure(quick: bool) -> Iterator[Figure]:
    customers = CUSTOMERS // (QUICK if quick else 1)
    with server() as database, simulated_org("Account", customers) as (described, used):
        create_missing(database.url(), ["balances"])
        url = database.url("balances")
        upgrade(url)
        engine = ledger_engine(url)
        tally, calls, seconds = _written(LedgerStores(engine), described, used, customers)
        engine.dispose()
    if tally["rows_written"] < customers:
        raise RuntimeError(f"{tally['rows_written']} of {customers} balances were written: {tally.problems[:3]}")
    about = f"{customers} balances onto {customers} accounts, which are found by their codes first, in {seconds:.1f} s"
    yield figure("Salesforce balances, API requests", calls, "requests", "<=", CALLS_MAX, about)
    yield note(
        "Salesforce balances, with the ledger", customers / seconds, "balances/s", "one lane of writes; reading takes no time"
    )


def _written(stores: LedgerStores, described: Mapping[str, Any], used: Any, customers: int) -> tuple[Tally, int, float]:
    """(what came of it, API requests, seconds)"""
    flow = ReceivablesFlow(to="account_balances", currency="USD", fields=BalanceFields(as_of="ERP_As_Of__c"))
    flows, org_settings = SimpleNamespace(receivables=flow), SimpleNamespace(writes_in_flight=1)
    integration = cast("Any", SimpleNamespace(flows=flows, salesforce=org_settings, schedules=Schedules()))
    connection = SalesforceConnection.model_validate({"kind": "salesforce", "url": described["url"], "credential": "sf"})
    credentials = MemoryCredentials(sf={name: described[name] for name in ("client_id", "client_secret")})
    org = open_org(connection, credentials, MemorySessions(), None, mapped=receivables.FLOW.mapped(integration))
    with closing(org.api):
        erp = cast("Any", SimpleNamespace(connector=SimpleNamespace(receivables=lambda _: Owed(customers)), mapping=None))
        ledger_of_run = engine_on(cast("Any", stores))
        route = receivables.FLOW.route(
            Parts(integration, ledger_of_run, erp, org.connector, org.reader, org.edits, stores.field_states)
        )
        assert isinstance(route.act, Collects)
        run = Run(ledger_of_run.name, route.flow, "bench", ledger_of_run.today())
        before, began = used(), time.perf_counter()
        done = [read_rows(route, route.act, run, EVERYTHING), collect_rows(route, route.act, run, EVERYTHING)]
        tally = Tally.of([*done, write_ready(route, run)])
        return tally, used() - before, time.perf_counter() - began
