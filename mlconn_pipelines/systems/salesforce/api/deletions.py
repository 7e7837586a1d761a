"""What is gone: records in the recycle bin, losers of merges with their winners, and what was deleted for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.ports.records import Gone
from mlconn_pipelines.systems.salesforce.api.client import SalesforceApi
from mlconn_pipelines.systems.salesforce.api.faults import TooManyIds
from mlconn_pipelines.systems.salesforce.api.soql import one_of, select, split_values
from mlconn_pipelines.systems.salesforce.records.stamps import instant_from_text, key_of, long_id
from mlconn_pipelines.transport.http_responses import json_object, misshapen
from mlconn_pipelines.transport.odata import Page

DAYS_IN_BIN = 15
"""How far back Salesforce tells of deletions, and less where the recycle bin was emptied."""

_LEAST = dt.timedelta(minutes=2)
_WINNERS_MAX = 10


@dataclass(frozen=True, slots=True)
class Deleted:
    """Deletions of one object. at: by id, 18 characters. covered: where the next question begins, which is not where this one ended.

    complete: whether all since the moment that was asked for are told; else an id comparison has to say the rest.
    """

    at: Mapping[str, dt.datetime]
    covered: dt.datetime
    complete: bool


class Deletions:
    """Implements DeletedRecords. now: the time, aware."""

    def __init__(self, api: SalesforceApi, now: Callable[[], dt.datetime]) -> None:
        self._api, self._now = api, now

    def deleted(self, entity: str, since: dt.datetime) -> Deleted:
        """What was deleted since, by getDeleted; a window of too many is halved. Errors: as of reads."""
        now = self._now()
        earliest = now - dt.timedelta(days=DAYS_IN_BIN) + dt.timedelta(hours=1)
        begin = max(since, earliest)
        found: dict[str, dt.datetime] = {}
        available = begin
        while now - begin >= _LEAST:
            at, covered, available = self._asked(entity, begin, now)
            found |= at
            if covered <= begin:
                break
            begin = covered
        return Deleted(found, begin, since >= max(earliest, available))

    def winners(self, entity: str, ids: Collection[str]) -> Mapping[str, str]:
        """The records that deleted ones were merged into, by the loser's id; through several merges to the last winner."""
        into: dict[str, str] = {}
        asked, ahead = set[str](), set(map(long_id, ids))
        for _ in range(_WINNERS_MAX):
            rows = self._rows(entity, ("Id", "MasterRecordId"), sorted(ahead - asked))
            asked |= ahead
            found = {key: long_id(str(row["MasterRecordId"])) for key, row in rows.items() if row.get("MasterRecordId")}
            into |= found
            if not (ahead := set(found.values()) - asked):
                break
        return {key: _last(into, key) for key in map(long_id, ids) if key in into}

    def gone(self, entity: str, known: Collection[str], has_winners: bool = False) -> Gone:
        """Which of these ids are not among the living any more: the comparison that finds what was deleted for good.

        Each that is not listed is asked for once more by its id before it counts. has_winners: the object can be merged.
        """
        wanted = set(map(long_id, known))
        living: set[str] = set()
        for page in self._api.pages(select(("Id",), entity, "", "Id"), entity):
            living.update(map(key_of, page))
        rows = self._rows(entity, ("Id", "IsDeleted"), sorted(wanted - living))
        in_bin = {key for key, row in rows.items() if row.get("IsDeleted") is True}
        merged = self.winners(entity, in_bin) if has_winners and in_bin else {}
        return Gone(merged, frozenset(in_bin - set(merged)), frozenset(wanted - living - set(rows)))

    def _asked(
        self, entity: str, begin: dt.datetime, end: dt.datetime
    ) -> tuple[dict[str, dt.datetime], dt.datetime, dt.datetime]:
        while True:
            window = f"start={_minute(begin)}&end={_minute(end)}"
            try:
                return self._api.read(f"sobjects/{entity}/deleted/?{window}", _deleted_in)
            except TooManyIds:
                if end - begin <= _LEAST:
                    raise
                end = begin + (end - begin) / 2

    def _rows(self, entity: str, fields: Sequence[str], ids: Sequence[str]) -> dict[str, Mapping[str, object]]:
        """Those of these ids that there are, in the bin too."""
        found: dict[str, Mapping[str, object]] = {}
        for part in split_values(ids):
            asked = set(part)

            def fits(page: Page, asked: set[str] = asked) -> None:
                if any(long_id(str(row.get("Id"))) not in asked for row in page.rows):
                    raise Retryable(f"{self._api.system}: asked for {entity} by id, it answered with others")

            for rows in self._api.pages(select(fields, entity, one_of("Id", part)), entity, deleted=True, fits=fits):
                found |= {key_of(row): row for row in rows}
        return found


def _deleted_in(response: httpx.Response) -> tuple[dict[str, dt.datetime], dt.datetime, dt.datetime]:
    """Deletions by id, until when they are told, and how far back there are any."""
    body = json_object(response)
    try:
        at = {long_id(row["id"]): instant_from_text(row["deletedDate"]) for row in body["deletedRecords"]}
        return at, instant_from_text(body["latestDateCovered"]), instant_from_text(body["earliestDateAvailable"])
    except (KeyError, TypeError, ValueError) as odd:
        raise misshapen(response, "deletions (`deletedRecords`, `latestDateCovered`)") from odd


def _last(into: Mapping[str, str], key: str) -> str:
    for _ in range(_WINNERS_MAX):
        if key not in into:
            break
        key = into[key]
    return key


def _minute(at: dt.datetime) -> str:
    """As getDeleted takes it: UTC, to the minute."""
    return quote(at.astimezone(dt.UTC).replace(second=0, microsecond=0).isoformat(), safe="")
