"""A simulated Sage server that runs: its objects on a port of loopback for an agent's worker, and pages that tests and the demo ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mlconn_simulators.sage_100.sandbox import MAIN, PASSWORD, USER, Sage100Sandbox
from mlconn_simulators.sage_100.seed import unit_codes
from mlconn_simulators.sage_100.server import SageServer
from mlconn_simulators.server import Endpoint
from mlconn_simulators.world.model import World

ZONE = "America/Chicago"
HOME = r"C:\Sage\MAS90\Home"


class RunningSage:
    """No API of its own listens: the agent beside it is a client's."""

    def __init__(self, world: World, serve: Callable[[Starlette], Endpoint]) -> None:
        self.sandbox = Sage100Sandbox(world, zone=ZONE)
        self.server = SageServer(self.sandbox)
        self.at = serve(self._pages())

    def close(self) -> None:
        self.server.close()

    def describe(self) -> dict[str, Any]:
        """port: of loopback, where business objects are brought up. companies: those that let somebody in from outside."""
        return {
            "url": self.at.url,
            "port": self.server.address[1],
            "home": HOME,
            "user": USER,
            "password": PASSWORD,
            "companies": [MAIN],
            "company": MAIN,
            "time_zone": ZONE,
            "unit_codes": unit_codes(self.sandbox.world),
            "state": f"{self.at.url}/_sandbox/state",
        }

    def _pages(self) -> Starlette:
        """Plain functions: Starlette runs them in a thread, since the books are locked while an object works."""

        def state(request: Request) -> JSONResponse:
            return JSONResponse(self.sandbox.state(source=request.query_params.get("source", "1") != "0"))

        async def body(request: Request) -> dict[str, Any]:
            told: dict[str, Any] = await request.json()
            return told

        async def activity(request: Request) -> JSONResponse:
            return JSONResponse(self.sandbox.trade.activity(**await body(request)))

        return Starlette(
            routes=[Route("/_sandbox/state", state), Route("/_sandbox/activity", activity, methods=["POST"])],
        )
