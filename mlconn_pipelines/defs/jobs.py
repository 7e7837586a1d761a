"""Jobs: one a flow, each a selection of assets that run together in one process."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.defs.keys import FLOW_TAG, INTEGRATION_TAG, Keys
from mlconn_pipelines.defs.partitions import days_of
from mlconn_pipelines.defs.reference import REFERENCE
from mlconn_pipelines.flows.pipeline import INBOUND
from mlconn_pipelines.flows.ports.erp import ErpMapping

MAX_RUNTIME_S = 3_600


def _job(
    integration: Integration, keys: Keys, flow: str, assets: dg.AssetSelection, description: str, partitioned: bool = True
) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        keys.job(flow),
        selection=assets,
        partitions_def=days_of(integration) if partitioned else None,
        executor_def=dg.in_process_executor,
        description=description,
        tags={
            INTEGRATION_TAG: integration.integration,
            FLOW_TAG: flow,
            "dagster/retry_strategy": "ALL_STEPS",
            dg.MAX_RUNTIME_SECONDS_TAG: str(MAX_RUNTIME_S),
        },
    )


def jobs_of(
    integration: Integration, keys: Keys, mapping: ErpMapping, folders: dg.AssetsDefinition
) -> list[UnresolvedAssetJobDefinition]:
    """One job a flow that is on, and one that reads reference data."""
    name = integration.integration
    folder_keys = dg.AssetSelection.assets(*folders.keys)
    jobs = [
        _job(
            integration,
            keys,
            REFERENCE,
            dg.AssetSelection.assets(*(keys.records(declared.name) for declared in mapping.reference_sets)),
            f"Read the reference data of {name}.",
            partitioned=False,
        )
    ]
    for flow in integration.flows.outbound():
        declared = mapping.outbound_sets[flow]
        own = (keys.records(declared.asset), keys.outbound(flow))
        checks = dg.AssetSelection.checks_for_assets(*own)
        assets = dg.AssetSelection.assets(*own) | folder_keys | checks
        jobs.append(
            _job(integration, keys, flow, assets, f"{declared.description} of {name}, from the ERP to partners' folders.")
        )
    if integration.flows.inbound:
        received = keys.received_orders(mapping.inbound.order_asset)
        sets = [keys.inbound(set_id) for set_id in ("850", "855", "856", "810", "824", "997")]
        own_keys = (keys.inbox, *sets, received, keys.outbound("x12_997"), keys.outbound("x12_824"))
        checks = dg.AssetSelection.checks_for_assets(keys.inbox)
        assets = dg.AssetSelection.assets(*own_keys) | folder_keys | checks
        jobs.append(
            _job(
                integration, keys, INBOUND, assets, f"Everything that arrives for {name}: received, checked, posted, answered."
            )
        )
    return jobs
