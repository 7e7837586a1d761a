"""What a run makes of an agent's replies, on the ledger in memory: the agent answers while the run waits."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from mlconn_pipelines.agents import enrollment, jobs
from mlconn_pipelines.agents.envelope import opened
from mlconn_pipelines.agents.jobs import JobState
from mlconn_pipelines.agents.keys import Signer, new_private
from mlconn_pipelines.errors import OutcomeUnknown
from mlconn_pipelines.flows.agent_desk import Desk
from mlconn_pipelines_tests.agents.speaking import NOW, Speaker
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger

SIGNER = Signer(new_private())
WRITE = ("ABC", "po.create", {"vendor": "0001"}, "mlc:1")
CHANGED = ("ABC", "po.create", {"vendor": "0002"}, "mlc:1")


class Place:
    """A desk, and an agent that answers each job by the next of these results."""

    def __init__(self) -> None:
        self.ledger, self.results, self.done = FakeLedger(), list[dict[str, Any]](), list[str]()
        speaker, code = Speaker(agent_id="warehouse"), enrollment.new_code()
        self.ledger.agents.invite(enrollment.secret_of(code), "warehouse", "acme", ["ABC"], NOW)
        self.ledger.agents.enroll(enrollment.enrollment(opened(speaker.enrolls(code))), NOW)
        self.ledger.agents.heard(opened(speaker.hello()), NOW)
        self.desk = Desk(
            "acme", "warehouse", self.ledger.agents, self.ledger.agent_jobs,
            lambda job, now: jobs.signed_job(job, SIGNER, now), lambda: dt.datetime.now(dt.UTC), pause=self.answer,
        )  # fmt: skip

    def answer(self, seconds: float) -> None:
        now = int(dt.datetime.now(dt.UTC).timestamp())
        for signed in self.ledger.agent_jobs.take("warehouse", "b1", 1, now):
            job_id = json.loads(signed)["job_id"]
            self.done.append(job_id)
            assert self.ledger.agent_jobs.accept("warehouse", job_id)
            self.ledger.agent_jobs.finish("warehouse", jobs.result({"job_id": job_id, **self.results.pop(0)}))


def test_a_write_that_nothing_came_of_is_given_again_under_its_id() -> None:
    place = Place()
    place.results = [{"outcome": "retry", "category": "lock"}, {"outcome": "ok", "number": "0000077"}]
    assert place.desk.write(*WRITE).nothing_done
    assert place.desk.write(*WRITE).number == "0000077"
    assert len(set(place.done)) == 1 and len(place.done) == 2


def test_what_may_be_in_sage_already_is_not_written_anew_because_the_document_changed() -> None:
    """The agent took a number, its host died, and it could not look yet: a person looks, before anything else is written."""
    place = Place()
    place.results = [{"outcome": "retry", "category": "host", "number": "0000077"}, {"outcome": "ok", "number": "0000078"}]
    assert place.desk.write(*WRITE).nothing_done
    with pytest.raises(OutcomeUnknown, match="0000077"):
        place.desk.write(*CHANGED)
    assert len(place.done) == 1
    standing = place.desk.standing(*CHANGED)
    assert standing is not None and standing.reply is not None
    assert (standing.reply.outcome, standing.reply.number) == ("unknown", "0000077")
    assert place.desk.write(*CHANGED).number == "0000078", "a person has looked, and released it"


def test_a_change_is_written_under_another_id_where_surely_nothing_was_done() -> None:
    place = Place()
    place.results = [{"outcome": "retry", "category": "lock"}, {"outcome": "ok", "number": "0000078"}]
    place.desk.write(*WRITE)
    assert place.desk.write(*CHANGED).number == "0000078"
    first = place.ledger.agent_jobs.job(place.done[0])
    assert len(set(place.done)) == 2 and first is not None and first.state is JobState.SETTLED
