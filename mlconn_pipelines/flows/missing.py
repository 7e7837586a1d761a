"""Records that the source lists and does not give out: asked for by themselves until they come, are gone, or a person is told.

A key that came with a listing and with no record is one that a watermark would pass for good. So it is kept in mind, holds the
watermark for a day, and is asked for by every run of its flow, for as long as it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from mlconn_pipelines.errors import ConnectionStopped, ConnectorError, CredentialRefused, NotFound, TryLater
from mlconn_pipelines.flows.ports.entries import FetchedRecord, Run
from mlconn_pipelines.flows.ports.remembered import KeyToRemember, RememberedKey
from mlconn_pipelines.flows.route import RecordRoute
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.records import KeyStamp

ASKED_ALONE_MAX = 50
"""Keys that one run asks for by themselves; the others wait for the next."""

FAILURES_MAX = 40
"""Failed reads of records after which a run gives up telling the good ones from those that fail."""

ASK_AGAIN_MAX_S = 900.0
"""Once nothing else happens, a run asks again after a minute, and then at growing intervals up to this."""

NAMED_MAX = 10
"""Keys that an alert names."""

ABSENT = "it is listed, and the answer to a question for it is that there is no such record"
LEFT_OUT = "it is listed, and the answer to a question for it leaves it out"

Read = Callable[[Sequence[str]], Iterable[Sequence[FetchedRecord]]]
"""Whole records by their keys."""


class MissingRecords:
    """One run's reading of a flow's records. held: the lowest stamp that no watermark may pass, None where there is none.

    stamps: of what was listed so far, by key. read: raises ConnectorError where the source gives no good answer.
    """

    def __init__(self, route: RecordRoute, run: Run, stamps: Mapping[str, str], read: Read, tally: Tally) -> None:
        self._route, self._run, self._stamps, self._read, self._tally = route, run, stamps, read, tally
        self._declared, self._settings = route.declared, route.settings
        self._kept = {one.key: one for one in route.engine.queue.remembered_keys(route.name, run.flow, "missing")}
        self._wanted: dict[str, str] = {}
        self._had = bool(self._kept)
        self._failures = 0
        self.held: str | None = None

    def batches(self, keys: Iterable[str], at_once: int) -> Iterator[Sequence[FetchedRecord]]:
        """Records of these keys, then those of keys that did not come at first or were kept in mind; then the rest is kept."""
        wanted = (key for key in keys if not self._is_gone(key))
        while chunk := list(islice(wanted, at_once)):
            self._wanted.update(dict.fromkeys(chunk, LEFT_OUT))
            yield from self._apart(chunk)
        if left := [key for key, note in self._wanted.items() if note == LEFT_OUT]:
            yield from self._apart(left)
        asked: dict[str, bool] = {}
        for key in islice(self._to_ask(), ASKED_ALONE_MAX):
            try:
                found = [batch for batch in map(self._came, self._read([key])) if batch]
            except NotFound:
                found = []
            except (TryLater, CredentialRefused, ConnectionStopped) as trouble:
                self._wanted[key] = str(trouble)
                break  # it would be the same with all others
            except ConnectorError as trouble:
                self._wanted[key], asked[key] = str(trouble), False
                continue
            yield from found
            if not found:
                self._wanted[key], asked[key] = ABSENT, True
        self._keep(asked)

    def _apart(self, keys: Sequence[str]) -> Iterator[Sequence[FetchedRecord]]:
        """What can be read of these. Reads that fail are halved as long as the source answers other questions."""
        try:
            read = [batch for batch in map(self._came, self._read(keys)) if batch]
        except (TryLater, CredentialRefused, ConnectionStopped):
            raise
        except ConnectorError as trouble:
            self._failures += 1
            if self._failures > FAILURES_MAX or (self._failures == 1 and not self._answers()):
                raise
            if len(keys) == 1:
                self._wanted[keys[0]] = str(trouble)
                return
            half = len(keys) // 2
            yield from self._apart(keys[:half])
            yield from self._apart(keys[half:])
            return
        yield from read

    def _answers(self) -> bool:
        try:
            next(iter(self._route.source.changed(self._declared.entity, None, self._settings.send_from)), None)
        except ConnectorError:
            return False
        return True

    def _came(self, batch: Sequence[FetchedRecord]) -> Sequence[FetchedRecord]:
        for record in batch:
            self._wanted.pop(record.facts.key, None)
            self._kept.pop(record.facts.key, None)
        return batch

    def _is_gone(self, key: str) -> bool:
        kept = self._kept.get(key)
        return kept is not None and kept.gone and kept.stamp == self._stamps.get(key, kept.stamp)

    def _to_ask(self) -> Iterator[str]:
        """What was kept in mind first, the longest unasked before the others; then what is missing since now."""
        waiting = sorted((one for one in self._kept.values() if not one.gone), key=lambda one: -(one.asked_s_ago or 0.0))
        yield from (one.key for one in waiting)
        yield from [key for key in self._wanted if key not in self._kept]

    def _keep(self, asked: Mapping[str, bool]) -> None:
        route, run = self._route, self._run
        if not self._wanted and not self._had:
            return
        found = [
            KeyToRemember(key, self._stamp(key), note, asked=key in asked, absent=asked.get(key, False))
            for key, note in self._wanted.items()
        ]
        kept = {
            **self._kept,
            **{one.key: one for one in route.engine.queue.remember_keys(run, "missing", found, route.engine.gone_after_s)},
        }
        for one in (kept[key] for key in self._wanted if kept[key].gone):
            self._tally.add("gone")
            self._tally.problem(f"{self._declared.entity} {one.key} is gone: {one.note}, twice by now.")
        waiting = [one for one in kept.values() if not one.gone]
        self._tally.add("missing", len(waiting))
        hold_s = self._settings.missing_hold_h * 3600
        held = [stamp for one in waiting if one.seen_s_ago < hold_s and (stamp := self._watermark(one))]
        self.held = min(held, default=None)
        tell(route, [one for one in waiting if one.seen_s_ago >= hold_s])

    def _stamp(self, key: str) -> str:
        kept = self._kept.get(key)
        return self._stamps.get(key) or (kept.stamp if kept else "")

    def _watermark(self, one: RememberedKey) -> str | None:
        return self._route.source.newest([KeyStamp(one.key, one.stamp)], None) if one.stamp else None


def due(kept: Sequence[RememberedKey]) -> list[RememberedKey]:
    """Which of the keys kept in mind are worth a run of their own by now."""
    return [one for one in kept if not one.gone and (one.asked_s_ago is None or one.asked_s_ago >= _interval_s(one.asks))]


def worth_reading(kept: Sequence[RememberedKey], page: Sequence[KeyStamp], unseen: Sequence[str]) -> list[str]:
    """Which of the unseen keys of a page are news, and not such as are kept in mind under this very stamp."""
    known = {(one.key, one.stamp) for one in kept}
    stamps = {stamp.key: stamp.stamp for stamp in page} if known else {}
    return [key for key in unseen if (key, stamps.get(key, "")) not in known]


def tell(route: RecordRoute, overdue: Sequence[RememberedKey]) -> None:
    """An alert stands while there are keys that the watermark does not wait for any more."""
    cause = f"missing_records:{route.name}/{route.flow}"
    if not overdue:
        route.watch.resolve_alert(cause)
        return
    declared, settings = route.declared, route.settings
    named = ", ".join(one.key for one in overdue[:NAMED_MAX])
    more = f" and {len(overdue) - NAMED_MAX} more" if len(overdue) > NAMED_MAX else ""
    route.watch.raise_alert(
        route.name,
        cause,
        f"{route.flow}: {len(overdue)} of {declared.entity} are listed by the ERP and could not be read for "
        f"{settings.missing_hold_h:g} hours: "
        f"{named}{more}. The last answer: {overdue[0].note}. Every run of the flow asks for them again, and what is newer is read. "
        "Open these records there, and correct what is wrong with them.",
    )


def _interval_s(asks: int) -> float:
    return min(60.0 * 2.0 ** min(max(asks - 1, 0), 10), ASK_AGAIN_MAX_S)
