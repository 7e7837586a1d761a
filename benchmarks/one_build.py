"""One build's end-to-end work, a line at a time: `python -m benchmarks.one_build`, run in the folder of the build that is measured.

It keeps one database server, reads `ERP DIRECTION DOCUMENTS` from standard input and answers each line with one JSON line:
processor seconds of our own process per document. `benchmarks.builds` runs two of them in turn. It is copied into a build that
is older than this file, so it uses only what `benchmarks.scene` and `benchmarks.end_to_end` have had from the start.
"""

from __future__ import annotations

import json
import sys

from benchmarks.end_to_end import _invoices_for_orders
from benchmarks.erp_settings import BY_KIND, ErpUnderLoad
from benchmarks.scene import Scene, SimulatedSystems, scene, server

WITH_A_CATCH = 1.08
"""One document in twelve or so has a catch and is put on hold."""


def main() -> None:
    """Until standard input ends."""
    with server() as database:
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            kind, direction, wanted = line.split()
            erp = BY_KIND[kind]
            for_orders = direction == "inbound" and erp.inbound_set == "810"
            documents = round(int(wanted) / erp.share * WITH_A_CATCH) if direction == "outbound" or for_orders else 20
            partners = {"partners_answer": True, "late_max_s": 3600.0} if for_orders else {}
            with SimulatedSystems(system=kind, documents=documents, **partners) as systems, scene(database, systems) as made:
                work = _outbound if direction == "outbound" else _inbound
                print(json.dumps({"cpu_ms": work(made, erp, int(wanted))}), flush=True)


def _outbound(made: Scene, erp: ErpUnderLoad, wanted: int) -> float:
    """Milliseconds of processor for one document: fetched, checked, rendered, uploaded, recorded."""
    report = made.run(erp.outbound)
    sent = report.count("sent")
    if sent < 0.8 * wanted:
        raise RuntimeError(f"of {wanted} documents {sent} were sent: {report.counts} {report.problems}")
    return report.cpu_s / sent * 1_000


def _inbound(made: Scene, erp: ErpUnderLoad, wanted: int) -> float:
    """Milliseconds of processor for one 850, or 810 for an order: received, checked, posted, answered by a 997."""
    if erp.inbound_set == "810":
        wanted = _invoices_for_orders(made, erp, wanted)
    else:
        made.systems.ask("send_orders", count=wanted)
    report = made.run("inbound")
    posted = report.count("posted")
    if posted < 0.95 * wanted:
        raise RuntimeError(f"of {wanted} orders {posted} were posted: {report.counts} {report.problems}")
    return report.cpu_s / posted * 1_000


if __name__ == "__main__":
    main()
