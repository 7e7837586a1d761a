"""`mlconn backtest`: what another configuration, or another release, would have made of documents that were sent or received."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlconn_pipelines.cli.options import Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, say, tell
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.config.loading import Configuration
    from mlconn_pipelines.flows.backtesting.received_report import ReceivedReport
    from mlconn_pipelines.flows.backtesting.report import BacktestReport
    from mlconn_pipelines.settings import Settings

TELL_EVERY_S = 2.0


def register(app: typer.Typer) -> None:
    app.command("backtest")(backtest)


def backtest(
    integration: Annotated[str, typer.Argument(metavar="INTEGRATION", help="Name of the integration.")],
    since: Annotated[
        dt.datetime | None,
        typer.Option("--since", metavar="D", formats=["%Y-%m-%d"], help="Dated, or received, that day or later."),
    ] = None,
    until: Annotated[
        dt.datetime | None, typer.Option("--until", metavar="D", formats=["%Y-%m-%d"], help="That day or earlier.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", metavar="N", min=1, help="The last N days, instead of --since.")] = None,
    received: Annotated[
        bool,
        typer.Option(
            "--received", help="What was received instead: what today's rules would hold, refuse or answer otherwise."
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="DIR", help="The configuration to try; the one in force if left out."),
    ] = None,
    flow: Annotated[
        str, typer.Option("--flow", metavar="F", help="Only this flow, such as x12_810; not with --received.")
    ] = "",
    partner: Annotated[str, typer.Option("--partner", metavar="NAME", help="Only documents of this partner.")] = "",
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file, too; not with --received.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Render sent documents again, or read received ones again, and report what would differ.

    Nothing is sent or posted, nothing is written to the ledger. Sent documents are rendered from the record, the reference data,
    the control numbers and the time of their delivery; received originals are read, checked and answered on trial, with the
    reference data of their day and the ERP's records as the ledger holds them. 0: nothing differs. 1: something does.
    """
    from mlconn_pipelines.config.loading import check_configuration, load_configuration

    first = _first_day(since, days)
    if until is not None and until.date() < first:
        raise ConfigurationError(f"--until {until.date()} lies before --since {first}", "Swap them.")
    settings = _settings(config)
    tried = check_configuration(config.absolute()) if config else load_configuration(settings.config)
    in_force = load_configuration(settings.config) if tried.folder != settings.config else tried
    for sentence in tried.told():
        say(sentence)
    last = until.date() if until else None
    if received:
        if flow or html is not None:
            raise ConfigurationError("--flow and --html are not for --received", "Leave them out; --partner narrows it down.")
        came = received_report(settings, tried, integration, first, last, partner)
        _show_received(came, as_json)
        raise typer.Exit(FOUND if came.differs else FINE)
    if html is not None and not html.absolute().parent.is_dir():
        raise ConfigurationError(
            f"there is no folder {html.absolute().parent} for the report", "Make it, or name another file."
        )
    left = sent_report(settings, tried, in_force, integration, first, last, flow, partner)
    if html is not None:
        from mlconn_pipelines.flows.backtesting.pages import html as html_of

        html.write_text(html_of(left), encoding="utf-8")
    _show(left, as_json)
    raise typer.Exit(FOUND if left.differs else FINE)


def _first_day(since: dt.datetime | None, days: int | None) -> dt.date:
    if (since is None) == (days is None):
        raise ConfigurationError("either --since or --days is wanted", "Such as --days 30, or --since 2026-01-31.")
    return since.date() if since is not None else dt.date.today() - dt.timedelta(days=days or 0)


def sent_report(
    settings: Settings,
    tried: Configuration,
    in_force: Configuration,
    integration: str,
    first: dt.date,
    last: dt.date | None = None,
    flow: str = "",
    partner: str = "",
) -> BacktestReport:
    from mlconn_pipelines.flows.backtesting.running import backtest as run_backtest
    from mlconn_pipelines.ledger.history import PostgresHistory
    from mlconn_pipelines.wiring.stores import open_stores
    from mlconn_pipelines.wiring.translation import translation_of

    translation = translation_of(tried, integration)
    _check_flow(flow, translation.mapping.outbound.sets)
    with open_stores(settings, with_vault=False) as stores:
        return run_backtest(
            translation,
            PostgresHistory(stores.engine),
            first,
            last,
            base=translation_of(in_force, integration) if integration in in_force.integrations else None,
            flows=(flow,) if flow else (),
            partner=partner,
            progress=_progress("documents"),
        )


def received_report(
    settings: Settings,
    tried: Configuration,
    integration: str,
    first: dt.date,
    last: dt.date | None = None,
    partner: str = "",
) -> ReceivedReport:
    """Days of the integration's own zone, by when the originals were stored."""
    from zoneinfo import ZoneInfo

    from mlconn_pipelines.flows.backtesting.received import backtest_received
    from mlconn_pipelines.ledger.originals import read_only
    from mlconn_pipelines.wiring.past import past_pipeline
    from mlconn_pipelines.wiring.stores import open_stores

    zone = ZoneInfo(tried.integration(integration).time_zone)
    start = dt.datetime.combine(first, dt.time(), zone)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone) if last else None
    with open_stores(settings, with_vault=False) as stores:
        pipeline, originals, intake = past_pipeline(tried, integration, read_only(stores.engine))
        return backtest_received(
            pipeline.inbound, originals, intake.at_version, start, end, partner=partner, progress=_progress("originals")
        )


def _settings(config: Path | None) -> Settings:
    """Of the configuration in force, which also says where the database is; of the one to try where that is the only one."""
    from mlconn_pipelines.cli.acting import settings_for

    settings = settings_for(None)
    return settings if config is None or settings.config.is_dir() else settings_for(config)


def _check_flow(flow: str, outbound: Any) -> None:
    known = [*outbound, "inbound"]
    if flow and flow not in known:
        raise ConfigurationError(f"there is no flow {flow!r} that sends documents", f"There are: {', '.join(known)}.")


def _progress(what: str) -> Callable[[int, int], None]:
    """Every two seconds a line on standard error; nothing for short work."""
    told = began = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= TELL_EVERY_S and done < of:
            told = now
            left = (now - began) / done * (of - done)
            say(f"{done} of {of} {what}, about {left:.0f} s to go")

    return tell


def _show(report: BacktestReport, as_json: bool) -> None:
    from mlconn_pipelines.flows.backtesting import pages

    if as_json:
        print_json(
            {
                "integration": report.integration,
                "since": report.first,
                "until": report.last,
                "configuration": report.configuration,
                "documents": report.documents,
                "identical": report.identical,
                "different": report.changed,
                "refused": report.refused,
                "seconds": round(report.seconds, 3),
                "flows": [asdict(one) | {"difference": one.difference} for one in report.sums.values()],
                "groups": [asdict(group) for group in report.by_size],
                "differing": report.differing,
            }
        )
        return
    tell(pages.verdict(report))
    if report.documents:
        tell()
        print_table(pages.FLOWS, pages.flow_rows(report))
    if report.groups:
        tell()
        print_table(pages.CAUSES, pages.cause_rows(report))
    sys.stdout.flush()


def _show_received(report: ReceivedReport, as_json: bool) -> None:
    from mlconn_pipelines.flows.backtesting import received_report as pages

    if as_json:
        print_json(
            {
                "integration": report.integration,
                "since": report.start,
                "configuration": report.configuration,
                "originals": report.originals,
                "documents": report.documents,
                "not_compared": report.unknown,
                "seconds": round(report.seconds, 3),
                "groups": [asdict(group) | {"meaning": group.meaning} for group in report.in_order],
            }
        )
        return
    tell(pages.verdict(report))
    if report.differs:
        tell()
        print_table(pages.COLUMNS, pages.rows(report))
    if report.unknown:
        say(f"{report.unknown} documents were read otherwise then, or are not in the ledger any more, and were not compared.")
    sys.stdout.flush()
