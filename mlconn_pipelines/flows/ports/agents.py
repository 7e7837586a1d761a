"""Agents that dial in, and the jobs that wait for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mlconn_pipelines.agents.admission import Refusal, Standing
from mlconn_pipelines.agents.enrollment import CodeSecret, Enrollment
from mlconn_pipelines.agents.envelope import Envelope
from mlconn_pipelines.agents.jobs import Hello, Job, JobState, Page, Result
from mlconn_pipelines.agents.keys import PublicKey


@dataclass(frozen=True, slots=True)
class AgentRow:
    """companies: those that it works for. proto: what was chosen at its last hello, 0 before. log: what it sent last.

    update_to: version that it is to fetch.

    about: what its last hello said, for people.
    """

    id: str
    integration: str
    companies: Sequence[str]
    standing: Standing
    server: str
    version: str
    proto: int
    about: Mapping[str, Any]
    enrolled_at: dt.datetime
    seen_at: dt.datetime | None
    log_wanted_at: dt.datetime | None
    log_at: dt.datetime | None
    log: str
    update_to: str = ""


@dataclass(frozen=True, slots=True)
class JobRow:
    """attempt: how often it was given out for signing. given_at: when it first crossed the tunnel; without it, it was surely not done.

    cancelled_at: nobody wants it any more; its agent does not begin it.
    digest: of what is to be done. pages: the last one of a read that came.
    """

    id: str
    agent_id: str
    integration: str
    company: str
    verb: str
    state: JobState
    attempt: int
    not_after: int
    given_at: dt.datetime | None
    accepted_at: dt.datetime | None
    done_at: dt.datetime | None
    result: Mapping[str, Any] | None
    cancelled_at: dt.datetime | None = None
    digest: str = ""
    pages: int = 0


class Agents(Protocol):
    """Safe to use from several threads; each call is one transaction. now: seconds since 1970."""

    def invite(self, code: CodeSecret, agent_id: str, integration: str, companies: Sequence[str], now: int) -> None:
        """A code for an agent of this name, new or to be enrolled again; codes before it are of no use any more."""
        ...

    def enroll(self, asked: Enrollment, now: int) -> AgentRow | None:
        """Use a code, once. None whatever is wrong. Keys, boots and standing of an agent that was there before end with it."""
        ...

    def heard(self, envelope: Envelope, now: int) -> tuple[AgentRow, Refusal | None] | None:
        """Who speaks, and why it is not taken. None for strangers: no such agent, no key of its that holds, another signature."""
        ...

    def note_hello(self, agent_id: str, hello: Hello, proto: int) -> None: ...

    def rotate_key(self, agent_id: str, public: bytes, now: int) -> None:
        """Errors: Malformed for a key that it had before."""
        ...

    def revoke(self, agent_id: str) -> bool:
        """False where there is no such agent."""
        ...

    def want_log(self, agent_id: str) -> bool: ...

    def store_log(self, agent_id: str, lines: str) -> None: ...

    def agent(self, agent_id: str) -> AgentRow | None: ...

    def agents(self) -> Sequence[AgentRow]:
        """In the order of their names."""
        ...

    def any_expected(self) -> bool:
        """Whether there is an agent, or an invitation."""
        ...

    def forget_codes(self) -> int:
        """Delete codes that ended a day ago, used or not; returns how many."""
        ...

    def keys(self, agent_id: str) -> Sequence[PublicKey]: ...

    def add_release(self, offered: Mapping[str, Any], content: bytes) -> bool:
        """A release that agents may fetch; false where its version is there with the same bytes. Old ones that none is to fetch go.

        Errors: Malformed for other bytes than were signed, LedgerError where the version is there with others.
        """
        ...

    def releases(self) -> Sequence[str]:
        """Their versions, the newest first."""
        ...

    def release(self, version: str) -> Mapping[str, Any] | None:
        """What agents are offered of it."""
        ...

    def release_part(self, version: str, number: int) -> bytes | None:
        """number: from 1."""
        ...

    def want_update(self, agent_id: str, version: str) -> bool:
        """Have it fetch that release; empty: none. False where there is no such agent."""
        ...

    def publish_job_key(self, certificate: Mapping[str, Any]) -> None:
        """From its `valid_from` on agents take jobs of this key. Twice does nothing."""
        ...

    def job_keys(self, now: int) -> Sequence[Mapping[str, Any]]:
        """Certificates of those that have not ended, the oldest first."""
        ...


class AgentJobs(Protocol):
    """Safe to use from several threads; each call is one transaction. now: seconds since 1970."""

    def enqueue(self, integration: str, job: Job, sign: Callable[[Job], Mapping[str, Any]], now: int) -> JobRow:
        """The job as it stands, new or given again under its id where that may be.

        Errors: LedgerError where the id stands for something else, or a write for the same document is open under another id.
        """
        ...

    def job(self, job_id: str) -> JobRow | None: ...

    def take(self, agent_id: str, boot_id: str, slots: int, now: int) -> Sequence[str]:
        """As they were signed, the oldest first. One that was given and not accepted comes again after a while, or after a start."""
        ...

    def waiting(self, agent_ids: Collection[str], now: int) -> frozenset[str]:
        """Those of these agents that a job waits for."""
        ...

    def accept(self, agent_id: str, job_id: str) -> bool | None:
        """False where it was cancelled, or what became of it is known: it is not to be begun. None: this agent has no such job."""
        ...

    def cancel(self, job_id: str) -> bool:
        """Have it not begun. False where its agent has accepted it: then only its result says what became of it."""
        ...

    def note_start(self, agent_id: str, known: Collection[str]) -> Sequence[str]:
        """The agent says which jobs it knows. What it had accepted and does not know ends: reads are to be done again, of writes nobody
        knows what became of them. Returns these writes."""
        ...

    def open_jobs(self, agent_id: str) -> Sequence[JobRow]:
        """Those that are not settled, the newest first; no more than people read."""
        ...

    def forget(self) -> int:
        """Delete settled jobs when nobody asks for them any more, and reads whose time has passed; returns how many."""
        ...

    def store_page(self, agent_id: str, page: Page) -> int | None:
        """The last page that we have; 0 where nothing was taken, since too many wait to be read. None: no such job.

        Of a read that is settled all pages are as good as taken: who asked for it is gone.
        """
        ...

    def next_page(self, job_id: str) -> Page | None: ...

    def page_taken(self, job_id: str, number: int) -> None: ...

    def finish(self, agent_id: str, result: Result) -> bool:
        """The first result counts. False where this agent has no such job. Errors: Malformed for one that cannot be this job's."""
        ...

    def withdraw(self, job_id: str) -> bool:
        """Settle a job that was never given to its agent: surely nothing was done of it. False where it was given."""
        ...

    def settle(self, job_id: str) -> None:
        """What became of it stands in the document: another write for that may be enqueued."""
        ...
