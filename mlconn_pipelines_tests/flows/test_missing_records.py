"""Records that the ERP lists and does not give out: when they are gone, when people are told, and what an outage is not.

`integration/test_missing_records.py` has what holds of every system.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from mlconn_pipelines.errors import ConnectorError, NotFound, Retryable, TryLater
from mlconn_pipelines.flows.fetching import fetch_changes, fetch_days, look_for_changes
from mlconn_pipelines.flows.ports.remembered import RememberedKey
from mlconn_pipelines.flows.route import Route
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines_tests.flows.desk import Desk, desk
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.hiding import Hiding

LOST = Retryable("the server fell over this record")
FLOW = "x12_810"


@dataclass
class Reading:
    """A desk whose source hides records."""

    desk: Desk
    erp: Hiding
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def route(self) -> Route:
        route = self.desk.route(FLOW)
        system = replace(route.system, connector=replace(route.system.connector, source=self.erp))
        return replace(route, system=system, settings=route.settings.model_copy(update=self.settings))

    def fetch(self) -> Tally:
        return fetch_changes(self.route, self.desk.run(FLOW))

    @property
    def known(self) -> set[str]:
        return {row["source_key"] for row in self.desk.ledger.shelves.documents.values()}

    @property
    def remembered(self) -> dict[str, RememberedKey]:
        return {one.key: one for one in self.desk.ledger.queue.remembered_keys("acme", FLOW, "missing")}

    @property
    def watermark(self) -> str:
        return self.desk.ledger.queue.watermark("acme", FLOW) or ""

    @property
    def alerts(self) -> list[str]:
        return [one.text for one in self.desk.ledger.watch.open_alerts()]

    def hours_pass(self, hours: float) -> None:
        for row in self.desk.ledger.shelves.remembered.values():
            for name in ("first_seen_at", "last_asked_at", "absent_since"):
                row[name] = row[name] and row[name] - dt.timedelta(hours=hours)

    def write(self, count: int) -> list[str]:
        """Invoices of the time before now, one every five minutes; their keys, oldest first."""
        step = dt.timedelta(minutes=5)
        self.desk.erp.move_clock(-(count + 1) * step)
        keys = []
        for _ in range(count):
            keys.append(str(clerks.invoice(self.desk).entry))
            self.desk.erp.move_clock(step)
        self.desk.erp.move_clock(step)
        return keys


@contextmanager
def reading(**settings: Any) -> Iterator[Reading]:
    with desk() as here:
        erp = Hiding(here.connector.source, lambda record: here.mapping.outbound.header(FLOW, record).key)
        yield Reading(here, erp, settings)


@pytest.mark.parametrize("trouble", [None, NotFound("no such record")], ids=["empty", "404"])
def test_two_good_answers_a_minute_apart_say_that_it_is_gone(trouble: ConnectorError | None) -> None:
    with reading() as here:
        keys = here.write(2)
        here.erp.hidden[keys[0]] = trouble
        for _ in range(2):
            here.fetch()
        held = here.watermark
        assert not here.remembered[keys[0]].gone
        here.hours_pass(0.02)
        tally = here.fetch()
        assert tally["gone"] == 1 and f"Invoices {keys[0]} is gone" in tally.problems[0]
        assert here.watermark > held
        count = len(here.erp.asked)
        assert here.fetch()["gone"] == 0 and look_for_changes(here.route) == 0
        assert len(here.erp.asked) == count, "nobody asks for it any more"
        assert here.alerts == []
        here.erp.hidden.clear()
        here.desk.erp.change("Invoices", int(keys[0]), Comments="There after all")
        here.fetch()
        assert here.known == set(keys) and here.remembered == {}


def test_what_fails_is_told_after_a_day_and_the_watermark_moves_on() -> None:
    with reading() as here:
        keys = here.write(40)
        here.erp.hidden |= dict.fromkeys(keys[4:6], LOST)
        here.fetch()
        assert here.known == set(keys) - set(keys[4:6]), "reads that fail are halved until the others are there"
        held = here.watermark
        here.hours_pass(23)
        here.fetch()
        assert (here.watermark, here.alerts) == (held, [])
        here.hours_pass(1.1)
        here.fetch()
        assert here.watermark > held
        (told,) = here.alerts
        assert f"2 of Invoices are listed by the ERP and could not be read for 24 hours: {keys[4]}, {keys[5]}" in told
        assert LOST.what in told
        newest = str(clerks.invoice(here.desk).entry)
        here.erp.asked.clear()
        here.fetch()
        assert newest in here.known and [keys[4]] in here.erp.asked, "each run asks again, and newer ones are read"
        del here.erp.hidden[keys[4]]
        here.fetch()
        assert keys[4] in here.known and len(here.alerts) == 1
        del here.erp.hidden[keys[5]]
        here.fetch()
        assert here.known >= set(keys) and here.remembered == {} and here.alerts == []


def test_an_outage_is_no_missing_record() -> None:
    with reading() as here:
        keys = here.write(2)
        for trouble in (LOST, TryLater("the server asks for a long pause")):
            here.erp.hidden |= dict.fromkeys(keys, trouble)
            here.desk.erp.faults.arm("500", path="/Invoices", count=None, skip=1 if trouble is LOST else 0)
            with pytest.raises(Retryable):
                here.fetch()
            here.desk.erp.faults.disarm()
            assert (here.known, here.remembered, here.watermark) == (set(), {}, "")


def test_a_day_that_is_read_again_keeps_what_did_not_come_in_mind() -> None:
    with reading() as here:
        (key,) = here.write(1)
        today = here.desk.world.today
        here.erp.hidden[key] = LOST
        days: Sequence[dt.date] = (today - dt.timedelta(days=9), today + dt.timedelta(days=9))
        tally = fetch_days(here.route, here.desk.run(FLOW), *days)
        assert (tally["missing"], set(here.remembered)) == (1, {key})
        here.erp.hidden.clear()
        here.fetch()
        assert (here.known, here.remembered) == ({key}, {})


def test_the_hold_is_a_setting() -> None:
    with reading(missing_hold_h=0) as here:
        keys = here.write(2)
        here.erp.hidden[keys[0]] = LOST
        here.fetch()
        assert len(here.alerts) == 1 and "for 0 hours" in here.alerts[0]
        clerks.invoice(here.desk)
        here.fetch()
        assert len(here.known) == 2
