"""Daily partitions in the integration's time zone, today included."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import dagster as dg

from mlconn_pipelines.config.integration import Integration

DAY = "%Y-%m-%d"
DAYS_BEFORE_GO_LIVE = 62
"""Days before the earliest go-live can be backfilled too: their documents are recorded as `before_go_live`. And where go-live
lies ahead, previews need a partition today. Not more, since the UI shows how many of all the days were ever filled."""


def days_of(integration: Integration) -> dg.DailyPartitionsDefinition:
    """From two months before the earliest go-live on. A document is filed under the day it was first seen, or backfilled for."""
    first = integration.go_live - dt.timedelta(days=DAYS_BEFORE_GO_LIVE)
    return dg.DailyPartitionsDefinition(start_date=first.strftime(DAY), timezone=integration.time_zone, end_offset=1)


def day_of(key: str) -> dt.date:
    """A partition key as its date."""
    return dt.date.fromisoformat(key)


def today_of(integration: Integration, now: dt.datetime | None = None) -> dt.date:
    """Today in the integration's zone, by this machine's clock, as Dagster has it: which partitions there are hangs on that one too."""
    return (now or dt.datetime.now(dt.UTC)).astimezone(ZoneInfo(integration.time_zone)).date()
