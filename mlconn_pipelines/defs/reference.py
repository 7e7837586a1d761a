"""Reference data as assets: partners, items, cost assignments and the like, read so that documents can be checked against them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields

import dagster as dg

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.defs.keys import FLOW_TAG, Keys
from mlconn_pipelines.defs.metadata import COLUMN_SCHEMA, REFERENCE_DATA, REFERENCE_VERSION, ROW_COUNT
from mlconn_pipelines.defs.partitions import today_of
from mlconn_pipelines.defs.presentation import measured, of_tally
from mlconn_pipelines.defs.resources import PipelinesResource
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.documents.reference import KINDS
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.ports.mapping import ReferenceSet

REFERENCE = "reference"
"""The flow name of reference reads in runs and tags."""

READS_MISSED, LATE_AT_THE_SOONEST = 8, dt.timedelta(hours=1)
"""Reference data is late when it was not read for so long: two hours by default, more than a restart or a few retries take."""


def reference_asset(integration: Integration, keys: Keys, declared: ReferenceSet) -> dg.AssetsDefinition:
    """`acme/SYSTEM/items` and its like; versioned in the ledger."""
    name, every = integration.integration, dt.timedelta(seconds=integration.reference_every_s)

    @dg.asset(
        key=keys.records(declared.name),
        deps=[keys.external(keys.system)],
        freshness_policy=dg.FreshnessPolicy.time_window(max(READS_MISSED * every, LATE_AT_THE_SOONEST)),
        group_name=keys.group(REFERENCE),
        kinds={keys.system},
        tags={FLOW_TAG: REFERENCE},
        metadata={COLUMN_SCHEMA: _schema(declared)},
        description=f"{declared.description.rstrip('.')}. "
        + ("Read whole and compared by value." if declared.whole else "Read as it changes, with overlap."),
    )
    @in_one_sentence
    def reference(context: dg.AssetExecutionContext, pipelines: PipelinesResource) -> dg.MaterializeResult:
        pipeline = pipelines.of_any_kind(name)
        run = Run(name, REFERENCE, context.run.run_id, today_of(integration), config_hash=pipeline.engine.config_hash)
        with measured(pipeline) as effort:
            tally = refresh_reference(pipeline.system, run, (declared.name,))[declared.name]
        version = tally.counts.pop("version", 0)
        known = len(pipeline.engine.intake.reference_keys(name, declared.name))
        metadata = {ROW_COUNT: known, **of_tally(tally, effort), REFERENCE_VERSION: version}
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(str(version)) if version else None)

    return reference


def reference_used(keys: Keys, sets: Sequence[ReferenceSet]) -> dict[str, dg.MetadataValue]:
    """For the assets whose documents are checked against these sets: a link to each. A dependency would call every earlier day
    out of sync whenever an item changes (docs/decisions/0014)."""
    return {f"{REFERENCE_DATA}_{declared.name}": dg.MetadataValue.asset(keys.records(declared.name)) for declared in sets}


def _schema(declared: ReferenceSet) -> dg.TableSchema:
    """Of what documents are checked against, whichever ERP it was read from."""
    return dg.TableSchema([dg.TableColumn(field.name, str(field.type)) for field in fields(KINDS[declared.kind])])
