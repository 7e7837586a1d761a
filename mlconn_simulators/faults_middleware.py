"""The ASGI side of the fault menu: counts, limits, strikes, and the `/_sandbox` pages."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlconn_simulators.lies import LIES, REFORMING, reformed, told_instead
from mlconn_simulators.server import cut_of

if TYPE_CHECKING:
    from mlconn_simulators.faults import Fault, FaultMenu

STATUS_FAULTS = (
    "429",
    "500",
    "500_empty",
    "502_html",
    "503",
    "401",
    "404",
    "408",
    "409",
    "412",
    "423",
    "504",
    "407_html",
    "503_html",
    "504_html",
)
"""Answered instead of the real answer, before anything is handled."""
CONNECTION_FAULTS = ("cut_before", "slow")
AFTER_FAULTS = ("cut_after", "cut_body", "slow_after", "500_after", "502_after")
"""The request is handled and stored first; then its answer is lost, halved, late or replaced."""
BUILT_IN = (*STATUS_FAULTS, *CONNECTION_FAULTS, *AFTER_FAULTS, *LIES)

LET_GO_WITHIN_S = 0.02

_WORDS = {
    401: "The session or token is not valid.",
    404: "There is nothing of that name.",
    407: "The proxy wants a sign-in.",
    408: "The request took too long.",
    409: "Another user has already changed the record.",
    412: "A precondition of the request is not met.",
    423: "The record is locked.",
    500: "Internal error.",
    503: "The service is unavailable.",
    504: "The gateway got no answer in time.",
}
_PROXY_PAGE = (
    b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>502 Proxy Error</title>\n</head><body>\n'
    b"<h1>Proxy Error</h1>\n<p>The proxy server received an invalid\r\nresponse from an upstream server.<br />\r\n</p>\n</body></html>\n"
)


class FaultMiddleware:
    """Stands before a simulated system's routes."""

    def __init__(
        self,
        app: ASGIApp,
        menu: FaultMenu,
        state: Callable[[Mapping[str, str]], dict[str, Any]],
        acts: Mapping[str, Callable[..., Any]],
    ) -> None:
        self._app, self._menu, self._state, self._acts = app, menu, state, acts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path: str = scope["path"]
        if path.startswith("/_sandbox/"):
            return await (await self._sandbox_page(Request(scope, receive)))(scope, receive, send)
        menu, method = self._menu, scope["method"]
        kind = f"{method} {menu.template(path)}"
        menu.requests[kind] += 1
        wait_s = menu.limit.wait_s(kind)
        if wait_s > 0:
            return await self._too_many(wait_s if menu.retry_after else None)(scope, receive, send)
        query = scope["query_string"].decode("latin-1")
        body = b""
        if menu.reads_bodies:
            arrived = await _read(receive)
            body, receive = b"".join(message.get("body", b"") for message in arrived), _again(arrived, receive)
        fault = menu.take_any(f"{path}?{unquote_plus(query)}" if query else path, method, body)
        if fault is None:
            return await self._app(scope, receive, send if menu.answers is None else _kept(send, menu.answers, kind))
        try:
            return await self._strike(fault, scope, receive, send)
        finally:
            if fault.name not in BUILT_IN:
                menu.disarm(fault)  # one of the server's own, rolled for this request, that the server did not look for

    async def _strike(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.name:
            case "429":
                wait_s = fault.options.get("retry_after", 1 if self._menu.retry_after else None)
                return await self._too_many(wait_s)(scope, receive, send)
            case name if name in STATUS_FAULTS:
                return await self._answer(name, fault.options.get("retry_after"))(scope, receive, send)
            case name if name in LIES:
                return await self._lie(name, scope, receive, send)
            case "cut_before":
                await _read(receive)
                return _cut(scope)
            case "cut_after":
                await self._app(scope, receive, _swallow)
                return _cut(scope)
            case "cut_body":
                return await self._half(scope, receive, send)
            case "500_after" | "502_after":
                await self._app(scope, receive, _swallow)
                return await self._answer("502_html" if fault.name == "502_after" else "500")(scope, receive, send)
            case "slow":
                return await self._late(fault, scope, receive, send)
            case "slow_after":
                held: list[Message] = []

                async def hold(message: Message) -> None:
                    held.append(message)

                await self._app(scope, receive, hold)
                await asyncio.sleep(float(fault.options.get("seconds", 5.0)))
                for message in held:
                    await send(message)
                return None
        return await self._app(scope, receive, send)

    async def _lie(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        if name in REFORMING or name.endswith("_after"):
            await self._app(scope, receive, hold)
        else:
            await _read(receive)
        if name in REFORMING:
            real = Response(b"".join(each.get("body", b"") for each in held), held[0]["status"])
            headers = [(key, value) for key, value in held[0]["headers"] if key.lower() != b"content-length"]
            body = reformed(name, bytes(real.body), str(Request(scope).url))
            answer = Response(body, real.status_code)
            answer.raw_headers += headers
            return await answer(scope, receive, send)
        before = (self._menu.answers or {}).get(f"{scope['method']} {self._menu.template(scope['path'])}")
        status, kind, body = told_instead(name, self._menu.empty_list, before)
        return await Response(body, status, media_type=kind)(scope, receive, send)

    async def _late(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """As real systems queue: the request lies here whole, and is carried out though its client has gone long since.

        One that waits beyond the server's own limit is dropped and answered 504.
        """
        arrived = await _read(receive)
        wait_s, limit_s = float(fault.options.get("seconds", 5.0)), self._menu.commits_within_s
        ends_at = time.monotonic() + min(wait_s, limit_s)
        while not fault.let_go.is_set() and (left_s := ends_at - time.monotonic()) > 0:
            await asyncio.sleep(min(left_s, LET_GO_WITHIN_S))
        if wait_s > limit_s and not fault.let_go.is_set():
            return await self._answer("504")(scope, receive, send)
        return await self._app(scope, _again(arrived, receive), send)

    def _answer(self, name: str, wait_s: float | None = None) -> Response:
        headers = {} if wait_s is None else {"Retry-After": str(max(1, math.ceil(wait_s)))}
        if name == "500_empty":
            return Response(b"", 500, headers)
        status = int(name.removesuffix("_html"))
        if name.endswith("_html"):
            return Response(
                _PROXY_PAGE.replace(b"502", name[:3].encode()), status, headers, media_type="text/html; charset=iso-8859-1"
            )
        return Response(self._menu.error_body(status, _WORDS[status]), status, headers, media_type="application/json")

    def _too_many(self, wait_s: float | None) -> Response:
        self._menu.rate_limited += 1
        headers = {} if wait_s is None else {"Retry-After": str(max(1, math.ceil(wait_s)))}
        body = self._menu.error_body(429, "Too many requests. Slow down.")
        return Response(body, 429, headers, media_type="application/json")

    async def _half(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def first_half(message: Message) -> None:
            if message["type"] == "http.response.body":
                body: bytes = message.get("body", b"")
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                await asyncio.sleep(0.02)  # lets the first half leave before the connection goes
                _cut(scope)
            else:
                await send(message)

        await self._app(scope, receive, first_half)

    async def _sandbox_page(self, request: Request) -> Response:
        menu = self._menu
        match request.method, request.url.path:
            case "GET", "/_sandbox/state":
                return JSONResponse(self._state(request.query_params) | menu.counts())
            case "GET", "/_sandbox/faults":
                return JSONResponse([fault.as_json() for fault in menu.armed()])
            case "DELETE", "/_sandbox/faults":
                menu.disarm()
                return JSONResponse([])
            case "POST", "/_sandbox/faults":
                try:
                    fault = menu.arm(**(await request.json()))
                except (ValueError, TypeError, json.JSONDecodeError) as wrong:
                    return JSONResponse({"error": str(wrong)}, 400)
                return JSONResponse(fault.as_json(), 201)
            case "POST", path if (act := self._acts.get(path.removeprefix("/_sandbox/"))) is not None:
                try:
                    asked = json.loads(await request.body() or b"{}")
                    return JSONResponse(await asyncio.to_thread(act, **asked))
                except (LookupError, ValueError, TypeError) as wrong:
                    return JSONResponse({"error": str(wrong)}, 400)
        pages = ", ".join(f"/_sandbox/{name}" for name in ("state", "faults", *self._acts))
        return JSONResponse({"error": f"{request.method} {request.url.path}: only {pages}"}, 404)


async def _read(receive: Receive) -> list[Message]:
    """The request's body as its messages; whoever leaves before its end has asked for nothing, and the app is told so."""
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _kept(send: Send, answers: dict[str, bytes], kind: str) -> Send:
    """Sends, and keeps the body of a good answer as the last one of its kind."""
    body = b""
    status = 0

    async def keep(message: Message) -> None:
        nonlocal body, status
        status = message.get("status", status)
        body += message.get("body", b"")
        if message["type"] == "http.response.body" and not message.get("more_body") and status < 300:
            answers[kind] = body
        await send(message)

    return keep


def _again(arrived: list[Message], receive: Receive) -> Receive:
    """What was read already, then whatever comes."""

    async def again() -> Message:
        return arrived.pop(0) if arrived else await receive()

    return again


async def _swallow(_message: Message) -> None:
    """The answer that nobody gets."""


def _cut(scope: Scope) -> None:
    cut = cut_of(dict(scope))
    if cut is None:
        raise RuntimeError("Only an app under mlconn_simulators.server.serve can have its connection cut")
    cut()
