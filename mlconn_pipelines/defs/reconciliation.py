"""Whether the ledger holds what the ERP holds: compared per document date every night, and what differs is read again."""

import datetime as dt

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.defs.checks import ruled_by
from mlconn_pipelines.defs.dagster_private import AssetJob
from mlconn_pipelines.defs.keys import Keys, tags_of
from mlconn_pipelines.defs.metadata import DIFFERING_DAYS, DIFFERING_DOCUMENTS, JOURNAL_ENTRIES
from mlconn_pipelines.defs.outbound import outbound_days
from mlconn_pipelines.defs.quiet_days import QuietDays, days_before
from mlconn_pipelines.defs.resources import PipelinesResource
from mlconn_pipelines.defs.scorecard import SCORECARD
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.defs.twins import twins_key
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.catching_up import CaughtUp, catch_up, look_through
from mlconn_pipelines.flows.journals import journal_entries_of_day
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.ports.mapping import OutboundSet
from mlconn_pipelines.printable import printable, printable_values
from mlconn_pipelines.wiring.systems import mapping_of

CHECK = "counts_and_amounts_equal_the_erp"
RECONCILIATION = "reconciliation"
"""The flow name of the nightly comparison in tags."""
NAMED_MAX = 20
"""Documents that an alert names; the check's page has them all, and the journal entries of so many."""


def compared_flows(integration: EdiIntegration) -> list[OutboundSet]:
    """The outbound flows that are on."""
    sets = mapping_of(integration.erp).outbound.sets
    return [sets[flow] for flow in integration.flows.outbound()]


def reconciliation_checks(
    integration: EdiIntegration, keys: Keys, declared: OutboundSet, quiet: QuietDays
) -> dg.AssetChecksDefinition:
    """Per document date of the last days: records not cancelled, not ours and due, against ledger documents of that date; all there
    is of master data.

    quiet: reports the days that agree and brought nothing.
    """
    asset = keys.records(declared.asset)
    known = f"Each of {declared.entity} that the ERP has is known as it is now"
    over = f"over the last {integration.reconcile_days_back} days. Every night"
    rule = (
        f"Counts and amounts of {declared.entity} per document date equal those of the ERP, and each record is known as it is now"
        if declared.records_stay
        else f"{known}; what is not there any more tells nothing"
    )
    said = f"{rule}: records not cancelled, not ours and due, against documents whatever their state, {over}"
    if declared.is_master_data:
        rule = said = f"{known}. Every night"

    @dg.asset_check(
        asset=asset,
        name=CHECK,
        description=f"{said}; what differs is read again, and what differs then is told.",
    )
    @in_one_sentence
    def equal(context: dg.AssetCheckExecutionContext, pipelines: PipelinesResource) -> dg.AssetCheckResult:
        pipeline = pipelines.of(integration.integration)
        if pipeline.engine.preview:
            words = "Preview keeps no documents that could be compared."
            return dg.AssetCheckResult(passed=True, description=words, metadata=ruled_by(f"{rule}.", 0))
        today = pipeline.engine.today()
        run = pipeline.run(declared.flow, context.run.run_id, today)
        first = today - dt.timedelta(days=integration.reconcile_days_back)
        route = pipeline.route(run.flow)
        if declared.is_master_data:
            done = look_through(route, run)
        else:
            done = catch_up(route, run, first, today, integration.reconcile_days_per_night)
        _tell(pipeline, declared, done)
        begin = max(first, integration.flows.outbound()[declared.flow].send_from)
        differ = {*done.later, *(each.day for each in done.remaining)}
        agreed = [day for day in days_before(today, begin) if day not in differ]
        quiet.report(context, pipeline, outbound_days(keys, declared), agreed)
        return dg.AssetCheckResult(
            passed=not (done.remaining or done.later),
            severity=dg.AssetCheckSeverity.ERROR if done.remaining else dg.AssetCheckSeverity.WARN,
            description=printable(in_words(done, first)),
            metadata={
                **ruled_by(f"{rule}.", len(done.remaining)),
                **_tables(done),
                **({} if declared.is_master_data else _journal(pipeline, declared, today - dt.timedelta(days=1))),
            },
        )

    return equal


def in_words(done: CaughtUp, first: dt.date) -> str:
    """What was compared, read again and left, for the check's page."""
    if not done.differences and not done.remaining and not done.found:
        return f"All days since {first} agree."
    days = ", ".join(day.isoformat() for day in done.read[:5]) + (" …" if len(done.read) > 5 else "")
    brought = f"{done.found} records were found that no poll had brought"  # of master data, which is of no day
    said = [f"{len(done.differences)} days differed" if done.differences else brought]
    if done.read:
        said.append(
            f"{len(done.read)} of them were read again ({days}), and {done.found} records found that no poll had brought"
        )
    if done.later:
        said.append(f"{len(done.later)} are read again in the coming nights, or now by materializing them")
    if done.remaining:
        said.append(f"{len(done.remaining)} documents differ still: {'; '.join(map(str, done.remaining[:NAMED_MAX]))}")
    elif done.read:
        said.append("what was read again agrees")
    return ". ".join(sentence[0].upper() + sentence[1:] for sentence in said) + "."


def _tell(pipeline: Pipeline, declared: OutboundSet, done: CaughtUp) -> None:
    """One alert a flow while documents differ; its words are those of the last night."""
    cause = f"{CHECK}:{pipeline.name}/{declared.flow}"
    if not done.remaining:
        pipeline.watch.resolve_alert(cause)
        return
    named = "; ".join(map(str, done.remaining[:NAMED_MAX]))
    more = f"; and {len(done.remaining) - NAMED_MAX} more" if len(done.remaining) > NAMED_MAX else ""
    words = f"{len(done.remaining)} documents differ from the ERP, though their days were read again: {named}{more}"
    pipeline.watch.renew_alert(pipeline.name, cause, f"{declared.flow}: {words}")


def _tables(done: CaughtUp) -> dict[str, dg.MetadataValue]:
    days = [
        dg.TableRecord(
            {
                "date": difference.day.isoformat(),
                "in the ERP": difference.erp_count,
                "in the ledger": difference.ledger_count,
                "amount in the ERP": str(difference.erp_amount),
                "amount in the ledger": str(difference.ledger_amount),
                "read again": "yes" if difference.day in done.read else "later",
            }
        )
        for difference in done.differences
    ]
    documents = [
        dg.TableRecord(printable_values({"date": each.day.isoformat(), "document": each.number, "difference": each.words}))
        for each in done.remaining
    ]
    tables = {DIFFERING_DAYS: days, DIFFERING_DOCUMENTS: documents}
    return {title: dg.MetadataValue.table(rows) for title, rows in tables.items() if rows}


def _journal(pipeline: Pipeline, declared: OutboundSet, day: dt.date) -> dict[str, dg.MetadataValue]:
    """What the ERP posted for the documents of the day that the comparison follows, for whoever compares with the books.

    The comparison stands without it, so a journal that cannot be read is told in its place.
    """
    try:
        found = journal_entries_of_day(pipeline.route(declared.flow), day, NAMED_MAX)
    except ConnectorError as trouble:
        words = f"The journal entries of {day} could not be read: {trouble}"
        return {JOURNAL_ENTRIES: dg.MetadataValue.text(printable(words))}
    rows = [
        dg.TableRecord(
            printable_values(
                {
                    "date": day.isoformat(),
                    "document": header.number,
                    "journal entry": entry.number,
                    "debit": "; ".join(f"{line.account} {line.debit:f}" for line in entry.lines if line.debit),
                    "credit": "; ".join(f"{line.account} {line.credit:f}" for line in entry.lines if line.credit),
                }
            )
        )
        for header, entry in found
    ]
    return {JOURNAL_ENTRIES: dg.MetadataValue.table(rows)} if rows else {}


def reconciliation_schedule(integration: EdiIntegration, keys: Keys) -> dg.ScheduleDefinition:
    """Every night, at 02:40 where nothing else is set, by the integration's clock."""
    return dg.ScheduleDefinition(
        name=f"{keys.integration}_reconciliation_schedule",
        job=reconciliation_job(integration, keys),
        cron_schedule=integration.schedules.reconcile_cron,
        execution_timezone=integration.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=(
            "Every night: does the ledger hold what the ERP holds, per document date? What differs is read again. And the "
            "partners' scorecard."
        ),
    )


def reconciliation_job(integration: EdiIntegration, keys: Keys) -> AssetJob:
    """The comparing checks, which read again what differs, and the partners' scorecard."""
    checks = [dg.AssetCheckKey(keys.records(declared.asset), CHECK) for declared in compared_flows(integration)]
    checks += filter(None, [twins_key(integration, keys)])
    return dg.define_asset_job(
        keys.job(RECONCILIATION),
        selection=dg.AssetSelection.checks(*checks) | dg.AssetSelection.assets(keys.report(SCORECARD)),
        executor_def=dg.in_process_executor,
        tags=tags_of(keys.integration, RECONCILIATION),
        description="Compares the ledger with the ERP per document date, reads again what differs, and makes the scorecard.",
    )
