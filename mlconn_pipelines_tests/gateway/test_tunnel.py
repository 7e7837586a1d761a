"""Agents at the gateway as it runs: who gets jobs, who gets nothing, and what strangers learn."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from mlconn_pipelines.agents import enrollment, jobs
from mlconn_pipelines.agents.jobs import Effect, Job, JobState
from mlconn_pipelines.agents.keys import PublicKey, Signer, Signs, certified, is_signed, new_private
from mlconn_pipelines.agents.releases import offer
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.gateway.callers import PER_ADDRESS
from mlconn_pipelines.gateway.connections import Times
from mlconn_pipelines.gateway.database_clock import DatabaseClock
from mlconn_pipelines.gateway.program import application_of
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.agents import agents_are_named
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.agents.speaking import Speaker
from mlconn_pipelines_tests.gateway.conftest import Gateway
from mlconn_pipelines_tests.gateway.listening import listening

pytestmark = pytest.mark.database

JOB_SIGNER = Signer(new_private())
ROOT = Signer(new_private())


def now() -> int:
    return int(time.time())


@dataclass
class Agent:
    """A simulated agent over HTTP, enrolled as `warehouse`."""

    gateway: Gateway
    speaker: Speaker = field(default_factory=lambda: Speaker(agent_id="warehouse", now=now()))

    def sends(self, kind: str, body: dict[str, Any] | None = None, **other: Any) -> httpx.Response:
        content = self.speaker.hello() if kind == "hello" and body is None else self.speaker.says(kind, body, **other)
        return self.gateway.http.post(f"/agent/{kind}", content=content)

    def polls(self, wait_s: int = 0) -> list[dict[str, Any]]:
        answer = self.sends("poll", {"slots": 4, "wait_s": wait_s})
        assert answer.status_code == 200, answer.text
        polled: list[dict[str, Any]] = answer.json()["jobs"]
        return polled

    def enrolls(self) -> httpx.Response:
        code = enrollment.new_code()
        self.gateway.stores.agents.invite(enrollment.secret_of(code), "warehouse", "sap", ["ABC"], now())
        return self.gateway.http.post("/agent/enroll", content=self.speaker.enrolls(code))


NO_EVENTS: Any = SimpleNamespace(integrations={}, syncs={}, folder="config", every=list)
"""A configuration in which nobody may call but agents."""


@pytest.fixture
def gateway(ledger_database: str, tmp_path: Path) -> Iterator[Gateway]:
    settings = read_settings({"MLCONN_DATABASE_URL": ledger_database, "MLCONN_HOME": str(tmp_path)})
    with open_stores(settings, with_vault=False) as stores:
        with pytest.raises(ConfigurationError, match="no agent was invited"):
            application_of(NO_EVENTS, stores)
        stores.agents.invite(enrollment.secret_of(enrollment.new_code()), "first", "sap", ["ABC"], now())
        with listening(application_of(NO_EVENTS, stores)) as url, httpx.Client(base_url=url, timeout=20) as http:
            yield Gateway(url, http, stores)


@pytest.fixture
def agent(gateway: Gateway) -> Iterator[Agent]:
    started = Agent(gateway)
    started.enrolls()
    assert started.sends("hello").status_code == 200
    yield started


def enqueue(gateway: Gateway, job_id: str = "sap.1.1", effect: Effect = Effect.WRITE, **other: Any) -> None:
    job = Job(job_id, "warehouse", "ABC", "po.create", {"vendor": "0001"}, effect, now() + 600, idem_ref=job_id, **other)
    gateway.stores.agent_jobs.enqueue("sap", job, lambda asked: jobs.signed_job(asked, JOB_SIGNER, now()), now())


def test_an_agent_is_enrolled_and_told_what_it_may_do(gateway: Gateway) -> None:
    agent = Agent(gateway)
    key = certified(ROOT, PublicKey(JOB_SIGNER.public, now() - 1, now() + 1_000))
    gateway.stores.agents.publish_job_key(key)
    told = agent.enrolls().json()
    assert abs(told.pop("time") - now()) <= 2
    assert told == {"agent_id": "warehouse", "integration": "sap", "companies": ["ABC"], "job_keys": [key]}
    welcome = agent.sends("hello").json()
    assert (welcome["proto"], welcome["job_keys"]) == (1, [key])


def test_a_job_goes_to_the_agent_and_its_result_into_the_ledger(agent: Agent) -> None:
    assert agent.polls() == []
    enqueue(agent.gateway)
    (job,) = agent.polls()
    assert is_signed(Signs.JOB, job, JOB_SIGNER.public) and job["company"] == "ABC"
    assert agent.sends("accepted", {"job_id": job["job_id"]}).json() == {}
    done = {"job_id": job["job_id"], "outcome": "ok", "number": "0000001", "warnings": ["price"]}
    for _ in range(2):
        assert agent.sends("result", done).json() == {"result_ack": job["job_id"]}
    row = agent.gateway.stores.agent_jobs.job(job["job_id"])
    assert row is not None and row.state is JobState.DONE and row.result == done


def test_a_held_poll_is_answered_as_soon_as_a_job_waits_and_is_no_call(agent: Agent) -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append((agent.polls(wait_s=20), time.monotonic())))
    thread.start()
    until = time.monotonic() + 5
    while "polls_held 1" not in agent.gateway.http.get("/metrics").text:
        assert time.monotonic() < until
    enqueue(agent.gateway)
    enqueued = time.monotonic()
    thread.join(10)
    [(polled, answered)] = found
    assert [job["job_id"] for job in polled] == ["sap.1.1"] and answered - enqueued < 2
    counted = agent.gateway.http.get("/metrics").text
    assert 'mlconn_gateway_polls_total{outcome="jobs"} 1' in counted and "polls_held 0" in counted
    assert "agent_poll" not in counted


def test_a_later_poll_ends_the_one_before(agent: Agent) -> None:
    began = time.monotonic()
    thread = threading.Thread(target=agent.polls, args=(20,))
    thread.start()
    while "polls_held 1" not in agent.gateway.http.get("/metrics").text:
        assert time.monotonic() < began + 5
    assert agent.polls(wait_s=1) == []
    thread.join(5)
    assert not thread.is_alive()


def test_a_held_poll_outlasts_the_time_for_answers_and_ends_with_the_gateway(agent: Agent, gateway: Gateway) -> None:
    application = application_of(NO_EVENTS, gateway.stores)
    answers: list[int] = []
    with listening(application, times=Times(answer=0.2)) as url:
        agent.gateway = Gateway(url, httpx.Client(base_url=url, timeout=20), gateway.stores)
        assert agent.sends("hello").status_code == 200
        assert agent.sends("poll", {"slots": 1, "wait_s": 1}).status_code == 200
        thread = threading.Thread(target=lambda: answers.append(agent.sends("poll", {"slots": 1, "wait_s": 45}).status_code))
        thread.start()
        time.sleep(0.5)
        began = time.monotonic()
    thread.join(10)
    agent.gateway.http.close()
    assert answers == [200] and time.monotonic() - began < 4


def test_strangers_hear_one_thing_whatever_is_wrong(agent: Agent) -> None:
    thief, enrolled = Speaker(agent_id="warehouse", now=now()), agent.speaker
    changed = json.loads(enrolled.says("poll", {"slots": 1}))
    wrong = {
        "nothing": b"",
        "no JSON": b"{",
        "another key": thief.hello(),
        "nobody": Speaker(agent_id="nobody", now=now()).hello(),
        "changed": json.dumps(changed | {"body": {"slots": 2}}).encode(),
        "another kind": enrolled.hello(),
        "no such code": thief.enrolls(enrollment.new_code()),
        "too long": b"x" * 2_000_000,
        "a bomb": gzip.compress(b" " * 50_000_000),
        "no gzip": b"\x1f\x8b123",
    }
    answers = set()
    for name, content in wrong.items():
        kind = {"another key": "hello", "nobody": "hello", "no such code": "enroll"}.get(name, "poll")
        headers = {"Content-Encoding": "gzip"} if name in ("a bomb", "no gzip") else {}
        answer = agent.gateway.http.post(f"/agent/{kind}", content=content, headers=headers)
        answers.add((answer.status_code, answer.text))
    assert answers == {(401, '{"error":"not known here"}')}
    assert agent.gateway.http.post("/agent/call", content=enrolled.says("poll")).status_code == 401
    assert agent.gateway.http.get("/agent/poll").status_code == 405


def test_an_envelope_may_come_packed(agent: Agent) -> None:
    content = gzip.compress(agent.speaker.says("poll", {"slots": 1}))
    answer = agent.gateway.http.post("/agent/poll", content=content, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200


def test_a_replay_and_another_clock_are_told_to_the_agent_alone(agent: Agent) -> None:
    poll = agent.speaker.says("poll", {"slots": 1})
    assert [agent.gateway.http.post("/agent/poll", content=poll).status_code for _ in range(2)] == [200, 409]
    agent.speaker.now += 3_600
    answer = agent.sends("poll", {"slots": 1})
    assert answer.status_code == 409 and answer.json()["error"] == "clock" and abs(answer.json()["time"] - now()) <= 2


def test_a_clone_ends_the_jobs_and_somebody_is_told(agent: Agent) -> None:
    first = agent.speaker
    agent.speaker = Speaker(agent_id="warehouse", boot_id="boot-2", signer=first.signer, now=now() + 1)
    assert agent.sends("hello").status_code == 200
    enqueue(agent.gateway)
    clone, agent.speaker, first.now = agent.speaker, first, now() + 2
    assert agent.sends("poll", {"slots": 1}).json() == {"error": "cloned"}
    agent.speaker = clone
    assert agent.sends("poll", {"slots": 1}).json() == {"error": "suspended"}
    (alert,) = agent.gateway.stores.watch.open_alerts()
    assert alert.cause == "agent_cloned:warehouse" and "mlconn agents invite warehouse" in alert.text


def test_a_revoked_agent_gets_nothing_not_even_by_a_poll_that_was_held(agent: Agent) -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(agent.polls(wait_s=20)))
    thread.start()
    until = time.monotonic() + 5
    while "polls_held 1" not in agent.gateway.http.get("/metrics").text:
        assert time.monotonic() < until
    agent.gateway.stores.agents.revoke("warehouse")
    enqueue(agent.gateway)
    thread.join(10)
    assert found == [[]]
    assert agent.sends("poll", {"slots": 1}).json() == {"error": "revoked"}


def test_an_agent_speaks_only_of_its_own_jobs(agent: Agent) -> None:
    for kind, body in (("accepted", {}), ("result", {"outcome": "ok"}), ("progress", {"page": 1, "rows": []})):
        answer = agent.sends(kind, {"job_id": "other.1", **body})
        assert (answer.status_code, answer.json()) == (409, {"error": "unknown_job"})


def test_pages_are_taken_no_faster_than_they_are_read(agent: Agent) -> None:
    enqueue(agent.gateway, "read", Effect.READ)
    answers = [
        agent.sends("progress", {"job_id": "read", "page": page, "rows": [{"n": "1.5"}], "cursor": ["a"]}).json()
        for page in range(1, 6)
    ]
    assert answers == [*({"page_ack": page} for page in range(1, 5)), {"wait_s": 2}]


def test_a_key_is_followed_by_the_next(agent: Agent) -> None:
    following = Signer(new_private())
    body = following.signed(Signs.NEXT_KEY, {"agent_id": "warehouse", "public": following.public.hex()})
    assert agent.sends("rotate_key", body).json() == {}
    assert agent.sends("rotate_key", {**body, "sig": "0" * 128}).status_code == 400
    agent.speaker.signer = following
    assert agent.polls() == []


def test_a_log_is_asked_for_and_kept(agent: Agent) -> None:
    agent.gateway.stores.agents.want_log("warehouse")
    assert agent.sends("poll", {"slots": 1, "wait_s": 30}).json()["log_pull"] is True
    assert agent.sends("log", {"lines": "started\n"}).json() == {}
    assert agent.sends("poll", {"slots": 1}).json()["log_pull"] is False
    row = agent.gateway.stores.agents.agent("warehouse")
    assert row is not None and row.log == "started\n"


@pytest.mark.parametrize("body", [{}, {"slots": 99}, {"slots": 1, "wait_s": 46}, {"slots": "1"}], ids=str)
def test_a_poll_of_another_form_is_told_what_is_expected(agent: Agent, body: dict[str, Any]) -> None:
    answer = agent.sends("poll", {**body})
    assert answer.status_code == 400 and "expected" in answer.json()["error"]


def test_an_agent_of_a_protocol_that_we_do_not_speak_gets_no_jobs(agent: Agent) -> None:
    enqueue(agent.gateway)
    body = {"version": "9", "proto_min": 2, "proto_max": 3, "fingerprint": agent.speaker.fingerprint}
    answer = agent.sends("hello", body)
    assert answer.json() == {"error": "unsupported_protocol", "proto_min": 1, "proto_max": 1}
    assert agent.polls() == []


def test_agents_are_judged_by_the_databases_clock(agent: Agent) -> None:
    """That of the gateway's machine is an hour behind."""
    stores = agent.gateway.stores
    stores.queue.now = lambda: dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)  # type: ignore[method-assign]
    with listening(application_of(NO_EVENTS, stores)) as url, httpx.Client(base_url=url, timeout=20) as http:
        agent.gateway = Gateway(url, http, stores)
        assert agent.sends("poll", {"slots": 1}).json()["error"] == "clock"
        agent.speaker.now += 3_600
        told = agent.sends("poll", {"slots": 1})
    assert told.status_code == 200 and told.json()["time"] >= now() + 3_590


def test_a_clock_that_cannot_be_asked_counts_on(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [dt.datetime(2026, 11, 29, tzinfo=dt.UTC), dt.datetime(2026, 11, 30, tzinfo=dt.UTC)]
    steady = 100.0
    monkeypatch.setattr("mlconn_pipelines.gateway.database_clock.time.monotonic", lambda: steady)
    clock = DatabaseClock(lambda: moments.pop(0))
    steady += 11
    assert clock() == dt.datetime(2026, 11, 29, 0, 0, 11, tzinfo=dt.UTC).timestamp() and clock.is_old
    clock.set()
    assert clock() == dt.datetime(2026, 11, 30, tzinfo=dt.UTC).timestamp() and not clock.is_old
    with pytest.raises(IndexError):
        clock.set()
    assert clock() == dt.datetime(2026, 11, 30, tzinfo=dt.UTC).timestamp()


def test_a_release_goes_to_the_agent_that_is_to_have_it_and_to_no_other(agent: Agent) -> None:
    content, stores = bytes(range(256)) * 3_000, agent.gateway.stores
    offered = offer(ROOT, "0.2.0", content)
    stores.agents.add_release(offered, content)
    assert "update_offer" not in agent.sends("poll", {"slots": 0}).json()
    assert agent.sends("update", {"version": "0.2.0", "part": 1}).json() == {"error": "no_such_release"}
    stores.agents.want_update("warehouse", "0.2.0")
    assert agent.sends("poll", {"slots": 0}).json()["update_offer"] == offered
    parts = [agent.sends("update", {"version": "0.2.0", "part": number}).json()["content"] for number in (1, 2)]
    assert b"".join(map(base64.b64decode, parts)) == content
    assert agent.sends("update", {"version": "0.2.0", "part": 3}).status_code == 409
    assert agent.sends("update", {"version": "../../x", "part": 1}).status_code == 400
    greeting = {"version": "0.2.0", "proto_min": 1, "proto_max": 1, "fingerprint": agent.speaker.fingerprint}
    agent.sends("hello", greeting)
    assert "update_offer" not in agent.sends("poll", {"slots": 0}).json()


def test_as_many_agents_as_there_are_come_through_one_proxy(agent: Agent) -> None:
    """A gateway without events trusts the proxy on its own machine, and polls are no calls: each address has few of those at once."""
    headers = {"X-Forwarded-For": "203.0.113.7"}
    agent.gateway.http.headers.update(headers)
    poll = agent.speaker.says("poll", {"slots": 1, "wait_s": 5})
    host, port = agent.gateway.url.removeprefix("http://").split(":")
    head = f"POST /agent/poll HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\nContent-Length: {len(poll) + 1}\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(PER_ADDRESS + 20):  # each lacks a byte, so each is under way
            line = stack.enter_context(socket.create_connection((host, int(port))))
            line.sendall(head.encode() + poll)
        assert agent.sends("poll", {"slots": 1}).status_code == 200
        assert agent.sends("result", {"job_id": "x", "outcome": "ok"}).status_code == 409
        assert "too_many" not in agent.gateway.http.get("/metrics").text


def test_an_integration_that_names_an_agent_needs_no_events_and_no_invitation_yet(ledger_database: str, tmp_path: Path) -> None:
    write_starter(tmp_path / "config", dt.date(2026, 1, 1), "sage_100")
    configuration = load_configuration(tmp_path / "config")
    assert agents_are_named(configuration.every()) and not agents_are_named([])
    settings = read_settings({"MLCONN_DATABASE_URL": ledger_database, "MLCONN_HOME": str(tmp_path)})
    with open_stores(settings, with_vault=False) as stores:
        stores.agents.invite(enrollment.secret_of(enrollment.new_code()), "old", "sap", ["ABC"], now() - 3 * 86_400)
        with listening(application_of(configuration, stores)) as url:
            assert httpx.get(f"{url}/ready").json() == {"status": "ready"}
            until = time.monotonic() + 5
            while stores.agents.any_expected():  # the hourly work begins with a first time
                assert time.monotonic() < until
