"""Jobs for agents: given again under the same id, never under another while one is open; pages no faster than they are read."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.agents import jobs
from mlconn_pipelines.agents.canonical import Malformed
from mlconn_pipelines.agents.jobs import Effect, Job, JobState
from mlconn_pipelines.agents.keys import Signer, Signs, is_signed, new_private
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.ports.agents import AgentJobs, JobRow
from mlconn_pipelines.ledger.agent_jobs import GIVEN_AGAIN_S, PAGES_WAITING_MAX
from mlconn_pipelines_tests.agents.speaking import NOW
from mlconn_pipelines_tests.ledger.workbench import Bench, on_both

pytestmark = on_both

SIGNER = Signer(new_private())
WRITE = Job("acme.1.1", "A1", "ABC", "po.create", {"vendor": "0001"}, Effect.WRITE, NOW + 60, idem_ref="D1")
READ = Job("r1", "A1", "ABC", "po.changed", {}, Effect.READ, NOW + 60)


@pytest.fixture
def queue(bench: Bench) -> AgentJobs:
    store: AgentJobs = bench.agent_jobs
    return store


def put(queue: AgentJobs, job: Job = WRITE, now: int = NOW) -> JobRow:
    return queue.enqueue("acme", job, lambda asked: jobs.signed_job(asked, SIGNER, now), now)


def taken(queue: AgentJobs, now: int = NOW, boot: str = "b1", slots: int = 9) -> list[dict[str, Any]]:
    return [json.loads(signed) for signed in queue.take("A1", boot, slots, now)]


def ended(queue: AgentJobs, outcome: str, **said: Any) -> bool:
    return queue.finish("A1", jobs.result({"job_id": WRITE.id, "outcome": outcome, **said}))


def state(queue: AgentJobs, job_id: str = WRITE.id) -> JobState:
    row = queue.job(job_id)
    assert row is not None
    return row.state


def page(number: int, *rows: dict[str, Any]) -> jobs.Page:
    return jobs.Page(READ.id, number, list(rows) or [{"n": str(number)}], [str(number)])


def test_a_job_crosses_as_it_was_signed(queue: AgentJobs) -> None:
    put(queue, replace(WRITE, params={"vendor": "Müller \u0000\u2028", "lines": [{"quantity": "1.50"}]}))
    (signed,) = taken(queue)
    assert is_signed(Signs.JOB, signed, SIGNER.public) and signed["params"]["vendor"] == "Müller \u0000\u2028"


def test_a_job_goes_to_its_agent_the_oldest_first_as_many_as_it_has_room_for(queue: AgentJobs) -> None:
    for number in range(3):
        put(queue, replace(READ, id=f"r{number}"))
    put(queue, replace(READ, id="other", agent_id="A2"))
    assert queue.waiting(["A1", "A2", "A3"], NOW) == {"A1", "A2"}
    assert queue.waiting(["A1"], NOW + 60) == frozenset()
    assert [job["job_id"] for job in taken(queue, slots=2)] == ["r0", "r1"]
    assert [job["job_id"] for job in taken(queue)] == ["r2"]
    assert taken(queue) == [] and queue.waiting(["A1"], NOW) == frozenset()


def test_an_answer_that_was_lost_brings_the_job_again(queue: AgentJobs) -> None:
    put(queue)
    first = taken(queue)
    assert taken(queue, NOW + GIVEN_AGAIN_S - 1) == []
    assert taken(queue, NOW + GIVEN_AGAIN_S) == first
    assert taken(queue, NOW + GIVEN_AGAIN_S + 1, boot="b2") == first
    assert queue.accept("A1", WRITE.id) and state(queue) is JobState.ACCEPTED
    assert taken(queue, NOW + 59, boot="b3") == []


def test_two_polls_at_once_share_the_jobs(queue: AgentJobs) -> None:
    for number in range(20):
        put(queue, replace(READ, id=f"r{number}"))
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.extend(one["job_id"] for one in taken(queue, slots=5))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found))


def test_a_job_that_was_never_accepted_is_given_again_under_its_id(queue: AgentJobs) -> None:
    put(queue)
    taken(queue)
    late = NOW + 61
    assert taken(queue, late, boot="b2") == []
    assert put(queue, now=NOW + 60).attempt == 1, "its time has not passed"
    again = put(queue, replace(WRITE, not_after=late + 60), late)
    assert (again.id, again.attempt, again.state, again.not_after) == (WRITE.id, 2, JobState.QUEUED, late + 60)
    (signed,) = taken(queue, late)
    assert (signed["job_id"], signed["attempt"], signed["not_after"]) == (WRITE.id, 2, late + 60)


def test_an_accepted_job_is_never_given_again_however_long_it_takes(queue: AgentJobs) -> None:
    put(queue)
    taken(queue)
    queue.accept("A1", WRITE.id)
    row = put(queue, replace(WRITE, not_after=NOW + 9_999), NOW + 3_600)
    assert (row.state, row.attempt) == (JobState.ACCEPTED, 1) and taken(queue, NOW + 3_600, boot="b9") == []


@pytest.mark.parametrize(
    ("outcome", "again"),
    [("ok", False), ("refused", False), ("unknown", False), ("retry", True), ("expired", True), ("unsupported", True)],
)
def test_only_what_was_surely_not_done_is_given_again(queue: AgentJobs, outcome: str, again: bool) -> None:
    put(queue)
    taken(queue)
    queue.accept("A1", WRITE.id)
    assert ended(queue, outcome, number="0000001")
    row = put(queue)
    assert row.state is (JobState.QUEUED if again else JobState.DONE)
    assert (row.result is None) is again and len(taken(queue)) == again


def test_a_write_has_one_open_job_for_its_document(queue: AgentJobs) -> None:
    put(queue)
    with pytest.raises(LedgerError, match=r"job acme\.1\.1 for D1 is open"):
        put(queue, replace(WRITE, id="acme.1.2"))
    ended(queue, "unknown", number="0000001")
    with pytest.raises(LedgerError, match="is open"):
        put(queue, replace(WRITE, id="acme.1.2"))
    queue.settle(WRITE.id)
    assert put(queue, replace(WRITE, id="acme.1.2")).state is JobState.QUEUED


def test_an_id_stands_for_one_thing(queue: AgentJobs) -> None:
    put(queue)
    for other in (replace(WRITE, params={"vendor": "0002"}), replace(WRITE, agent_id="A2")):
        with pytest.raises(LedgerError, match="something else"):
            put(queue, other)
    with pytest.raises(LedgerError, match="something else"):
        queue.enqueue("other", WRITE, lambda job: jobs.signed_job(job, SIGNER, NOW), NOW)


def test_the_first_result_counts_and_comes_only_from_the_jobs_agent(queue: AgentJobs) -> None:
    put(queue)
    assert not queue.finish("A2", jobs.result({"job_id": WRITE.id, "outcome": "ok"}))
    assert not queue.accept("A2", WRITE.id) and not queue.accept("A1", "nothing")
    assert ended(queue, "ok", number="0000001") and ended(queue, "refused")
    row = queue.job(WRITE.id)
    assert row is not None and row.result is not None and row.result["number"] == "0000001"


@pytest.mark.parametrize(
    "said", [{"number": "0000001", "idem_ref": "D2"}, {"idem_ref": "D1"}, {"value": ["of", "another", "shape"]}], ids=str
)
def test_what_cannot_be_the_jobs_result_is_none_and_the_true_one_counts(queue: AgentJobs, said: dict[str, Any]) -> None:
    """Of another job by its reference, or a success that names nothing: a document that nobody finds again would count as written."""
    put(queue)
    taken(queue)
    queue.accept("A1", WRITE.id)
    with pytest.raises(Malformed):
        ended(queue, "ok", **said)
    assert state(queue) is JobState.ACCEPTED
    assert ended(queue, "ok", number="0000002", idem_ref="D1")
    row = queue.job(WRITE.id)
    assert row is not None and row.result is not None and row.result["number"] == "0000002"


def test_what_is_known_or_settled_is_not_begun_any_more(queue: AgentJobs) -> None:
    put(queue)
    taken(queue)
    ended(queue, "ok", number="0000001")
    assert queue.accept("A1", WRITE.id) is False and state(queue) is JobState.DONE
    queue.settle(WRITE.id)
    assert queue.accept("A1", WRITE.id) is False and state(queue) is JobState.SETTLED


def test_pages_wait_for_the_run_and_no_more_than_a_few(queue: AgentJobs) -> None:
    put(queue, READ)
    assert queue.next_page(READ.id) is None
    for number in range(1, PAGES_WAITING_MAX + 1):
        assert queue.store_page("A1", page(number)) == number
    beyond = page(PAGES_WAITING_MAX + 1)
    assert queue.store_page("A1", beyond) == 0
    first = queue.next_page(READ.id)
    assert first == page(1)
    queue.page_taken(READ.id, 1)
    assert queue.store_page("A1", beyond) == beyond.number
    assert queue.store_page("A1", beyond) == beyond.number, "its answer was lost"
    assert queue.store_page("A1", page(99)) == beyond.number
    assert queue.store_page("A2", page(1)) is None


def test_a_read_that_begins_anew_takes_the_place_of_what_was_read(queue: AgentJobs) -> None:
    put(queue, READ)
    for number in (1, 2):
        queue.store_page("A1", page(number))
    queue.page_taken(READ.id, 1)
    assert queue.store_page("A1", page(1, {"n": "anew"})) == 1
    again = queue.next_page(READ.id)
    assert again is not None and again.rows == [{"n": "anew"}]
    queue.page_taken(READ.id, 1)
    assert queue.next_page(READ.id) is None


def test_a_read_that_is_given_again_has_no_pages_of_before(queue: AgentJobs) -> None:
    put(queue, READ)
    queue.store_page("A1", page(1))
    put(queue, replace(READ, not_after=NOW + 999), NOW + 61)
    assert queue.next_page(READ.id) is None


def test_a_job_that_was_never_given_is_cancelled_at_once(queue: AgentJobs) -> None:
    put(queue)
    assert queue.cancel(WRITE.id) and not queue.cancel("nothing")
    row = queue.job(WRITE.id)
    assert row is not None and row.state is JobState.DONE and row.result == jobs.CANCELLED
    assert taken(queue) == [] and queue.waiting(["A1"], NOW) == frozenset()
    assert put(queue).state is JobState.QUEUED, "it may be wanted again, under its id"
    assert len(taken(queue)) == 1


def test_a_job_that_was_never_given_is_withdrawn_and_one_that_was_is_not(queue: AgentJobs) -> None:
    put(queue)
    assert queue.withdraw(WRITE.id) and state(queue) is JobState.SETTLED and taken(queue) == []
    put(queue, again := replace(WRITE, id="again"))
    taken(queue)
    assert not queue.withdraw(again.id) and not queue.withdraw("nobody") and state(queue, again.id) is JobState.GIVEN


def test_pages_of_a_settled_read_are_as_good_as_taken(queue: AgentJobs) -> None:
    put(queue, READ)
    taken(queue)
    queue.settle(READ.id)
    assert queue.store_page("A1", page(7)) == 7 and queue.next_page(READ.id) is None


def test_a_job_that_was_given_is_cancelled_when_its_agent_asks_whether_to_begin(queue: AgentJobs) -> None:
    put(queue)
    taken(queue)
    assert queue.cancel(WRITE.id)
    assert taken(queue, NOW + GIVEN_AGAIN_S, boot="b2") == []
    assert queue.accept("A1", WRITE.id) is False
    row = queue.job(WRITE.id)
    assert row is not None and row.state is JobState.GIVEN and row.cancelled_at is not None
    with pytest.raises(LedgerError, match="is open"):
        put(queue, replace(WRITE, id="acme.1.2"))
    assert ended(queue, "expired", category="cancelled") and put(queue).state is JobState.QUEUED
    assert len(taken(queue)) == 1 and queue.accept("A1", WRITE.id) is True


def test_a_job_that_its_agent_has_accepted_is_not_cancelled(queue: AgentJobs) -> None:
    put(queue)
    taken(queue)
    assert queue.accept("A1", WRITE.id) is True
    assert not queue.cancel(WRITE.id) and state(queue) is JobState.ACCEPTED
    assert queue.accept("A1", WRITE.id) is True


def test_what_an_agent_had_accepted_and_knows_nothing_of_ends(queue: AgentJobs) -> None:
    for job in (WRITE, READ, replace(WRITE, id="acme.2.1", idem_ref="D2"), replace(READ, id="r2"), replace(READ, id="r3")):
        put(queue, job)
    for job in (WRITE, READ, "acme.2.1", "r2"):
        queue.accept("A1", job if isinstance(job, str) else job.id)
    assert queue.note_start("A1", {"acme.2.1", "r2"}) == [WRITE.id]
    assert [state(queue, name) for name in ("acme.2.1", "r2", "r3")] == [JobState.ACCEPTED, JobState.ACCEPTED, JobState.QUEUED]
    lost, read = queue.job(WRITE.id), queue.job(READ.id)
    assert lost is not None and lost.result == jobs.WRITE_FORGOTTEN and lost.result["outcome"] == "unknown"
    assert read is not None and read.result == jobs.READ_FORGOTTEN
    assert put(queue, READ).state is JobState.QUEUED and put(queue).state is JobState.DONE
    assert queue.note_start("A2", []) == []


def test_open_jobs_are_shown_the_newest_first(queue: AgentJobs) -> None:
    for name in ("r1", "r2", "r3"):
        put(queue, replace(READ, id=name))
    queue.settle("r2")
    assert [row.id for row in queue.open_jobs("A1")] == ["r3", "r1"] and queue.open_jobs("A2") == []


def test_settled_jobs_are_forgotten_reads_soon_and_writes_when_their_agent_has_forgotten_them(bench: Bench) -> None:
    queue = bench.agent_jobs
    now = int(time.time())
    for job in (WRITE, READ, replace(READ, id="r2"), replace(WRITE, id="acme.2.1", idem_ref="D2")):
        put(queue, replace(job, not_after=now + 60), now)
    queue.store_page("A1", page(1))
    queue.settle(WRITE.id)
    queue.settle("r2")
    assert queue.forget() == 0
    bench.age("agent_job", 3 * 86_400, "settled_at")
    assert queue.forget() == 1 and queue.job("r2") is None
    bench.age("agent_job", 88 * 86_400, "settled_at")
    assert queue.forget() == 1 and queue.job(WRITE.id) is None
    put(queue, replace(READ, id="r4", not_after=now - 3 * 86_400), now)
    assert queue.forget() == 1 and queue.job("r4") is None
    assert queue.job("acme.2.1") is not None and queue.next_page(READ.id) is not None
