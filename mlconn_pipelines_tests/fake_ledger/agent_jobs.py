"""`AgentJobs` of flows/ports/agents.py in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

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
from mlconn_pipelines.ledger.agent_jobs import GIVEN_AGAIN_S, PAGES_WAITING_MAX, READS_KEPT_DAYS, SHOWN_MAX, WRITES_KEPT_DAYS
from mlconn_pipelines_tests.fake_ledger.shelves import Row, Shelves, stored

_NOT_ACCEPTED = (JobState.QUEUED, JobState.GIVEN)
_FRESH: Mapping[str, Any] = {
    **dict.fromkeys(("given_at", "accepted_at", "done_at", "settled_at", "cancelled_at", "result"), None),
    "attempt": 1,
    "given_last": 0,
    "given_boot": "",
    "pages": 0,
}


class FakeAgentJobs:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def enqueue(self, integration: str, job: Job, sign: Callable[[Job], Mapping[str, Any]], now: int) -> JobRow:
        with self._shelves.transaction():
            row = self._shelves.agent_jobs.get(job.id)
            if row is None:
                if other := self._open_write(integration, job):
                    raise LedgerError(f"job {other} for {job.idem_ref} is open, so job {job.id} was not enqueued")
                names = ("id", "agent_id", "company", "verb", "idem_ref", "digest", "not_after", "effect")
                row = {**_FRESH, **{name: getattr(job, name) for name in names}, "integration": integration}
                row |= {
                    "state": JobState.QUEUED,
                    "queued_at": self._shelves.now(),
                    "signed": _signed(sign(replace(job, attempt=1))),
                }
                self._shelves.agent_jobs[job.id] = row
                return _job(row)
            if row["digest"] != job.digest or row["integration"] != integration:
                raise LedgerError(f"job {job.id} stands for something else already")
            outcome = Outcome(row["result"]["outcome"]) if row["result"] else None
            if may_be_given_again(row["state"], outcome, row["not_after"], now):
                again = replace(job, attempt=row["attempt"] + 1)
                kept = {"given_at": row["given_at"], "given_boot": row["given_boot"], "settled_at": row["settled_at"]}
                row |= {**_FRESH, **kept, "state": JobState.QUEUED, "signed": _signed(sign(again)), "attempt": again.attempt}
                row["not_after"] = job.not_after
                self._drop_pages(job.id)
            return _job(row)

    def job(self, job_id: str) -> JobRow | None:
        row = self._shelves.agent_jobs.get(job_id)
        return _job(row) if row is not None else None

    def take(self, agent_id: str, boot_id: str, slots: int, now: int) -> list[str]:
        with self._shelves.transaction():
            found = [
                row
                for row in self._rows(agent_id)
                if _is_givable(row, now)
                and (
                    row["state"] is JobState.QUEUED or row["given_boot"] != boot_id or row["given_last"] <= now - GIVEN_AGAIN_S
                )
            ][:slots]
            for row in found:
                row |= {"state": JobState.GIVEN, "given_at": row["given_at"] or self._shelves.now()}
                row |= {"given_last": now, "given_boot": boot_id}
            return [row["signed"] for row in found]

    def waiting(self, agent_ids: Collection[str], now: int) -> frozenset[str]:
        rows = self._shelves.agent_jobs.values()
        return frozenset(
            row["agent_id"]
            for row in rows
            if row["agent_id"] in agent_ids and _is_givable(row, now) and row["state"] is JobState.QUEUED
        )

    def accept(self, agent_id: str, job_id: str) -> bool | None:
        with self._shelves.transaction():
            row = self._held(agent_id, job_id)
            if row is None:
                return None
            if row["cancelled_at"] is not None or row["state"] in (JobState.DONE, JobState.SETTLED):
                return False
            if row["state"] in _NOT_ACCEPTED:
                at = self._shelves.now()
                row |= {"state": JobState.ACCEPTED, "accepted_at": at, "given_at": row["given_at"] or at}
            return True

    def cancel(self, job_id: str) -> bool:
        with self._shelves.transaction():
            row = self._shelves.agent_jobs.get(job_id)
            if row is None or row["state"] not in _NOT_ACCEPTED:
                return False
            at = row["cancelled_at"] = self._shelves.now()
            if row["state"] is JobState.QUEUED:
                row |= {"state": JobState.DONE, "result": dict(CANCELLED), "done_at": at}
            return True

    def note_start(self, agent_id: str, known: Collection[str]) -> list[str]:
        with self._shelves.transaction():
            lost = [row for row in self._rows(agent_id) if row["state"] is JobState.ACCEPTED and row["id"] not in known]
            for row in lost:
                told = WRITE_FORGOTTEN if row["effect"] is Effect.WRITE else READ_FORGOTTEN
                row |= {"state": JobState.DONE, "result": dict(told), "done_at": self._shelves.now()}
            return sorted(row["id"] for row in lost if row["effect"] is Effect.WRITE)

    def open_jobs(self, agent_id: str) -> list[JobRow]:
        found = [_job(row) for row in self._rows(agent_id) if row["state"] is not JobState.SETTLED]
        return found[::-1][:SHOWN_MAX]

    def forget(self) -> int:
        def before(days: int) -> dt.datetime:
            return self._shelves.now() - dt.timedelta(days=days)

        def is_forgotten(row: Row) -> bool:
            is_read = row["effect"] is Effect.READ
            kept_days = READS_KEPT_DAYS if is_read else WRITES_KEPT_DAYS
            if row["state"] is JobState.SETTLED and row["settled_at"] < before(kept_days):
                return True
            return is_read and bool(row["not_after"] < before(READS_KEPT_DAYS).timestamp())

        old = [row["id"] for row in self._shelves.agent_jobs.values() if is_forgotten(row)]
        for job_id in old:
            del self._shelves.agent_jobs[job_id]
            self._drop_pages(job_id)
        return len(old)

    def store_page(self, agent_id: str, page: Page) -> int | None:
        with self._shelves.transaction():
            row = self._held(agent_id, page.job_id)
            if row is None:
                return None
            if row["state"] is JobState.SETTLED:
                return page.number
            if row["state"] is JobState.DONE or page.number > row["pages"] + 1:
                return int(row["pages"])
            self._drop_pages(page.job_id, least=page.number)
            if sum(job_id == page.job_id for job_id, _ in self._shelves.agent_pages) >= PAGES_WAITING_MAX:
                row["pages"] = page.number - 1
                return 0
            kept = Page(page.job_id, page.number, stored(page.rows), list(page.cursor))
            self._shelves.agent_pages[page.job_id, page.number] = kept
            row["pages"] = page.number
            return page.number

    def next_page(self, job_id: str) -> Page | None:
        numbers = sorted(number for of, number in self._shelves.agent_pages if of == job_id)
        return self._shelves.agent_pages[job_id, numbers[0]] if numbers else None

    def page_taken(self, job_id: str, number: int) -> None:
        self._shelves.agent_pages.pop((job_id, number), None)

    def finish(self, agent_id: str, result: Result) -> bool:
        with self._shelves.transaction():
            row = self._held(agent_id, result.job_id)
            if row is not None and row["state"] not in (JobState.DONE, JobState.SETTLED):
                check_fits(result, row["effect"], row["idem_ref"])
                row |= {"state": JobState.DONE, "result": stored(result.said), "done_at": self._shelves.now()}
            return row is not None

    def withdraw(self, job_id: str) -> bool:
        with self._shelves.transaction():
            row = self._shelves.agent_jobs.get(job_id)
            if row is None or row["state"] is not JobState.QUEUED or row["given_at"] is not None:
                return False
            self.settle(job_id)
            return True

    def settle(self, job_id: str) -> None:
        with self._shelves.transaction():
            if (row := self._shelves.agent_jobs.get(job_id)) is not None:
                row |= {"state": JobState.SETTLED, "settled_at": self._shelves.now()}
            self._drop_pages(job_id)

    def _rows(self, agent_id: str) -> list[Row]:
        """In the order in which they came."""
        return [row for row in self._shelves.agent_jobs.values() if row["agent_id"] == agent_id]

    def _held(self, agent_id: str, job_id: str) -> Row | None:
        row = self._shelves.agent_jobs.get(job_id)
        return row if row is not None and row["agent_id"] == agent_id else None

    def _drop_pages(self, job_id: str, least: int = 0) -> None:
        for of, number in list(self._shelves.agent_pages):
            if of == job_id and number >= least:
                del self._shelves.agent_pages[of, number]

    def _open_write(self, integration: str, job: Job) -> str | None:
        if job.effect is not Effect.WRITE or not job.idem_ref:
            return None
        for row in self._shelves.agent_jobs.values():
            is_same = (row["integration"], row["idem_ref"], row["effect"]) == (integration, job.idem_ref, Effect.WRITE)
            if is_same and row["state"] is not JobState.SETTLED:
                return str(row["id"])
        return None


def _is_givable(row: Row, now: int) -> bool:
    return row["state"] in _NOT_ACCEPTED and row["not_after"] > now and row["cancelled_at"] is None


def _signed(statement: Mapping[str, Any]) -> str:
    return canonical(statement).decode()


def _job(row: Row) -> JobRow:
    return JobRow(**{name: row[name] for name in JobRow.__slots__})
