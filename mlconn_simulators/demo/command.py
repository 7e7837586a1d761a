"""`mlconn demo`: simulated systems, the real pipelines between them, and at the end both sides compared."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlconn_pipelines.cli.options import Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_table, say, tell

if TYPE_CHECKING:
    from mlconn_pipelines.cli.services import Services
    from mlconn_pipelines.flows.ports.reports import LedgerReports
    from mlconn_simulators.demo.agent import SageAgent
    from mlconn_simulators.demo.description import DemoSystem, Described
    from mlconn_simulators.demo.events import Events
    from mlconn_simulators.demo.progress import Display, Progress
    from mlconn_simulators.demo.report import FlowReport
    from mlconn_simulators.demo.salesforce import Deals

RATE_LIMIT = 50.0
LATE_MAX_S = 10.0
LOOK_EVERY_S = 1.0
ENDS_WITHIN_S = 600.0


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Stop everything at the end instead of staying for a look at the UI.")
    ] = False,
    as_json: Json = False,
    documents: Annotated[
        int,
        typer.Option(
            "--documents", min=1, metavar="N", help="At the start, over the ERPs; answers and Salesforce's deals come on top."
        ),
    ] = 500,
    systems: Annotated[
        str,
        typer.Option("--systems", metavar="NAMES", help="With commas between, one integration each."),
    ] = "sap_business_one,business_central,finance_operations,salesforce,sage_100",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same data.")] = 1,
    port: Annotated[int, typer.Option("--port", metavar="N", help="Of the Dagster UI; another when it is taken.")] = 3000,
    gateway_port: Annotated[
        int, typer.Option("--gateway-port", metavar="N", help="Of the gateway; another when it is taken.")
    ] = 3001,
) -> None:
    """Run everything on this machine: ERPs, Salesforce, Cleo and trading partners simulated, database and Dagster real."""
    from mlconn_simulators.demo.folder import new_folder
    from mlconn_simulators.demo.systems import chosen, with_salesforce

    wanted, deals = chosen(systems), with_salesforce(systems)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    folder = new_folder()
    say(
        f"demo in {folder}: {documents} documents; {RATE_LIMIT:.0f} requests/s per path; partners answer within {LATE_MAX_S:.0f} s"
    )
    with ExitStack() as stack:
        reports, events, seconds, sentence = _play(stack, folder, wanted, deals, documents, seed, (port, gateway_port), ended)
        complaints = [complaint for report in reports for complaint in report.complaints]
        _show(reports, events, seconds, sentence, as_json)
        for complaint in complaints[:20]:
            say(complaint)
        if not once and not ended.is_set():
            counts = f", the gateway's counts at {events.gateway}/metrics" if events.gateway else ""
            say(f"The UI stays at {events.ui} until Ctrl-C{counts}.")
            ended.wait()
    raise typer.Exit(FOUND if complaints else FINE)


def _play(
    stack: ExitStack,
    folder: Path,
    systems: Sequence[DemoSystem],
    with_deals: bool,
    documents: int,
    seed: int,
    ports: tuple[int, int],
    ended: threading.Event,
) -> tuple[list[FlowReport], Events, float, str]:
    """with_deals: whether Salesforce plays. ports: of the UI and of the gateway, where nobody has them. The text is on its deals."""
    from mlconn_pipelines.cli.services import port_or_free
    from mlconn_pipelines.cli.stack import prepared, running
    from mlconn_pipelines.settings import read_settings
    from mlconn_pipelines.wiring.stores import open_stores
    from mlconn_simulators.demo.agent import SageAgent
    from mlconn_simulators.demo.configuration import write_configuration
    from mlconn_simulators.demo.credentials import store_credentials
    from mlconn_simulators.demo.events import Events
    from mlconn_simulators.demo.progress import Display, Progress
    from mlconn_simulators.demo.salesforce import KIND, LANES, Deals, store_deal_credentials, write_deal_configuration
    from mlconn_simulators.demo.sandbox import SandboxProcess
    from mlconn_simulators.demo.systems import divided

    progress = Progress(systems, more_lanes=LANES if with_deals else ())
    shares = divided(documents, systems) | ({KIND: 0} if with_deals else {})
    sandbox = SandboxProcess(folder, shares, seed=seed, rate_limit=RATE_LIMIT, late_max_s=LATE_MAX_S)
    stack.callback(sandbox.stop)
    home = read_settings({"MLCONN_CONFIG": str(folder / "config"), "MLCONN_HOME": str(folder / "home")})
    display = stack.enter_context(Display(progress))
    progress.stage = "starting the database"
    display.show()
    database = stack.enter_context(prepared(home))
    stores = stack.enter_context(open_stores(database.settings))
    ui_port, gateway_port = map(port_or_free, ports)
    gateway = f"http://127.0.0.1:{gateway_port}"
    for system in systems:
        where = folder / "config"
        write_configuration(where, sandbox.described, system, requests_per_second=RATE_LIMIT, gateway=gateway)
        store_credentials(stores.credentials, sandbox.described, system)
    deals = Deals(sandbox.described) if with_deals else None
    if deals is not None:
        write_deal_configuration(folder / "config", sandbox.described)
        store_deal_credentials(stores.credentials, sandbox.described)
    agent = SageAgent(folder / "agent", sandbox.described, stores, gateway) if any(each.agent for each in systems) else None
    if agent is not None:
        stack.callback(agent.stop)
    progress.stage = "starting Dagster, the gateway and the listener" if with_deals else "starting Dagster and the gateway"
    services = stack.enter_context(running(database, ui_port, gateway_port if systems else None, listens=with_deals))
    events = Events(systems, sandbox.described, services.gateway, services.ui, over=not systems)
    events.share_secrets(stores.credentials)
    _expect(progress, sandbox.described)
    _watch(progress, display, stores.reports, events, deals, agent, services, ended)
    reports, sentence = _reports(progress, stores.reports, sandbox.described), ""
    if deals is not None:
        more, sentence = _deal_reports(progress, stores.reports, sandbox.described)
        reports += more
    if agent is not None:
        sentence = f"{sentence} {agent.words()}".strip()
    return reports, events, progress.elapsed, sentence


def _expect(progress: Progress, sandbox: Described) -> None:
    """Note what the ERPs hold now and the flows have to find."""
    from mlconn_simulators.demo.configuration import send_from

    for system in progress.systems:
        progress.expect(system, system.books(sandbox).sources, send_from(sandbox))


def _watch(
    progress: Progress,
    display: Display,
    reports: LedgerReports,
    events: Events,
    deals: Deals | None,
    agent: SageAgent | None,
    services: Services,
    ended: threading.Event,
) -> None:
    """Look until nothing is left to do, twice in a row, with all events told."""
    from mlconn_simulators.demo.progress import all_read
    from mlconn_simulators.demo.sandbox import partner_state

    quiet = 0
    while not ended.wait(LOOK_EVERY_S) and quiet < 2:
        services.supervise()
        if not events.over:
            events.go_on()
            if events.over:
                _expect(progress, events.described)
        for beside in (deals, agent):
            if beside is not None and not beside.over:
                beside.go_on()
        progress.read(reports)
        done = (
            events.over
            and all(beside is None or beside.over for beside in (deals, agent))
            and not progress.on_the_way()
            and all(
                all_read(partner_state(events.described, system), reports.files_received(system.integration))
                for system in progress.systems
            )
        )
        quiet = quiet + 1 if done else 0
        display.show()
        if progress.elapsed > ENDS_WITHIN_S:
            say(f"not finished after {ENDS_WITHIN_S:.0f} s; what is there is reported")
            return


def _reports(progress: Progress, reports: LedgerReports, sandbox: Described) -> list[FlowReport]:
    from mlconn_simulators.demo.comparing import BothSides, compare_inbound, compare_outbound
    from mlconn_simulators.demo.configuration import send_from
    from mlconn_simulators.demo.report import FlowReport, count_states
    from mlconn_simulators.demo.sandbox import partner_state

    made = []
    for system in progress.systems:
        sides = BothSides(system, system.books(sandbox), partner_state(sandbox, system, detail=True))
        name = system.integration
        for flow in system.flows:
            report = FlowReport(name, flow, seconds=round(progress.seconds.get((name, flow), 0.0), 1))
            count_states(report, reports.totals(name, flow))
            counts = reports.acknowledgment_counts(name, flow)
            report.acknowledged, report.awaited = counts.acknowledged, counts.awaited
            report.overdue, report.rejected = counts.overdue, counts.rejected
            reasons = reports.reasons(name, flow)
            report.commonest = reasons[0].code if reasons else ""
            standings = reports.standings(name, flow)
            if flow in system.sends:
                report.expecting = report.sent
                compare_outbound(report, sides, standings, send_from(sandbox))
            else:
                compare_inbound(report, sides, standings, reports.files_received(name))
            made.append(report)
    return made


def _deal_reports(progress: Progress, reports: LedgerReports, sandbox: Described) -> tuple[list[FlowReport], str]:
    from mlconn_simulators.demo.customers import compare_customers, read_customer_books
    from mlconn_simulators.demo.report import FlowReport, count_states
    from mlconn_simulators.demo.salesforce import LANES, compare_deals, read_deal_books

    made = []
    for integration, flow in LANES:
        report = FlowReport(integration, flow, seconds=round(progress.seconds.get((integration, flow), 0.0), 1))
        count_states(report, reports.totals(integration, flow))
        reasons = reports.reasons(integration, flow)
        report.commonest = reasons[0].code if reasons else ""
        made.append(report)
    rows = {report.flow: report for report in made}
    deals = compare_deals(rows["opportunities"], rows["orders"], read_deal_books(sandbox))
    return made, f"{deals} {compare_customers(rows['accounts'], rows['receivables'], read_customer_books(sandbox))}"


def _show(reports: list[FlowReport], events: Events, seconds: float, deals: str, as_json: bool) -> None:
    from mlconn_simulators.demo.report import COLUMNS, table_rows
    from mlconn_simulators.demo.salesforce import LANES

    if as_json:
        tell(json.dumps({"seconds": round(seconds, 1), "ui": events.ui, "flows": [report.as_json() for report in reports]}))
        if events.systems:
            say(events.words())
        if deals:
            say(deals)
        return
    print_table(COLUMNS, table_rows(reports))
    if events.systems:
        by_edi = [report for report in reports if (report.integration, report.flow) not in LANES]
        compared = sum(report.compared for report in by_edi)
        differing = sum(len(report.differences) for report in by_edi)
        tell(f"{compared} sent and posted documents compared with their source by amounts and lines, {differing} differ.")
        tell(events.words())
    if deals:
        tell(deals)
    tell(f"{seconds:.0f} s in all. Dagster UI: {events.ui}")
