"""The Sage server's clock: it shows local time without a zone, and leaves it as decimal hours beside every record."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from mlconn_simulators.utc_clock import UtcClock


class ServerClock(UtcClock):
    """Real time runs on; what the server shows of it jumps with daylight-saving time, and by `error` where it is set wrongly."""

    def __init__(self, zone: str, start: dt.datetime | None = None) -> None:
        super().__init__(start)
        self.zone = ZoneInfo(zone)
        self.error = dt.timedelta()

    def local(self) -> dt.datetime:
        """The zoneless time that the server shows: the hour after the end of summer time comes twice."""
        return (self.now() + self.error).astimezone(self.zone).replace(tzinfo=None)

    def today(self) -> str:
        return f"{self.local():%Y%m%d}"

    def stamp(self) -> tuple[str, str]:
        """Date and time as a record bears them.

        >>> clock = ServerClock("America/Chicago", dt.datetime(2026, 1, 31, 21, 30, tzinfo=dt.UTC)); clock.running = False
        >>> clock.stamp()
        ('20260131', '15.5')
        """
        return self.today(), decimal_hours(self.local().time())


def decimal_hours(moment: dt.time) -> str:
    """At most eight characters, on a 24-hour clock.

    >>> decimal_hours(dt.time(8, 29, 32)), decimal_hours(dt.time(0, 0))
    ('8.49222', '0')
    """
    hours = moment.hour + moment.minute / 60 + (moment.second + moment.microsecond / 1e6) / 3600
    return f"{min(hours, 23.99999):.5f}".rstrip("0").rstrip(".")
