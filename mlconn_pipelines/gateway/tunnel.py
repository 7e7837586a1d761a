"""What agents send to `/agent/…`: who speaks is proved by a signature, and what they are given was signed before it came here.

The gateway has no private key: it moves jobs to agents and results into the ledger, and can make neither.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mlconn_pipelines.agents import enrollment, jobs
from mlconn_pipelines.agents.admission import Refusal, Standing
from mlconn_pipelines.agents.canonical import Malformed, text, whole
from mlconn_pipelines.agents.envelope import BYTES_MAX, OLDEST_PROTOCOL, PROTOCOL, Envelope, Kind, chosen_protocol, opened
from mlconn_pipelines.agents.keys import next_key
from mlconn_pipelines.agents.releases import VERSION
from mlconn_pipelines.errors import NotStorable
from mlconn_pipelines.flows.ports.agents import AgentJobs, AgentRow, Agents
from mlconn_pipelines.gateway.access_log import AccessLog
from mlconn_pipelines.gateway.bodies import TooSlow, read_body
from mlconn_pipelines.gateway.counts import Counts
from mlconn_pipelines.gateway.database_clock import DatabaseClock
from mlconn_pipelines.gateway.held_polls import HeldPolls
from mlconn_pipelines.gateway.rate_limit import Bucket
from mlconn_pipelines.ledger.alerts import cloned_agent

WAIT_MAX_S = 45
"""Below the 50 to 60 seconds after which proxies close a connection on which nothing comes."""

LOOK_EVERY_S = 0.5
"""One query for all polls that are held."""

SLOTS_MAX = 16
LOG_MAX = 256 * 1024
LOG_WITHIN_S = 60
AGENT_PER_SECOND = 20.0
STRANGERS_PER_SECOND = 20.0
PAGE_AGAIN_S = 2
COME_AGAIN_S = 10

Alert = Callable[[str, str, str], object]


class _Refused(Exception):
    """Told to an agent that has proved who it is."""

    def __init__(self, error: str, **more: Any) -> None:
        self.body = {"error": error, **more}
        super().__init__(error)


@dataclass(frozen=True, slots=True)
class _Said:
    agent: AgentRow
    envelope: Envelope
    now: int
    request: Request

    @property
    def body(self) -> Mapping[str, Any]:
        return self.envelope.body


class Tunnel:
    """Used from one event loop. alert: is told integration, cause and words."""

    def __init__(
        self, agents: Agents, waiting: AgentJobs, alert: Alert, counts: Counts, log: AccessLog, clock: DatabaseClock
    ) -> None:
        self._agents, self._jobs, self._alert, self._counts, self._log, self._clock = agents, waiting, alert, counts, log, clock
        self.held = HeldPolls()
        self._strangers = Bucket(STRANGERS_PER_SECOND)
        self._paces: dict[str, Bucket] = {}
        self._does: Mapping[Kind, Callable[[_Said], Awaitable[dict[str, Any]]]] = {
            Kind.HELLO: self._hello,
            Kind.POLL: self._poll,
            Kind.ACCEPTED: self._accepted,
            Kind.PROGRESS: self._progress,
            Kind.RESULT: self._result,
            Kind.ROTATE_KEY: self._rotate_key,
            Kind.LOG: self._keep_log,
            Kind.UPDATE: self._part_of_a_release,
        }

    async def receive(self, request: Request) -> Response:
        """Handler of `/agent/{kind}`."""
        began = time.monotonic()
        integration, outcome, response = await self._answered(request)
        kind = request.path_params["kind"]
        source = f"agent_{kind}" if kind in set(Kind) else "-"
        if kind == Kind.POLL and outcome in ("jobs", "nothing"):
            self._counts.poll(outcome)
            return response
        seconds = time.monotonic() - began
        self._counts.request(integration, source, outcome, seconds)
        self._log.call(integration, source, outcome, response.status_code, seconds, 0, 0)
        return response

    async def run(self) -> None:
        """Wake polls that a job waits for, until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._clock.is_old:
                with contextlib.suppress(Exception):
                    await asyncio.to_thread(self._clock.set)
            if self.held:
                with contextlib.suppress(Exception):  # the next look is another chance
                    self.held.wake(await asyncio.to_thread(self._jobs.waiting, self.held.agents, int(self._clock())))

    async def _answered(self, request: Request) -> tuple[str, str, Response]:
        """(integration, outcome, answer). Strangers hear one thing, whatever is wrong."""
        try:
            envelope = opened(await _content(request))
            if envelope.kind != request.path_params["kind"]:
                raise Malformed("expected an envelope of the kind that the address names")
            now = int(self._clock())
            if envelope.kind is Kind.ENROLL:
                return await self._enrolled(envelope, now)
            heard = await asyncio.to_thread(self._agents.heard, envelope, now)
        except Malformed:
            return self._stranger()
        except TooSlow:
            return "-", "slow", JSONResponse({"error": "the body did not come in time"}, 408)
        except Exception as trouble:
            return self._failed("-", trouble)
        if heard is None:
            return self._stranger()
        agent, refusal = heard
        try:
            # What is refused may be a replay by somebody on the way: it takes nothing of the agent's own pace.
            pace = self._paces.setdefault(agent.id, Bucket(AGENT_PER_SECOND)) if refusal is None else self._strangers
            if not pace.take():
                return agent.integration, "too_fast", JSONResponse({"error": "too fast"}, 429, headers={"Retry-After": "1"})
            if refusal is not None:
                await self._say_why(agent, refusal)
                raise _Refused(refusal, **({"time": now} if refusal is Refusal.CLOCK else {}))
            answer = await self._does[envelope.kind](_Said(agent, envelope, now, request))
        except _Refused as why:
            return agent.integration, "refused", JSONResponse(why.body, 409)
        except (Malformed, NotStorable) as wrong:
            return agent.integration, "malformed", JSONResponse({"error": str(wrong)}, 400)
        except Exception as trouble:
            return self._failed(agent.integration, trouble)
        outcome = ("jobs" if answer["jobs"] else "nothing") if envelope.kind is Kind.POLL else "stored"
        return agent.integration, outcome, JSONResponse(answer)

    def _stranger(self) -> tuple[str, str, Response]:
        if self._strangers.take():
            return "-", "forged", JSONResponse({"error": "not known here"}, 401)
        return "-", "too_fast", JSONResponse({"error": "not known here"}, 429, headers={"Retry-After": "1"})

    def _failed(self, integration: str, trouble: Exception) -> tuple[str, str, Response]:
        self._log.trouble(integration, "agent", type(trouble).__name__)
        answer = JSONResponse({"error": "not stored; come again"}, 503, headers={"Retry-After": str(COME_AGAIN_S)})
        return integration, "failed", answer

    async def _say_why(self, agent: AgentRow, refusal: Refusal) -> None:
        self._log.says("agent refused", agent=agent.id, refusal=str(refusal))
        if refusal is Refusal.CLONED:
            words = (
                f"Two machines spoke as agent {agent.id}; it gets no jobs any more. See that one of them is stopped, "
                f"then run: mlconn agents invite {agent.id}."
            )
            await asyncio.to_thread(self._alert, agent.integration, cloned_agent(agent.id), words)

    async def _enrolled(self, envelope: Envelope, now: int) -> tuple[str, str, Response]:
        asked = enrollment.enrollment(envelope)
        agent = await asyncio.to_thread(self._agents.enroll, asked, now)
        if agent is None:
            return self._stranger()
        self._log.says("agent enrolled", agent=agent.id)
        place = {"agent_id": agent.id, "integration": agent.integration, "companies": list(agent.companies)}
        return agent.integration, "stored", JSONResponse({**place, **await self._keys(now)})

    async def _keys(self, now: int) -> dict[str, Any]:
        return {"job_keys": list(await asyncio.to_thread(self._agents.job_keys, now)), "time": now}

    async def _hello(self, said: _Said) -> dict[str, Any]:
        hello = jobs.hello(said.body)
        proto = chosen_protocol(hello.proto_min, hello.proto_max)
        await asyncio.to_thread(self._agents.note_hello, said.agent.id, hello, proto or 0)
        if hello.known is not None:
            lost = await asyncio.to_thread(self._jobs.note_start, said.agent.id, hello.known)
            if lost:
                self._log.says("jobs lost by their agent", agent=said.agent.id, jobs=lost)
        if proto is None:
            raise _Refused("unsupported_protocol", proto_min=OLDEST_PROTOCOL, proto_max=PROTOCOL)
        return {"proto": proto, "companies": list(said.agent.companies), **await self._keys(said.now)}

    async def _poll(self, said: _Said) -> dict[str, Any]:
        slots = whole(said.body, "slots", 0, SLOTS_MAX)
        wait_s = whole(said.body, "wait_s", 0, WAIT_MAX_S, missing=0)
        wanted = said.agent.log_wanted_at
        signed = await self._take(said, slots)
        # An agent that sends no log although it was asked would poll without end.
        if not signed and wait_s and (wanted is None or said.now - wanted.timestamp() > LOG_WITHIN_S):
            await self.held.hold(said.agent.id, wait_s)
            # It may be revoked by now, or gone: a job that nobody hears of would have to wait until it is given again.
            agent = await asyncio.to_thread(self._agents.agent, said.agent.id)
            there = agent is not None and agent.standing is Standing.ACTIVE and not await said.request.is_disconnected()
            signed = await self._take(said, slots) if there else []
        answer = {"jobs": [json.loads(job) for job in signed], "time": int(self._clock()), "log_pull": wanted is not None}
        if said.agent.update_to and said.agent.update_to != said.agent.version:
            answer["update_offer"] = await asyncio.to_thread(self._agents.release, said.agent.update_to)
        return answer

    async def _take(self, said: _Said, slots: int) -> list[str]:
        if not slots or not said.agent.proto:
            return []
        return list(await asyncio.to_thread(self._jobs.take, said.agent.id, said.envelope.boot_id, slots, int(self._clock())))

    async def _accepted(self, said: _Said) -> dict[str, Any]:
        job_id = text(said.body, "job_id", 60, jobs.JOB_ID)
        taken = await asyncio.to_thread(self._jobs.accept, said.agent.id, job_id)
        return _known(taken is not None, {} if taken else {"cancelled": True})

    async def _progress(self, said: _Said) -> dict[str, Any]:
        last = await asyncio.to_thread(self._jobs.store_page, said.agent.id, jobs.page(said.body))
        return _known(last is not None, {"page_ack": last} if last else {"wait_s": PAGE_AGAIN_S})

    async def _result(self, said: _Said) -> dict[str, Any]:
        result = jobs.result(said.body)
        return _known(await asyncio.to_thread(self._jobs.finish, said.agent.id, result), {"result_ack": result.job_id})

    async def _rotate_key(self, said: _Said) -> dict[str, Any]:
        public = next_key(said.agent.id, said.body)
        await asyncio.to_thread(self._agents.rotate_key, said.agent.id, public, said.now)
        return {}

    async def _keep_log(self, said: _Said) -> dict[str, Any]:
        await asyncio.to_thread(self._agents.store_log, said.agent.id, text(said.body, "lines", LOG_MAX))
        return {}

    async def _part_of_a_release(self, said: _Said) -> dict[str, Any]:
        """Only of the one that this agent is to fetch."""
        version, number = text(said.body, "version", 40, VERSION), whole(said.body, "part", 1, 10_000)
        content = await asyncio.to_thread(self._agents.release_part, version, number)
        if content is None or version != said.agent.update_to:
            raise _Refused("no_such_release")
        return {"content": base64.b64encode(content).decode()}


def _known(known: bool, answer: dict[str, Any]) -> dict[str, Any]:
    if not known:
        raise _Refused("unknown_job")
    return answer


async def _content(request: Request) -> bytes:
    """The body, unpacked, within its bound. Errors: Malformed, TooSlow."""
    body = await read_body(request, BYTES_MAX, drain=False)
    if body.oversized:
        raise Malformed("expected a shorter body")
    if request.headers.get("content-encoding", "identity") != "gzip":
        return body.content
    try:
        unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body.content, BYTES_MAX + 1)
    except zlib.error:
        raise Malformed("expected a body that gzip has packed") from None
    return unpacked
