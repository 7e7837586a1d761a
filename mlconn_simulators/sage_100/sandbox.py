"""A simulated Sage 100 server that tests and the demo hold in their hands."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import threading
from collections.abc import Callable
from typing import Any

from mlconn_simulators.sage_100.clock import ServerClock
from mlconn_simulators.sage_100.component import NOT_REGISTERED, ComError
from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.people import People
from mlconn_simulators.sage_100.script import Script
from mlconn_simulators.sage_100.seed import Trade, make_masters
from mlconn_simulators.sage_100.site import Site
from mlconn_simulators.sage_100.store import Company
from mlconn_simulators.world.model import World

MAIN, OTHER = "MER", "EUR"
DAYS = 30
USER, PASSWORD = "EDI", "secret"


class Sage100Sandbox:
    """One installation with two companies: all orders are in the first, and the second lets nobody in from outside.

    site: switches, faults, counts and alarms. people: somebody at a screen of the main company. divisions: a second one is in use.
    shares_host: an activation meets a host that is running already, even one that hangs.
    """

    def __init__(
        self,
        world: World,
        *,
        orders: int | None = None,
        divisions: bool = False,
        zone: str = "America/Chicago",
        start: dt.datetime | None = None,
        shares_host: bool = True,
    ) -> None:
        """orders: so many at the start; left out: half of the world's documents."""
        self.world, self.shares_host, self.registered = world, shares_host, True
        now = start or dt.datetime.combine(world.today, dt.datetime.now(dt.UTC).time(), dt.UTC)
        self.clock = ServerClock(zone, now - dt.timedelta(days=DAYS + 1))
        self.site = Site(self.clock)
        for code, title in ((MAIN, world.company_title), (OTHER, "Meridian Europe")):
            self.site.companies[code] = Company(code, self.clock, title, external_access=code == MAIN)
        self.company = self.site.companies[MAIN]
        for company in self.site.companies.values():
            self.company["SY_Company"].put({"CompanyCode$": company.code, "CompanyName$": company.title})
        buyer = self.site.add_user("SMITH", "")
        self.user = self.site.add_user(USER, PASSWORD)
        dice = random.Random(f"sage-100-{world.seed}")
        self.people = People(self.site, self.company, buyer)
        self.clock.running = False
        make_masters(self.site, self.company, world, dice, divisions)
        self.trade = Trade(self.people, world, dice)
        self.trade.start(world.documents // 2 if orders is None else orders, self.clock, DAYS)
        self.clock.running = True
        self.clock.set(now)
        self._activating = threading.Lock()
        self.running: dict[int, HostProcess] = {}
        pids = itertools.count(4001)
        self.spawn: Callable[[threading.Event], int] = lambda ended: next(pids)
        """Starts the process of a host that ends when the event is set; gives its id. Only a `SageServer` starts real ones."""

    def host(self) -> Activations:
        """What one client's COM is: scripts, and the processes that its activations brought."""
        return Activations(self)

    def activate(self) -> tuple[HostProcess, bool]:
        """A host process, and whether it came up now. Errors: ComError where the class is not registered."""
        if not self.registered:
            raise ComError("Class not registered", NOT_REGISTERED)
        with self._activating:
            return self._activate()

    def _activate(self) -> tuple[HostProcess, bool]:
        self.running = {pid: host for pid, host in self.running.items() if host.alive}
        if self.shares_host and self.running:
            return next(iter(self.running.values())), False
        host = HostProcess(self.site)
        host.pid = self.spawn(host.ended)
        self.running[host.pid] = host
        return host, True

    def end_process(self, pid: int) -> None:
        """What TerminateProcess does to a host."""
        self.running[pid].end()

    def order(self, number: str) -> dict[str, Any]:
        """A copy of an order with its lines, open or in the history. Errors: KeyError."""
        with self.site.lock:
            for which in ("", "History"):
                row = self.company[f"PO_PurchaseOrder{which}Header"].rows.get((number,))
                if row is not None:
                    lines = [dict(line) for line in self.company[f"PO_PurchaseOrder{which}Detail"].under(number)]
                    return dict(row) | {"lines": lines}
        raise KeyError(number)

    def source(self) -> dict[str, list[dict[str, Any]]]:
        """The records that a pipeline is expected to read, those among them that it wrote."""
        orders, details = self.company["PO_PurchaseOrderHeader"], self.company["PO_PurchaseOrderDetail"]
        told = (
            "PurchaseOrderNo$",
            "PurchaseOrderDate$",
            "OrderType$",
            "OrderStatus$",
            "APDivisionNo$",
            "VendorNo$",
            "Comment$",
            "DateUpdated$",
            "TimeUpdated$",
        )
        of_line = ("LineKey$", "ItemType$", "QuantityOrdered", "UnitCost")
        return {
            "orders": [
                {name: row[name] for name in told}
                | {"detail": [{name: line[name] for name in of_line} for line in details.under(*key)]}
                for key, row in orders.rows.items()
            ],
            "vendors": [
                {name: row[name] for name in ("APDivisionNo$", "VendorNo$")} for row in self.company["AP_Vendor"].rows.values()
            ],
        }

    def state(self, source: bool = False) -> dict[str, Any]:
        """What the company holds, what came over the interface and what came twice. source: with the lists of all records."""
        with self.site.lock:
            return {
                "records": {name: len(table.rows) for name, table in self.company.tables.items()},
                "numbers": dict(self.company.numbers),
                "created": self.site.journal.created_entries(self.company),
                "updated": self.site.journal.changed_entries(),
                "business_duplicates": self.site.journal.business_duplicates(self.company),
                "source": self.source() if source else {},
                "seated": len(self.site.seated),
                "locks": [[name, list(key), lock.owner] for (name, key), lock in self.company.locks.items()],
                "calls": dict(sorted(self.site.calls.items())),
                "faults": dict(self.site.faults.given),
                "alarms": list(self.site.alarms),
                "processes": sorted(pid for pid, host in self.running.items() if host.alive),
                "clock": self.clock.local().isoformat(timespec="seconds"),
            }


class Activations:
    """script: CoCreateInstance of ProvideX.Script."""

    def __init__(self, sandbox: Sage100Sandbox) -> None:
        self._sandbox = sandbox
        self._brought: set[int] = set()

    def script(self) -> Script:
        host, new = self._sandbox.activate()
        if new:
            self._brought.add(host.pid)
        script = Script(host)
        script.handed_out = True
        return script

    @property
    def processes(self) -> frozenset[int]:
        """Of our activations, those that still run."""
        return frozenset(pid for pid in self._brought if pid in self._sandbox.running and self._sandbox.running[pid].alive)
