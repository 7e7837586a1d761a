"""What each partition of an asset holds, read back from the ledger and put beside the asset: its totals and its documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from mlconn_pipelines.defs.metadata import ROW_COUNT
from mlconn_pipelines.defs.partitions import day_of
from mlconn_pipelines.defs.presentation import DOCUMENTS_SHOWN_MAX, RECORD_SCHEMA, of_documents, of_totals
from mlconn_pipelines.defs.resources import partition_keys_in
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.wiring.sync.opening import AnyPipeline

OfDay = Callable[[AnyPipeline, str], dict[str, Any]]
"""What an asset shows of the partition of that key."""


def records_of(flow: str) -> OfDay:
    """What was read, and nothing of what became of it."""

    def of_day(pipeline: AnyPipeline, key: str) -> dict[str, Any]:
        totals, rows = _held(pipeline, flow, key)
        return {ROW_COUNT: sum(totals.values()), **of_documents(rows, pipeline.engine.zone, RECORD_SCHEMA)}

    return of_day


def documents_of(flow: str | Sequence[str], **which: Any) -> OfDay:
    """Totals by state, and a table. which: as `LedgerReports.totals` takes it; all documents of the flow, or flows, without."""

    def of_day(pipeline: AnyPipeline, key: str) -> dict[str, Any]:
        totals, rows = _held(pipeline, flow, key, **which)
        return {**of_totals(totals), **of_documents(rows, pipeline.engine.zone)}

    return of_day


def _held(
    pipeline: AnyPipeline, flow: str | Sequence[str], key: str, **which: Any
) -> tuple[Mapping[str, int], Sequence[Mapping[str, Any]]]:
    """Totals and table of a day. Most days that are reported held nothing, and of those no table is asked for."""
    reports, day = pipeline.engine.reports, day_of(key)
    totals = reports.totals(pipeline.name, flow, partition=day, **which)
    return totals, reports.day_table(pipeline.name, flow, day, limit=DOCUMENTS_SHOWN_MAX, **which) if totals else ()


def received_of(pipeline: AnyPipeline, key: str) -> dict[str, Any]:
    """How many documents the day's files held; their tables are with their sets."""
    totals = pipeline.engine.reports.totals(pipeline.name, INBOUND, partition=day_of(key), direction="inbound")
    return {ROW_COUNT: sum(totals.values())}


def show(context: dg.AssetExecutionContext, pipeline: AnyPipeline, asset: dg.AssetKey, of_day: OfDay) -> None:
    """On the materialization of every partition that the run is about."""
    for key in partition_keys_in(context):
        context.add_asset_metadata(of_day(pipeline, key), asset_key=asset, partition_key=key)


def show_again(
    context: dg.AssetExecutionContext, pipeline: AnyPipeline, asset: dg.AssetKey, of_day: OfDay, done: Mapping[str, Any]
) -> None:
    """The same of an asset that an earlier step or run materialized, now that its documents have moved on.

    done: what moved them. It is a further materialization, because pages show no observation beside one. It bears the versions and
    inputs of the one before: without them it would pass for other data, and all downstream for out of sync.
    """
    for key in partition_keys_in(context):
        filters = dg.AssetRecordsFilter(asset, asset_partitions=[key])
        for record in context.instance.fetch_materializations(filters, limit=1).records:
            tags = record.asset_materialization.tags if record.asset_materialization else None
            metadata = {**done, **of_day(pipeline, key)}
            context.log_event(dg.AssetMaterialization(asset_key=asset, partition=key, metadata=metadata, tags=tags))
