"""A document once more: fetched and checked again with today's reference data and configuration, sent only if it never was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.reviving import Replayed, revive_documents
from mlconn_pipelines.flows.running import run_flow
from mlconn_pipelines.flows.selection import Selection


def replay(
    pipeline: Pipeline, run: Run, documents: Sequence[DocumentRow], reason: str, redeliver: bool = False
) -> list[Replayed]:
    """Replay these documents of the run's flow, and no others, through all steps; what became of each.

    reason: may be empty, except for documents dated before go-live and for redelivery.
    """
    revived = revive_documents(pipeline, run, documents, reason, redeliver)
    if going := tuple(outcome.goes_on_as for outcome in revived if not outcome.refused):
        run_flow(pipeline, run, Selection(documents=going))
    ended = {outcome.goes_on_as: pipeline.engine.queue.document(outcome.goes_on_as) for outcome in revived}
    return [replace(outcome, after=row.state if (row := ended[outcome.goes_on_as]) else None) for outcome in revived]
