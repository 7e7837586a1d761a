"""Agents at the gateway: what five hundred that poll cost it, and how long a job takes from the ledger to its agent."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from cryptography.fernet import Fernet

from benchmarks.figures import Figure, figure, median, note, percentile
from benchmarks.gateway import _wait_for_gateway
from benchmarks.scene import ROOT, server
from mlconn_pipelines.agents import enrollment, jobs
from mlconn_pipelines.agents.envelope import opened
from mlconn_pipelines.agents.jobs import Effect, Job
from mlconn_pipelines.agents.keys import Signer, Signs, new_private
from mlconn_pipelines.cli.services import free_port
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.wiring.stores import Stores, open_stores

AGENTS, AGENTS_QUICK = 500, 50
LASTS_S, LASTS_QUICK_S = 120.0, 10.0
JOBS_PER_SECOND = 2.0
"""Each agent reads four times an hour, with a page or two, and writes some ten documents a day: 0.7 jobs a second, and three times that."""
WAIT_S = 45
CPU_MAX, REACHES_MAX_S = 0.30, 1.0
ROWS = [{"order": f"{number:07}", "vendor": "01-ABC0001", "content": "0" * 64} for number in range(50)]


def measure(quick: bool) -> Iterator[Figure]:
    count, lasts_s = (AGENTS_QUICK, LASTS_QUICK_S) if quick else (AGENTS, LASTS_S)
    with _place() as (settings, environment), open_stores(settings) as stores:
        agents = [_enrolled(stores, f"agent-{number}") for number in range(count)]
        port = free_port()
        with _gateway(environment, port) as gateway:
            told = asyncio.run(_Site(stores, agents, port, gateway.pid, lasts_s).run())
    about = f"{count} agents whose polls are held for {WAIT_S} s; {told.jobs} jobs in {lasts_s:g} s, with a page each"
    yield figure("gateway with 500 agents, of one core", told.cpu_s / told.seconds, "cores", "<=", CPU_MAX, about)
    yield figure("job enqueued to its agent, median", median(told.reached_s), "s", "<=", REACHES_MAX_S, about)
    yield note("job enqueued to its agent, 99 %", percentile(told.reached_s, 99), "s", about)
    yield note(
        "500 agents start at once", told.start_s, "s", f"{count} hellos to the last answer; {told.again} connections again"
    )


@dataclass(slots=True)
class _Told:
    start_s: float = 0.0
    cpu_s: float = 0.0
    seconds: float = 0.0
    jobs: int = 0
    again: int = 0
    reached_s: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Agent:
    name: str
    signer: Signer
    seq: int = 0
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def says(self, kind: str, body: Mapping[str, Any]) -> bytes:
        self.seq += 1
        now = int(time.time())
        values = {"v": 1, "type": kind, "agent_id": self.name, "boot_id": "bench", "seq": self.seq, "ts": now, "exp": now + 60}
        return json.dumps(self.signer.signed(Signs.ENVELOPE, {**values, "body": body})).encode()


class _Site:
    """All agents, in this process; the gateway is another."""

    def __init__(self, stores: Stores, agents: list[_Agent], port: int, pid: int, lasts_s: float) -> None:
        self._stores, self._agents, self._port, self._pid, self._lasts_s = stores, agents, port, pid, lasts_s
        self._job_key = Signer(new_private())
        self._enqueued: dict[str, float] = {}
        self._told = _Told()
        self._done = self._greeted = 0

    async def run(self) -> _Told:
        began = time.monotonic()
        work = [asyncio.create_task(self._work(agent)) for agent in self._agents]
        try:
            await self._until(work, lambda: self._greeted == len(self._agents), 120)
            self._told.start_s = time.monotonic() - began
            await asyncio.sleep(min(WAIT_S, self._lasts_s) + 5)
            began, before = time.monotonic(), _cpu_s(self._pid)
            await self._enqueue(began)
            await self._until(work, lambda: self._done == self._told.jobs, 60)
            self._told.seconds, self._told.cpu_s = time.monotonic() - began, _cpu_s(self._pid) - before
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        return self._told

    async def _until(self, work: list[asyncio.Task[None]], is_so: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not is_so():
            for task in work:
                if task.done():
                    task.result()
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self._greeted} agents were greeted, {self._done} of {self._told.jobs} jobs done")
            await asyncio.sleep(0.1)

    async def _enqueue(self, began: float) -> None:
        dice = random.Random(1)
        for number in range(int(JOBS_PER_SECOND * self._lasts_s)):
            await asyncio.sleep(max(0.0, began + (number + dice.random()) / JOBS_PER_SECOND - time.monotonic()))
            now = int(time.time())
            job = Job(f"bench.{number}", dice.choice(self._agents).name, "ABC", "po.changed", {}, Effect.READ, now + 600)
            self._told.jobs += 1
            self._enqueued[job.id] = time.monotonic()
            await asyncio.to_thread(self._stores.agent_jobs.enqueue, "acme", job, self._signed, now)

    def _signed(self, job: Job) -> Mapping[str, Any]:
        return jobs.signed_job(job, self._job_key, int(time.time()))

    async def _work(self, agent: _Agent) -> None:
        hello = {"version": "0.1.0", "proto_min": 1, "proto_max": 1, "fingerprint": "ab" * 32, "jobs": []}
        await self._ask(agent, "hello", hello)
        self._greeted += 1
        wait_s = random.randrange(1, WAIT_S + 1)  # agents of a year do not poll in step
        while True:
            told = await self._ask(agent, "poll", {"slots": 1, "wait_s": wait_s})
            wait_s = WAIT_S
            for job in told["jobs"]:
                self._told.reached_s.append(time.monotonic() - self._enqueued[job["job_id"]])
                of = {"job_id": job["job_id"]}
                await self._ask(agent, "accepted", of)
                await self._ask(agent, "progress", {**of, "page": 1, "rows": ROWS, "cursor": []})
                await self._ask(agent, "result", {**of, "outcome": "ok"})
                self._done += 1

    async def _ask(self, agent: _Agent, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Over a connection of its own, which stays open. One that was closed meanwhile is made anew, as agents do."""
        while True:
            try:
                if agent.line is None:
                    agent.line = await asyncio.open_connection("127.0.0.1", self._port)
                status, content = await _posted(*agent.line, kind, agent.says(kind, body))
                break
            except (OSError, asyncio.IncompleteReadError):
                self._told.again += 1
                agent.line = None
                await asyncio.sleep(random.uniform(0.0, 2.0))
        if status != 200:
            raise RuntimeError(f"{kind} was answered {status} {content[:200]!r}")
        told: dict[str, Any] = json.loads(content)
        return told


async def _posted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: str, content: bytes) -> tuple[int, bytes]:
    """No client of a library: five hundred of them would cost more than the gateway."""
    head = f"POST /agent/{kind} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {len(content)}\r\n\r\n"
    writer.write(head.encode() + content)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = re.search(r"(?i)^content-length: (\d+)", answer, re.MULTILINE)
    return int(answer.split(" ", 2)[1]), await reader.readexactly(int(length[1]) if length else 0)


def _enrolled(stores: Stores, name: str) -> _Agent:
    agent, code, now = _Agent(name, Signer(new_private())), enrollment.new_code(), int(time.time())
    secret = enrollment.secret_of(code)
    stores.agents.invite(secret, name, "acme", ["ABC"], now)
    said = {
        "code_id": secret.id,
        "public": agent.signer.public.hex(),
        "fingerprint": "ab" * 32,
        "proof": enrollment.proof(secret.key, agent.signer.public, "ab" * 32),
    }
    envelope = opened(_Agent("", agent.signer).says("enroll", said))
    if stores.agents.enroll(enrollment.enrollment(envelope), now) is None:
        raise RuntimeError(f"{name} was not enrolled")
    return agent


def _cpu_s(pid: int) -> float:
    """Seconds of processor that a process has used, in its own code and in the kernel for it."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _place() -> Iterator[tuple[Settings, Mapping[str, str]]]:
    """An empty ledger, and a configuration in which nobody may call but agents."""
    from mlconn_pipelines.ledger.schema import upgrade

    folder = (ROOT / "agents").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    with server() as database:
        write_starter(folder / "config", dt.date(2026, 1, 1), "sap_business_one")
        with psycopg.connect(psycopg_conninfo(database.url("postgres")), autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench_agents TEMPLATE template0")
        upgrade(url := database.url("bench_agents"))
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("MLCONN_", "DAGSTER_"))}
        environment = kept | {
            "MLCONN_CONFIG": str(folder / "config"),
            "MLCONN_HOME": str(folder / "home"),
            "MLCONN_DATABASE_URL": url,
            "MLCONN_VAULT_KEY": Fernet.generate_key().decode(),
        }
        try:
            yield read_settings(environment), environment
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _gateway(environment: Mapping[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "mlconn_pipelines.cli.app", "gateway", "--port", str(port)]
    child = subprocess.Popen(command, env=dict(environment), stderr=subprocess.DEVNULL)
    try:
        _wait_for_gateway(port)
        yield child
    finally:
        child.terminate()
        child.wait(15)
