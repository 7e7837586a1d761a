"""Documents back to be checked again: the named ones, or what is on hold of the days of a backfill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.fetching import fetch_again
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.ports.operator import Operator
from mlconn_pipelines.flows.ports.queue import Queue
from mlconn_pipelines.flows.route import INBOUND, RecordRoute
from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines.flows.tally import Tally


@dataclass(frozen=True, slots=True)
class Reprocessed:
    """What became of one document. refused: why it was not replayed, empty when it was.

    goes_on_as: id of the revision that goes on, another than document_id where a delivered document is delivered again.
    """

    document_id: str
    before: State | None
    after: State | None
    refused: str = ""
    goes_on_as: str = ""


@dataclass(frozen=True, slots=True)
class Reprocessor:
    """What brings documents back. route: where records are read again; None for the inbound flow, whose bytes are kept."""

    engine: Engine
    operator: Operator
    route: RecordRoute | None


def reprocess_selected(
    reprocessor: Reprocessor, run: Run, selection: Selection, reason: str = "", redeliver: bool = False
) -> Tally:
    """Bring what is on hold back to be checked again: the named documents, or those of the selection's days.

    Outbound records are read again first, so that a correction in the ERP counts. What was delivered stays so unless it is
    named with redeliver and a reason. A live run without a selection revives nothing.
    """
    tally = Tally()
    if not selection.documents and not selection.days:
        return tally
    states = frozenset(State) if selection.documents else {State.ON_HOLD}
    rows = reprocessor.engine.queue.documents(reprocessor.engine.name, run.flow, states, **selection.query(), due_only=False)
    for outcome in reprocess_documents(reprocessor, run, rows, reason, redeliver):
        tally.add("revived" if not outcome.refused else "not_revived")
        if outcome.refused:
            tally.problem(f"{outcome.document_id}: {outcome.refused}")
    return tally


def reprocess_documents(
    reprocessor: Reprocessor, run: Run, documents: Sequence[DocumentRow], reason: str, redeliver: bool
) -> list[Reprocessed]:
    """The documents back to `seen` where their state allows it; after is the state they have now."""
    outbound = [document for document in documents if document.direction == "outbound" and document.flow != INBOUND]
    if outbound and reprocessor.route is not None:
        fetch_again(reprocessor.route, run, outbound)
    outcomes = []
    for document in documents:
        now = reprocessor.engine.queue.document(document.id) or document
        refused = ""
        if now.state is State.BEFORE_GO_LIVE and not reason.strip():
            refused = "It is dated before the flow's send_from; it leaves only with a reason (--reason)."
        elif now.state not in (
            State.PENDING_VALIDATION,
            State.READY,
        ):  # those a newer revision has just revived, or they are on their way
            try:
                reprocessor.operator.reprocess(run, document.id, reason or "checked again", redeliver)
            except LedgerError as no:
                refused = str(no)
        newest = _newest(reprocessor.engine.queue, document)
        outcomes.append(Reprocessed(document.id, document.state, newest.state, refused, newest.id))
    return outcomes


def _newest(queue: Queue, document: DocumentRow) -> DocumentRow:
    """The document's newest revision, which has another id where a delivered one is delivered again."""
    rows = queue.documents(document.integration, document.flow, frozenset(State), ids=(document.id,), due_only=False)
    return rows[-1] if rows else document


def go_on(engine: Engine, revived: Sequence[Reprocessed], run: Callable[[Selection], object]) -> list[Reprocessed]:
    """What became of those that were brought back, after their flow has run for them alone."""
    if going := tuple(outcome.goes_on_as for outcome in revived if not outcome.refused):
        run(Selection(documents=going))
    ended = {outcome.goes_on_as: engine.queue.document(outcome.goes_on_as) for outcome in revived}
    return [replace(outcome, after=row.state if (row := ended[outcome.goes_on_as]) else None) for outcome in revived]
