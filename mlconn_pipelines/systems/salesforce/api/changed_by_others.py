"""Records that are read again when another one changed which they hang on, though they did not change themselves."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mlconn_pipelines.ports.records import KeyStamp, Record
from mlconn_pipelines.systems.salesforce.api.reading import OVERLAP, RecordReader
from mlconn_pipelines.systems.salesforce.api.soql import all_of, literal, one_of, split_values
from mlconn_pipelines.systems.salesforce.records.accounts import HAS_WON_DEAL
from mlconn_pipelines.systems.salesforce.records.stamps import instant_from_text, key_of, long_id, stamp_of

OF_ANOTHER = " other"
"""Behind a stamp that is another record's: no moment at which a stream of these records should have told anything."""

BEGINNING = dt.datetime(1999, 1, 1, tzinfo=dt.UTC)
"""Nothing of an org is older."""

_AT_ONCE = 500


class ChangedByOthers(ABC):
    """Reads records; implements RecordSource. One that hangs on a changed record is listed under the later of the two stamps."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader
        self.stamp_resolution_s = reader.stamp_resolution_s

    @abstractmethod
    def _since(self, begin: str) -> Mapping[str, str]:
        """Keys of records that hang on what changed since then, with the latest stamp of these others."""

    @abstractmethod
    def _of(self, keys: Sequence[str]) -> Mapping[str, str]:
        """The same of these records, whenever the others changed."""

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """What changed, and whose others did, in the same window; on the first read of all that there are."""
        begin = instant_from_text(since) - OVERLAP + dt.timedelta(seconds=quiet_s) if since else BEGINNING
        others, listed = self._since(literal(begin)), set[str]()
        for page in self._reader.changed(entity, since, start, quiet_s):
            listed.update(one.key for one in page)
            yield [KeyStamp(one.key, max(one.stamp, others.get(one.key, "")), one.unusable) for one in page]
        rest = [KeyStamp(key, stamp) for key, stamp in others.items() if key not in listed]
        if since and rest:  # what is not among all of them is not there
            yield rest

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return self._reader.newest([replace(one, stamp=one.stamp.removesuffix(OF_ANOTHER)) for one in stamps], since)

    def watermark_at(self, moment: dt.datetime) -> str:
        return self._reader.watermark_at(moment)

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        return self._reader.records(entity, keys)

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        return self._reader.dated(entity, first, last)

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        """Those that changed later than what they hang on: of the others nobody can tell by which of the two stamps they are known."""
        found = self._reader.latest(entity, start, until)
        others = self._of([one.key for one in found])
        return [one for one in found if others.get(one.key, "") < one.stamp]

    def _stamps(self, entity: str, fields: Sequence[str], where: str) -> dict[str, str]:
        """fields: that of the key, and the path of the stamp."""
        found: dict[str, str] = {}
        for rows in self._reader.query(entity, fields, where):
            for row in rows:
                key, stamp = row.get(fields[0]), row.get("Account", row) if "." in fields[1] else row
                if key and stamp:
                    key = long_id(str(key))
                    found[key] = max(found.get(key, ""), f"{stamp_of(stamp)}{OF_ANOTHER}")
        return found


class AccountsWithWonDeals(ChangedByOthers):
    """Accounts with whether an opportunity of theirs was won: read as well when one was won since."""

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            won = self._of(part)
            for record in self._reader.records(entity, part):
                yield {**record, HAS_WON_DEAL: key_of(record) in won}

    def _since(self, begin: str) -> Mapping[str, str]:
        return self._won(f"SystemModstamp >= {begin}")

    def _of(self, keys: Sequence[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for part in split_values(dict.fromkeys(keys)):
            found |= self._won(one_of("AccountId", part))
        return found

    def _won(self, where: str) -> dict[str, str]:
        return self._stamps("Opportunity", ("AccountId", "SystemModstamp"), all_of("IsWon = true", where))


class ContactsOfAccounts(ChangedByOthers):
    """Contacts, read as well when their account changed: it may have become a customer."""

    def _since(self, begin: str) -> Mapping[str, str]:
        return self._stamps("Contact", ("Id", "Account.SystemModstamp"), f"Account.SystemModstamp >= {begin}")

    def _of(self, keys: Sequence[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for part in split_values(dict.fromkeys(keys)):
            found |= self._stamps("Contact", ("Id", "Account.SystemModstamp"), one_of("Id", part))
        return found
