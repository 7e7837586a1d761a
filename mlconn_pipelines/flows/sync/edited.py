"""What people edit in the system that a flow writes to, soon after they did: what is not as it was written is written again, or held.

The nightly comparison looks at all of it; this looks at the records that somebody else has changed since the last look.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from mlconn_pipelines.documents.lifecycle import LIVING
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.ports.operator import Operator
from mlconn_pipelines.flows.route import IdleWindow
from mlconn_pipelines.flows.streams import note_poll
from mlconn_pipelines.flows.sync.both_sides import BothSides
from mlconn_pipelines.flows.sync.comparing import compare_rows
from mlconn_pipelines.flows.sync.kept_up import KeptUp
from mlconn_pipelines.flows.sync.route import Collects, Edited, Maintains, SyncRoute
from mlconn_pipelines.flows.sync.told_back import compare_told
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.records import KeyStamp

AT_ONCE = 200
"""Edited records that are compared at once."""

REMEMBERED_MAX = 5_000
"""Records of the last look that are known by their stamp; of more, which somebody loaded at once, the oldest are looked at again."""

_LOOK = "edited"


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a look went. since: a watermark of the source. seen: stamps of the records that lie behind it, by key."""

    since: str | None
    seen: Mapping[str, str]

    @classmethod
    def of(cls, text: str | None) -> _Mark | None:
        return cls(**json.loads(text)) if text else None

    def text(self) -> str:
        return json.dumps({"since": self.since, "seen": self.seen}, sort_keys=True)


def are_edited(route: SyncRoute) -> int:
    """How many records people have edited, or as many as one page has; for sensors, which really look only so often."""
    at, before = route.engine.clock(), route.quiet.get(_LOOK)
    if not route.edited or route.engine.preview or (before is not None and at - before.last_at < route.edits_every_s):
        return 0
    for one in route.edited:
        mark = _Mark.of(route.engine.queue.watermark(route.name, _name(route, one)))
        for page in _fresh(one, mark) if mark else ():
            if page:
                return len(page)
    route.quiet[_LOOK] = IdleWindow(None, before.first_at if before else at, at)
    return 0


def look_at_edited(route: SyncRoute, operator: Operator, run: Run) -> Tally:
    """Compare what people edited since the last look. The first look only notes where the next one begins."""
    tally = Tally()
    if run.preview:
        return tally
    for one in route.edited:
        name = _name(route, one)
        mark = _Mark.of(route.engine.queue.watermark(route.name, name))
        if mark is None:
            mark = _Mark(one.source.watermark_at(route.engine.queue.now()), {})
        else:
            stamps = [stamp for page in _fresh(one, mark) for stamp in page]
            keys = iter(dict.fromkeys(stamp.key for stamp in stamps))
            while part := list(islice(keys, AT_ONCE)):
                if records := one.records(part):
                    _compare(route, operator, run, records, tally)
            note_poll(route.engine, one.entity, [stamp.stamp for stamp in stamps])
            newest = sorted({**mark.seen, **{stamp.key: stamp.stamp for stamp in stamps}}.items(), key=lambda item: item[1])
            mark = _Mark(one.source.newest(stamps, mark.since), dict(newest[-REMEMBERED_MAX:]))
        route.engine.intake.record_notifications((), {(route.name, name): mark.text()})
    return tally


def _name(route: SyncRoute, one: Edited) -> str:
    return f"{route.flow}/edited/{one.entity}"


def _fresh(one: Edited, mark: _Mark) -> Iterator[Sequence[KeyStamp]]:
    for page in one.source.changed(one.entity, mark.since, dt.date.min):
        yield [stamp for stamp in page if not stamp.unusable and mark.seen.get(stamp.key) != stamp.stamp]


def _compare(route: SyncRoute, operator: Operator, run: Run, records: Collection[str], tally: Tally) -> None:
    """records: keys or numbers by which documents of the flow are about them."""
    if isinstance(route.act, Collects):
        tally.add("written_over_by_people", compare_rows(route, route.act, run, records).differing)
        return
    found = BothSides()
    # The newest document of a record need not have reached the other system, and then says nothing of its key.
    about = route.engine.queue.documents(route.name, route.flow, LIVING, about=records, due_only=False, with_raw=False)
    sources = {row.source_key for row in about}
    if isinstance(route.act, Maintains):
        KeptUp(route).compare_some(found, operator, run, sources)
    else:
        compare_told(route, operator, run, found, sources)
    tally.add("written_over_by_people", len(found.written_again) + len(found.asked_for))
    for remaining in found.remaining:
        tally.problem(str(remaining))
