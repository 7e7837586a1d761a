"""`mlconn backtest`: what of the documents already sent another configuration, or another mapping, would have made different."""

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
    from mlconn_pipelines.flows.backtesting.report import BacktestReport
    from mlconn_pipelines.settings import Settings

TELL_EVERY_S = 2.0


def register(app: typer.Typer) -> None:
    app.command("backtest")(backtest)


def backtest(
    integration: Annotated[str, typer.Argument(metavar="INTEGRATION", help="Name of the integration.")],
    since: Annotated[
        dt.datetime, typer.Option("--since", metavar="D", formats=["%Y-%m-%d"], help="Documents dated that day or later.")
    ],
    until: Annotated[
        dt.datetime | None, typer.Option("--until", metavar="D", formats=["%Y-%m-%d"], help="Dated that day or earlier.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="DIR", help="The configuration to try; the one in force if left out."),
    ] = None,
    flow: Annotated[str, typer.Option("--flow", metavar="F", help="Only this flow, such as x12_810.")] = "",
    partner: Annotated[str, typer.Option("--partner", metavar="NAME", help="Only what was sent to this partner.")] = "",
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file, too.")] = None,
    as_json: Json = False,
) -> None:
    """Render sent documents again and report what would differ. Sends nothing, writes nothing to the ledger.

    Documents are rendered from the record, the reference data, the control numbers and the time of their delivery: with the
    configuration in force every one comes out byte for byte. 0: nothing differs. 1: something does.
    """
    from mlconn_pipelines.config.loading import check_configuration, load_configuration
    from mlconn_pipelines.flows.backtesting.running import backtest as run_backtest
    from mlconn_pipelines.ledger.history import PostgresHistory
    from mlconn_pipelines.wiring.stores import open_stores
    from mlconn_pipelines.wiring.translation import translation_of

    if until is not None and until < since:
        raise ConfigurationError(f"--until {until.date()} lies before --since {since.date()}", "Swap them.")
    settings = _settings(config)
    tried = check_configuration(config.absolute()) if config else load_configuration(settings.config)
    in_force = load_configuration(settings.config) if tried.folder != settings.config else tried
    if html is not None and not html.absolute().parent.is_dir():
        raise ConfigurationError(
            f"there is no folder {html.absolute().parent} for the report", "Make it, or name another file."
        )
    translation = translation_of(tried, integration)
    _check_flow(flow, translation.mapping.outbound_sets)
    with open_stores(settings, with_vault=False) as stores:
        report = run_backtest(
            translation,
            PostgresHistory(stores.engine),
            since.date(),
            until.date() if until else None,
            base=translation_of(in_force, integration) if integration in in_force.integrations else None,
            flows=(flow,) if flow else (),
            partner=partner,
            progress=_progress(),
        )
    if html is not None:
        from mlconn_pipelines.flows.backtesting.pages import html as html_of

        html.write_text(html_of(report), encoding="utf-8")
    _show(report, as_json)
    raise typer.Exit(FOUND if report.differs else FINE)


def _settings(config: Path | None) -> Settings:
    """Of the configuration in force, which also says where the database is; of the one to try where that is the only one."""
    from mlconn_pipelines.cli.acting import settings_for

    settings = settings_for(None)
    return settings if config is None or settings.config.is_dir() else settings_for(config)


def _check_flow(flow: str, outbound: Any) -> None:
    known = [*outbound, "inbound"]
    if flow and flow not in known:
        raise ConfigurationError(f"there is no flow {flow!r} that sends documents", f"There are: {', '.join(known)}.")


def _progress() -> Callable[[int, int], None]:
    """Every two seconds a line on standard error; nothing for short work."""
    told = began = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= TELL_EVERY_S and done < of:
            told = now
            left = (now - began) / done * (of - done)
            say(f"{done} of {of} documents, about {left:.0f} s to go")

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
