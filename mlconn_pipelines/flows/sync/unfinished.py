"""Once a day, records of which something is still to come are read again: not every change leaves a stamp, and days pass."""

from __future__ import annotations

from mlconn_pipelines.documents.lifecycle import DELIVERED
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.flows.fetching import fetch_keys
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.sync.route import SyncRoute, Updates
from mlconn_pipelines.flows.tally import Tally

DOCUMENTS_AT_ONCE = 1_000
"""Documents held in memory at once."""

FOUND = "read again, as every day"
"""What the trail of a document says that no poll had brought."""


def read_unfinished(route: SyncRoute, run: Run) -> Tally:
    """Before the changes are fetched, with which the day is noted: a run that dies is followed by one that reads them all."""
    act = route.act
    if run.preview or not isinstance(act, Updates) or act.day is None:
        return Tally()
    if not route.engine.queue.unseen(route.name, run.flow, [act.day()]):
        return Tally()
    unfinished, after = dict[str, bool](), ""
    while rows := route.engine.queue.documents(
        route.name, run.flow, DELIVERED, due_only=False, limit=DOCUMENTS_AT_ONCE, after=after, with_raw=False
    ):
        # Oldest first, so that of several revisions the newest says it.
        unfinished |= {row.source_key: from_json(act.kind, row.canonical).is_unfinished for row in rows if row.canonical}
        after = rows[-1].id
    return fetch_keys(route, run, {key: "" for key, still in unfinished.items() if still}, FOUND)
