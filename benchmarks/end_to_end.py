"""Documents a second, from the first fetch to the last `complete`: one run, no limit at the servers, four calls at SAP at once."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Figure, figure, note, say
from benchmarks.scene import RunReport, Scene, SimulatedSystems, scene, server

DOCUMENTS, DOCUMENTS_QUICK = 2_000, 400
OUTBOUND_MIN, INBOUND_MIN = 100.0, 60.0
INVOICE_SHARE = 0.4
"""Of the simulated company's documents."""


def measure(quick: bool) -> Iterator[Figure]:
    """Outbound 810s and inbound 850s."""
    wanted = DOCUMENTS_QUICK if quick else DOCUMENTS
    # One invoice in twelve or so has a catch and is set aside: with these, the documents sent are about as many as wanted.
    with server() as database, SimulatedSystems(documents=round(wanted / INVOICE_SHARE * 1.08)) as systems:
        with scene(database, systems) as made:
            yield from _outbound(made)
        with scene(database, systems) as made:
            yield from _inbound(made, wanted)


def _outbound(made: Scene) -> Iterator[Figure]:
    report = made.run("x12_810")
    arrived = len(made.systems.ask("uploads"))
    sent = report.count("sent")
    if arrived != sent:
        raise RuntimeError(f"the ledger says {sent} sent, Cleo received {arrived}")
    say(f"  {sent} of {report.count('new')} invoices sent, {report.count('set_aside')} set aside")
    about = f"{sent} invoices fetched, checked, rendered, uploaded, recorded; one run"
    yield figure("end to end, outbound", sent / report.seconds, "documents/s", ">=", OUTBOUND_MIN, about)
    yield _start("end to end, outbound: start of the run", report)


def _inbound(made: Scene, wanted: int) -> Iterator[Figure]:
    made.systems.ask("send_orders", count=wanted)
    before = len(made.systems.ask("uploads"))
    report = made.run("inbound")
    posted, answers = report.count("posted"), len(made.systems.ask("uploads")) - before
    if posted != wanted or answers != wanted:
        raise RuntimeError(f"of {wanted} orders {posted} were posted and {answers} answered: {report.counts} {report.problems}")
    say(f"  {posted} orders posted, {answers} answered")
    about = f"{posted} 850s, a file each, received, posted to SAP, answered by a 997 each; one run"
    yield figure("end to end, inbound", posted / report.seconds, "850s/s", ">=", INBOUND_MIN, about)
    yield _start("end to end, inbound: start of the run", report)


def _start(name: str, report: RunReport) -> Figure:
    return note(name, report.start_s, "s", "from the start of its process to the first fetch; not counted above")
