"""When the silence of a stream shows that it is mute."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines.flows.streams import note_poll
from mlconn_pipelines.ports.streams import Mark, Stream, oldest_unannounced
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger


def at(minute: int) -> dt.datetime:
    return dt.datetime(2026, 11, 20, 12, minute, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("stream", "stamps", "oldest"),
    [
        (Stream(), [at(5)], None),
        (Stream(since=at(0)), [], None),
        (Stream(since=at(0)), [at(7), at(5)], at(5)),
        (Stream(since=at(6)), [at(7), at(5)], at(7)),
        (Stream(since=at(0), heard=at(5), received=at(5)), [at(5)], None),
        (Stream(since=at(0), heard=at(2), received=at(8)), [at(5)], None),
        (Stream(since=at(0), heard=at(2), received=at(3)), [at(5)], at(5)),
        (Stream(since=at(0), unannounced=at(4)), [at(5)], at(4)),
        (Stream(since=at(0), unannounced=at(4), heard=at(6), received=at(6)), [], None),
    ],
    ids=[
        "nobody listens", "nothing was read", "none was told", "changed before listening", "told", "still catching up",
        "silent since", "read by an earlier poll", "told after all",
    ],
)  # fmt: skip
def test_the_oldest_change_that_no_event_announced(
    stream: Stream, stamps: list[dt.datetime], oldest: dt.datetime | None
) -> None:
    assert oldest_unannounced(stream, stamps) == oldest


def test_a_poll_waits_ten_minutes_before_it_calls_a_stream_mute() -> None:
    ledger = FakeLedger()
    engine = engine_on(ledger)
    now = ledger.queue.now()
    assert not note_poll(engine, "Account", [now.isoformat()]), "there is no stream"
    ledger.intake.record_notifications([], {("acme", Mark.SINCE.of("Account")): now.isoformat()})
    change = now + dt.timedelta(seconds=1)
    assert not note_poll(engine, "Account", [change.isoformat(), "#1", "2026-11-20"])
    ledger.shelves._last += dt.timedelta(minutes=11)
    assert not note_poll(engine, "Contact", [change.isoformat()])
    assert note_poll(engine, "Account", [])
    stream = ledger.intake.streams("acme")["Account"]
    assert (stream.mute, stream.unannounced) == (change, None)
    (alert,) = ledger.watch.open_alerts()
    assert "no change event has told of it" in alert.text


def test_a_change_that_is_announced_late_is_forgotten() -> None:
    ledger = FakeLedger()
    engine = engine_on(ledger)
    now = ledger.queue.now()
    ledger.intake.record_notifications([], {("acme", Mark.SINCE.of("Account")): now.isoformat()})
    note_poll(engine, "Account", [(now + dt.timedelta(seconds=1)).isoformat()])
    ledger.shelves._last += dt.timedelta(minutes=9)
    told = {("acme", Mark.HEARD.of("Account")): (now + dt.timedelta(seconds=1)).isoformat()}
    ledger.intake.record_notifications([], told)
    ledger.shelves._last += dt.timedelta(minutes=9)
    assert not note_poll(engine, "Account", [])
    assert ledger.intake.streams("acme")["Account"].unannounced is None
    assert ledger.watch.open_alerts() == []
