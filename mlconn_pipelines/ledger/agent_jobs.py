"""Jobs that wait for agents, their pages and results. `AgentJobs` of flows/ports/agents.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from mlconn_pipelines.agents.canonical import canonical
from mlconn_pipelines.agents.jobs import (
    CANCELLED,
    READ_FORGOTTEN,
    WRITE_FORGOTTEN,
    Effect,
    Job,
    JobState,
    Outcome,
    Page,
    Result,
    check_fits,
    may_be_given_again,
)
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.ports.agents import JobRow
from mlconn_pipelines.ledger.rows import Row
from mlconn_pipelines.ledger.tables_agents import OPEN_WRITE, UNACCEPTED
from mlconn_pipelines.ledger.tables_agents import agent_job as jobs
from mlconn_pipelines.ledger.tables_agents import agent_page as pages

GIVEN_AGAIN_S = 30
"""A job that was given and not accepted may have been in an answer that was lost: it is in the next one after that. Its id keeps it one."""

PAGES_WAITING_MAX = 4
"""So many pages of a read wait for the run; the agent reads no further before one was taken."""

SHOWN_MAX = 100

READS_KEPT_DAYS, WRITES_KEPT_DAYS = 2, 90
"""Agents remember for 30 days what they wrote; a job that was given longer ago is never given again."""

_GIVABLE = sa.text(UNACCEPTED) & (jobs.c.not_after > sa.bindparam("b_now")) & jobs.c.cancelled_at.is_(None)


class PostgresAgentJobs:
    """engine: of `ledger_engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def enqueue(self, integration: str, job: Job, sign: Callable[[Job], Mapping[str, Any]], now: int) -> JobRow:
        with self._engine.begin() as tx:
            new = {
                **{
                    name: getattr(job, name)
                    for name in ("id", "agent_id", "company", "verb", "idem_ref", "digest", "not_after")
                },
                "integration": integration,
                "effect": job.effect.value,
                "state": JobState.QUEUED,
                "signed": canonical(sign(replace(job, attempt=1))).decode(),
            }
            added = tx.scalar(insert(jobs).values(**new).on_conflict_do_nothing().returning(jobs.c.id)) is not None
            row = tx.execute(sa.select(jobs).where(jobs.c.id == job.id).with_for_update()).mappings().first()
            if row is None:
                raise LedgerError(*_other_is_open(tx, integration, job))
            if row["digest"] != job.digest or row["integration"] != integration:
                raise LedgerError(f"job {job.id} stands for something else already", "Its attempt has to be made anew.")
            outcome = Outcome(row["result"]["outcome"]) if row["result"] else None
            if not added and may_be_given_again(JobState(row["state"]), outcome, row["not_after"], now):
                again = replace(job, attempt=row["attempt"] + 1)
                _write(
                    tx,
                    job.id,
                    state=JobState.QUEUED,
                    signed=canonical(sign(again)).decode(),
                    attempt=again.attempt,
                    not_after=job.not_after,
                    result=None,
                    accepted_at=None,
                    done_at=None,
                    given_last=0,
                    pages=0,
                    cancelled_at=None,
                )
                tx.execute(sa.delete(pages).where(pages.c.job_id == job.id))
            return _job(tx.execute(sa.select(jobs).where(jobs.c.id == job.id)).mappings().one())

    def job(self, job_id: str) -> JobRow | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().first()
        return _job(row) if row is not None else None

    def take(self, agent_id: str, boot_id: str, slots: int, now: int) -> list[str]:
        lost = (jobs.c.given_boot != boot_id) | (jobs.c.given_last <= now - GIVEN_AGAIN_S)
        query = (
            sa.select(jobs.c.id, jobs.c.signed)
            .where(jobs.c.agent_id == agent_id, _GIVABLE, (jobs.c.state == JobState.QUEUED) | lost)
            .order_by(jobs.c.queued_at, jobs.c.id)
            .limit(slots)
            .with_for_update(skip_locked=True)
        )
        with self._engine.begin() as tx:
            rows = tx.execute(query, {"b_now": now}).all()
            given = {
                "state": JobState.GIVEN,
                "given_at": sa.func.coalesce(jobs.c.given_at, sa.func.clock_timestamp()),
                "given_last": now,
                "given_boot": boot_id,
            }
            for row in rows:
                _write(tx, row.id, **given)
        return [row.signed for row in rows]

    def waiting(self, agent_ids: Collection[str], now: int) -> frozenset[str]:
        """By the queue alone: what was given and lost comes with the next poll."""
        among = jobs.c.agent_id == sa.func.any(sa.cast(list(agent_ids), sa.ARRAY(sa.Text)))
        query = sa.select(jobs.c.agent_id).distinct().where(among, _GIVABLE, jobs.c.state == JobState.QUEUED)
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(query, {"b_now": now}))

    def accept(self, agent_id: str, job_id: str) -> bool | None:
        with self._engine.begin() as tx:
            row = _held(tx, agent_id, job_id)
            if row is None:
                return None
            if row["cancelled_at"] is not None or row["state"] in (JobState.DONE, JobState.SETTLED):
                return False
            if row["state"] in (JobState.QUEUED, JobState.GIVEN):
                at = sa.func.clock_timestamp()
                _write(tx, job_id, state=JobState.ACCEPTED, accepted_at=at, given_at=sa.func.coalesce(jobs.c.given_at, at))
        return True

    def cancel(self, job_id: str) -> bool:
        with self._engine.begin() as tx:
            row = tx.execute(sa.select(jobs).where(jobs.c.id == job_id).with_for_update()).mappings().first()
            if row is None or row["state"] not in (JobState.QUEUED, JobState.GIVEN):
                return False
            at = sa.func.clock_timestamp()
            if row["state"] == JobState.QUEUED:  # it is nowhere but here
                _write(tx, job_id, cancelled_at=at, state=JobState.DONE, result=dict(CANCELLED), done_at=at)
            else:
                _write(tx, job_id, cancelled_at=at)
        return True

    def note_start(self, agent_id: str, known: Collection[str]) -> list[str]:
        forgotten = (jobs.c.agent_id == agent_id) & (jobs.c.state == JobState.ACCEPTED) & jobs.c.id.not_in(list(known))
        query = sa.select(jobs.c.id, jobs.c.effect).where(forgotten).order_by(jobs.c.id).with_for_update()
        with self._engine.begin() as tx:
            rows = tx.execute(query).all()
            for row in rows:
                told = WRITE_FORGOTTEN if row.effect == Effect.WRITE else READ_FORGOTTEN
                _write(tx, row.id, state=JobState.DONE, result=dict(told), done_at=sa.func.clock_timestamp())
        return [row.id for row in rows if row.effect == Effect.WRITE]

    def open_jobs(self, agent_id: str) -> list[JobRow]:
        query = sa.select(jobs).where(jobs.c.agent_id == agent_id, jobs.c.state != JobState.SETTLED)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(jobs.c.queued_at.desc(), jobs.c.id).limit(SHOWN_MAX))
            return [_job(row) for row in rows.mappings()]

    def forget(self) -> int:
        is_read = jobs.c.effect == Effect.READ

        def before(days: int) -> sa.ColumnElement[Any]:
            return sa.func.now() - sa.func.make_interval(0, 0, 0, days)

        is_settled = (jobs.c.state == JobState.SETTLED) & (jobs.c.settled_at < before(READS_KEPT_DAYS))
        is_forgotten = (is_settled & (is_read | (jobs.c.settled_at < before(WRITES_KEPT_DAYS)))) | (
            is_read & (jobs.c.not_after < sa.func.extract("epoch", before(READS_KEPT_DAYS)))
        )
        with self._engine.begin() as tx:
            ids = list(tx.scalars(sa.delete(jobs).where(is_forgotten).returning(jobs.c.id)))
            tx.execute(sa.delete(pages).where(pages.c.job_id.in_(ids)))
        return len(ids)

    def store_page(self, agent_id: str, page: Page) -> int | None:
        """A page that came before takes the place of what came then: the agent began the read anew."""
        with self._engine.begin() as tx:
            row = _held(tx, agent_id, page.job_id)
            if row is None:
                return None
            if row["state"] == JobState.SETTLED:
                return page.number  # nobody wants it
            if row["state"] == JobState.DONE or page.number > row["pages"] + 1:
                return int(row["pages"])
            here = pages.c.job_id == page.job_id
            tx.execute(sa.delete(pages).where(here, pages.c.number >= page.number))
            if tx.scalar(sa.select(sa.func.count()).where(here)) >= PAGES_WAITING_MAX:  # type: ignore[operator]
                _write(tx, page.job_id, pages=page.number - 1)
                return 0
            new = {"job_id": page.job_id, "number": page.number, "rows": page.rows, "cursor": page.cursor}
            tx.execute(insert(pages).values(**new))
            _write(tx, page.job_id, pages=page.number)
            return page.number

    def next_page(self, job_id: str) -> Page | None:
        query = sa.select(pages).where(pages.c.job_id == job_id).order_by(pages.c.number).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return Page(row["job_id"], row["number"], row["rows"], row["cursor"]) if row is not None else None

    def page_taken(self, job_id: str, number: int) -> None:
        with self._engine.begin() as tx:
            tx.execute(sa.delete(pages).where(pages.c.job_id == job_id, pages.c.number == number))

    def finish(self, agent_id: str, result: Result) -> bool:
        with self._engine.begin() as tx:
            row = _held(tx, agent_id, result.job_id)
            if row is not None and row["state"] not in (JobState.DONE, JobState.SETTLED):
                check_fits(result, Effect(row["effect"]), row["idem_ref"])
                at = sa.func.clock_timestamp()
                _write(tx, result.job_id, state=JobState.DONE, result=dict(result.said), done_at=at)
        return row is not None

    def settle(self, job_id: str) -> None:
        with self._engine.begin() as tx:
            _settle(tx, job_id)

    def withdraw(self, job_id: str) -> bool:
        with self._engine.begin() as tx:
            never = sa.select(jobs.c.id).where(jobs.c.id == job_id, jobs.c.state == JobState.QUEUED, jobs.c.given_at.is_(None))
            if tx.scalar(never.with_for_update()) is None:
                return False
            _settle(tx, job_id)
            return True


def _settle(tx: sa.Connection, job_id: str) -> None:
    _write(tx, job_id, state=JobState.SETTLED, settled_at=sa.func.clock_timestamp())
    tx.execute(sa.delete(pages).where(pages.c.job_id == job_id))


def _held(tx: sa.Connection, agent_id: str, job_id: str) -> Row | None:
    """The agent's job, until the transaction ends."""
    query = sa.select(jobs).where(jobs.c.id == job_id, jobs.c.agent_id == agent_id).with_for_update()
    return tx.execute(query).mappings().first()


def _write(tx: sa.Connection, job_id: str, **values: Any) -> None:
    tx.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))


def _other_is_open(tx: sa.Connection, integration: str, job: Job) -> tuple[str, str]:
    query = sa.select(jobs.c.id).where(jobs.c.integration == integration, jobs.c.idem_ref == job.idem_ref, sa.text(OPEN_WRITE))
    other = tx.scalar(query) if job.effect is Effect.WRITE else None
    return f"job {other} for {job.idem_ref} is open, so job {job.id} was not enqueued", "Settle that one first."


def _job(row: Row) -> JobRow:
    names = ("id", "agent_id", "integration", "company", "verb", "attempt", "not_after", "result", "digest", "pages")
    moments = ("given_at", "accepted_at", "done_at", "cancelled_at")
    return JobRow(**{name: row[name] for name in (*names, *moments)}, state=JobState(row["state"]))
