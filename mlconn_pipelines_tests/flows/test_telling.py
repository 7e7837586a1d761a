"""A source that used to tell of changes and has fallen silent while polls find some."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines.flows.notifications import mark_consumed, note_found, told_of
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ports.notifications import ChangeNotification
from mlconn_pipelines.ports.streams import Mark
from mlconn_pipelines.ports.telling import Telling, telling_of
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger

RUN = Run("acme", "x12_810", "run-1", dt.date(2026, 11, 20), False, "", "sap_business_one", "cleo")
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


class Source:
    """Polls of a flow, a minute apart."""

    def __init__(self) -> None:
        self.ledger = FakeLedger()
        self.engine = engine_on(self.ledger)
        self.told = 0

    def tells(self) -> None:
        self.told += 1
        hint = ChangeNotification("acme", "x12_810", "sap-business-one", "Invoices", f"key-{self.told}")
        self.ledger.intake.record_notifications([hint])

    def poll(self, found: int, minutes: int = 1, entity: str = "") -> list[str]:
        """The alerts that are open after it."""
        self.ledger.shelves._last += dt.timedelta(minutes=minutes)
        note_found(self.engine, RUN, mark_consumed(self.engine, RUN), found, entity)
        return [alert.text for alert in self.ledger.watch.open_alerts()]


def test_a_source_that_never_told_is_not_missed() -> None:
    source = Source()
    assert [source.poll(found=1, minutes=10) for _ in range(5)] == [[]] * 5
    assert told_of(source.engine, "x12_810").words() == "no notification yet"


def test_one_alert_once_polls_keep_finding_what_none_told_of_and_the_next_notification_closes_it() -> None:
    source = Source()
    source.tells()
    assert source.poll(found=1) == []
    assert source.poll(found=2) == source.poll(found=0, minutes=30) == source.poll(found=1) == []
    (words,) = source.poll(found=1)
    assert "3 polls in a row have found something that no notification told of" in words and "x12_810" in words
    assert len(source.poll(found=1)) == 1
    assert "; 4 polls have found something" in told_of(source.engine, "x12_810").words()
    source.tells()
    assert source.poll(found=0) == []
    assert told_of(source.engine, "x12_810").polls == 0


def test_polls_that_were_merely_faster_raise_nothing() -> None:
    source = Source()
    for _ in range(8):
        source.tells()
        source.poll(found=0, minutes=5)
        assert source.poll(found=1, minutes=5) == []


@pytest.mark.parametrize("telling", [Telling(), Telling(NOON), Telling(NOON, 4, NOON + dt.timedelta(minutes=1))])
def test_what_is_stored_is_read_again(telling: Telling) -> None:
    assert telling_of(telling.text()) == telling


def test_a_preview_of_a_live_integration_notes_nothing() -> None:
    source = Source()
    source.tells()
    preview = Run("acme", "x12_810", "run-2", dt.date(2026, 11, 20), True, "", "sap_business_one", "cleo")
    note_found(source.engine, preview, mark_consumed(source.engine, preview), 1)
    assert told_of(source.engine, "x12_810").told is None


def test_a_stream_that_passes_over_our_own_changes_is_judged_by_its_moments_alone() -> None:
    """A code that we write back, or a deal that was won, is found by a poll of accounts, and no event of theirs tells of it."""
    source = Source()
    since = {("acme", Mark.SINCE.of("Account")): source.ledger.queue.now().isoformat()}
    source.ledger.intake.record_notifications([], since)
    source.tells()
    assert source.poll(found=1) == []
    for _ in range(6):
        assert source.poll(found=1, minutes=10, entity="Account") == []
    assert source.poll(found=1, minutes=10, entity="Invoices") == [], "one that no stream tells of counts"
    telling = told_of(source.engine, "x12_810")
    assert telling.told is not None and telling.polls == 1
