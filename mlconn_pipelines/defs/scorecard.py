"""`acme/reports/partner_scorecard`: what each trading partner did lately, by day and set. Made every night; reads the ledger only."""

import datetime as dt
from typing import Any

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.defs.keys import FLOW_TAG, Keys
from mlconn_pipelines.defs.metadata import COLUMN_SCHEMA, DOCUMENT_COUNT, ROW_COUNT, SCORECARD_TABLE
from mlconn_pipelines.defs.partitions import today_of
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.ledger.exports import document_rows
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import open_stores

SCORECARD = "partner_scorecard"
ROWS_SHOWN_MAX = 200
_SHOWN_AS = {"text": "string", "date": "date", "count": "int", "hours": "float"}


def scorecard_asset(integration: EdiIntegration, keys: Keys, flow: str) -> dg.AssetsDefinition:
    """A row a partner, day, direction and set; newest days first, and of a day what is on hold or rejected. flow: whose job makes it."""
    days_back = integration.schedules.scorecard_days_back

    @dg.asset(
        key=keys.report(SCORECARD),
        freshness_policy=_by_the_morning(integration),
        group_name=keys.group("reports"),
        kinds={"pandas"},
        tags={FLOW_TAG: flow},
        description=(
            f"Of the last {days_back} days, by partner, day and set: documents, delivered, on hold, rejected, duplicates, and how "
            "long their 997s took. `mlconn export scorecard` writes the same as a file."
        ),
    )
    @in_one_sentence
    def scorecard(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from mlconn_pipelines.reports import frames  # pandas takes a while to load

        today = today_of(integration)
        with open_stores(read_settings(), with_vault=False) as stores:
            rows = document_rows(stores.engine, integration.integration, today - dt.timedelta(days=days_back), today)
        frame = frames.scorecard(rows).sort_values(["day", "on_hold", "rejected"], ascending=False, kind="stable")
        columns = [dg.TableColumn(name, _SHOWN_AS[kind]) for name, kind in frames.SCORECARD.items()]
        schema = dg.TableSchema(columns=columns)
        shown = [
            dg.TableRecord({str(name): _cell(value) for name, value in row.items()})
            for row in frame.head(ROWS_SHOWN_MAX).to_dict("records")
        ]
        return dg.MaterializeResult(
            metadata={
                ROW_COUNT: len(frame),
                COLUMN_SCHEMA: schema,
                DOCUMENT_COUNT: len(rows),
                **({SCORECARD_TABLE: dg.MetadataValue.table(shown, schema)} if shown else {}),
            }
        )

    return scorecard


def _by_the_morning(integration: EdiIntegration) -> dg.FreshnessPolicy:
    """Two hours after the nightly comparison begins. Made up to four hours before that counts, since a clock may be put back."""
    begin = dt.datetime.strptime(integration.schedules.reconcile_at, "%H:%M")
    deadline = begin + dt.timedelta(hours=2)
    return dg.FreshnessPolicy.cron(f"{deadline.minute} {deadline.hour} * * *", dt.timedelta(hours=4), integration.time_zone)


def _cell(value: Any) -> str | int | float:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return value if isinstance(value, (str, int, float)) else ""  # no hours where nothing was acknowledged
