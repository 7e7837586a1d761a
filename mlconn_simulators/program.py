"""Starts the simulated systems together: the ERPs asked for, and for each of them Cleo and the trading partners of one made-up world."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from starlette.applications import Starlette

from mlconn_simulators.activity import Activity
from mlconn_simulators.announcement import announcement
from mlconn_simulators.business_central import BusinessCentralSandbox
from mlconn_simulators.dynamics import RunningBusinessCentral, RunningEntra, RunningFinanceOperations
from mlconn_simulators.entra import EntraSandbox
from mlconn_simulators.finance_operations import FinanceOperationsSandbox
from mlconn_simulators.integration import SYSTEMS, Integration
from mlconn_simulators.partner import Habits
from mlconn_simulators.sage_100.running import RunningSage
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox
from mlconn_simulators.sage_100.server import SageServer
from mlconn_simulators.sales import SALESFORCE, RunningSales
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.server import Endpoint, serve
from mlconn_simulators.world.agreements import describe_world
from mlconn_simulators.world.making import make_world
from mlconn_simulators.world.model import World

SAP_USER, SAP_PASSWORD, SAP_COMPANY_DB = "manager", "Sap-Sandbox-1", "SBODEMOUS"

NAMES = (*SYSTEMS, SALESFORCE)
"""What can be started: the ERPs, and a Salesforce org with an SAP company of its own, which has neither Cleo nor partners."""

_PORTS_TRIED = 50


class RunningSandbox:
    """All systems of one world, listening. Use it in a `with` block, or call `stop`.

    integrations: by ERP, its Cleo tenant and partners (see `integration`); `cleo` and `partner` are those of the first one.
    """

    cleo_at: Endpoint
    partner_at: Endpoint
    sap_business_one: SapBusinessOneSandbox
    """Only where it was asked for, as the next six."""
    sap_business_one_at: Endpoint
    business_central: BusinessCentralSandbox
    finance_operations: FinanceOperationsSandbox
    sage_100: Sage100Sandbox
    sage_server: SageServer
    entra: EntraSandbox
    sales: RunningSales

    def __init__(
        self,
        world: World,
        *,
        systems: Sequence[str],
        port_base: int | None,
        rate_limit: float | None,
        habits: Habits | None,
        late_max_s: float,
        initial_orders: int | None,
        taken_after_s: float | None,
        token_lifetime_s: float,
        notification_delay_s: float,
        activity: float | None,
        documents: Mapping[str, int],
    ) -> None:
        self.world = world
        self.integrations: dict[str, Integration] = {}
        self._described: dict[str, Callable[[], dict[str, Any]]] = {}
        self._open = contextlib.ExitStack()
        self._next_port = port_base
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            running_entra = None
            if "business_central" in systems or "finance_operations" in systems:
                running_entra = RunningEntra(self._listen, rate_limit)
                self.entra, self._described["entra"] = running_entra.sandbox, running_entra.describe
            for system in (each for each in SYSTEMS if each in systems):
                world = replace(self.world, documents=documents.get(system, self.world.documents))
                if system == "sap_business_one":
                    self._start_sap(world, rate_limit)
                elif running_entra is not None and system == "business_central":
                    central = RunningBusinessCentral(world, running_entra, self._listen, rate_limit, notification_delay_s)
                    self.business_central, self._described[system] = central.sandbox, central.describe
                    self._open.callback(central.sandbox.close)
                elif system == "sage_100":
                    sage = RunningSage(world, self._listen)
                    self.sage_100, self.sage_server, self._described[system] = sage.sandbox, sage.server, sage.describe
                    self._open.callback(sage.close)
                elif running_entra is not None:
                    operations = RunningFinanceOperations(world, running_entra, self._listen, rate_limit)
                    self.finance_operations, self._described[system] = operations.sandbox, operations.describe
                    self._open.callback(operations.sandbox.close)
                integration = Integration(
                    system,
                    world,
                    habits=habits,
                    late_max_s=late_max_s,
                    initial_orders=initial_orders,
                    taken_after_s=taken_after_s,
                    token_lifetime_s=token_lifetime_s,
                    rate_limit=rate_limit,
                )
                self.integrations[system] = integration
                integration.listen(self._listen)
            if SALESFORCE in systems:
                self.sales = RunningSales(self.world, self._listen, rate_limit)
                self._described[SALESFORCE] = self.sales.describe
                self._open.callback(self.sales.close)
            if activity is not None:
                self._open.callback(Activity(self._makers(), activity).close)
            for first in list(self.integrations.values())[:1]:
                self.cleo, self.partner = first.cleo, first.partner
                self.cleo_at, self.partner_at = first.cleo_at, first.partner_at
            undo.pop_all()

    def __enter__(self) -> RunningSandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening and answering, within a second or so."""
        for integration in self.integrations.values():
            integration.close()
        self._open.close()

    def describe(self) -> dict[str, Any]:
        """What a client needs to reach the systems, and what everyone has agreed on, as plain JSON.

        Each ERP's entry holds its own `cleo` and `partner`; those at the top are the first ERP's.
        """
        described = {name: describe() for name, describe in self._described.items()}
        for system, integration in self.integrations.items():
            described[system] |= integration.describe()
        first = next((integration.describe() for integration in self.integrations.values()), {})
        return described | first | {"world": describe_world(self.world)}

    def _makers(self) -> list[Callable[[], object]]:
        """What makes one new document in each ERP."""
        makers: dict[str, Callable[[], Callable[[], object]]] = {
            "sap_business_one": lambda: lambda: self.sap_business_one.activity(sound=True),
            "business_central": lambda: self.business_central.activity,
            "finance_operations": lambda: self.finance_operations.activity,
            "sage_100": lambda: lambda: self.sage_100.trade.activity(1),
        }
        return [makers[system]() for system in self.integrations] + (
            [self.sales.org.win] if SALESFORCE in self._described else []
        )

    def _start_sap(self, world: World, rate_limit: float | None) -> None:
        self.sap_business_one = SapBusinessOneSandbox(
            world, user=SAP_USER, password=SAP_PASSWORD, company_db=SAP_COMPANY_DB, rate_limit=rate_limit
        )
        self.sap_business_one_at = self._listen(self.sap_business_one.app())
        self._open.callback(self.sap_business_one.webhooks.close)
        self._described["sap_business_one"] = lambda: {
            "url": f"{self.sap_business_one_at.url}/b1s/v2",
            "company_db": SAP_COMPANY_DB,
            "user": SAP_USER,
            "password": SAP_PASSWORD,
            "state": f"{self.sap_business_one_at.url}/_sandbox/state",
        }

    def _listen(self, app: Starlette) -> Endpoint:
        """Serve on a free port, or with a port base on the next one that nobody has."""
        if self._next_port is None:
            return self._open.enter_context(serve(app))
        for port in range(self._next_port, self._next_port + _PORTS_TRIED):
            with contextlib.suppress(OSError):
                endpoint = self._open.enter_context(serve(app, port))
                self._next_port = port + 1
                return endpoint
        raise OSError(
            f"Ports {self._next_port} to {self._next_port + _PORTS_TRIED - 1} are all in use; choose another --port-base"
        )


def start(
    *,
    systems: Sequence[str] = SYSTEMS[:1],
    port_base: int | None = None,
    seed: int = 1,
    documents: int | Mapping[str, int] = 500,
    rate_limit: float | None = None,
    today: dt.date | None = None,
    habits: Habits | None = None,
    late_max_s: float = 10.0,
    initial_orders: int | None = None,
    taken_after_s: float | None = 1.0,
    token_lifetime_s: float = 3600.0,
    notification_delay_s: float = 1.0,
    activity: float | None = None,
    items: int = 200,
) -> RunningSandbox:
    """Make a world and start its systems.

    systems: names of NAMES; each ERP gets a Cleo tenant and partners of its own. port_base: the first of three ports in a
    row for each ERP (and one for Entra), those in use left out; free ones where None. documents: of each ERP and its partners
    together, one number for all or by ERP. rate_limit: requests a second per path template at each system, None for no limit.
    notification_delay_s: until Business Central tells of a change, 30 in life. activity: new documents a minute in each ERP,
    None for none. items: in the catalogue. The rest: see CleoSandbox and PartnerSandbox.
    Errors: ValueError for an unknown system, or none.
    """
    if activity is not None and activity <= 0:
        raise ValueError(f"{activity} new documents a minute cannot be made; leave it out for none")
    unknown = [system for system in systems if system not in NAMES]
    if unknown or not systems:
        raise ValueError(f"No simulated system is called {', '.join(unknown) or 'nothing'}; there are {', '.join(NAMES)}")
    by_system = documents if isinstance(documents, Mapping) else dict.fromkeys(systems, documents)
    if unmatched := set(systems) ^ set(by_system):
        raise ValueError(
            f"Say how many documents for each of {', '.join(systems)}; {', '.join(sorted(unmatched))} does not fit"
        )
    return RunningSandbox(
        make_world(seed, max(by_system.values()), today, items),
        systems=systems,
        port_base=port_base,
        rate_limit=rate_limit,
        habits=habits,
        late_max_s=late_max_s,
        initial_orders=initial_orders,
        taken_after_s=taken_after_s,
        token_lifetime_s=token_lifetime_s,
        notification_delay_s=notification_delay_s,
        activity=activity,
        documents=by_system,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Start, print the endpoints, serve until SIGTERM or Ctrl-C. Exit codes: 0 ended, 2 wrong use or no free port."""
    options = _parser().parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        running = start(
            systems=[name.strip() for name in options.systems.split(",") if name.strip()],
            port_base=options.port_base,
            seed=options.seed,
            documents=_documents(options.documents),
            rate_limit=options.rate_limit,
            late_max_s=options.late_max,
            activity=options.activity,
        )
    except (OSError, ValueError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    with running:
        print(json.dumps(running.describe()) if options.json else announcement(running.describe()), flush=True)
        ended.wait()
    return 0


def _documents(text: str) -> int | dict[str, int]:
    """A number for every ERP, or `sap_business_one=300,business_central=120`. Errors: ValueError."""
    try:
        if "=" not in text:
            return int(text)
        pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
        return {name.strip(): int(count) for name, _, count in pairs}
    except ValueError:
        raise ValueError(f"{text!r} is no number of documents; write 500, or NAME=300,OTHER=200") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlconn sandbox up", description="Simulated ERPs, Cleo and trading partners")
    parser.add_argument("--systems", default=SYSTEMS[0], help=f"with commas between: {', '.join(NAMES)} (default the first)")
    parser.add_argument(
        "--port-base", type=int, default=None, help="first of the ports, three for each ERP; free ones when left out"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same data (default 1)")
    parser.add_argument(
        "--documents",
        default="500",
        help="how many each ERP and its partners start with (default 500), or NAME=N for each ERP with commas between",
    )
    parser.add_argument("--rate-limit", type=float, default=None, help="requests a second per path; no limit when left out")
    parser.add_argument("--late-max", type=float, default=10.0, help="seconds that partners are late at most (default 10)")
    parser.add_argument("--activity", type=float, default=None, help="new documents a minute in each ERP; none when left out")
    parser.add_argument("--json", action="store_true", help="print endpoints and the agreements as JSON")
    return parser
