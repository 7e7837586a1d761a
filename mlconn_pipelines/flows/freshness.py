"""Whether what changed in the ERP is read, asked in another way than the polls ask."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from mlconn_pipelines.flows.route import RecordRoute
from mlconn_pipelines.ports.records import KeyStamp


@dataclass(frozen=True, slots=True)
class Freshness:
    """watermark, clock: how far was read, and what the source's clock shows by the database's; alike in form.

    moved_at: when the watermark last moved, aware. unread: of the newest records, those that are not known as they are now,
    oldest first.
    """

    watermark: str | None
    clock: str
    moved_at: dt.datetime | None
    moved_lately: bool
    unread: tuple[KeyStamp, ...]

    @property
    def lies_ahead(self) -> bool:
        """No poll would read what is newer."""
        return self.watermark is not None and self.watermark > self.clock


def freshness(route: RecordRoute, within: dt.timedelta) -> Freshness:
    """Ask the ERP for its newest records, whatever the watermark says, and the ledger whether it has them.

    within: what was changed so long ago has been read.
    """
    declared, settings = route.declared, route.settings
    found = route.engine.queue.watermark_now(route.name, route.flow)
    long_ago = route.source.watermark_at(route.engine.local(found.now - within))
    lately = found.moved_at is not None and found.now - found.moved_at <= within
    newest = route.source.latest(declared.entity, settings.send_from, long_ago)
    at = {stamp.key: route.source.newest([stamp], None) or "" for stamp in newest}
    # Where stamps are days, those of today tell nothing while the polls are at work: it may have come a second ago.
    due = [stamp for stamp in newest if at[stamp.key] < long_ago or (at[stamp.key] == long_ago and not lately)]
    unknown = set(route.engine.queue.unseen(route.name, route.flow, due))
    gone = {one.key for one in route.engine.queue.remembered_keys(route.name, route.flow, "missing") if one.gone}
    unread = sorted((stamp for stamp in due if stamp.key in unknown - gone), key=lambda stamp: at[stamp.key])
    clock = route.source.watermark_at(route.engine.local(found.now))
    return Freshness(found.value, clock, found.moved_at, lately, tuple(unread))
