"""Each partition's totals and documents, read back from the ledger and put beside the asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from mlconn_pipelines.defs.metadata import ROW_COUNT
from mlconn_pipelines.defs.partitions import day_of
from mlconn_pipelines.defs.presentation import DOCUMENTS_SHOWN_MAX, RECORD_SCHEMA, of_documents, of_totals
from mlconn_pipelines.defs.resources import partition_keys_in
from mlconn_pipelines.flows.pipeline import INBOUND, Pipeline


def show_records(context: dg.AssetExecutionContext, pipeline: Pipeline, asset: dg.AssetKey, flow: str) -> None:
    """What was read for every partition that the run is about, on the materialization of that partition."""
    for key in partition_keys_in(context):
        rows = pipeline.engine.reports.day_table(pipeline.name, flow, day_of(key), limit=DOCUMENTS_SHOWN_MAX)
        count = sum(pipeline.engine.reports.totals(pipeline.name, flow, partition=day_of(key)).values())
        metadata = {ROW_COUNT: count, **of_documents(rows, pipeline.engine.zone, RECORD_SCHEMA)}
        context.add_asset_metadata(metadata, asset_key=asset, partition_key=key)


def show_received(context: dg.AssetExecutionContext, pipeline: Pipeline, asset: dg.AssetKey) -> None:
    """How many documents the files of each partition held; their tables are with their sets."""
    for key in partition_keys_in(context):
        totals = pipeline.engine.reports.totals(pipeline.name, INBOUND, partition=day_of(key), direction="inbound")
        context.add_asset_metadata({ROW_COUNT: sum(totals.values())}, asset_key=asset, partition_key=key)


def show_documents(
    context: dg.AssetExecutionContext,
    pipeline: Pipeline,
    asset: dg.AssetKey,
    flow: str,
    *,
    set_id: str = "",
    direction: str = "",
) -> None:
    """On the materialization of every partition that the run is about: its totals by state, and a table of its documents."""
    for key in partition_keys_in(context):
        metadata = _of_day(pipeline, flow, key, set_id=set_id, direction=direction)
        context.add_asset_metadata(metadata, asset_key=asset, partition_key=key)


def show_documents_again(
    context: dg.AssetExecutionContext,
    pipeline: Pipeline,
    asset: dg.AssetKey,
    flow: str,
    done: Mapping[str, Any],
    *,
    set_id: str = "",
    direction: str = "",
) -> None:
    """The same of an asset that an earlier step or run materialized, now that its documents have moved on.

    done: what moved them. It is a further materialization, because pages show no observation beside one.
    """
    for key in partition_keys_in(context):
        metadata = {**done, **_of_day(pipeline, flow, key, set_id=set_id, direction=direction)}
        tags = _tags_of_latest(context.instance, asset, key)
        context.log_event(dg.AssetMaterialization(asset_key=asset, partition=key, metadata=metadata, tags=tags))


def _tags_of_latest(instance: dg.DagsterInstance, asset: dg.AssetKey, key: str) -> Mapping[str, str]:
    """Versions and inputs of what is shown again. Without them it would pass for other data, and all downstream for out of sync."""
    filters = dg.AssetRecordsFilter(asset, asset_partitions=[key])
    records = instance.fetch_materializations(filters, limit=1).records
    latest = records[0].asset_materialization if records else None
    return (latest.tags if latest else None) or {}


def _of_day(pipeline: Pipeline, flow: str | Sequence[str], key: str, **which: Any) -> dict[str, Any]:
    totals = pipeline.engine.reports.totals(pipeline.name, flow, partition=day_of(key), **which)
    rows = pipeline.engine.reports.day_table(pipeline.name, flow, day_of(key), limit=DOCUMENTS_SHOWN_MAX, **which)
    return {**of_totals(totals), **of_documents(rows, pipeline.engine.zone)}


def show_folder_days(context: dg.AssetExecutionContext, pipeline: Pipeline, asset: dg.AssetKey, address: str) -> None:
    """The documents of each of the run's partitions that went to a folder, whatever their flow."""
    for key in partition_keys_in(context):
        metadata = _of_day(pipeline, pipeline.settings.flow_names, key, destination=address)
        context.add_asset_metadata(metadata, asset_key=asset, partition_key=key)
