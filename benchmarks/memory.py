"""The memory of a run over many documents: its process with everything in it, at its highest."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.erp_settings import BY_KIND, SAP
from benchmarks.figures import Figure, figure
from benchmarks.scene import SimulatedSystems, scene, server

DOCUMENTS, DOCUMENTS_QUICK = 10_000, 1_000
MEGABYTES_MAX = 400.0


def measure(quick: bool) -> Iterator[Figure]:
    """One outbound and one inbound run."""
    wanted = DOCUMENTS_QUICK if quick else DOCUMENTS
    with server() as database, SimulatedSystems(documents=round(wanted / BY_KIND[SAP].share)) as systems:
        with scene(database, systems) as made:
            report = made.run("x12_810")
            about = f"highest resident memory of the process, Dagster loaded; {report.count('new')} invoices"
            yield figure("memory of a run, outbound", report.peak_mb, "MB", "<=", MEGABYTES_MAX, about)
        with scene(database, systems) as made:
            systems.ask("send_orders", count=wanted)
            report = made.run("inbound")
            about = f"the same; {report.count('posted')} 850s posted and answered"
            yield figure("memory of a run, inbound", report.peak_mb, "MB", "<=", MEGABYTES_MAX, about)
