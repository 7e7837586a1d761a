"""Whether the ledger holds what the ERP holds: counts and amounts per document date, as an asset check on a schedule."""

from __future__ import annotations

import datetime as dt

import dagster as dg

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.defs.keys import Keys, tags_of
from mlconn_pipelines.defs.partitions import today_of
from mlconn_pipelines.defs.resources import PipelinesResource
from mlconn_pipelines.defs.twins import twins_key
from mlconn_pipelines.defs.watching import tell
from mlconn_pipelines.flows.comparing import compare_with_erp
from mlconn_pipelines.flows.ports.erp import OutboundSet
from mlconn_pipelines.wiring.systems import mapping_of

CHECK = "counts_and_amounts_equal_the_erp"
DAYS_BACK = 35
RECONCILIATION = "reconciliation"
"""The flow name of the nightly comparison in tags."""


def compared_flows(integration: Integration) -> list[OutboundSet]:
    """The outbound flows that are on and whose records stay in the ERP. (Business Central's orders vanish once invoiced in full.)"""
    sets = mapping_of(integration.erp).outbound_sets
    return [sets[flow] for flow in integration.flows.outbound() if sets[flow].records_stay]


def reconciliation_checks(integration: Integration, keys: Keys, declared: OutboundSet) -> dg.AssetChecksDefinition:
    """Per document date of the last 35 days: records not cancelled, not ours and due, against ledger documents of that date."""
    asset = keys.records(declared.asset)

    @dg.asset_check(
        asset=asset,
        name=CHECK,
        description=(
            f"Counts and amounts of {declared.entity} per document date, over the last {DAYS_BACK} days, equal those of the ERP: "
            "records not cancelled, not ours and due, against documents whatever their state. Evaluated every night."
        ),
    )
    def equal(pipelines: PipelinesResource) -> dg.AssetCheckResult:
        pipeline = pipelines.of(integration.integration)
        last = today_of(integration)
        first = last - dt.timedelta(days=DAYS_BACK)
        differences = compare_with_erp(pipeline, declared.flow, first, last)
        rows = [
            dg.TableRecord(
                {
                    "date": difference.day.isoformat(),
                    "in the ERP": difference.erp_count,
                    "in the ledger": difference.ledger_count,
                    "amount in the ERP": str(difference.erp_amount),
                    "amount in the ledger": str(difference.ledger_amount),
                }
            )
            for difference in differences
        ]
        days = ", ".join(difference.day.isoformat() for difference in differences[:5])
        words = f"{len(differences)} days differ ({days} …): materialize these days of {asset.to_user_string()}"
        tell(pipeline, f"{CHECK}:{pipeline.name}/{declared.flow}", f"{declared.flow}: {words}", not differences)
        return dg.AssetCheckResult(
            passed=not differences,
            severity=dg.AssetCheckSeverity.ERROR,
            description=words if differences else f"All days since {first} agree.",
            metadata={"days that differ": dg.MetadataValue.table(rows)} if rows else {},
        )

    return equal


def compares(integration: Integration, keys: Keys) -> bool:
    """Whether there is anything to compare."""
    return bool(compared_flows(integration)) or twins_key(integration, keys) is not None


def reconciliation_schedule(integration: Integration, keys: Keys) -> dg.ScheduleDefinition:
    """Every night at 02:40 by the integration's clock."""
    return dg.ScheduleDefinition(
        name=f"{keys.integration}_reconciliation_schedule",
        job=reconciliation_job(integration, keys),
        cron_schedule="40 2 * * *",
        execution_timezone=integration.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night: does the ledger hold what the ERP holds, by count and amount per document date?",
    )


def reconciliation_job(integration: Integration, keys: Keys) -> dg.UnresolvedAssetJobDefinition:
    """Only the comparing checks."""
    checks = [dg.AssetCheckKey(keys.records(declared.asset), CHECK) for declared in compared_flows(integration)]
    checks += filter(None, [twins_key(integration, keys)])
    return dg.define_asset_job(
        keys.job(RECONCILIATION),
        selection=dg.AssetSelection.checks(*checks),
        executor_def=dg.in_process_executor,
        tags=tags_of(keys.integration, RECONCILIATION),
        description="Compares the ledger with the ERP by count and amount per document date.",
    )
