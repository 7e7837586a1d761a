"""The audit trail: it only grows, it is sealed, and what was changed behind its back is found."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from mlconn_pipelines.ledger import audit
from mlconn_pipelines_tests.ledger.workbench import Workbench

pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET reason = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]
)
def test_the_trail_only_grows(bench: Workbench, statement: str) -> None:
    bench.seen()
    with pytest.raises(sa.exc.DBAPIError, match="only grows"):
        bench.execute(statement)


def behind_its_back(bench: Workbench, statement: str) -> None:
    """As a database administrator could."""
    for table in ("audit_event", "audit_seal"):
        bench.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    bench.execute(statement)


def test_sealed_blocks_verify_and_the_tail_is_stated(bench: Workbench) -> None:
    for _ in range(5):
        bench.ready()
    assert audit.seal(bench.engine, block_events=4) == 10
    assert audit.seal(bench.engine) == 0
    bench.seen()
    found = audit.verify(bench.engine)
    assert (found.ok, found.blocks, found.events, found.unsealed) == (True, 3, 10, 1)
    assert bench.watch.seal_audit() == 1
    assert audit.verify(bench.engine).last_sha256 != found.last_sha256


@pytest.mark.parametrize(
    ("statement", "block"),
    [
        ("UPDATE audit_event SET reason = 'nothing happened' WHERE id = 6", 2),
        ("DELETE FROM audit_event WHERE id = 2", 1),
        ("DELETE FROM audit_seal WHERE block = 2", 3),
        ("UPDATE audit_seal SET sha256 = repeat('0', 64) WHERE block = 1", 1),
        ("UPDATE audit_event SET at = at + interval '1 second' WHERE id = 9", 3),
    ],
)
def test_the_first_broken_block_is_named(bench: Workbench, statement: str, block: int) -> None:
    for _ in range(6):
        bench.ready()
    audit.seal(bench.engine, block_events=4)
    behind_its_back(bench, statement)
    found = audit.verify(bench.engine)
    assert (found.ok, found.broken_block) == (False, block)
    assert f"block {block}" in found.words


def test_an_event_slipped_into_a_sealed_block_is_found(bench: Workbench) -> None:
    bench.ready()
    with bench.engine.connect() as late, late.begin() as transaction:
        late.execute(sa.text("INSERT INTO audit_event (event) VALUES ('rolled back, leaves a gap')"))
        transaction.rollback()
    bench.ready()
    audit.seal(bench.engine)
    bench.execute("INSERT INTO audit_event (id, event) OVERRIDING SYSTEM VALUE VALUES (3, 'slipped in')")
    assert audit.verify(bench.engine).broken_block == 1


def test_a_writer_still_at_work_is_not_sealed_over(bench: Workbench) -> None:
    bench.seen()
    with bench.engine.connect() as slow, slow.begin():
        slow.execute(sa.text("INSERT INTO audit_event (event) VALUES ('slow')"))
        assert audit.seal(bench.engine) == 0, "its number is taken, and it may still be committed"
    assert audit.seal(bench.engine) == 2
    assert audit.verify(bench.engine).ok


def test_writers_and_sealers_at_once_leave_a_whole_chain(bench: Workbench) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def seal() -> None:
        try:
            while not stop.is_set():
                audit.seal(bench.engine, block_events=3)
                stop.wait(0.01)
        except BaseException as error:
            failures.append(error)

    sealers = [threading.Thread(target=seal) for _ in range(2)]
    for thread in sealers:
        thread.start()
    for _ in range(15):
        bench.ready()
    stop.set()
    for thread in sealers:
        thread.join()
    audit.seal(bench.engine)
    found = audit.verify(bench.engine)
    assert failures == [] and found.ok and found.events == 30 and found.unsealed == 0
