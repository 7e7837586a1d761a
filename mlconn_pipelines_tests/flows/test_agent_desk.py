"""A write by way of an agent that loses, delays, crashes and is cut off for hours: entered once in the end, and never twice on the way."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.agents import enrollment
from mlconn_pipelines.agents.envelope import opened
from mlconn_pipelines.agents.jobs import Job, Outcome, page, result, signed_job
from mlconn_pipelines.agents.keys import Signer, new_private
from mlconn_pipelines.errors import OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.flows import agent_desk
from mlconn_pipelines.flows.agent_desk import Desk
from mlconn_pipelines.ports.agents import Reply
from mlconn_pipelines_tests.agents.speaking import Speaker
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger

AGENT, REFERENCE, PARAMS = "warehouse", "acme:D0000001", {"purchase_order": "0000001"}
SIGNER = Signer(new_private())
BEGAN = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
ACTS = ("idle", "take", "take and lose", "accept", "accept and lose", "do", "tell", "tell and lose", "crash", "an hour")


@dataclass
class Clock:
    now: dt.datetime = BEGAN

    def pass_by(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())


@dataclass
class ModelAgent:
    """What the agent does with one job after another, by its own rules: journaled, begun once accepted, done once, told until taken.

    entered: what it wrote, by reference. outcomes: what the system behind it says to the next writes; ok where there are none.
    """

    ledger: FakeLedger
    clock: Clock
    outcomes: list[Outcome]
    entered: Counter[str] = field(default_factory=Counter)
    boot: int = 0
    inbox: list[dict[str, Any]] = field(default_factory=list)
    journal: dict[str, dict[str, Any]] = field(default_factory=dict)

    def act(self, name: str) -> None:
        jobs = self.ledger.agent_jobs
        match name:
            case "take" | "take and lose":
                taken = jobs.take(AGENT, f"boot-{self.boot}", 1, self.clock.seconds)
                self.inbox += [] if name == "take and lose" else [json.loads(one) for one in taken]
            case "accept" | "accept and lose":
                for job in self.inbox[:1]:
                    entry = self.journal.setdefault(job["job_id"], {"told": True, "result": None, "accepted": False})
                    entry["job"] = job
                    if (entry["result"] or {}).get("outcome") in ("ok", "refused"):
                        entry["told"] = False  # done before: its result is told once more
                    else:
                        entry |= {"result": None, "accepted": False}
                        if (taken := jobs.accept(AGENT, job["job_id"])) is not None and name == "accept":
                            entry["accepted"] = taken
                            self.inbox.pop(0)
                    if entry["result"]:
                        self.inbox.pop(0)
            case "do":
                for entry in self.journal.values():
                    if entry["accepted"] and entry["result"] is None:
                        entry |= {"result": self._done(entry["job"]), "told": False}
            case "tell" | "tell and lose":
                for entry in self.journal.values():
                    if not entry["told"]:
                        body = {"job_id": entry["job"]["job_id"], "idem_ref": REFERENCE, **entry["result"]}
                        jobs.finish(AGENT, result(body))
                        entry["told"] = name == "tell"
            case "crash":
                self.boot += 1  # what stands in the journal and was not begun is asked about again
                self.inbox = [one["job"] for one in self.journal.values() if one["result"] is None and not one["accepted"]]
            case "an hour":
                self.clock.pass_by(3_600)

    def _done(self, job: dict[str, Any]) -> dict[str, Any]:
        if self.clock.seconds > job["not_after"]:
            return {"outcome": "expired"}
        if (outcome := self.outcomes.pop(0) if self.outcomes else Outcome.OK) is not Outcome.OK:
            return {"outcome": outcome.value, "text": "not now"}
        self.entered[job["idem_ref"]] += 1
        return {"outcome": "ok", "number": f"{self.entered[job['idem_ref']]:06}"}


@dataclass
class Platform:
    """Runs that come now and then: each posts the document while it is ready, and looks for its outcome while that is unknown."""

    desk: Desk
    state: str = "ready"

    def run(self) -> None:
        try:
            if self.state == "ready":
                self._take(self.desk.write("ABC", "receipt.enter", PARAMS, REFERENCE))
            elif self.state == "unknown":
                standing = self.desk.standing("ABC", "receipt.enter", PARAMS, REFERENCE)
                assert standing is not None, "what was given is known"
                if standing.reply is not None:
                    self._take(standing.reply)
        except TryLater:
            pass  # surely nothing was done: it stays as it was
        except OutcomeUnknown:
            self.state = "unknown"

    def _take(self, reply: Reply) -> None:
        self.state = {"ok": "posted", "refused": "held", "unknown": "unknown"}.get(reply.outcome, "ready")


def desk_of(ledger: FakeLedger, clock: Clock, pause: Any) -> Desk:
    return Desk(
        "acme",
        AGENT,
        ledger.agents,
        ledger.agent_jobs,
        lambda job, now: signed_job(job, SIGNER, now),
        lambda: clock.now,
        lambda: clock.now.timestamp(),
        pause,
    )


@settings(max_examples=150)
@given(data=st.data(), outcomes=st.lists(st.sampled_from([Outcome.RETRY, Outcome.REFUSED]), max_size=2))
def test_whatever_is_lost_or_late_it_is_entered_once_and_told_as_it_is(data: st.DataObject, outcomes: list[Outcome]) -> None:
    ledger, clock = FakeLedger(), Clock()
    agent, ends = ModelAgent(ledger, clock, list(outcomes)), [False]

    def pause(seconds: float) -> None:
        clock.pass_by(seconds * 60)  # so that a minute is five looks
        for act in ("take", "accept", "do", "tell") if ends[0] else (data.draw(st.sampled_from(ACTS)),):
            agent.act(act)

    platform = Platform(desk_of(ledger, clock, pause))
    for _ in range(data.draw(st.integers(1, 4))):
        platform.run()
        assert agent.entered[REFERENCE] <= 1
        assert platform.state != "posted" or agent.entered[REFERENCE] == 1
        assert platform.state != "held" or agent.entered[REFERENCE] == 0
        clock.pass_by(data.draw(st.sampled_from([1, 60, 700, 7_200])))
    ends[0] = True  # from here on nothing is lost any more
    for _ in range(8):
        clock.pass_by(60)
        pause(0)
        platform.run()
    assert platform.state in ("posted", "held")
    assert agent.entered[REFERENCE] == (1 if platform.state == "posted" else 0)


@pytest.mark.parametrize("cut", ["before it was taken", "before it was accepted", "before its result was told"])
def test_a_tunnel_that_is_cut_for_an_hour_with_a_write_on_the_way(cut: str) -> None:
    ledger, clock = FakeLedger(), Clock()
    agent = ModelAgent(ledger, clock, [])
    acts = {"before it was taken": [], "before it was accepted": ["take and lose"]}.get(cut, ["take", "accept", "do"])

    def pause(seconds: float) -> None:
        clock.pass_by(agent_desk.WAIT_S / 4)
        if acts:
            agent.act(acts.pop(0))

    platform = Platform(desk_of(ledger, clock, pause))
    platform.run()
    assert platform.state == ("ready" if cut == "before it was taken" else "unknown")
    clock.pass_by(3_600)
    platform.run()
    for _ in range(3):
        for act in ("take", "accept", "do", "tell"):
            agent.act(act)
        acts += ["take", "accept", "do", "tell"]
        clock.pass_by(60)
        platform.run()
    assert (platform.state, agent.entered[REFERENCE]) == ("posted", 1)


def test_what_a_person_decided_on_is_written_anew_under_another_id() -> None:
    ledger, clock = FakeLedger(), Clock()
    agent = ModelAgent(ledger, clock, [Outcome.UNKNOWN])

    def pause(seconds: float) -> None:
        clock.pass_by(seconds * 60)
        for act in ("take", "accept", "do", "tell"):
            agent.act(act)

    desk = desk_of(ledger, clock, pause)
    with pytest.raises(OutcomeUnknown, match="not now"):
        desk.write("ABC", "receipt.enter", PARAMS, REFERENCE)
    standing = desk.standing("ABC", "receipt.enter", PARAMS, REFERENCE)
    assert standing is not None and standing.reply is not None and standing.reply.outcome == "unknown"
    assert desk.write("ABC", "receipt.enter", PARAMS, REFERENCE).outcome == "ok"
    assert sorted(job.rpartition(".")[2] for job in agent.journal) == ["1", "2"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"outcome": "refused", "category": "no_right", "text": "You are not authorized."}, "no_right: You are not authorized"),
        ({"outcome": "retry", "category": "licence_full", "text": "", "after_s": 300}, "licence_full"),
        ({"outcome": "unsupported"}, "unsupported"),
    ],
)
def test_a_read_that_was_refused_has_not_found_nothing(said: dict[str, Any], words: str) -> None:
    """It is no word about what was to be read, which would be held, or taken for absent."""
    ledger, clock = FakeLedger(), Clock(dt.datetime.now(dt.UTC))
    enrolled(ledger, clock)

    def pause(seconds: float) -> None:
        (job,) = ledger.agent_jobs.open_jobs(AGENT)
        ledger.agent_jobs.finish(AGENT, result({"job_id": job.id, **said}))

    with pytest.raises(TryLater, match=words) as later:
        list(desk_of(ledger, clock, pause).pages("ABC", "item.list", {}))
    assert later.value.retry_after_s == said.get("after_s") and ledger.agent_jobs.open_jobs(AGENT) == []


@pytest.mark.parametrize("told", [None, {}, {"rows": 3}, {"rows": "2"}, ["rows"]], ids=str)
def test_a_read_whose_end_does_not_fit_what_came_is_no_answer(told: Any) -> None:
    """Two rows came. Fewer than were told, or a success that tells nothing, would pass for all there is."""
    ledger, clock = FakeLedger(), Clock(dt.datetime.now(dt.UTC))
    enrolled(ledger, clock)

    def pause(seconds: float) -> None:
        (job,) = ledger.agent_jobs.open_jobs(AGENT)
        ledger.agent_jobs.store_page(AGENT, page({"job_id": job.id, "page": 1, "rows": [{}, {}], "cursor": []}))
        ledger.agent_jobs.finish(AGENT, result({"job_id": job.id, "outcome": "ok", "value": told}))

    with pytest.raises(Retryable, match="2 came"):
        list(desk_of(ledger, clock, pause).pages("ABC", "item.list", {}))
    assert ledger.agent_jobs.open_jobs(AGENT) == []


def enrolled(ledger: FakeLedger, clock: Clock) -> None:
    code, speaker = enrollment.new_code(), Speaker(agent_id=AGENT, now=clock.seconds)
    ledger.agents.invite(enrollment.secret_of(code), AGENT, "acme", ["ABC"], clock.seconds)
    ledger.agents.enroll(enrollment.enrollment(opened(speaker.enrolls(code))), clock.seconds)
    assert ledger.agents.heard(opened(speaker.hello()), clock.seconds)


def test_a_job_with_the_same_words_is_the_same_job() -> None:
    job = Job("a", AGENT, "ABC", "receipt.enter", PARAMS, agent_desk.Effect.WRITE, 10, idem_ref=REFERENCE)
    assert (
        job.digest
        == Job("b", AGENT, "ABC", "receipt.enter", dict(PARAMS), agent_desk.Effect.WRITE, 99, idem_ref=REFERENCE).digest
    )
