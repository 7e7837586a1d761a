"""The journal: each step is on disk before the next one, and a job that comes again finds itself."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_100_agent.journal import KEEP_S, NEXT, DigestDiffers, Full, Journal, State, WrongStep

JOB: dict[str, Any] = {"verb": "po.create", "company": "MER", "params": {"vendor": "V1"}, "idem_ref": "mlc:1"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


def test_it_waits_for_the_disk(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    assert journal._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert journal._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    journal.close()


def test_each_step_is_seen_by_whoever_opens_the_file_next(journal: Journal, tmp_path: Path) -> None:
    steps: list[tuple[State, Any]] = [
        (State.RECEIVED, lambda: journal.receive("a", JOB, 1)),
        (State.STARTED, lambda: journal.start("a", 2)),
        (State.NUMBER_TAKEN, lambda: journal.number_taken("a", "0000007", 3)),
        (State.WRITTEN, lambda: journal.written("a", "0000007", 4)),
        (State.DONE, lambda: journal.done("a", {"outcome": "ok"}, 5)),
    ]
    for state, step in steps:
        step()
        with sqlite3.connect(tmp_path / "journal.sqlite") as other:
            assert other.execute("SELECT state FROM job").fetchall() == [(state,)]
        other.close()


def test_a_job_that_comes_again_finds_its_result_and_another_one_under_its_id_is_refused(journal: Journal) -> None:
    journal.receive("a", JOB, 1)
    journal.start("a", 1)
    journal.done("a", {"outcome": "ok"}, 2)
    again = journal.receive("a", JOB | {"not_after": "later", "attempt": 2}, 3)
    assert again.state is State.DONE and again.result == {"outcome": "ok"}
    for change in ({"params": {"vendor": "V2"}}, {"verb": "po.update_dates"}, {"company": "EUR"}, {"idem_ref": "mlc:2"}):
        with pytest.raises(DigestDiffers):
            journal.receive("a", JOB | change, 4)


def test_a_number_once_taken_is_never_exchanged(journal: Journal) -> None:
    journal.receive("a", JOB, 1)
    journal.start("a", 1)
    journal.number_taken("a", "0000007", 2)
    entry = journal.start("a", 3)
    assert (entry.state, entry.number, entry.tries) == (State.NUMBER_TAKEN, "0000007", 2)
    with pytest.raises(WrongStep):
        journal.number_taken("a", "0000008", 4)
    with pytest.raises(WrongStep):
        journal.written("a", "0000008", 4)


def test_a_job_of_which_nothing_was_done_leaves_its_id_free_and_keeps_only_its_number(journal: Journal) -> None:
    for id in ("fresh", "numbered"):
        journal.receive(id, JOB, 1)
        journal.start(id, 1)
    journal.number_taken("numbered", "0000007", 2)
    for id in ("fresh", "numbered"):
        journal.rest(id, {"outcome": "retry"}, 3)
    assert [entry.id for entry in journal.unacknowledged()] == ["fresh", "numbered"] and journal.open() == []
    again = journal.start("numbered", 4)
    assert (again.number, again.tries, again.result) == ("0000007", 1, None), "the try before does not count"
    journal.rest("numbered", {"outcome": "expired"}, 5)
    for id in ("fresh", "numbered"):
        journal.acknowledge(id, 6)
    kept = journal.get("numbered")
    assert journal.get("fresh") is None and kept is not None and kept.number == "0000007"
    journal.receive("fresh", JOB | {"company": "EUR"}, 7)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.sampled_from(["start", "number_taken", "written", "done", "acknowledge"]), max_size=8))
def test_no_order_of_steps_leaves_the_drawn_way(steps: list[str]) -> None:
    journal = Journal(Path(":memory:"))
    state = journal.receive("a", JOB, 1).state
    for step in steps:
        more: dict[str, tuple[Any, ...]] = {"number_taken": ("7", 2), "written": ("7", 2), "done": ({}, 2)}
        with contextlib.suppress(WrongStep):
            getattr(journal, step)("a", *more.get(step, (2,)))
        now = journal.get("a")
        assert now is not None and (now.state is state or now.state in NEXT[state])
        state = now.state
    journal.close()


def test_only_what_was_acknowledged_is_forgotten_and_only_after_thirty_days(journal: Journal) -> None:
    for id in ("open", "waiting", "told"):
        journal.receive(id, JOB, 0)
    for id in ("waiting", "told"):
        journal.start(id, 0)
        journal.done(id, {}, 0)
    journal.acknowledge("told", 10)
    journal.acknowledge("open", 10)
    assert [entry.id for entry in journal.unacknowledged()] == ["waiting"] and [entry.id for entry in journal.open()] == [
        "open"
    ]
    assert journal.prune(10 + KEEP_S) == 0
    assert journal.prune(11 + KEEP_S) == 1
    assert journal.get("told") is None and journal.get("waiting") and journal.get("open")


def test_a_full_journal_takes_nothing_on_and_still_finishes_what_it_has(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite", quota_bytes=64 * 1024)
    taken = 0
    with pytest.raises(Full):
        for taken in range(1000):
            journal.receive(f"job-{taken}", JOB | {"params": {"text": "x" * 2000}}, taken)
    assert 5 < taken < 60
    for place in range(taken):
        journal.start(f"job-{place}", 0)
        journal.done(f"job-{place}", {"outcome": "ok", "text": "x" * 500}, 0)
        journal.acknowledge(f"job-{place}", 0)
    journal.prune(KEEP_S + 1)
    journal.receive("again", JOB, 0)
    journal.close()
