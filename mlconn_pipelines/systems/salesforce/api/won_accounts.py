"""Accounts with whether an opportunity of theirs was won: read as well when one was won since, though the account did not change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mlconn_pipelines.ports.records import KeyStamp, Record
from mlconn_pipelines.systems.salesforce.api.reading import OVERLAP, RecordReader
from mlconn_pipelines.systems.salesforce.api.soql import all_of, literal, one_of, split_values
from mlconn_pipelines.systems.salesforce.records.stamps import instant_from_text, long_id, stamp_of

NOTED = "HasWonOpportunity"
"""Where it is noted in the records that are given out."""

BY_A_DEAL = " won"
"""Behind a stamp that is a deal's: no moment at which a stream of accounts should have told anything."""

_AT_ONCE = 500


class AccountsWithWonDeals:
    """Reads accounts; implements RecordSource. An account that a deal was won of is listed under the later of the two stamps."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader
        self.stamp_resolution_s = reader.stamp_resolution_s

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """The first read lists every account anyway. Later ones list what changed, and whose deals did, in the same window."""
        if since is None:
            yield from self._reader.changed(entity, since, start, quiet_s)
            return
        begin = instant_from_text(since) - OVERLAP + dt.timedelta(seconds=quiet_s)
        won, listed = self._won(f"SystemModstamp >= {literal(begin)}"), set[str]()
        for page in self._reader.changed(entity, since, start, quiet_s):
            listed.update(one.key for one in page)
            yield [KeyStamp(one.key, max(one.stamp, won.get(one.key, "")), one.unusable) for one in page]
        if rest := [KeyStamp(key, stamp) for key, stamp in won.items() if key not in listed]:
            yield rest

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return self._reader.newest([replace(one, stamp=one.stamp.removesuffix(BY_A_DEAL)) for one in stamps], since)

    def watermark_at(self, moment: dt.datetime) -> str:
        return self._reader.watermark_at(moment)

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            won = self._won_of(part)
            for record in self._reader.records(entity, part):
                yield {**record, NOTED: long_id(str(record["Id"])) in won}

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        return self._reader.dated(entity, first, last)

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        """Those without a won deal: of the others nobody can tell by which of the two stamps they are known."""
        found = self._reader.latest(entity, start, until)
        won = self._won_of([one.key for one in found])
        return [one for one in found if one.key not in won]

    def _won_of(self, keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in split_values(dict.fromkeys(keys)):
            found |= self._won(one_of("AccountId", part))
        return found

    def _won(self, where: str) -> dict[str, str]:
        """Accounts of won opportunities that meet the condition, with the latest stamp of these."""
        found: dict[str, str] = {}
        for rows in self._reader.query("Opportunity", ("AccountId", "SystemModstamp"), all_of("IsWon = true", where)):
            for row in rows:
                if row.get("AccountId"):
                    key = long_id(str(row["AccountId"]))
                    found[key] = max(found.get(key, ""), f"{stamp_of(row)}{BY_A_DEAL}")
        return found
