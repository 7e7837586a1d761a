"""Records that were deleted for good after something had been made of them: no poll tells, so once a week all keys are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.fetching import note_deleted
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.sync.route import SyncRoute
from mlconn_pipelines.ports.records import DeletedRecords

DOCUMENTS_AT_ONCE = 5_000
NAMED_MAX = 20


def look_for_deleted(route: SyncRoute, deletions: DeletedRecords, run: Run) -> Sequence[DocumentRow]:
    """Documents whose records are gone. What was made of them is left as it is, and a person is asked about each, once.

    What lies in the recycle bin still is told by polls.
    """
    known = {row.source_key: row for row in _documents(route)}
    if not known:
        return ()
    gone = [known[key] for key in sorted(deletions.gone(route.declared.entity, known).purged)]
    note_deleted(route, run, gone)
    return gone


def in_words(gone: Sequence[DocumentRow], source: str) -> str:
    """source: what people call the system."""
    if not gone:
        return f"Whatever documents were made of is still in {source}, or in its recycle bin."
    named = ", ".join(f"{row.business_number or row.source_key} ({row.id})" for row in gone[:NAMED_MAX])
    more = f" and {len(gone) - NAMED_MAX} more" if len(gone) > NAMED_MAX else ""
    return (
        f"{len(gone)} records of documents were deleted for good in {source}; what was made of them is left as it is, to be cancelled by "
        f"hand where nobody wants it any more: {named}{more}."
    )


def _documents(route: SyncRoute) -> Iterator[DocumentRow]:
    """Those that became records, and those that wait for a person."""
    after = ""
    while rows := route.engine.queue.documents(
        route.name,
        route.flow,
        {State.POSTED, State.ON_HOLD},
        due_only=False,
        direction="outbound",
        limit=DOCUMENTS_AT_ONCE,
        after=after,
        with_raw=False,
    ):
        yield from rows
        after = rows[-1].id
