"""Starts the simulated systems together: SAP Business One, Cleo and the trading partners of one made-up world."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import json
import signal
import sys
import threading
from collections.abc import Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any

from starlette.applications import Starlette

from mlconn_pipelines.sandbox.cleo import CleoSandbox
from mlconn_pipelines.sandbox.partner import Habits, PartnerSandbox
from mlconn_pipelines.sandbox.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_pipelines.sandbox.server import Endpoint, serve
from mlconn_pipelines.sandbox.world.making import make_world
from mlconn_pipelines.sandbox.world.model import World

SAP_USER, SAP_PASSWORD, SAP_COMPANY_DB = "manager", "Sap-Sandbox-1", "SBODEMOUS"

_PORTS_TRIED = 50


class RunningSandbox:
    """All systems of one world, listening. Use it in a `with` block, or call `stop`."""

    def __init__(
        self,
        world: World,
        *,
        port_base: int | None,
        rate_limit: float | None,
        habits: Habits | None,
        late_max_s: float,
        initial_orders: int | None,
        taken_after_s: float | None,
        token_lifetime_s: float,
    ) -> None:
        self.world = world
        self.sap_business_one = SapBusinessOneSandbox(
            world, user=SAP_USER, password=SAP_PASSWORD, company_db=SAP_COMPANY_DB, rate_limit=rate_limit
        )
        self.cleo = CleoSandbox(world, rate_limit=rate_limit, taken_after_s=taken_after_s, token_lifetime_s=token_lifetime_s)
        self.partner = PartnerSandbox(world, self.cleo, habits=habits, late_max_s=late_max_s, initial_orders=initial_orders)
        self.partner.start()
        self._open = contextlib.ExitStack()
        self._next_port = port_base
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self.sap_business_one_at = self._listen(self.sap_business_one.app())
            self.cleo_at = self._listen(self.cleo.app())
            self.partner_at = self._listen(self.partner.app())
            undo.pop_all()

    def __enter__(self) -> RunningSandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening and answering, within a second or so."""
        self.partner.close()
        self.cleo.close()
        self._open.close()

    def describe(self) -> dict[str, Any]:
        """What a client needs to reach the systems, and what everyone has agreed on, as plain JSON."""
        cleo = self.cleo
        return {
            "sap_business_one": {
                "url": f"{self.sap_business_one_at.url}/b1s/v2",
                "company_db": SAP_COMPANY_DB,
                "user": SAP_USER,
                "password": SAP_PASSWORD,
                "state": f"{self.sap_business_one_at.url}/_sandbox/state",
            },
            "cleo": {
                "url": f"{self.cleo_at.url}/api",
                "user": cleo.tokens.user,
                "password": cleo.tokens.password,
                "provider_url": f"{self.cleo_at.url}/api/provider",
                "provider_header": cleo.provider_header,
                "provider_secret": cleo.provider_secret,
                "state": f"{self.cleo_at.url}/_sandbox/state",
            },
            "partner": {"url": self.partner_at.url, "state": f"{self.partner_at.url}/_sandbox/state"},
            "world": describe_world(self.world),
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
    port_base: int | None = None,
    seed: int = 1,
    documents: int = 500,
    rate_limit: float | None = None,
    today: dt.date | None = None,
    habits: Habits | None = None,
    late_max_s: float = 10.0,
    initial_orders: int | None = None,
    taken_after_s: float | None = 1.0,
    token_lifetime_s: float = 3600.0,
) -> RunningSandbox:
    """Make a world and start its systems.

    port_base: the first of three ports in a row, those in use left out; free ones where None. documents: of all systems
    together. rate_limit: requests a second per path template at SAP and Cleo, None for no limit. The rest: see CleoSandbox
    and PartnerSandbox.
    """
    return RunningSandbox(
        make_world(seed, documents, today),
        port_base=port_base,
        rate_limit=rate_limit,
        habits=habits,
        late_max_s=late_max_s,
        initial_orders=initial_orders,
        taken_after_s=taken_after_s,
        token_lifetime_s=token_lifetime_s,
    )


def describe_world(world: World) -> dict[str, Any]:
    """The agreements: company, partners with all fields, unit codes, and items with units and the partners' own numbers."""
    return {
        "seed": world.seed,
        "documents": world.documents,
        "today": world.today.isoformat(),
        "company": {"qualifier": world.company_qualifier, "id": world.company_id, "title": world.company_title},
        "partners": [_plain(dataclasses.asdict(partner)) for partner in world.partners],
        "unit_codes": dict(world.unit_codes),
        "items": [_plain(dataclasses.asdict(item)) for item in world.items],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Start, print the endpoints, serve until SIGTERM or Ctrl-C. Exit codes: 0 ended, 2 wrong use or no free port."""
    options = _parser().parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        running = start(
            port_base=options.port_base,
            seed=options.seed,
            documents=options.documents,
            rate_limit=options.rate_limit,
            late_max_s=options.late_max,
        )
    except (OSError, ValueError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    with running:
        print(json.dumps(running.describe()) if options.json else _page(running), flush=True)
        ended.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlconn sandbox up", description="Simulated SAP Business One, Cleo and trading partners"
    )
    parser.add_argument("--port-base", type=int, default=None, help="first of three ports; free ones when left out")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same data (default 1)")
    parser.add_argument("--documents", type=int, default=500, help="how many at the start, all systems together (default 500)")
    parser.add_argument("--rate-limit", type=float, default=None, help="requests a second per path; no limit when left out")
    parser.add_argument("--late-max", type=float, default=10.0, help="seconds that partners are late at most (default 10)")
    parser.add_argument("--json", action="store_true", help="print endpoints and the agreements as JSON")
    return parser


def _page(running: RunningSandbox) -> str:
    said = running.describe()
    sap, cleo = said["sap_business_one"], said["cleo"]
    return (
        f"SAP Business One  {sap['url']}  company {sap['company_db']}, user {sap['user']}, password {sap['password']}\n"
        f"Cleo              {cleo['url']}  user {cleo['user']}, password {cleo['password']}\n"
        f"Trading partners  {said['partner']['url']}\n"
        f"Each shows what it holds at /_sandbox/state. Ctrl-C ends."
    )


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case Decimal():
            return format(value, "f")
    return value
