"""Hints: kept once by key, waiting until a run begins, reopened where a repetition is news, forgotten in the end."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from mlconn_pipelines.errors import DatabaseUnavailable, NotStorable
from mlconn_pipelines.ledger.locks import held_alone
from mlconn_pipelines.ledger.tables_state import notification as table
from mlconn_pipelines.ports.notifications import ChangeNotification
from mlconn_pipelines.ports.streams import Mark, text_of_position
from mlconn_pipelines_tests.ledger.workbench import RUN, Bench, Workbench, on_both

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
ONE = ChangeNotification("acme", "x12_810", "business_central", "salesInvoices", "k1")


def counts(bench: Bench, integration: str = "acme") -> dict[str, int]:
    return {waiting.flow: waiting.count for waiting in bench.intake.waiting_hints(integration)}


@on_both
def test_a_repeated_hint_is_news_once(bench: Bench) -> None:
    assert bench.intake.record_notifications([ONE, ONE]) == {("acme", "x12_810", "k1")}
    assert bench.intake.record_notifications([ONE]) == set()
    assert counts(bench) == {"x12_810": 1}
    assert bench.intake.mark_consumed(RUN) == 1
    bench.intake.record_notifications([replace(ONE, source="salesforce", key="edited")])
    assert bench.intake.mark_consumed(replace(RUN, target="salesforce")) == 0 and counts(bench) == {}
    assert bench.intake.record_notifications([ONE]) == set(), "not even after a run: its key names one event"
    assert counts(bench) == {}


@on_both
def test_a_hint_without_an_event_of_its_own_is_news_again_after_a_run(bench: Bench) -> None:
    again = replace(ONE, once=False)
    assert len(bench.intake.record_notifications([again])) == 1
    assert bench.intake.record_notifications([again]) == set(), "nobody has looked yet, so there is nothing to add"
    bench.intake.mark_consumed(RUN)
    assert len(bench.intake.record_notifications([again])) == 1
    assert counts(bench) == {"x12_810": 1}


@pytest.mark.database
def test_taking_is_of_one_flow_of_one_integration(bench: Workbench) -> None:
    others = [replace(ONE, flow="x12_850"), replace(ONE, integration="beta"), replace(ONE, key="k2", place="elsewhere")]
    bench.intake.record_notifications([ONE, *others])
    (waiting,) = bench.intake.waiting_hints("acme", "x12_810")
    assert (waiting.count, waiting.places) == (2, ("elsewhere", "salesInvoices"))
    assert waiting.words() == "2 hints say that something changed: elsewhere, salesInvoices."
    assert bench.intake.mark_consumed(replace(RUN, run_id="run-7")) == 2
    assert counts(bench) == {"x12_850": 1} and counts(bench, "beta") == {"x12_810": 1}
    with bench.engine.connect() as connection:
        assert set(connection.scalars(sa.select(table.c.run_id).where(table.c.taken_at.is_not(None)))) == {"run-7"}


@on_both
def test_what_is_said_while_a_run_begins_is_either_taken_or_waits(bench: Bench) -> None:
    """Twenty writers against a taker: no hint is lost and none is counted twice."""
    told = [[replace(ONE, key=f"{writer}-{number}") for number in range(10)] for writer in range(20)]
    threads = [
        threading.Thread(target=lambda own=own: [bench.intake.record_notifications([one]) for one in own]) for own in told
    ]
    taken = 0
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken += bench.intake.mark_consumed(RUN)
    assert taken + counts(bench).get("x12_810", 0) == 200


@on_both
def test_two_writers_of_the_same_keys_do_not_lock_each_other_out(bench: Bench) -> None:
    keys = [replace(ONE, key=f"k{number}", once=False) for number in range(200)]
    news: list[int] = []
    writers = [
        threading.Thread(target=lambda order=order: news.append(len(bench.intake.record_notifications(order))))
        for order in (keys, keys[::-1])
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sum(news) == 200


@pytest.mark.database
def test_taken_hints_are_forgotten_after_a_month_and_waiting_ones_are_not(bench: Workbench) -> None:
    bench.intake.record_notifications([ONE, replace(ONE, key="k2"), replace(ONE, flow="x12_850")])
    bench.intake.mark_consumed(RUN)
    with bench.engine.begin() as tx:
        tx.execute(sa.update(table).where(table.c.key == "k1").values(at=sa.func.now() - sa.text("interval '40 days'")))
        tx.execute(
            sa.update(table)
            .where(table.c.key == "k1", table.c.taken_at.is_not(None))
            .values(taken_at=sa.text("now() - interval '31 days'"))
        )
    assert bench.intake.forget_hints() == 1
    assert counts(bench) == {"x12_850": 1}


@on_both
def test_marks_of_streams_are_stored_with_the_notifications(bench: Bench) -> None:
    position, since = Mark.POSITION.of("Account"), Mark.SINCE.of("Account")
    bench.intake.record_notifications([ONE], {("acme", position): text_of_position(b"\0\1"), ("acme", since): NOON.isoformat()})
    bench.intake.record_notifications([], {("acme", position): text_of_position(b"\0\2"), ("beta", position): "AAE="})
    bench.intake.record_notifications([], {("acme", Mark.HEARD.of("Account")): NOON.isoformat()})
    stream = bench.intake.streams("acme")["Account"]
    assert (stream.position, stream.since, stream.heard, stream.mute) == (b"\0\2", NOON, NOON, None)
    assert stream.received is not None and stream.received > NOON
    assert counts(bench) == {"x12_810": 1}
    assert bench.intake.streams("gamma") == {}


@pytest.mark.database
def test_neither_marks_nor_notifications_are_stored_without_the_other(bench: Workbench) -> None:
    with bench.engine.begin() as tx:
        tx.execute(sa.text("ALTER TABLE notification ADD CHECK (place <> 'refused')"))
    with pytest.raises(NotStorable):
        bench.intake.record_notifications([replace(ONE, place="refused")], {("acme", Mark.POSITION.of("Account")): "AAE="})
    assert bench.intake.streams("acme") == {}


@pytest.mark.database
def test_work_held_alone_is_taken_over_when_its_holder_is_gone(bench: Workbench) -> None:
    asked: list[int] = []

    def give_up_at_the_third() -> bool:
        asked.append(1)
        return len(asked) < 3

    with held_alone(bench.engine, "listen:org", lambda: False) as first:
        assert first is not None
        first()
        with held_alone(bench.engine, "listen:org", give_up_at_the_third) as second:
            assert (second, len(asked)) == (None, 3)
        with held_alone(bench.engine, "listen:another", lambda: False) as other:
            assert other is not None
    with held_alone(bench.engine, "listen:org", lambda: False) as next_one:
        assert next_one is not None
        with bench.engine.connect() as connection, connection.begin():
            held = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            connection.execute(sa.text(held))
        with pytest.raises(DatabaseUnavailable):
            next_one()
