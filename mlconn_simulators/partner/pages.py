"""The partners' own web pages: their state, orders on demand, and their habits."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlconn_simulators.partner.orders import Oddity

if TYPE_CHECKING:
    from mlconn_simulators.partner.sandbox import PartnerSandbox

_COUNT_MAX = 100_000


def routes_of(partners: PartnerSandbox) -> list[Route]:
    """`GET /_sandbox/state[?detail=1]`, `POST /_sandbox/orders` and `GET` or `POST /_sandbox/habits`."""

    async def state(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(partners.state, request.query_params))

    async def orders(request: Request) -> Response:
        """{"count": 20, "partner": name, "orders_per_file": 1}, or {"oddity": name}; answers what was sent."""
        try:
            wanted = json.loads(await request.body() or b"{}")
            sent = await run_in_threadpool(_sent_for, partners, wanted)
        except (ValueError, TypeError, AttributeError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)
        return JSONResponse({"sent": [one.as_json() for one in sent]}, 201)

    async def habits(request: Request) -> Response:
        """Shares by name, such as {"late": 0, "rejecting": 0.5}; those left out stay. For what arrives from now on."""
        try:
            changed = json.loads(await request.body()) if request.method == "POST" else {}
            partners.habits = dataclasses.replace(partners.habits, **changed)
        except (ValueError, TypeError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)
        return JSONResponse(dataclasses.asdict(partners.habits))

    return [
        Route("/_sandbox/state", state),
        Route("/_sandbox/orders", orders, methods=["POST"]),
        Route("/_sandbox/habits", habits, methods=["GET", "POST"]),
    ]


def _sent_for(partners: PartnerSandbox, wanted: dict[str, Any]) -> list[Any]:
    if unknown := wanted.keys() - {"count", "partner", "orders_per_file", "oddity"}:
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}; known are count, partner, orders_per_file, oddity")
    if (oddity := wanted.get("oddity")) is not None:
        if oddity not in get_args(Oddity):
            raise ValueError(f"No oddity is called {oddity!r}; known are {', '.join(get_args(Oddity))}")
        return list(partners.send_odd_order(oddity))
    count, per_file = int(wanted.get("count", 1)), int(wanted.get("orders_per_file", 1))
    if not 0 <= count <= _COUNT_MAX or per_file < 1:
        raise ValueError(f"count must be 0 to {_COUNT_MAX} and orders_per_file at least 1")
    return list(partners.send_orders(count, partner=wanted.get("partner"), orders_per_file=per_file))
