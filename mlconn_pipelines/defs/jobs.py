"""Jobs: one a flow, each a selection of assets that run together in one process."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration, Integration
from mlconn_pipelines.defs.backtest import BACKTEST
from mlconn_pipelines.defs.checks import FlowChecks
from mlconn_pipelines.defs.dagster_private import AssetJob
from mlconn_pipelines.defs.inbound import received_sets
from mlconn_pipelines.defs.keys import BACKFILL, Keys, tags_of
from mlconn_pipelines.defs.reference import REFERENCE
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.ports.mapping import ErpMapping

MAX_RUNTIME_S = 3_600


def flow_job(integration: Integration, keys: Keys, flow: str, assets: dg.AssetSelection, description: str) -> AssetJob:
    return dg.define_asset_job(
        keys.job(flow),
        selection=assets,
        executor_def=dg.in_process_executor,
        description=description,
        tags={
            **tags_of(integration.integration, flow, BACKFILL),  # sensors and `mlconn run` say that theirs are live
            "dagster/retry_strategy": "ALL_STEPS",
            dg.MAX_RUNTIME_SECONDS_TAG: str(MAX_RUNTIME_S),
        },
    )


def jobs_of(
    integration: EdiIntegration, keys: Keys, mapping: ErpMapping, folders: dg.AssetsDefinition, checks: Sequence[FlowChecks]
) -> list[AssetJob]:
    """One job a flow that is on, one for reference data, one for backtests. checks: evaluated at the end of their flow's runs."""
    name = integration.integration
    names_of_sets = [keys.records(declared.name) for declared in mapping.reference.sets]
    jobs = [
        flow_job(
            integration,
            keys,
            REFERENCE,
            dg.AssetSelection.assets(*names_of_sets),
            f"Read the reference data of {name}.",
        )
    ]
    checked = {flow.flow: dg.AssetSelection.checks(*(spec.key for spec in flow.specs())) for flow in checks}
    for flow in integration.flows.outbound():
        declared = mapping.outbound.sets[flow]
        own = [keys.records(declared.asset), keys.outbound(flow), *folders.keys]
        words = f"{declared.description} of {name}, from the ERP to partners' folders."
        jobs.append(flow_job(integration, keys, flow, dg.AssetSelection.assets(*own).without_checks() | checked[flow], words))
    if integration.flows.outbound():
        words = f"Render documents of {name} that were sent again with another configuration, and tell what would differ."
        jobs.append(flow_job(integration, keys, BACKTEST, dg.AssetSelection.assets(keys.report(BACKTEST)), words))
    if integration.flows.inbound:
        sets = [keys.inbound(set_id) for set_id in received_sets()]
        answers = [keys.outbound("x12_997"), keys.outbound("x12_824")]
        own = [keys.inbox, *sets, keys.received_orders(mapping.received_asset), *answers, *folders.keys]
        words = f"Everything that arrives for {name}: received, checked, posted, answered."
        jobs.append(
            flow_job(integration, keys, INBOUND, dg.AssetSelection.assets(*own).without_checks() | checked[INBOUND], words)
        )
    return jobs
