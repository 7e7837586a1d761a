"""Documents a second, from the first fetch to the last `complete`: one run, no limit at the servers, four calls at the ERP at once."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.erp_settings import ERPS, SAP, ErpUnderLoad
from benchmarks.figures import Figure, figure, note, say
from benchmarks.scene import RunReport, Scene, SimulatedSystems, scene, server

DOCUMENTS, DOCUMENTS_QUICK = 2_000, 400
OUTBOUND_MIN, INBOUND_MIN = 100.0, 60.0
WITH_A_CATCH = 1.08
"""One document in twelve or so has a catch and is on hold: with so many more, those sent are about as many as wanted."""
TAKEN_MIN = 0.95
"""Of the documents that come in; an invoice for an order that is done with is on hold."""


def measure(quick: bool) -> Iterator[Figure]:
    """For each ERP what it sends and what becomes a record there."""
    wanted = DOCUMENTS_QUICK if quick else DOCUMENTS
    with server() as database:
        for erp in ERPS:
            documents = round(wanted / erp.share * WITH_A_CATCH)
            with SimulatedSystems(system=erp.kind, documents=documents) as systems:
                with scene(database, systems) as made:
                    yield from _outbound(made, erp)
                if erp.inbound_set == "850":
                    with scene(database, systems) as made:
                        yield from _inbound(made, erp, len(made.systems.ask("send_orders", count=wanted)))
            if erp.inbound_set == "810":
                with (
                    SimulatedSystems(system=erp.kind, documents=documents, partners_answer=True, late_max_s=3600.0) as systems,
                    scene(database, systems) as made,
                ):
                    yield from _inbound(made, erp, _invoices_for_orders(made, erp, wanted))


def _invoices_for_orders(made: Scene, erp: ErpUnderLoad, wanted: int) -> int:
    """Orders go out and are acknowledged, unmeasured; then the vendors' invoices for them lie there. How many."""
    sent = made.run(erp.outbound).count("sent")
    acknowledged = made.systems.ask("wait_for_acknowledgments", count=sent, seconds=120)
    if acknowledged != sent:
        raise RuntimeError(f"of {sent} orders {acknowledged} were acknowledged")
    made.run("inbound")
    return int(made.systems.ask("answer_orders", count=wanted))


def _outbound(made: Scene, erp: ErpUnderLoad) -> Iterator[Figure]:
    before = len(made.systems.ask("uploads"))
    report = made.run(erp.outbound)
    arrived = len(made.systems.ask("uploads")) - before
    sent = report.count("sent")
    if arrived != sent:
        raise RuntimeError(f"the ledger says {sent} sent, Cleo received {arrived}")
    say(
        f"  {erp.title}: {sent} of {report.count('new')} documents sent, {report.count('set_aside') + report.count('on_hold')} on hold"
    )
    about = f"{sent} {erp.outbound.removeprefix('x12_')}s fetched, checked, rendered, uploaded, recorded; one run"
    name = _name("outbound", erp)
    yield figure(name, sent / report.seconds, "documents/s", ">=", OUTBOUND_MIN, about)
    yield _start(f"{name}: start of the run", report)


def _inbound(made: Scene, erp: ErpUnderLoad, wanted: int) -> Iterator[Figure]:
    before = len(made.systems.ask("uploads"))
    report = made.run("inbound")
    posted, answers = report.count("posted"), len(made.systems.ask("uploads")) - before
    if posted < TAKEN_MIN * wanted or answers < wanted:
        raise RuntimeError(
            f"of {wanted} documents {posted} were posted and {answers} answered: {report.counts} {report.problems}"
        )
    say(f"  {erp.title}: {posted} documents posted, {answers} answers")
    unit = f"{erp.inbound_set}s"
    about = f"{posted} {unit}, a file each, received, posted to {erp.title}, answered by a 997 each; one run"
    name = _name("inbound", erp)
    yield figure(name, posted / report.seconds, f"{unit}/s", ">=", INBOUND_MIN, about)
    yield _start(f"{name}: start of the run", report)


def _name(direction: str, erp: ErpUnderLoad) -> str:
    return f"end to end, {direction}" + ("" if erp.kind == SAP else f", {erp.title}")


def _start(name: str, report: RunReport) -> Figure:
    return note(name, report.start_s, "s", "from the start of its process to the first fetch; not counted above")
