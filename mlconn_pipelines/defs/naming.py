"""Documents that somebody named in the launchpad: those that the run cannot find are said aloud."""

from __future__ import annotations

import dagster as dg

from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.printable import printable
from mlconn_pipelines.wiring.sync.opening import AnyPipeline


def warn_unknown_documents(
    context: dg.AssetExecutionContext, pipeline: AnyPipeline, flow: str, selection: Selection, tally: Tally
) -> None:
    """Put named documents that there are not, or that belong to another flow, among the problems of the tally."""
    for document_id in selection.documents:
        row = pipeline.engine.queue.document(document_id)
        if row is None:
            tally.problem(f"{document_id}: there is no such document; `mlconn documents list --number NUMBER` shows the ids")
        elif (row.integration, row.flow) != (pipeline.name, flow):
            tally.problem(f"{document_id} belongs to flow {row.flow} of {row.integration}; run that one")
        else:
            continue
        context.log.warning(printable(tally.problems[-1]))
