"""The org's quota of API requests in 24 hours: what every answer says of it, and the share at which we stop."""

from __future__ import annotations

import datetime as dt
import re

import httpx

from mlconn_pipelines.errors import TryLater
from mlconn_pipelines.systems.salesforce.api.faults import QUOTA, QuotaReached, faults_of
from mlconn_pipelines.transport.throttle import Throttle

BUDGET = "/"
"""What the limiter counts every request by: the org counts them too, whatever they ask."""
HEADER = "sforce-limit-info"
_USAGE = re.compile(r"(per-app-)?api-usage=(\d+)/(\d+)")


def usage_in(header: str) -> tuple[float, str]:
    """The highest used share in a `Sforce-Limit-Info`, and how people read it; (0, "") where it says nothing.

    >>> usage_in("api-usage=25/5000; per-app-api-usage=17/20(appName=sample-connected-app)")
    (0.85, '17 of 20 requests of our app')
    """
    found = [
        (int(used) / int(most), f"{used} of {most} requests" + (" of our app" if own else " of the org"))
        for own, used, most in _USAGE.findall(header)
        if int(most)
    ]
    return max(found, default=(0.0, ""))


class Quota:
    """org: whose quota it is, `session_of` of its connection. share: of all requests of 24 hours, whoever made them, or of our app's
    own where an admin gave it some.

    pause_s: how long nobody asks once that is reached. It is kept by the limiter, for all processes, and ends by itself.
    """

    def __init__(self, org: str, share: float, pause_s: float) -> None:
        self._org, self.share, self._pause_s = org, share, pause_s
        self.usage = ""
        """As the last answer had it, for people."""
        self._reached = False

    def note(self, response: httpx.Response, throttle: Throttle) -> bool:
        """Take note of an answer; the requests that follow its own wait. True where the answer before said the same.

        Then it was the look after a pause, and there is still no room: what it read counts as not read, lest each such look close
        the alert that is open.
        """
        share, said = usage_in(response.headers.get(HEADER, ""))
        self.usage = said or self.usage
        before, self._reached = self._reached, share >= self.share or _is_refusal(response)
        if self._reached:
            throttle.back_off(BUDGET, self._pause_s)
        return before and self._reached

    def paused(self, wait: TryLater, now: dt.datetime) -> TryLater:
        """Why the limiter gives no turn, where it is for the quota: for people, with the time when it is asked again."""
        if not wait.retry_after_s or isinstance(wait, QuotaReached):
            return wait
        return self.reached(now, wait.retry_after_s)

    def reached(self, now: dt.datetime, seconds: float | None = None) -> QuotaReached:
        """seconds: until the next request, the whole pause where left out."""
        seconds = self._pause_s if seconds is None else seconds
        used = f" ({self.usage} of 24 hours)" if self.usage else ""
        used_up = QuotaReached(
            f"Salesforce: our share of the org's API requests is used up{used}; the next one is made at "
            f"{now + dt.timedelta(seconds=seconds):%Y-%m-%d %H:%M} UTC",
            hint="Everything goes on by itself then. `quota_share` of the connection says how much may be used, whoever does.",
            retry_after_s=seconds,
        )
        used_up.shared = self._org
        return used_up


def _is_refusal(response: httpx.Response) -> bool:
    """Whether the quota itself is used up; too many long requests at once is another thing of the same code."""
    faults = faults_of(response) if response.status_code == 403 else ()
    return any(fault.code == QUOTA and "concurrent" not in fault.message.lower() for fault in faults)
