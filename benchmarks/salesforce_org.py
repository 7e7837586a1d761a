"""A simulated org in a process of its own, full of records: `python -m benchmarks.salesforce_org ENTITY COUNT`.

It prints where it listens and how one signs in, and ends with its standard input. Pages of queries that were asked for before come
out of memory, so that it is their readers who are measured.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from decimal import Decimal
from typing import Any

from mlconn_simulators.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, SalesforceSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world

START = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
_UP_TO = re.compile(rb"SystemModstamp(?:\+|%20)*%3C(?:\+|%20)*[0-9TZ.:-]+(?:%3A[0-9TZ.:-]+)*", re.IGNORECASE)
PER_SECOND = 40
"""Records that bear the same stamp, as a mass change leaves them."""


class Remembering:
    """An ASGI app that tells the pages of queries once more out of memory."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._pages: dict[bytes, list[Any]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or b"/query" not in scope["raw_path"]:
            await self._app(scope, receive, send)
            return
        # Up to now, says a reader that cuts by time, and that is another moment in each of its runs.
        asked = _UP_TO.sub(b"", scope["raw_path"] + b"?" + scope["query_string"])
        if (told := self._pages.get(asked)) is None:
            told = []

            async def keep(message: Any) -> None:
                told.append(message)

            await self._app(scope, receive, keep)
            if told[0]["status"] == 200:
                self._pages[asked] = told
        for message in told:
            await send(message)


def main() -> None:
    entity, count = sys.argv[1], int(sys.argv[2])
    org = SalesforceSandbox(make_world(seed=3, documents=0, today=START.date(), items=8), start=START, opportunities=1)
    store = org.store
    accounts = list(store.records["Account"])
    org.clock.running = False
    for number in range(count):
        if number % PER_SECOND == 0:
            org.clock.move(dt.timedelta(seconds=1))
        values: dict[str, Any] = {"Name": f"Record {number}", "Description": "Delivered in two parts, by agreement. " * 3}
        if entity == "Opportunity":
            values |= {
                "AccountId": accounts[number % len(accounts)],
                "StageName": "Closed Won",
                "IsWon": True,
                "IsClosed": True,
            }
            values |= {"CloseDate": START.date(), "Amount": Decimal(number) / 100, "Type": "New"}
        if entity == "Account":
            values["AccountNumber"] = f"C{number:06d}"
        store.add(entity, values)
    org.clock.running = True
    org.clock.move(dt.timedelta(hours=1))
    with serve(Remembering(org.app())) as endpoint:
        print(json.dumps({"url": endpoint.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}), flush=True)
        for _ in sys.stdin:
            print(json.dumps(org.state()["api_usage"]), flush=True)


if __name__ == "__main__":
    main()
