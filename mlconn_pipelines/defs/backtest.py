"""`acme/reports/backtest`: what another configuration would have made of documents already sent. Sends and changes nothing."""

import datetime as dt
from pathlib import Path

import dagster as dg
from pydantic import Field

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.config.loading import check_configuration, load_configuration
from mlconn_pipelines.defs.keys import FLOW_TAG, Keys
from mlconn_pipelines.defs.metadata import (
    DIFFERENT,
    DOCUMENT_COUNT,
    IDENTICAL,
    REFUSED,
    REPORT,
    REPORT_FILE,
    RUN_SECONDS,
)
from mlconn_pipelines.defs.partitions import today_of
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.flows.backtesting.pages import html, markdown
from mlconn_pipelines.flows.backtesting.report import BacktestReport
from mlconn_pipelines.flows.backtesting.running import backtest
from mlconn_pipelines.ledger.history import PostgresHistory
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines.wiring.translation import translation_of

BACKTEST = "backtest"
"""The flow name of backtests in jobs and tags."""

DAYS_BACK = 31
TELL_EVERY = 5_000


class BacktestConfig(dg.Config):
    """What to try, and on which documents."""

    since: str = Field(
        default="", description=f"documents dated that day or later, as 2026-01-31; the last {DAYS_BACK} days if empty"
    )
    until: str = Field(default="", description="dated that day or earlier; no end if empty")
    config: str = Field(
        default="", description="configuration folder to try, as the run's worker sees it; the one in force if empty"
    )
    flow: str = Field(default="", description="only this flow, such as x12_810; all if empty")
    partner: str = Field(default="", description="only what was sent to this trading partner (its short name)")


def backtest_asset(integration: EdiIntegration, keys: Keys) -> dg.AssetsDefinition:
    """One report a run: in the run's metadata as Markdown, in the home folder as HTML."""

    @dg.asset(
        key=keys.report(BACKTEST),
        group_name=keys.group("reports"),
        kinds={"x12"},
        tags={FLOW_TAG: BACKTEST},
        description="Sent documents rendered again with another configuration or mapping, and what would differ. Sends nothing.",
    )
    @in_one_sentence
    def report(context: dg.AssetExecutionContext, config: BacktestConfig) -> dg.MaterializeResult:
        settings = read_settings()
        try:
            found = _run(context, settings, integration, config)
        except ConfigurationError as mistake:
            raise dg.Failure(str(mistake), allow_retries=False) from None
        file = _written(found, settings, context.run.run_id)
        return dg.MaterializeResult(
            metadata={
                REPORT: dg.MarkdownMetadataValue(markdown(found)),
                REPORT_FILE: dg.MetadataValue.path(str(file)),
                DOCUMENT_COUNT: found.documents,
                IDENTICAL: found.identical,
                DIFFERENT: found.changed,
                REFUSED: found.refused,
                RUN_SECONDS: round(found.seconds, 1),
            }
        )

    return report


def _run(
    context: dg.AssetExecutionContext, settings: Settings, integration: EdiIntegration, config: BacktestConfig
) -> BacktestReport:
    name = integration.integration
    in_force = load_configuration(settings.config)
    tried = check_configuration(Path(config.config).expanduser().absolute()) if config.config else in_force

    def progress(done: int, of: int) -> None:
        if done == of or done % TELL_EVERY == 0:
            context.log.info(f"{done} of {of} documents compared")

    with open_stores(settings, with_vault=False) as stores:
        return backtest(
            translation_of(tried, name),
            PostgresHistory(stores.engine),
            _day(config.since, "since") or today_of(integration) - dt.timedelta(days=DAYS_BACK),
            _day(config.until, "until"),
            base=translation_of(in_force, name),
            flows=(config.flow,) if config.flow else (),
            partner=config.partner,
            progress=progress,
        )


def _day(text: str, field: str) -> dt.date | None:
    if not text.strip():
        return None
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigurationError(f"{field} is {text!r}", "Write a day as 2026-01-31.") from None


def _written(report: BacktestReport, settings: Settings, run_id: str) -> Path:
    folder = settings.make_home() / "reports"
    folder.mkdir(exist_ok=True)
    file = folder / f"{report.integration}_backtest_{run_id[:8]}.html"
    file.write_text(html(report), encoding="utf-8")
    return file
