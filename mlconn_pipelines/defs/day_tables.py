"""A partition's totals and documents, read back from the ledger for a materialization."""

from __future__ import annotations

import datetime as dt
from typing import Any

import dagster as dg

from mlconn_pipelines.defs.partitions import day_of
from mlconn_pipelines.defs.presentation import DOCUMENTS_SHOWN_MAX, of_documents, of_totals
from mlconn_pipelines.defs.resources import days_in
from mlconn_pipelines.flows.pipeline import Pipeline


def day_metadata(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    pipeline: Pipeline,
    flow: str,
    set_id: str = "",
    direction: str = "",
) -> dict[str, Any]:
    """Totals and table of the run's newest partition; of a run without partitions, nothing."""
    days = days_in(context)
    if not days:
        return {}
    return _of_day(pipeline, flow, days[-1], set_id=set_id, direction=direction)


def folder_metadata(pipeline: Pipeline, flow: str, partition_key: str, destination: str) -> dict[str, Any]:
    """The documents of one day that went to one folder."""
    rows = pipeline.reports.day_table(
        pipeline.name, flow, day_of(partition_key), destination=destination, limit=DOCUMENTS_SHOWN_MAX
    )
    return of_documents(rows)


def _of_day(pipeline: Pipeline, flow: str, day: dt.date, **which: Any) -> dict[str, Any]:
    totals = pipeline.reports.totals(pipeline.name, flow, partition=day, **which)
    rows = pipeline.reports.day_table(pipeline.name, flow, day, limit=DOCUMENTS_SHOWN_MAX, **which)
    return {**of_totals(totals), **of_documents(rows)}
