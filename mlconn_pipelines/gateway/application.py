"""The gateway as an ASGI application: hooks, health, readiness, counts and its own description."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mlconn_pipelines.config.schedules import NOTIFICATIONS_FORGOTTEN_EVERY_S
from mlconn_pipelines.flows.ports.agents import AgentJobs, Agents
from mlconn_pipelines.gateway.access_log import AccessLog
from mlconn_pipelines.gateway.counts import Counts
from mlconn_pipelines.gateway.database_clock import DatabaseClock
from mlconn_pipelines.gateway.description import openapi, page
from mlconn_pipelines.gateway.endpoints import Endpoints
from mlconn_pipelines.gateway.handler import Handler
from mlconn_pipelines.gateway.notification_writer import NotificationWriter
from mlconn_pipelines.gateway.shared_secrets import SharedSecrets
from mlconn_pipelines.gateway.tunnel import Tunnel
from mlconn_pipelines.ports.connections import Credentials
from mlconn_pipelines.ports.notifications import ChangeNotification

READY_WITHIN_S = 2.0


def gateway_application(
    endpoints: Endpoints,
    credentials: Credentials,
    store: Callable[[Sequence[ChangeNotification]], set[tuple[str, str, str]]],
    forget: Callable[[], int],
    probe: Callable[[], object],
    agents: Agents,
    agent_jobs: AgentJobs,
    alert: Callable[[str, str, str], object],
    database_time: Callable[[], dt.datetime],
) -> Starlette:
    """The application. store: hints into the ledger. forget: deletes old ones. probe: raises where the database gives no answer."""
    counts, log, writer = Counts(), AccessLog(), NotificationWriter(store)
    handler = Handler(endpoints, SharedSecrets(credentials), writer, counts, log)
    tunnel = Tunnel(agents, agent_jobs, alert, counts, log, DatabaseClock(database_time))
    counts.held = lambda: len(tunnel.held)

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        try:
            await asyncio.wait_for(asyncio.to_thread(probe), READY_WITHIN_S)
        except Exception as trouble:
            log.says("not ready", error=type(trouble).__name__)
            return JSONResponse({"status": "the database gives no answer"}, 503)
        return JSONResponse({"status": "ready"})

    async def metrics(request: Request) -> Response:
        return PlainTextResponse(counts.text(), media_type="text/plain; version=0.0.4")

    async def description(request: Request) -> Response:
        return JSONResponse(openapi())

    async def docs(request: Request) -> Response:
        return HTMLResponse(page())

    async def elsewhere(request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, HTTPException)
        counts.request("-", "-", "no_such_page", 0.0)
        return JSONResponse({"error": refusal.detail}, refusal.status_code, headers=refusal.headers)

    @contextlib.asynccontextmanager
    async def at_work(application: Starlette) -> AsyncIterator[None]:
        async def forget_now_and_then() -> None:
            while True:
                with contextlib.suppress(Exception):  # the next hour is another chance
                    log.says("forgot", hints=await asyncio.to_thread(forget))
                    codes = await asyncio.to_thread(agents.forget_codes)
                    log.says("forgot", agent_codes=codes, agent_jobs=await asyncio.to_thread(agent_jobs.forget))
                await asyncio.sleep(NOTIFICATIONS_FORGOTTEN_EVERY_S)

        tasks = [asyncio.create_task(work) for work in (writer.run(), forget_now_and_then(), tunnel.run())]
        log.says("listening", endpoints=[f"{integration}/{source}" for integration, source in endpoints])
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    application = Starlette(
        routes=[
            Route("/hooks/{integration}/{source}", handler.receive, methods=["GET", "POST"]),
            Route("/hooks/{integration}/{source}/{secret}", handler.receive, methods=["GET", "POST"]),
            Route("/agent/{kind}", tunnel.receive, methods=["POST"]),
            Route("/health", health),
            Route("/ready", ready),
            Route("/metrics", metrics),
            Route("/openapi.json", description),
            Route("/docs", docs),
        ],
        exception_handlers={404: elsewhere, 405: elsewhere},
        lifespan=at_work,
    )
    application.state.counts = counts  # the server around it counts connections
    application.state.held = tunnel.held  # and is told of polls that it holds
    return application
