"""Jobs for an agent as a run gives them: signed, enqueued, waited for a minute at most, and looked at again by the next run."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, cast, get_args, get_type_hints

from mlconn_pipelines.agents.admission import SILENT_AFTER_S
from mlconn_pipelines.agents.admission import Standing as AgentStanding
from mlconn_pipelines.agents.jobs import Effect, Job, JobState, Page
from mlconn_pipelines.errors import ConfigurationError, ConnectionStopped, OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.flows.ports.agents import AgentJobs, AgentRow, Agents, JobRow
from mlconn_pipelines.ports.agents import Params, Reply, Standing

WAIT_S = 60.0
"""For a job to be taken on, for the reply to a write, and for each page of a read that nobody works on any more."""
PAGE_WAIT_S = 300.0
"""For the next page of a read that a living agent works on: it may be looking through a large table."""
LOOK_EVERY_S = 0.2
READ_LIFE_S = 120
"""From its signature until an agent begins a read no more: the run that asked is gone by then."""
WRITE_LIFE_S = 600
READ_DEADLINE_S = 300
WRITE_DEADLINE_S = 120

_OUTCOMES = frozenset(get_args(get_type_hints(Reply)["outcome"]))
ASK_A_PERSON = "Look there for what it was to write, then run `mlconn release` with --delivered or --not-delivered."
_LOOK_THERE = "Look whether its service runs beside its server, and whether it gets out."


class Desk:
    """Implements AgentDesk for one agent and integration. sign: with the key out of the vault, when it is needed.

    now: the clock that all processes share. clock: running seconds. pause: waits for so many.
    """

    def __init__(
        self,
        integration: str,
        agent_id: str,
        agents: Agents,
        jobs: AgentJobs,
        sign: Callable[[Job, int], Mapping[str, Any]],
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._integration, self._agent_id, self._agents, self._jobs = integration, agent_id, agents, jobs
        self._sign, self._now, self._clock, self._pause = sign, now, clock, pause
        self._given = 0

    @property
    def count(self) -> int:
        return self._given

    def attend(self) -> None:
        row = self._agent()
        if row.seen_at is None or (self._now() - row.seen_at).total_seconds() > SILENT_AFTER_S:
            when = "was never heard" if row.seen_at is None else f"was last heard at {row.seen_at:%Y-%m-%d %H:%M:%S %Z}"
            raise TryLater(f"agent {row.id} {when}", f"{_LOOK_THERE} All goes on by itself once it is back.")

    def about(self) -> Mapping[str, str]:
        row = self._agent()
        heard = f"{row.seen_at:%Y-%m-%d %H:%M:%S %Z}" if row.seen_at else "never"
        return {"agent": row.id, "version": row.version, "heard": heard, "companies": ", ".join(row.companies)}

    def pages(self, company: str, verb: str, params: Params) -> Iterator[Sequence[Mapping[str, Any]]]:
        job = self._read(company, verb, params)
        try:
            yield from self._pages(job)
        finally:
            self._jobs.settle(job.id)

    def answer(self, company: str, verb: str, params: Params) -> Reply:
        job = self._read(company, verb, params)
        try:
            return self._reply_of(self._until(job, lambda row: row.state is JobState.DONE, PAGE_WAIT_S))
        finally:
            self._jobs.settle(job.id)

    def write(self, company: str, verb: str, params: Params, reference: str) -> Reply:
        stem = self._stem(company, verb, params, reference)
        number, before = self._last(stem) or (0, None)
        again = False
        if before is not None and before.state is not JobState.SETTLED:
            if (done := self._taken_up(before, company, verb, params, reference)) is not None:
                return done
            again = self._is_open(before.id)
        job = self._job(f"{stem}.{number if again else number + 1}", company, verb, params, Effect.WRITE, reference)
        self._enqueue(job)
        row = self._wait(job, lambda row: row.state is JobState.DONE, WAIT_S)
        if row.state is not JobState.DONE:
            if self._jobs.withdraw(job.id):
                raise TryLater(f"agent {self._agent_id} did not ask for its job within {WAIT_S:.0f} s", _LOOK_THERE)
            raise OutcomeUnknown(f"job {job.id} {self._words(row)}", "The next run looks again.")
        reply = self._reply_of(row)
        if reply.outcome == "unknown":
            raise OutcomeUnknown(f"job {job.id}: {reply.text}", ASK_A_PERSON)
        if not reply.nothing_done:
            self._jobs.settle(job.id)
        return reply

    def _taken_up(self, row: JobRow, company: str, verb: str, params: Params, reference: str) -> Reply | None:
        """What was left open under the reference: its reply where that is the one, else None, and it is settled or given again.

        It is settled where nothing was done by it, and where its outcome was unknown: a person has decided then.
        """
        same = self._job(row.id, company, verb, params, Effect.WRITE, reference).digest == row.digest
        if row.state is not JobState.DONE:
            if not same:
                raise TryLater(
                    f"job {row.id} {self._words(row)}, and something else is to be written for {reference or verb} now",
                    "It is written once that job has a result.",
                )
            return None
        reply = self._reply_of(row)
        if not (reply.nothing_done and same):
            self._jobs.settle(row.id)
        if reply.nothing_done and reply.number and not same:
            raise OutcomeUnknown(
                f"job {row.id} took the number {reply.number} and could not find out yet whether it was written; "
                "something else is to be written now",
                ASK_A_PERSON,
            )
        return reply if reply.outcome == "ok" else None

    def _is_open(self, job_id: str) -> bool:
        row = self._jobs.job(job_id)
        return row is not None and row.state is not JobState.SETTLED

    def standing(self, company: str, verb: str, params: Params, reference: str) -> Standing | None:
        last = self._last(self._stem(company, verb, params, reference))
        if last is None:
            return None
        row = last[1]
        if row.state is JobState.QUEUED and self._jobs.withdraw(row.id):
            return Standing(row.id, Reply("expired"), "was never given to the agent")
        if row.state in (JobState.QUEUED, JobState.GIVEN) and row.not_after < self._seconds():
            self._enqueue(self._job(row.id, company, verb, params, Effect.WRITE, reference))
            return Standing(row.id, None, f"was given at {_at(row.given_at)} and is given again under its id")
        if row.result is None:
            settled = row.state is JobState.SETTLED  # withdrawn before the agent had it
            return Standing(row.id, Reply("expired") if settled else None, self._words(row))
        reply = self._reply_of(row)
        if row.state is JobState.DONE and reply.outcome in ("ok", "refused"):
            self._jobs.settle(row.id)
        return Standing(row.id, reply)

    # Reads.

    def _read(self, company: str, verb: str, params: Params) -> Job:
        self.attend()
        job = self._job(f"r{uuid.uuid4().hex[:24]}", company, verb, params, Effect.READ)
        self._enqueue(job)
        return job

    def _pages(self, job: Job) -> Iterator[Sequence[Mapping[str, Any]]]:
        taken = rows = 0
        while (page := self._next_page(job, taken, rows)) is not None:
            if page.number > taken + 1:
                raise Retryable(f"page {page.number} of {job.verb} came where {taken + 1} was due", "It is read again.")
            yield page.rows
            self._jobs.page_taken(job.id, page.number)
            taken, rows = page.number, rows + len(page.rows)

    def _next_page(self, job: Job, taken: int, rows: int) -> Page | None:
        """None after the last. rows: that came so far; a read that its agent began anew brings some of them twice.

        Errors: TryLater where the read ended otherwise: that is no fault of what was to be read; Retryable where some of it is missing.
        """
        row = self._until(job, lambda row: row.state is JobState.DONE or self._jobs.next_page(job.id) is not None, PAGE_WAIT_S)
        if (page := self._jobs.next_page(job.id)) is not None:
            return page
        reply = self._reply_of(row)
        if reply.outcome != "ok":
            said = ": ".join(filter(None, (reply.category or reply.outcome, reply.text)))
            raise TryLater(
                f"{job.verb} was not read ({said})",
                "Nothing is lost by it. If it lasts, `mlconn check` says what to mend.",
                retry_after_s=reply.after_s or None,
            )
        if row.pages > taken:
            raise Retryable(f"page {taken + 1} of {job.verb} was told and is not there", "It is read again.")
        told = (reply.value or {}).get("rows")
        if not isinstance(told, int) or told > rows:
            count = told if isinstance(told, int) else "no count of its rows"
            raise Retryable(f"{job.verb} ended with {count}, and {rows} came", "It is read again.")
        return None

    def _until(self, job: Job, come: Callable[[JobRow], bool], busy_s: float) -> JobRow:
        """busy_s: while the agent works on it. Errors: TryLater, also where it is not heard any more."""
        row = self._wait(job, come, WAIT_S)
        until = self._clock() + busy_s - WAIT_S
        while not come(row) and row.state is JobState.ACCEPTED and self._clock() < until:
            self.attend()
            row = self._wait(job, come, min(WAIT_S, max(until - self._clock(), 0)))
        if not come(row):
            raise TryLater(f"{job.verb}: the job {self._words(row)}, and no answer came", _LOOK_THERE)
        return row

    # Writes.

    def _stem(self, company: str, verb: str, params: Params, reference: str) -> str:
        """What jobs of one document are called, without their number among them."""
        about = (self._integration, self._agent_id, company, verb, reference or repr(sorted(params.items())))
        return f"w{sha256(repr(about).encode()).hexdigest()[:24]}"

    def _last(self, stem: str) -> tuple[int, JobRow] | None:
        found = None
        number = 1
        while (row := self._jobs.job(f"{stem}.{number}")) is not None:
            found, number = (number, row), number + 1
        return found

    # Both.

    def _job(self, id: str, company: str, verb: str, params: Params, effect: Effect, reference: str = "") -> Job:
        reads = effect is Effect.READ
        return Job(
            id=id,
            agent_id=self._agent_id,
            company=company,
            verb=verb,
            params=params,
            effect=effect,
            not_after=self._seconds() + (READ_LIFE_S if reads else WRITE_LIFE_S),
            deadline_s=READ_DEADLINE_S if reads else WRITE_DEADLINE_S,
            idem_ref=reference,
        )

    def _enqueue(self, job: Job) -> JobRow:
        self._given += 1
        now = self._seconds()
        return self._jobs.enqueue(self._integration, job, lambda one: self._sign(one, now), now)

    def _wait(self, job: Job, come: Callable[[JobRow], bool], within_s: float) -> JobRow:
        until = self._clock() + within_s
        while True:
            row = self._jobs.job(job.id)
            assert row is not None, job.id
            if come(row) or self._clock() >= until:
                return row
            self._pause(LOOK_EVERY_S)

    def _reply_of(self, row: JobRow) -> Reply:
        told = row.result or {}
        value = told.get("value")
        outcome = told.get("outcome")
        assert outcome in _OUTCOMES, outcome  # the gateway takes no other
        if outcome == "retry" and told.get("number") and row.state is JobState.SETTLED:
            outcome = "unknown"  # it was given up before the agent could look for that number
        return Reply(
            outcome=cast(Any, outcome),
            number=str(told.get("number") or ""),
            category=str(told.get("category") or ""),
            text=str(told.get("text") or ""),
            after_s=int(told.get("after_s") or 0),
            value=value if isinstance(value, Mapping) else None,
        )

    def _words(self, row: JobRow) -> str:
        """Where a job stands that has no result, to go on after `the job`."""
        if row.state is JobState.SETTLED:
            return "was withdrawn before the agent had it"
        if row.accepted_at is not None:
            return f"was taken on by agent {row.agent_id} at {_at(row.accepted_at)}"
        if row.given_at is not None:
            return f"was given to agent {row.agent_id} at {_at(row.given_at)}, which has not said that it has it"
        return f"waits for agent {row.agent_id}"

    def _agent(self) -> AgentRow:
        row = self._agents.agent(self._agent_id)
        if row is None:
            raise ConfigurationError(
                f"there is no agent {self._agent_id!r}",
                f"Run: mlconn agents invite {self._agent_id} --integration {self._integration} --company CODE, and enroll it by that.",
            )
        if row.standing is not AgentStanding.ACTIVE:
            raise ConnectionStopped(
                f"agent {row.id} is {row.standing}",
                f"`mlconn agents show {row.id}` says since when; `mlconn agents invite {row.id}` lets it in again.",
            )
        return row

    def _seconds(self) -> int:
        return int(self._now().timestamp())


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}" if moment else "-"
