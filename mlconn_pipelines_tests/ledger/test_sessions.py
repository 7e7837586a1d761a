import threading
import time

import pytest
import sqlalchemy as sa

from mlconn_pipelines.errors import ConnectionStopped, LedgerError, TryLater
from mlconn_pipelines.ledger import sessions as module
from mlconn_pipelines.ledger.alerts import open_alerts
from mlconn_pipelines.ledger.connection_states import connections, resume, stopped
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.ledger.sessions import PostgresSessionStore
from mlconn_pipelines.vault import Vault, new_key
from mlconn_pipelines_tests.ledger.programs import printed, programs

pytestmark = pytest.mark.database

SIGN_IN = """
import os, sys, time
import sqlalchemy as sa
from mlconn_pipelines.errors import ConnectionStopped
from mlconn_pipelines.ledger.sessions import PostgresSessionStore
from mlconn_pipelines.vault import Vault
engine = sa.create_engine(sys.argv[1])
store = PostgresSessionStore(engine, Vault([sys.argv[2]]), "sap")
engine.connect().close()
print("ready", flush=True)
sys.stdin.readline()
try:
    if sys.argv[3] == "good":
        token = store.current()
        if token is None:
            with store.renewing(0) as renewal:
                token = renewal.token
                if renewal.needed:
                    print("signed in")
                    time.sleep(0.3)
                    token = renewal.store({"B1SESSION": str(os.getpid())})
        print(token.values["B1SESSION"])
    else:
        for _ in range(3):
            with store.renewing(0) as renewal:
                print("tried")
                time.sleep(0.1)
                store.refused("the server answered 401")
except ConnectionStopped:
    print("stopped")
"""


@pytest.fixture
def engine(ledger_database):
    engine = ledger_engine(ledger_database)
    yield engine
    engine.dispose()


@pytest.fixture
def key():
    return new_key()


def store_of(engine, key, **options):
    return PostgresSessionStore(engine, Vault([key]), "sap", **options)


def test_a_session_is_shared_and_ages_by_the_databases_clock(engine, key):
    ours, theirs = store_of(engine, key), store_of(engine, key)
    assert ours.current() is None
    with ours.renewing(0) as renewal:
        assert renewal.needed and renewal.token is None
        stored = renewal.store({"B1SESSION": "abc"})
        assert not renewal.needed and renewal.token.values == {"B1SESSION": "abc"}
    assert stored.generation == 1
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE session SET stored_at = now() - interval '20 min', used_at = now() - interval '9 min'")
        )
    token = theirs.current()
    assert token.values == {"B1SESSION": "abc"}
    assert 1200 <= token.age_s < 1210 and 540 <= token.idle_s < 550
    assert "abc" not in repr(token) and "abc" not in repr(theirs) and "abc" not in repr(theirs._seen)


def test_who_comes_second_takes_the_firsts_session(engine, key):
    store = store_of(engine, key)
    with store.renewing(0) as renewal:
        first = renewal.store({"token": "1"})
    with store.renewing(first.generation) as renewal:
        assert renewal.needed
        second = renewal.store({"token": "2"})
    with store.renewing(first.generation) as renewal:
        assert not renewal.needed
        assert renewal.token.generation == second.generation


def test_a_use_is_written_at_most_once_a_minute_and_only_for_its_own_generation(engine, key, monkeypatch):
    monkeypatch.setattr(module, "USED_AGAIN_S", 0.2)
    store = store_of(engine, key)
    with store.renewing(0) as renewal:
        renewal.store({"token": "1"})
    writes = []
    sa.event.listen(engine, "before_cursor_execute", lambda *a: writes.append(a[2]) if a[2].startswith("UPDATE") else None)
    for _ in range(50):
        store.used()
    assert writes == []
    time.sleep(0.25)
    for _ in range(50):
        store.used()
    assert len(writes) == 1
    assert store.current().idle_s < 0.2
    with store_of(engine, key).renewing(1) as renewal:
        renewal.store({"token": "2"})
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE session SET used_at = now() - interval '9 min'"))
    time.sleep(0.25)
    store.used()  # of generation 1, which nobody uses any more
    assert store_of(engine, key).current().idle_s > 500


def test_reading_the_session_costs_no_query_most_of_the_time(engine, key):
    store = store_of(engine, key)
    with store.renewing(0) as renewal:
        renewal.store({"token": "1"})
    queries = []
    sa.event.listen(engine, "before_cursor_execute", lambda *a: queries.append(a[2]))
    for _ in range(100):
        store.current()
        store.used()
    assert queries == []


def test_a_session_left_by_another_key_is_worth_a_sign_in_and_no_error(engine, key):
    with store_of(engine, key).renewing(0) as renewal:
        renewal.store({"token": "1"})
    store = store_of(engine, new_key())
    assert store.current() is None
    with store.renewing(0) as renewal:
        assert renewal.needed


def test_one_sign_in_at_a_time_over_real_processes(engine, key, ledger_database):
    outputs = printed(programs(SIGN_IN, 4, ledger_database, key, "good"))
    lines = [line for output in outputs for line in output]
    assert lines.count("signed in") == 1
    assert len(set(lines) - {"signed in"}) == 1, "all use the one session"


def test_a_wrong_password_is_tried_twice_by_all_processes_together_and_alerts_once(engine, key, ledger_database):
    outputs = printed(programs(SIGN_IN, 3, ledger_database, key, "bad"))
    lines = [line for output in outputs for line in output]
    assert lines.count("tried") == 2
    assert lines.count("stopped") == 3
    (state,) = connections(engine)
    assert state.name == "sap" and state.refusals == 2 and state.stopped_at is not None and "401" in state.reason
    assert len(open_alerts(engine)) == 1


def test_a_good_sign_in_between_forgets_the_refusal(engine, key):
    store = store_of(engine, key)
    store.refused("one bad moment")
    assert store.current() is None and stopped(engine, "sap") is None
    with store.renewing(0) as renewal:
        renewal.store({"token": "1"})
    store.refused("another bad moment")
    assert store.current() is not None
    store.refused("and again")
    with pytest.raises(ConnectionStopped, match="and again"):
        store.current()
    resume(engine, "sap")
    assert store.current().values == {"token": "1"}
    assert open_alerts(engine) == []
    with pytest.raises(LedgerError, match="not stopped"):
        resume(engine, "sap")


def test_an_error_inside_the_sign_in_frees_the_lock_and_a_long_wait_ends_cleanly(engine, key, monkeypatch):
    store = store_of(engine, key)
    with pytest.raises(RuntimeError), store.renewing(0):
        raise RuntimeError("the server did not answer")
    monkeypatch.setattr(module, "SIGN_IN_WAIT_MAX_S", 1)
    holding, done = threading.Event(), threading.Event()

    def hold():
        with store_of(engine, key).renewing(0):
            holding.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(10)
    try:
        with pytest.raises(TryLater, match="signing in"), store.renewing(0):
            pass
    finally:
        done.set()
        thread.join()
    with store.renewing(0) as renewal:
        assert renewal.needed
