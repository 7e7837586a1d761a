"""A job as it is signed for an agent, and what the agent says became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mlconn_pipelines.agents.canonical import Malformed, digest, fields, listed, text, whole
from mlconn_pipelines.agents.envelope import PROTOCOL
from mlconn_pipelines.agents.keys import Signer, Signs

JOB_ID = "[A-Za-z0-9._-]{1,60}"
PAGE_ROWS_MAX = 500
HELLO_JOBS_MAX = 2_000
DEADLINE_MAX_S = 900
LIFE_MAX_S = 30 * 86_400
"""From its signature to its last moment: agents forget 30 days after the acknowledgment what they did, and a job must not outlive that."""


class Effect(StrEnum):
    READ = "read"
    WRITE = "write"


class Outcome(StrEnum):
    """The last three say that nothing was done: the same job may be given again, under the same id."""

    OK = "ok"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    RETRY = "retry"
    EXPIRED = "expired"
    UNSUPPORTED = "unsupported"


NOTHING_DONE = frozenset({Outcome.RETRY, Outcome.EXPIRED, Outcome.UNSUPPORTED})

CANCELLED: Mapping[str, Any] = {"outcome": "expired", "category": "cancelled"}
"""Result of a job that was not wanted any more before its agent began it."""

READ_FORGOTTEN: Mapping[str, Any] = {
    "outcome": "retry",
    "category": "agent_restarted",
    "text": "The agent started again while it read.",
}
WRITE_FORGOTTEN: Mapping[str, Any] = {
    "outcome": "unknown",
    "category": "journal_lost",
    "text": "The agent had accepted this and started again without knowing of it: its data folder was put back, or made anew.",
}
"""What we say ourselves of a job that its agent had accepted and does not name when it starts."""


@dataclass(frozen=True, slots=True)
class Job:
    """id: the ledger's attempt. params: as the verb's form wants them; the verb, and no method of Sage, says what is done.

    not_after: an agent begins nothing later, in seconds since 1970. idem_ref: what marks the document as this job's.
    """

    id: str
    agent_id: str
    company: str
    verb: str
    params: Mapping[str, Any]
    effect: Effect
    not_after: int
    deadline_s: int = 120
    idem_ref: str = ""
    verb_version: int = 1
    attempt: int = 1

    @property
    def digest(self) -> str:
        """Of what is to be done. Given again, a job bears a later time and a higher number, and nothing else is different."""
        asked = (self.agent_id, self.company, self.verb, self.verb_version, dict(self.params), self.effect, self.idem_ref)
        return digest(asked)


def signed_job(job: Job, signer: Signer, now: int, v: int = PROTOCOL) -> dict[str, Any]:
    """As it crosses the tunnel: agent, company and last moment are signed with the rest, so that nobody gives it elsewhere or later.

    Errors: Malformed for what no agent would take: nobody would ever answer it.
    """
    whole({"not_after": job.not_after}, "not_after", 0, now + LIFE_MAX_S)
    whole({"deadline_s": job.deadline_s}, "deadline_s", 1, DEADLINE_MAX_S)
    for name, said, most, form in (
        ("job_id", job.id, 60, JOB_ID),
        ("verb", job.verb, 40, "[A-Za-z0-9._-]+"),
        ("company", job.company, 10, ""),
        ("idem_ref", job.idem_ref, 60, ""),
    ):
        text({name: said}, name, most, form)
    return signer.signed(
        Signs.JOB,
        {
            "v": v,
            "job_id": job.id,
            "agent_id": job.agent_id,
            "company": job.company,
            "verb": job.verb,
            "verb_version": job.verb_version,
            "params": dict(job.params),
            "effect": str(job.effect),
            "idem_ref": job.idem_ref,
            "not_after": job.not_after,
            "deadline_s": job.deadline_s,
            "attempt": job.attempt,
            "ts": now,
        },
    )


@dataclass(frozen=True, slots=True)
class Result:
    """number: of the document in Sage. category: why it was refused, or has to wait. after_s: how long.

    said: everything that came, for the ledger and for people.
    """

    job_id: str
    outcome: Outcome
    number: str
    idem_ref: str
    category: str
    after_s: int
    said: Mapping[str, Any]

    @property
    def nothing_done(self) -> bool:
        return self.outcome in NOTHING_DONE


def result(body: Mapping[str, Any]) -> Result:
    """Errors: Malformed."""
    outcome = text(body, "outcome", 20)
    if outcome not in set(Outcome):
        raise Malformed("expected an outcome that jobs have")
    return Result(
        text(body, "job_id", 60, JOB_ID),
        Outcome(outcome),
        text(body, "number", 20, missing=""),
        text(body, "idem_ref", 60, missing=""),
        text(body, "category", 60, missing=""),
        whole(body, "after_s", 0, 86_400, missing=0),
        body,
    )


def check_fits(result: Result, effect: Effect, idem_ref: str) -> None:
    """Whether this can be what became of a job with that effect and reference. Errors: Malformed; then it is no result at all.

    A success without the number of what was written would be taken for a document that nobody finds again.
    """
    if result.idem_ref not in ("", idem_ref):
        raise Malformed("expected a result of the job that it names: its reference is another one's")
    if effect is Effect.WRITE and result.outcome is Outcome.OK and not result.number:
        raise Malformed("expected the number of what was written")


class JobState(StrEnum):
    """given: in an answer to a poll, which may not have arrived. settled: what became of it stands in the document."""

    QUEUED = "queued"
    GIVEN = "given"
    ACCEPTED = "accepted"
    DONE = "done"
    SETTLED = "settled"


def may_be_given_again(state: JobState, outcome: Outcome | None, not_after: int, now: int) -> bool:
    """Under the same id. One that was accepted is in the agent's journal: only its result says what became of it."""
    if state is JobState.DONE:
        return outcome in NOTHING_DONE
    return state in (JobState.QUEUED, JobState.GIVEN) and now > not_after


@dataclass(frozen=True, slots=True)
class Page:
    """Of a read. number: from 1. cursor: where the next one begins, empty after the last."""

    job_id: str
    number: int
    rows: list[dict[str, Any]]
    cursor: list[str]


def page(body: Mapping[str, Any]) -> Page:
    """Errors: Malformed."""
    rows = listed(body, "rows", PAGE_ROWS_MAX)
    cursor = listed(body, "cursor", 8)
    if not all(isinstance(row, Mapping) for row in rows) or not all(isinstance(part, str) for part in cursor):
        raise Malformed("expected rows that are objects, and a cursor of texts")
    return Page(text(body, "job_id", 60, JOB_ID), whole(body, "page", 1, 100_000), [dict(row) for row in rows], cursor)


@dataclass(frozen=True, slots=True)
class Hello:
    """What an agent says when it starts. about: version, verbs, what it found of Sage, its open jobs; kept for people.

    known: ids of all jobs that it has not finished, or whose result it has to tell. None where it does not say.
    """

    version: str
    proto_min: int
    proto_max: int
    fingerprint: str
    about: Mapping[str, Any]
    known: frozenset[str] | None = None


def hello(body: Mapping[str, Any]) -> Hello:
    """Errors: Malformed."""
    named = listed(body, "jobs", HELLO_JOBS_MAX)
    if not all(isinstance(each, Mapping) for each in named):
        raise Malformed("expected jobs that are objects")
    known = frozenset(text(each, "job_id", 60, JOB_ID) for each in named)
    return Hello(
        text(body, "version", 40),
        whole(body, "proto_min", 0, 10_000),
        whole(body, "proto_max", 0, 10_000),
        text(body, "fingerprint", 64, "[0-9a-f]{64}"),
        {name: value for name, value in fields({"about": body}, "about").items() if name != "fingerprint"},
        known if "jobs" in body else None,
    )
