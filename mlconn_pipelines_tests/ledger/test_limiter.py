"""Budgets over real processes, counted by a token bucket as the server would have it."""

import os
import signal
import threading
import time

import pytest
import sqlalchemy as sa

from mlconn_pipelines.errors import TryLater
from mlconn_pipelines.ledger import concurrency_limit
from mlconn_pipelines.ledger.limiter import PostgresLimiter
from mlconn_pipelines_tests.ledger.programs import printed, programs

pytestmark = pytest.mark.database

CALLS = """
import sys, time
import sqlalchemy as sa
from mlconn_pipelines.ledger.limiter import PostgresLimiter
engine = sa.create_engine(sys.argv[1])
limiter = PostgresLimiter(engine)
engine.connect().close()
print("ready", flush=True)
sys.stdin.readline()
ends = time.time() + float(sys.argv[3])
while time.time() < ends:
    limiter.acquire("cleo/upload", float(sys.argv[2]))
    print(time.time(), flush=True)
    time.sleep(0.03)  # the request itself
"""

IN_FLIGHT = """
import sys, threading, time
import sqlalchemy as sa
from mlconn_pipelines.ledger.limiter import PostgresLimiter
limiter = PostgresLimiter(sa.create_engine(sys.argv[1]))
said = threading.Lock()
def call():
    while time.time() < ends:
        with limiter.in_flight("sap", 2):
            began = time.time()
            time.sleep(0.01)
            ended = time.time()
        with said:
            print(began, ended)
print("ready", flush=True)
sys.stdin.readline()
ends = time.time() + float(sys.argv[2])
threads = [threading.Thread(target=call) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""

HOLD = """
import sys, time
import sqlalchemy as sa
from mlconn_pipelines.ledger.limiter import PostgresLimiter
limiter = PostgresLimiter(sa.create_engine(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
with limiter.in_flight("sap", 1):
    print("holding", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def engine(ledger_database):
    engine = sa.create_engine(ledger_database)
    yield engine
    engine.dispose()


def refusals(times, rate, capacity):
    """How many of these calls a token bucket would have answered with 429."""
    tokens, before, refused = float(capacity), None, 0
    for at in sorted(times):
        tokens = min(capacity, tokens + (at - before) * rate) if before is not None else tokens
        before = at
        if tokens >= 1:
            tokens -= 1
        else:
            refused += 1
    return refused


@pytest.mark.parametrize("rate", [5.0, 50.0])
def test_two_processes_use_one_budget_to_the_full_and_no_further(engine, ledger_database, rate):
    """No further in any try; to the full in the best of them: a busy machine may hold callers up, and then they ask for less."""
    seconds, most = 3.0, 0
    for _ in range(5):
        outputs = printed(programs(CALLS, 2, ledger_database, str(rate), str(seconds)))
        times = sorted(float(line) for output in outputs for line in output)
        assert all(len(output) > 2 for output in outputs), "neither process starves"
        within = [at for at in times if at < times[0] + seconds]
        assert len(within) <= rate * seconds + max(2, 0.2 * rate + 1)
        assert refusals(times, rate, capacity=rate) == 0
        most = max(most, len(within))
        if most >= 0.95 * rate * seconds:
            return
    pytest.fail(f"{most} calls at most in {seconds} s")


def test_no_limit_costs_no_query(engine):
    queries = []
    sa.event.listen(engine, "before_cursor_execute", lambda *a: queries.append(a[2]))
    PostgresLimiter(engine).acquire("sap/Invoices", None)
    assert queries == []


def test_a_turn_costs_one_committed_statement(engine):
    limiter = PostgresLimiter(engine)
    limiter.acquire("path", 1000)
    queries = []
    sa.event.listen(engine, "before_cursor_execute", lambda *a: queries.append(a[2]))
    limiter.acquire("path", 1000)
    assert len(queries) == 1


def test_a_429_moves_everyones_turn_on_that_path_only(engine):
    ours, theirs = PostgresLimiter(engine), PostgresLimiter(engine)
    ours.acquire("upload", 50)
    ours.back_off("upload", 0.5)
    began = time.monotonic()
    theirs.acquire("list", 50)
    assert time.monotonic() - began < 0.3
    theirs.acquire("upload", 50)
    assert 0.45 <= time.monotonic() - began < 1.5


def test_a_shorter_postponement_never_brings_a_turn_forward(engine):
    limiter = PostgresLimiter(engine)
    limiter.back_off("upload", 0.6)
    limiter.back_off("upload", 0.1)
    began = time.monotonic()
    limiter.acquire("upload", 50)
    assert time.monotonic() - began >= 0.5


def test_a_wait_over_a_minute_is_not_begun_and_takes_no_turn(engine):
    limiter = PostgresLimiter(engine)
    limiter.back_off("upload", 3600)
    for _ in range(3):
        with pytest.raises(TryLater, match="stay ready") as later:
            limiter.acquire("upload", 5)
        assert 3590 < later.value.retry_after_s < 3601


def test_calls_in_flight_are_bounded_over_processes_and_threads(engine, ledger_database):
    outputs = printed(programs(IN_FLIGHT, 2, ledger_database, "2"))
    calls = [tuple(map(float, line.split())) for output in outputs for line in output]
    assert all(len(output) > 10 for output in outputs), "neither process starves"
    changes = sorted([(began, 1) for began, _ in calls] + [(ended, -1) for _, ended in calls])
    open_calls, most = 0, 0
    for _, change in changes:
        open_calls += change
        most = max(most, open_calls)
    assert most == 2
    assert len(calls) > 0.5 * 2 * 2 / 0.01, "and the places are used"


def test_most_calls_cost_no_query(engine, monkeypatch):
    limiter = PostgresLimiter(engine)
    asked = []
    opened = concurrency_limit._SystemPlaces._open
    monkeypatch.setattr(concurrency_limit._SystemPlaces, "_open", lambda self: asked.append(1) or opened(self))
    for _ in range(1000):
        with limiter.in_flight("sap", 4):
            pass
    assert len(asked) < 20
    limiter.close()


def test_places_not_used_are_given_back_by_themselves(engine):
    ours, theirs = PostgresLimiter(engine), PostgresLimiter(engine)
    with ours.in_flight("sap", 1):
        pass
    began = time.monotonic()
    with theirs.in_flight("sap", 1):
        assert time.monotonic() - began < 1.0
    deadline = time.monotonic() + 2
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert concurrency_limit.APPLICATION not in {thread.name for thread in threading.enumerate()}


def test_a_killed_process_gives_its_place_back_at_once(engine, ledger_database):
    (holder,) = programs(HOLD, 1, ledger_database)
    assert holder.stdout.readline() == "holding\n"
    limiter = PostgresLimiter(engine)
    with pytest.raises(TryLater, match="all 1 places"), limiter._places.place("sap", 1, 0.5):
        pass
    holder.kill()
    holder.communicate()
    began = time.monotonic()
    with limiter.in_flight("sap", 1):
        assert time.monotonic() - began < 5


def test_a_frozen_process_loses_its_place(engine, ledger_database, monkeypatch):
    monkeypatch.setattr(concurrency_limit, "FROZEN_AFTER_S", 1.0)
    monkeypatch.setattr(concurrency_limit, "SIGN_OF_LIFE_S", 0.5)
    (holder,) = programs(HOLD, 1, ledger_database)
    assert holder.stdout.readline() == "holding\n"
    os.kill(holder.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with PostgresLimiter(engine).in_flight("sap", 1):
            assert time.monotonic() - began < 10
    finally:
        holder.kill()
        holder.communicate()


def test_a_forked_child_leaves_its_parents_connection_alone(engine):
    limiter = PostgresLimiter(engine)
    with limiter.in_flight("sap", 2):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with limiter.in_flight("sap", 2):
                    status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert limiter._places._systems["sap"]._held, "ours is still held"
    with limiter.in_flight("sap", 2):
        pass


def test_a_turn_is_asked_for_by_one_statement_that_was_built_before(ledger_database: str) -> None:
    """Every request to a system with a budget takes one: to build it anew took three times as long as to ask."""
    engine = sa.create_engine(ledger_database)
    asked: list[object] = []
    sa.event.listen(engine, "before_execute", lambda connection, statement, *rest: asked.append(statement))
    limiter = PostgresLimiter(engine)
    for path in ("a", "b", "a"):
        limiter.acquire(path, 1000.0)
    assert len(asked) == 3 and len(set(map(id, asked))) == 1
    engine.dispose()
