"""What may stand between an agent and the gateway: a proxy that answers in the gateway's place, cuts, holds back and sends twice.

And an agent that says what none of ours says, signed with its own key: of another job, half of it, in another shape, a success
without anything. What is asked is told apart by envelope and verb, as `/agent/result/po.changed`, and armed at a `FaultMenu` by that.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from mlconn_pipelines_tests.sage_100_agent.live_agent import FileKeys
from mlconn_pipelines_tests.systems.system import RequestKind
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.faults_middleware import FaultMiddleware
from mlconn_simulators.lies import LIES
from sage_100_agent.tunnel.envelopes import pack
from sage_100_agent.tunnel.statements import Purpose, Signer, canonical

HELD_S = 100.0
"""Longer than a gateway holds a poll."""

DOUBLED, CUT_OFF = "sent_twice", "request_truncated"
OTHER_JOB, HALF, WRONG_SHAPE, EMPTY_SUCCESS = "of_another_job", "half_told", "wrong_shape", "empty_success"

OF_PROXIES = ("407_html", "502_html", "502_after", "cut_before", "cut_after", "cut_body", "500_after", "late_commit")
"""Beside the lies that all systems are told: what proxies do to envelopes and to the gateway's answers."""
ON_THE_WAY = (*(lie for lie in LIES if lie != "200_looping"), *OF_PROXIES, DOUBLED, CUT_OFF)
OF_THE_AGENT = (OTHER_JOB, HALF, WRONG_SHAPE, EMPTY_SUCCESS)
"""In pages and results. A read ends by them, and is made again by the next run."""


def of_verb(verb: str, about: Any, pages: bool = True) -> Sequence[RequestKind]:
    """The envelopes of a job: the poll that brings it, that it was accepted, its pages, its result."""
    told = ("progress", "result") if pages else ("result",)
    return [
        *(
            RequestKind(f"{verb}: {kind}", "POST", f"/agent/{kind}/{verb}$", about, lies=ON_THE_WAY)
            for kind in ("poll", "accepted")
        ),
        *(
            RequestKind(f"{verb}: {kind}", "POST", f"/agent/{kind}/{verb}$", about, lies=(*ON_THE_WAY, *OF_THE_AGENT))
            for kind in told
        ),
    ]


class LyingTunnel:
    """An ASGI application under `mlconn_simulators.server.serve`. gateway: its address. keys: of the agent, in its data folder."""

    def __init__(self, gateway: str, keys: Path, menu: FaultMenu) -> None:
        self._gateway, self._keys, self._menu = gateway, keys, menu
        self._verbs: dict[str, str] = {}
        """By job, of those that went by, the latest last."""
        self._client: httpx.AsyncClient | None = None
        self._stray_rate, self._dice = 0.0, random.Random(0)
        self._struck = FaultMiddleware(self._pass_on, menu, lambda asked: {}, {})

    def misstate(self, rate: float, seed: int) -> None:
        """The agent says something else in so many of its pages and results."""
        self._stray_rate, self._dice = rate, random.Random(seed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        content = await Request(scope, receive).body()
        try:
            envelope = json.loads(gzip.decompress(content))
            kind, body = envelope["type"], envelope["body"]
        except (OSError, ValueError, KeyError):
            kind, body, envelope = "strange", {}, {}
        path, held = f"/agent/{kind}", None
        verb = self._verbs.get(str(body.get("job_id")), "")
        if kind == "poll":
            held = await self._asked(scope, content)
            verb = self._verb_of(held)
        path += f"/{verb}" if verb else ""
        if kind in ("progress", "result"):
            content = self._misstated(envelope, path, content)
        twice = self._menu.take(DOUBLED, path, "POST") is not None
        if self._menu.take(CUT_OFF, path, "POST") is not None:
            content = content[: len(content) // 2]
        asked = {**scope, "path": path, "envelope": content, "kind": kind, "held": held, "twice": twice}
        await self._struck(asked, _of(content), send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: httpx.Response | None = scope["held"]
        if held is None and scope["twice"]:
            await self._asked(scope, scope["envelope"])
        told = held if held is not None and not scope["twice"] else await self._asked(scope, scope["envelope"])
        if told is None:
            return await Response(b"Bad Gateway", 502, media_type="text/plain")(scope, receive, send)
        kept = {name: value for name, value in told.headers.items() if name.lower() in ("retry-after", "content-type")}
        return await Response(told.content, told.status_code, kept)(scope, receive, send)

    async def _asked(self, scope: Scope, content: bytes) -> httpx.Response | None:
        """The gateway's answer; None where there is no gateway."""
        if self._client is None:
            self._client = httpx.AsyncClient(base_url=self._gateway, timeout=HELD_S)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        kind = scope.get("kind") or scope["path"].rpartition("/")[2]
        try:
            return await self._client.post(f"/agent/{kind}", content=content, headers=headers)
        except (httpx.HTTPError, asyncio.CancelledError):  # also where this server is being stopped
            return None

    def _verb_of(self, told: httpx.Response | None) -> str:
        """Of the job that a poll brought; all that it brought are known from then on."""
        if told is None or told.status_code != 200:
            return ""
        jobs = told.json().get("jobs") or []
        for job in jobs:
            self._verbs.pop(job["job_id"], None)
            self._verbs[job["job_id"]] = job["verb"]
        return str(jobs[0]["verb"]) if jobs else ""

    def _misstated(self, envelope: Mapping[str, Any], path: str, content: bytes) -> bytes:
        """The envelope as an agent would sign it that tells something else."""
        body = envelope["body"]
        acts: Mapping[str, Callable[[], Mapping[str, Any]]] = {
            OTHER_JOB: lambda: {**body, "job_id": next(id for id in reversed(self._verbs) if id != body["job_id"])},
            HALF: lambda: _half(body),
            WRONG_SHAPE: lambda: _strange(body),
            EMPTY_SUCCESS: lambda: _empty(body),
        }
        strays = self._dice.choice(OF_THE_AGENT) if self._dice.random() < self._stray_rate else ""
        for name, act in acts.items():
            if name == OTHER_JOB and len(self._verbs) < 2:
                continue
            if name == strays:
                self._menu.given[name] += 1
            if name == strays or self._menu.take(name, path, "POST") is not None:
                told = {key: value for key, value in envelope.items() if key not in ("sig", "key_id")} | {"body": dict(act())}
                signer = Signer(FileKeys(self._keys).read().present)
                return pack(canonical(signer.signed(Purpose.ENVELOPE, told)))
        return content


def _half(body: Mapping[str, Any]) -> dict[str, Any]:
    """The first half of what a page or a value holds."""
    if "rows" in body:
        return {**body, "rows": body["rows"][: len(body["rows"]) // 2]}
    value = body.get("value")
    names = list(value)[: len(value) // 2] if isinstance(value, Mapping) else []
    return {**body, "value": {name: value[name] for name in names}, "number": body["number"][: len(body["number"]) // 2]}


def _strange(body: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that nobody knows, where rows or a value are due."""
    if "rows" in body:
        return {**body, "rows": [{"Hello": "world", "lines": "none"} for _ in body["rows"]]}
    return {**body, "value": ["of", "another", "shape"], "number": ""}


def _empty(body: Mapping[str, Any]) -> dict[str, Any]:
    if "rows" in body:
        return {**body, "rows": []}
    return {"job_id": body["job_id"], "idem_ref": body["idem_ref"], "outcome": "ok"}


def tunnel_menu() -> FaultMenu:
    return FaultMenu(names=(DOUBLED, CUT_OFF, *OF_THE_AGENT), template=lambda path: path)


def _of(content: bytes) -> Receive:
    """The request's body, which was read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return receive
