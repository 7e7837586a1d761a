"""No stamp moves a watermark beyond the clock, however the stamps lie and however the clocks are wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.flows.horizon import Horizon
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines.systems.business_central.api.reading import newest_of_stamps
from mlconn_pipelines.systems.sap_business_one.api.reading import newest as newest_of_sap
from mlconn_pipelines.systems.sap_business_one.api.reading import watermark_at

NOW, BOUND = "2026-11-28T12:00:00", "2026-11-28T12:15:00"
MOMENTS = st.datetimes(dt.datetime(2026, 11, 20), dt.datetime(2026, 12, 5)).map(lambda at: at.isoformat(timespec="seconds"))


def newest(stamps: Iterable[KeyStamp], since: str | None) -> str | None:
    return newest_of_sap((stamp.stamp for stamp in stamps), since)


def look(stored: str | None = None, *pages: Sequence[str]) -> Horizon:
    made = Horizon(newest, NOW, BOUND, stored, stored)
    for page in pages:
        made.note([KeyStamp(stamp, stamp) for stamp in page])
    return made


@given(st.lists(st.lists(MOMENTS, max_size=5), max_size=4), st.none() | MOMENTS.filter(lambda at: at <= NOW))
def test_the_watermark_is_the_latest_stamp_and_never_later_than_the_clock(pages: list[list[str]], stored: str | None) -> None:
    made = look(stored, *pages)
    trusted = [stamp for page in pages for stamp in page if stamp <= BOUND] + ([stored] if stored else [])
    assert made.watermark == (min(max(trusted), NOW) if trusted else None)
    assert set(made.ahead) == {stamp for page in pages for stamp in page if stamp > BOUND}


@given(st.lists(MOMENTS, min_size=1, max_size=8))
def test_nothing_stamped_from_now_on_lies_before_the_watermark(stamps: list[str]) -> None:
    """Whatever was listed: what is saved next, by a clock that is right, lies in the next window."""
    assert (look(None, stamps).watermark or "") <= NOW


@given(st.lists(MOMENTS, min_size=1, max_size=8), st.none() | MOMENTS.filter(lambda at: at <= NOW), MOMENTS)
def test_nothing_that_was_listed_and_did_not_come_is_passed(stamps: list[str], stored: str | None, held: str) -> None:
    """Whatever else was listed, by whatever clock: it lies at or after the watermark, unless it lay before it from the beginning."""
    made = look(stored, stamps)
    made.held = held
    assert (made.watermark or "") <= max(held, stored or "")
    assert (made.watermark or "") <= NOW
    assert stored is None or (made.watermark or "") >= stored


def test_what_is_stamped_some_seconds_fast_is_not_told_and_does_not_pull_the_watermark_along() -> None:
    made = look("2026-11-28T11:00:00", ["2026-11-28T12:00:20", "2026-11-28T12:14:59"])
    assert (made.watermark, made.ahead) == (NOW, {})


def test_the_newest_and_what_is_ahead_are_read_last_since_they_may_be_saved_again_under_their_stamp() -> None:
    made = look(None, ["2026-11-28T11:00:00", "2026-11-28T12:00:20", "2026-11-30T12:00:00"])
    young = [
        stamp for stamp in ("2026-11-28T11:00:00", "2026-11-28T12:00:20", *made.ahead) if made.may_be_saved_again(stamp, stamp)
    ]
    assert young == ["2026-11-28T12:00:20", "2026-11-30T12:00:00"]


def test_only_what_is_ahead_moves_nothing() -> None:
    made = look(None, ["2027-01-01T00:00:00"])
    assert (made.watermark, made.has_moved) == (None, False)


def test_stamps_that_are_none_move_nothing() -> None:
    made = look("2026-11-28T11:00:00", ["", "", ""])
    assert (made.watermark, made.has_moved, made.ahead) == ("2026-11-28T11:00:00", False, {})


def test_stamps_with_an_etag_are_told_apart_by_their_moment() -> None:
    def of_stamps(stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return newest_of_stamps((stamp.stamp for stamp in stamps), since)

    made = Horizon(of_stamps, "2026-11-28T12:00:00.000Z", "2026-11-28T12:15:00.000Z", None, None)
    made.note([KeyStamp("a", '2026-11-28T11:59:00.500Z W/"1"'), KeyStamp("b", '2026-11-30T00:00:00.000Z W/"2"')])
    assert (made.watermark, list(made.ahead)) == ("2026-11-28T11:59:00.500Z", ["b"])


@pytest.mark.parametrize("zone", ["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "UTC"])
def test_a_clock_that_is_put_back_shows_nothing_ahead(zone: str) -> None:
    """Through the day on which an hour comes twice: no stamp of before is later than what the clock is said to show."""
    stamped = ""
    for minute in range(0, 3 * 24 * 60, 7):
        moment = (dt.datetime(2026, 10, 24, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)).astimezone(ZoneInfo(zone))
        stamped = max(stamped, moment.replace(tzinfo=None).isoformat(timespec="seconds"))
        assert watermark_at(moment) >= stamped


def test_a_clock_that_is_put_forward_or_runs_on_is_shown_as_it_is() -> None:
    zone = ZoneInfo("America/Chicago")
    for at in (dt.datetime(2026, 3, 8, 8, 30, tzinfo=dt.UTC), dt.datetime(2026, 7, 1, 8, 30, tzinfo=dt.UTC)):
        local = at.astimezone(zone)
        assert watermark_at(local) == local.replace(tzinfo=None).isoformat(timespec="seconds")
