"""The agent over a real socket, against the platform's half of the protocol: cut off, replayed, forged, and with a wrong clock."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlconn_pipelines.agents import admission, envelope, jobs, keys
from mlconn_pipelines_tests.sage_100_agent.supervised import ORDER, supervisor
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox
from mlconn_simulators.sage_100.server import SageServer
from mlconn_simulators.world.making import make_world
from sage_100_agent.journal import Journal
from sage_100_agent.service import Service
from sage_100_agent.tunnel.client import Stopped, Tunnel, proxy_refusal
from sage_100_agent.tunnel.job_keys import JobKeys
from sage_100_agent.tunnel.keyring import Keys
from sage_100_agent.tunnel.statements import Signer

ROOT, JOBS, STRANGER = (keys.Signer(bytes([n] * 32)) for n in (1, 2, 3))
AGENT_KEY = bytes([4] * 32)
AGENT = Signer(AGENT_KEY)
HELLO = {"version": "0.1.0", "fingerprint": "ab" * 32}


class Gateway:
    """What the gateway does, as far as a test needs it: opens, admits, answers. fails: asked before each answer, gives a status or 0."""

    def __init__(self, clock: Callable[[], int] = lambda: int(time.time())) -> None:
        self.clock = clock
        self.presence = admission.Presence()
        self.keys = [keys.PublicKey(AGENT.public, 0)]
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.waiting: list[dict[str, Any]] = []
        self.fails: Callable[[str, dict[str, Any]], int] = lambda kind, body: 0
        self.cuts = 0
        """So many envelopes come without their end."""
        self._come, self._lock = threading.Condition(), threading.Lock()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
                status, told = gateway.answer(content)
                raw = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # an agent that stops breaks its poll off
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def give(self, verb: str, params: dict[str, Any], by: keys.Signer = JOBS, **change: Any) -> None:
        told: dict[str, Any] = {
            "id": "acme-1", "agent_id": "A1", "company": "MER", "verb": verb, "params": params, "idem_ref": "mlc:acme-1",
            "effect": jobs.Effect.READ if verb.endswith(("changed", "list")) else jobs.Effect.WRITE,
            "not_after": self.clock() + 600, "deadline_s": 30,
        }  # fmt: skip
        with self._come:
            self.waiting.append(jobs.signed_job(jobs.Job(**(told | change)), by, self.clock()))
            self._come.notify_all()

    def answer(self, content: bytes) -> tuple[int, dict[str, Any]]:
        if self.cuts:
            self.cuts -= 1
            return 401, {"error": "not known here"}
        opened = envelope.opened(content)
        if not envelope.signed_by_one_of(opened, self.keys, self.clock()):
            return 401, {"error": "not known here"}
        with self._lock:
            taken = admission.admitted(self.presence, opened, self.clock())
            self.presence = taken.presence
        if taken.refusal is not None:
            return 409, {"error": str(taken.refusal), "time": self.clock()}
        kind, body = str(opened.kind), dict(opened.body)
        if status := self.fails(kind, body):
            return status, {}
        if kind == "rotate_key":
            self.keys = keys.rotated(self.keys, keys.next_key(opened.agent_id, body), self.clock())
        with self._come:
            self.said.append((kind, body))
            self._come.notify_all()
        if kind == "hello":
            certificate = keys.certified(ROOT, keys.PublicKey(JOBS.public, 0))
            return 200, {"proto": 1, "time": self.clock(), "companies": ["MER"], "job_keys": [certificate]}
        if kind == "poll":
            return 200, {"jobs": self._jobs(int(body["slots"])), "time": self.clock()}
        if kind == "progress":
            return 200, {"page_ack": jobs.page(body).number}
        return 200, {"result_ack": jobs.result(body).job_id} if kind == "result" else {}

    def _jobs(self, slots: int) -> list[dict[str, Any]]:
        with self._come:
            self._come.wait_for(lambda: self.waiting, timeout=0.2)
            given = self.waiting[:slots]
            del self.waiting[:slots]  # in place: a test may add to it meanwhile
        return given

    def heard(self, kind: str, count: int = 1, within_s: float = 20.0) -> list[dict[str, Any]]:
        def bodies() -> list[dict[str, Any]]:
            return [body for said, body in self.said if said == kind]

        with self._come:
            assert self._come.wait_for(lambda: len(bodies()) >= count, within_s), f"{self.said}"
        return bodies()


@dataclass
class KeptKeys:
    """A key store in memory."""

    keys: Keys

    def read(self) -> Keys:
        return self.keys

    def write(self, keys: Keys) -> None:
        self.keys = keys


class Site:
    """A simulated Sage, a gateway, and an agent between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox = Sage100Sandbox(make_world(1, 40), orders=3)
        self.sage = SageServer(self.sandbox)
        self.gateway = Gateway()
        self.keys = KeptKeys(Keys(AGENT_KEY, int(time.time())))
        self.service: Service | None = None
        self.kept: list[dict[str, Any]] = []
        """What was found of Sage, as it is kept for people beside it."""
        self._thread: threading.Thread | None = None
        self.code = -1

    def start(self, agent_id: str = "A1", local: Callable[[], float] = time.time) -> Service:
        http = httpx.Client(base_url=self.gateway.url)
        tunnel = Tunnel(http, agent_id, AGENT, local)
        service = self.service = Service(
            tunnel,
            JobKeys(ROOT.public),
            agent_id,
            HELLO,
            lambda: Journal(self.folder / "journal.sqlite"),
            lambda journal, now: supervisor(self.sage.address[1], journal, now=now),
            self.keys,
            note_found=lambda found: self.kept.append(dict(found)),
        )

        def run() -> None:
            self.code = service.run()
            http.close()

        self._thread = threading.Thread(target=run)
        self._thread.start()
        return service

    def stop(self) -> int:
        assert self.service is not None and self._thread is not None
        self.service.stop()
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.code

    def ours(self) -> list[str]:
        with self.sandbox.site.lock:
            rows = self.sandbox.company["PO_PurchaseOrderHeader"].rows
            return [key[0] for key, row in rows.items() if row["Comment$"] == "mlc:acme-1"]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr("sage_100_agent.service.random.uniform", lambda least, most: 0.05)
    site = Site(tmp_path)
    yield site
    if site.service is not None:
        site.stop()
    site.gateway.close()
    site.sage.close()


def test_a_job_is_accepted_done_and_told_and_its_result_acknowledged(site: Site) -> None:
    site.start()
    site.gateway.give("po.create", ORDER)
    [result] = site.gateway.heard("result")
    assert (result["outcome"], result["idem_ref"]) == ("ok", "mlc:acme-1") and site.ours() == [result["number"]]
    said = [kind for kind, _ in site.gateway.said if kind in ("hello", "accepted", "result")]
    assert said == ["hello", "hello", "accepted", "result"], "the second hello tells what was found in Sage"
    assert site.stop() == 0
    journal = Journal(site.folder / "journal.sqlite")
    assert journal.unacknowledged() == []
    journal.close()


def test_a_read_comes_by_pages_before_its_result(site: Site) -> None:
    site.start()
    site.gateway.give("po.changed", {})
    [result] = site.gateway.heard("result")
    rows = [row for body in site.gateway.heard("progress") for row in body["rows"]]
    assert result["outcome"] == "ok" and result["value"]["rows"] == len(rows) == 3


def test_a_tunnel_that_is_cut_while_a_result_is_on_its_way_loses_and_doubles_nothing(site: Site) -> None:
    cuts = {"result": 2, "accepted": 1, "poll": 1, "hello": 1}

    def fails(kind: str, body: dict[str, Any]) -> int:
        cuts[kind] = cuts.get(kind, 0) - 1
        return 503 if cuts[kind] >= 0 else 0

    site.gateway.fails = fails
    site.start()
    site.gateway.give("po.create", ORDER)
    [result] = site.gateway.heard("result")
    site.gateway.give("po.create", ORDER, attempt=2)
    again = site.gateway.heard("result", 2)[1]
    assert result["outcome"] == again["outcome"] == "ok" and site.ours() == [result["number"]] == [again["number"]]


def test_an_answer_that_is_none_acknowledges_nothing(site: Site) -> None:
    """A proxy answers in the gateway's place with status 200: a read's result, which is in no journal, would be lost by that."""
    lies = 2

    def fails(kind: str, body: dict[str, Any]) -> int:
        nonlocal lies
        lies -= kind == "result"
        return 200 if kind == "result" and lies >= 0 else 0

    site.gateway.fails = fails
    site.start()
    site.gateway.give("company.list", {})
    [result] = site.gateway.heard("result")
    assert result["outcome"] == "ok" and lies == -1


def test_an_envelope_that_was_cut_off_on_its_way_does_not_stop_the_agent_for_minutes(site: Site) -> None:
    """The gateway knows nobody by what is left of it."""
    site.gateway.cuts = 2
    site.start()
    site.gateway.give("po.create", ORDER)
    assert site.gateway.heard("result")[0]["outcome"] == "ok" and site.gateway.cuts == 0


def test_a_result_that_nobody_took_is_told_by_the_next_start(site: Site) -> None:
    site.gateway.fails = lambda kind, body: 503 if kind == "result" else 0
    site.start()
    site.gateway.give("po.create", ORDER)
    deadline = time.monotonic() + 20
    while not site.ours() and time.monotonic() < deadline:
        time.sleep(0.02)
    site.stop()
    site.gateway.fails = lambda kind, body: 0
    site.start()
    [result] = site.gateway.heard("result")
    assert site.ours() == [result["number"]]


def test_a_clock_that_is_an_hour_off_is_no_hindrance(site: Site) -> None:
    site.start(local=lambda: time.time() - 3600)
    site.gateway.give("po.create", ORDER)
    assert site.gateway.heard("result")[0]["outcome"] == "ok"
    assert len(site.ours()) == 1


def test_a_stolen_gateway_gets_nothing_out_of_jobs_that_nobody_signed(site: Site) -> None:
    site.start()
    site.gateway.give("po.create", ORDER, by=STRANGER)
    site.gateway.give("po.create", ORDER, agent_id="A2")
    with site.gateway._come:
        site.gateway.waiting.append(site_job_changed())
    site.gateway.give("company.list", {}, id="acme-2")
    [result] = site.gateway.heard("result")
    assert result["job_id"] == "acme-2" and site.ours() == []


def site_job_changed() -> dict[str, Any]:
    job = jobs.Job("acme-1", "A1", "MER", "po.create", ORDER, jobs.Effect.WRITE, int(time.time()) + 60, idem_ref="mlc:acme-1")
    return jobs.signed_job(job, JOBS, int(time.time())) | {"company": "EUR"}


def test_a_second_machine_under_the_name_stops_the_agent(site: Site) -> None:
    service = site.start()
    site.gateway.heard("hello")
    site.gateway.presence = admission.Presence(admission.Standing.SUSPENDED)
    assert site._thread is not None
    site._thread.join(20)
    assert isinstance(service.failed, Stopped) and service.failed.code == "suspended"


def test_a_proxy_that_wants_ntlm_is_told_plainly() -> None:
    assert "NTLM and Negotiate are not supported" in proxy_refusal("407 Proxy Authentication Required")
    assert proxy_refusal("502 Bad Gateway") == "the proxy: 502 Bad Gateway"
