"""How much a run is slowed by the documents of the past: the same work with a full ledger and with a nearly empty one."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Figure, figure, median, say
from benchmarks.filling import fill
from benchmarks.scene import SimulatedSystems, scene, server

PAST, PAST_QUICK = 200_000, 20_000
SLOWER_MAX = 1.2
ADDED, ORDERS = 300, 150
ROUNDS, ROUNDS_QUICK = 7, 2
FLOWS = ("x12_810", "inbound")


def measure(quick: bool) -> Iterator[Figure]:
    """Rounds of new documents, run by both ledgers in turn; the median of each."""
    past, rounds = (PAST_QUICK, ROUNDS_QUICK) if quick else (PAST, ROUNDS)
    with (
        server() as database,
        SimulatedSystems(documents=500) as systems,
        SimulatedSystems(documents=500) as others,
        scene(database, systems) as full,
        scene(database, others) as empty,
    ):
        for systems_of_one in (systems, others):
            systems_of_one.ask("send_orders", count=200)
        for made in (full, empty):
            for flow in ("x12_810", "x12_850", "x12_856", "inbound"):
                made.run(flow)
        held = fill(full.database, past)
        say(f"  the full ledger holds {held} documents")
        seconds: dict[tuple[str, str], list[float]] = {}
        for number in range(rounds):
            pair = [("full", full), ("empty", empty)]
            for which, made in pair if number % 2 else reversed(pair):  # neither always goes first
                made.systems.ask("add_documents", entity="Invoices", count=ADDED)
                made.systems.ask("send_orders", count=ORDERS)
                for flow in FLOWS:
                    seconds.setdefault((flow, which), []).append(made.run(flow).seconds)
        for flow in FLOWS:
            slower = median(seconds[flow, "full"]) / median(seconds[flow, "empty"])
            work = f"{ADDED} new invoices" if flow == "x12_810" else f"{ORDERS} new 850s"
            about = f"{work}, a ledger of {held} documents against an empty one; medians of {rounds} runs each"
            yield figure(f"a full ledger, {flow}", slower, "times as long", "<=", SLOWER_MAX, about)
