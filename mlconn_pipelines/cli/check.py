"""`mlconn check`: the configuration with file and line, then each system: sign in, list folders, read a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, WRONG, print_json, print_table, say
from mlconn_pipelines.errors import MlconnError

if TYPE_CHECKING:
    from mlconn_pipelines.config.integration import Integration
    from mlconn_pipelines.config.loading import Configuration
    from mlconn_pipelines.flows.engine import Engine
    from mlconn_pipelines.flows.pipeline import Pipeline
    from mlconn_pipelines.ports.records import ConnectionReport

PROVIDER = "Cleo API Provider"


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(
    config: Config = None,
    files_only: Annotated[bool, typer.Option("--files-only", help="Check the configuration's files; ask no system.")] = False,
    as_json: Json = False,
) -> None:
    """Check the configuration, then ask each system, and show all of it in one table.

    Here every mistake is an error, also of rules that are new in this release and only warn while running.
    """
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.config.loading import check_configuration

    configuration = check_configuration(settings_for(config).config)
    rows = [(one.integration, *_configuration_row(configuration, one)) for one in configuration.every()]
    if not files_only:
        rows += _systems(configuration, config)
    if as_json:
        print_json([{"integration": name, "system": system, "ok": ok, "detail": detail} for name, system, ok, detail in rows])
    else:
        print_table(("integration", "system", "", "detail"), ((n, s, "ok" if ok else "FAILED", d) for n, s, ok, d in rows))
    failed = [
        f"{name}: {detail}" if detail.startswith(system) else f"{name}: {system}: {detail}"
        for name, system, ok, detail in rows
        if not ok
    ]
    for sentence in failed:
        say(sentence)
    raise typer.Exit(WRONG if failed else FINE)


def _configuration_row(configuration: Configuration, integration: Integration) -> tuple[str, bool, str]:
    flows = f"flows {', '.join(integration.flow_names)}"
    if integration.integration in configuration.syncs:
        return "configuration", True, f"{integration.mode} mode, {' and '.join(integration.ends)}, {flows}"
    partners = len(configuration.integration(integration.integration).partners)
    return "configuration", True, f"{integration.mode} mode, {partners} partner{'s' * (partners != 1)}, {flows}"


def _systems(configuration: Configuration, config: Path | None) -> list[tuple[str, str, bool, str]]:
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.flows.sync.route import Maintains
    from mlconn_pipelines.wiring.pipeline import open_pipeline
    from mlconn_pipelines.wiring.routes import routes_of
    from mlconn_pipelines.wiring.stores import open_stores
    from mlconn_pipelines.wiring.sync.opening import open_sync

    settings = settings_for(config)
    rows: list[tuple[str, str, bool, str]] = []
    with open_stores(settings) as stores:
        for integration in configuration.every():
            name = integration.integration
            reports = list(routes_of(integration, configuration.partners_of(name)))
            if name in configuration.syncs:
                with open_sync(name, configuration, settings, stores) as sync:
                    reports += _told(sync.engine, integration)
                    for end, connector in sync.connectors.items():
                        reports += _asked(integration.ends[end].kind, connector.check)
                    for route in sync.routes():
                        if isinstance(route.act, Maintains):
                            reports += _asked(integration.ends["erp"].kind, partial(route.masters.check, route.act.fields))
                        if route.check is not None:
                            reports += _asked(integration.ends[route.between[0]].kind, route.check)
            else:
                with open_pipeline(name, configuration, settings, stores) as pipeline:
                    reports += [*_told(pipeline.engine, integration), *_reports(pipeline)]
            rows += [(name, report.system, report.ok, report.detail) for report in reports]
    return rows


def _told(engine: Engine, integration: Integration) -> Iterable[ConnectionReport]:
    """By flow when its source last told of something, where any is to."""
    from mlconn_pipelines.flows.notifications import told_of
    from mlconn_pipelines.ports.records import ConnectionReport

    for flow in integration.flow_names if integration.is_told else ():
        telling = told_of(engine, flow)
        yield ConnectionReport(f"notifications of {flow}", not telling.is_silent(engine.queue.now()), telling.words())


def _reports(pipeline: Pipeline) -> Iterable[ConnectionReport]:
    from mlconn_pipelines.ports.records import ConnectionReport

    yield from _asked(pipeline.settings.erp.kind, pipeline.erp.check)
    inbound = pipeline.settings.flows.inbound
    folders = [*(inbound.folders if inbound else ()), *(p.destination for p in pipeline.partners if not p.uses_api_provider)]
    exchange = pipeline.settings.exchange.kind
    yield from _asked(exchange, lambda: pipeline.exchange.check(list(dict.fromkeys(folders))))
    for partner in pipeline.partners:
        if partner.uses_api_provider:
            yield from _asked(PROVIDER, partial(_provider_report, pipeline, partner.name))
    yield from _asked("partners", partial(_sets_of_partners, pipeline))
    if pipeline.leaves_files:
        yield ConnectionReport(exchange, True, "after_receipt: leave makes every poll read all files; archive beyond 1,000")


def _sets_of_partners(pipeline: Pipeline) -> Iterable[ConnectionReport]:
    """What partners sent that their files do not list, and what is not checked for want of a grammar."""
    from mlconn_pipelines.flows.sent_sets import about_sets
    from mlconn_pipelines.ports.records import ConnectionReport

    received = pipeline.engine.reports.sets_received(pipeline.name) if pipeline.settings.flows.inbound else {}
    for partner in pipeline.partners:
        counts = {set_id: count for (name, set_id), count in received.items() if name == partner.name}
        for sentence in about_sets(partner, counts):
            yield ConnectionReport(f"partner {partner.name}", True, sentence)


def _provider_report(pipeline: Pipeline, partner: str) -> list[ConnectionReport]:
    """An endpoint can only be tried by sending something; what can be looked at is whether its credential is there."""
    from mlconn_pipelines.ports.records import ConnectionReport

    pipeline.destinations[partner].delivery.reserve()
    return [ConnectionReport(PROVIDER, True, f"ready for partner {partner}; nothing was sent")]


def _asked(system: str, ask: Callable[[], Iterable[ConnectionReport]]) -> list[ConnectionReport]:
    from mlconn_pipelines.ports.records import ConnectionReport

    try:
        return list(ask())
    except MlconnError as trouble:
        return [ConnectionReport(system, False, str(trouble))]
