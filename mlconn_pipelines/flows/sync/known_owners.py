"""Records of one system with whether the other one knows whose they are: what belongs to nobody there waits until it does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from mlconn_pipelines.ports.records import KeyStamp, Record, RecordSource

OF_NOBODY = " alone"
"""Behind the stamp of a record whose owner is not known: once it is, the record is listed under another stamp, and read."""


class OfKnownOwners:
    """Implements RecordSource.

    An owner who becomes known changes nothing here: the record is read again while it is listed still, which is for minutes after
    its last change, and else by the nightly comparison.
    """

    def __init__(
        self,
        source: RecordSource,
        key: Callable[[Record], str],
        owner: Callable[[str], str],
        there: Callable[[Collection[str]], Collection[str]],
        noted: str,
    ) -> None:
        """key: of a record. owner: of that key's record. there: which of these owners the other system knows. noted: the name under
        which a record says whether its owner is known."""
        self._source, self._key, self._owner, self._there, self._noted = source, key, owner, there, noted
        self.stamp_resolution_s = source.stamp_resolution_s

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        return self._marked(self._source.changed(entity, since, start, quiet_s))

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return self._source.newest([replace(one, stamp=one.stamp.removesuffix(OF_NOBODY)) for one in stamps], since)

    def watermark_at(self, moment: dt.datetime) -> str:
        return self._source.watermark_at(moment)

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        known = self._known(keys)
        for record in self._source.records(entity, keys):
            yield {**record, self._noted: self._owner(self._key(record)) in known}

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        return self._marked(self._source.dated(entity, first, last))

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        return self._page(self._source.latest(entity, start, until))

    def _marked(self, pages: Iterator[Sequence[KeyStamp]]) -> Iterator[Sequence[KeyStamp]]:
        return map(self._page, pages)

    def _page(self, page: Sequence[KeyStamp]) -> Sequence[KeyStamp]:
        known = self._known([one.key for one in page])
        return [one if self._owner(one.key) in known else replace(one, stamp=f"{one.stamp}{OF_NOBODY}") for one in page]

    def _known(self, keys: Iterable[str]) -> Collection[str]:
        owners = sorted({self._owner(key) for key in keys} - {""})
        return set(self._there(owners)) if owners else set()
