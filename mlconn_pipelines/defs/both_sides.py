"""Whether both systems of a sync integration hold the same: compared every night; what differs is read or written again, or told."""

from collections.abc import Iterator

import dagster as dg

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.defs.checks import ruled_by
from mlconn_pipelines.defs.dagster_private import AssetJob
from mlconn_pipelines.defs.keys import Keys, tags_of
from mlconn_pipelines.defs.metadata import BOTH_SIDES, DIFFERING_DOCUMENTS
from mlconn_pipelines.defs.reconciliation import RECONCILIATION
from mlconn_pipelines.defs.resources import PipelinesResource
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.flows.sync.both_sides import BothSides
from mlconn_pipelines.flows.sync.deleted import in_words
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline, compare, look_for_gone
from mlconn_pipelines.printable import printable, printable_values

CHECK = "both_sides_agree"
DELETED = "nothing_deleted_for_good"
DELETED_RULE = (
    "What documents were made of is still in its system, or in its recycle bin. What was made of it is never deleted."
)
RULE = "What is due in one system is in the other, once and over the same amount, and is told back as it stands there."


def both_sides_check(integration: SyncIntegration, flow: str, made: dg.AssetKey) -> dg.AssetChecksDefinition:
    """made: the asset that shows what the flow's documents became."""

    @dg.asset_check(
        asset=made,
        name=CHECK,
        description=(
            f"{RULE} Both systems are asked for the records dated up to {integration.reconcile_days_back} days before and after today, "
            "every night. What no poll brought is read, fields that were overwritten are written again, and what differs then is told."
        ),
    )
    @in_one_sentence
    def agree(context: dg.AssetCheckExecutionContext, pipelines: PipelinesResource) -> dg.AssetCheckResult:
        pipeline = pipelines.sync(integration.integration)
        if pipeline.engine.preview:
            return dg.AssetCheckResult(
                passed=True, description="Preview makes nothing that could be compared.", metadata=ruled_by(RULE, 0)
            )
        found = compare(pipeline, flow, context.run.run_id)
        tell(pipeline, flow, found)
        return dg.AssetCheckResult(
            passed=not found.remaining,
            severity=dg.AssetCheckSeverity.ERROR,
            description=printable(found.words()),
            metadata={**ruled_by(RULE, len(found.remaining)), **_tables(pipeline, flow, found)},
        )

    return agree


def tell(pipeline: SyncPipeline, flow: str, found: BothSides) -> None:
    """One alert a flow while records differ; its words are those of the last night."""
    cause = f"{CHECK}:{pipeline.name}/{flow}"
    if found.remaining:
        pipeline.watch.renew_alert(pipeline.name, cause, f"{flow}: {found.words()}")
    else:
        pipeline.watch.resolve_alert(cause)


def _tables(pipeline: SyncPipeline, flow: str, found: BothSides) -> dict[str, dg.MetadataValue]:
    here, there = pipeline.comparisons[flow].titles
    days = [
        dg.TableRecord(
            {
                "date": day.day.isoformat(),
                f"due in {here}": day.due,
                f"in {there}": day.made,
                f"amount in {here}": f"{day.due_amount:f}",
                f"amount in {there}": f"{day.made_amount:f}",
            }
        )
        for day in found.days
    ]
    records = [
        dg.TableRecord(printable_values({"date": each.day.isoformat(), "document": each.number, "difference": each.words}))
        for each in found.remaining
    ]
    return {title: dg.MetadataValue.table(rows) for title, rows in ((BOTH_SIDES, days), (DIFFERING_DOCUMENTS, records)) if rows}


def deleted_check(integration: SyncIntegration, records: dict[str, dg.AssetKey]) -> dg.AssetChecksDefinition:
    """records: the asset of each flow whose records can be asked for."""
    title = integration.salesforce.title
    specs = [dg.AssetCheckSpec(DELETED, asset=asset, description=DELETED_RULE) for asset in records.values()]

    @dg.multi_asset_check(name=f"{integration.integration}_deleted_checks", specs=specs)
    @in_one_sentence
    def gone(context: dg.AssetCheckExecutionContext, pipelines: PipelinesResource) -> Iterator[dg.AssetCheckResult]:
        pipeline = pipelines.sync(integration.integration)
        found = {} if pipeline.engine.preview else look_for_gone(pipeline, context.run.run_id)
        for flow, asset in records.items():
            rows = found.get(flow, ())
            yield dg.AssetCheckResult(
                asset_key=asset,
                check_name=DELETED,
                passed=not rows,
                severity=dg.AssetCheckSeverity.WARN,
                description=printable(in_words(rows, title)),
                metadata=ruled_by(DELETED_RULE, len(rows)),
            )

    return gone


def deleted_job(keys: Keys, records: dict[str, dg.AssetKey]) -> AssetJob:
    return dg.define_asset_job(
        keys.job("deletions"),
        selection=dg.AssetSelection.checks(*(dg.AssetCheckKey(asset, DELETED) for asset in records.values())),
        executor_def=dg.in_process_executor,
        tags=tags_of(keys.integration, "deletions"),
        description="Compares the keys of documents with what there still is, for what was deleted for good tells no poll.",
    )


def deleted_schedule(integration: SyncIntegration, keys: Keys, job: AssetJob) -> dg.ScheduleDefinition:
    """In the night to Sunday where nothing else is set, at the time of the nightly comparison."""
    return dg.ScheduleDefinition(
        name=f"{keys.integration}_deletions_schedule",
        job=job,
        cron_schedule=integration.schedules.deletions_cron,
        execution_timezone=integration.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Once a week: which records of documents were deleted for good?",
    )


def both_sides_job(keys: Keys, made: dict[str, dg.AssetKey]) -> AssetJob:
    """made: the asset by flow, of those that are compared."""
    return dg.define_asset_job(
        keys.job(RECONCILIATION),
        selection=dg.AssetSelection.checks(*(dg.AssetCheckKey(asset, CHECK) for asset in made.values())),
        executor_def=dg.in_process_executor,
        tags=tags_of(keys.integration, RECONCILIATION),
        description="Compares both systems record by record, reads or writes again what differs, and tells what differs then.",
    )


def both_sides_schedule(integration: SyncIntegration, keys: Keys, job: AssetJob) -> dg.ScheduleDefinition:
    """Every night, at 02:40 where nothing else is set, by the integration's clock."""
    return dg.ScheduleDefinition(
        name=f"{keys.integration}_reconciliation_schedule",
        job=job,
        cron_schedule=integration.schedules.reconcile_cron,
        execution_timezone=integration.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night: do both systems hold the same, by count and amount? What differs is read or written again.",
    )
