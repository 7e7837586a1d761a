"""A document once more: fetched and checked again with today's reference data and configuration, sent only if it never was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.fetching import fetch_again
from mlconn_pipelines.flows.pipeline import INBOUND, Pipeline
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.running import run_flow
from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines.flows.tally import Tally


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one document. refused: why it was not replayed, empty when it was."""

    document_id: str
    before: State | None
    after: State | None
    refused: str = ""


def revive(pipeline: Pipeline, run: Run, selection: Selection, reason: str = "", redeliver: bool = False) -> Tally:
    """Bring what is set aside back to be checked again: the named documents, or those of the selection's days.

    Outbound records are read again first, so that a correction in the ERP counts. What was delivered stays so unless it is
    named with redeliver and a reason. A live run without a selection revives nothing.
    """
    tally = Tally()
    if not selection.documents and not selection.days:
        return tally
    states = frozenset(State) if selection.documents else {State.SET_ASIDE}
    rows = pipeline.ledger.documents(pipeline.name, run.flow, states, **selection.query(), due_only=False)
    for outcome in revive_documents(pipeline, run, rows, reason or "backfill", redeliver):
        tally.add("revived" if not outcome.refused else "not_revived")
        if outcome.refused:
            tally.problem(f"{outcome.document_id}: {outcome.refused}")
    return tally


def revive_documents(
    pipeline: Pipeline, run: Run, documents: Sequence[DocumentRow], reason: str, redeliver: bool
) -> list[Replayed]:
    """The documents back to `seen` where their state allows it; after is the state they have now."""
    outbound = [document for document in documents if document.direction == "outbound" and document.flow != INBOUND]
    if outbound:
        fetch_again(pipeline, run, outbound)
    outcomes = []
    for document in documents:
        now = pipeline.ledger.document(document.id) or document
        refused = ""
        if now.state not in (State.SEEN, State.READY):  # those a newer revision has just revived, or they are on their way
            try:
                pipeline.ledger.replay(run, document.id, reason, redeliver)
            except LedgerError as no:
                refused = str(no)
        after = pipeline.ledger.document(document.id)
        outcomes.append(Replayed(document.id, document.state, after.state if after else None, refused))
    return outcomes


def replay(
    pipeline: Pipeline, run: Run, documents: Sequence[DocumentRow], reason: str, redeliver: bool = False
) -> list[Replayed]:
    """Replay these documents of the run's flow, and no others, through all steps; what became of each."""
    revived = revive_documents(pipeline, run, documents, reason, redeliver)
    if going := tuple(outcome.document_id for outcome in revived if not outcome.refused):
        run_flow(pipeline, run, Selection(documents=going))
    ended = {outcome.document_id: pipeline.ledger.document(outcome.document_id) for outcome in revived}
    return [replace(outcome, after=row.state if (row := ended[outcome.document_id]) else None) for outcome in revived]
