"""Reference data as assets: partners, items, cost assignments and the like, read so that documents can be checked against them."""

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.defs.keys import Keys
from mlconn_pipelines.defs.partitions import today_of
from mlconn_pipelines.defs.presentation import measured, of_tally
from mlconn_pipelines.defs.resources import PipelinesResource
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.ports.mapping import ReferenceSet

REFERENCE = "reference"
"""The flow name of reference reads in runs and tags."""


def reference_asset(integration: EdiIntegration, keys: Keys, declared: ReferenceSet) -> dg.AssetsDefinition:
    """`acme/SYSTEM/items` and its like; versioned in the ledger."""
    name = integration.integration

    @dg.asset(
        key=keys.records(declared.name),
        group_name=keys.group(REFERENCE),
        kinds={keys.system},
        owners=[integration.owner],
        tags={"mlconn/flow": REFERENCE},
        description=f"{declared.description} "
        + ("Read whole and compared by value." if declared.whole else "Read as it changes, with overlap."),
    )
    @in_one_sentence
    def reference(context: dg.AssetExecutionContext, pipelines: PipelinesResource) -> dg.MaterializeResult:
        pipeline = pipelines.of(name)
        run = Run(name, REFERENCE, context.run.run_id, today_of(integration), config_hash=pipeline.engine.config_hash)
        with measured(pipeline) as effort:
            tally = refresh_reference(pipeline, run, (declared.name,))[declared.name]
        version = tally.counts.pop("version", 0)
        metadata = {**of_tally(tally, effort), "reference version": version}
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(str(version)) if version else None)

    return reference
