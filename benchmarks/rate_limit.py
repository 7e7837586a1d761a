"""How much of Cleo's budget is used by two runs at once that share it through the database."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Figure, figure, say
from benchmarks.scene import Scene, SimulatedSystems, scene, server

PER_SECOND = 5.0
SHARE_MIN = 0.95
DOCUMENTS, DOCUMENTS_QUICK = 900, 300
UPLOADS = "POST /api/folders/{id}/files"
FLOWS = ("x12_850", "x12_856")
"""A fifth of the simulated documents each."""


def measure(quick: bool) -> Iterator[Figure]:
    """Purchase orders and ship notices, each in a run of their own, at the same time."""
    documents = DOCUMENTS_QUICK if quick else DOCUMENTS
    with (
        server() as database,
        SimulatedSystems(documents=documents, cleo_requests_per_second=PER_SECOND) as systems,
        scene(database, systems, requests_per_second=PER_SECOND) as made,
    ):
        yield from _two_at_once(made)


def _two_at_once(made: Scene) -> Iterator[Figure]:
    before = made.systems.ask("requests")["cleo"]
    runs = [made.begin(flow, "--wait-for-line") for flow in FLOWS]
    for run in runs:
        run.wait_until_open()
    for run in runs:
        run.go()
    reports = [run.report() for run in runs]
    after = made.systems.ask("requests")["cleo"]
    taken = sorted(at for _, at in made.systems.ask("uploads"))
    sent = sum(report.count("sent") for report in reports)
    asked = after["requests"].get(UPLOADS, 0) - before["requests"].get(UPLOADS, 0)
    limited = after["rate_limited"] - before["rate_limited"]
    seconds = taken[-1] - taken[0]
    say(f"  {sent} sent in {seconds:.1f} s, {asked} uploads asked for, {limited} times 429; {[r.stopped for r in reports]}")
    if len(taken) != sent or any(report.count("unknown") + report.count("outcome_unknown") for report in reports):
        raise RuntimeError(f"{sent} sent, {len(taken)} received: {[report.counts for report in reports]}")
    # Between the first and the last upload there are one fewer intervals than uploads.
    share = (len(taken) - 1) / (PER_SECOND * seconds)
    about = f"{len(taken)} uploads of two runs at once at {PER_SECOND:g} requests/s per path, counted by Cleo's side"
    yield figure("share of Cleo's budget used", share, "of 1", ">=", SHARE_MIN, about)
    yield figure(
        "documents left by 429s", _left(made), "documents", "<=", 0, f"{limited} answers were 429; the runs ended by themselves"
    )


def _left(made: Scene) -> int:
    """Documents that a run should have sent and did not."""
    from mlconn_pipelines.documents.lifecycle import State

    with made.pipeline() as pipeline:
        states = (State.PENDING_VALIDATION, State.READY, State.OUTCOME_UNKNOWN)
        return sum(len(pipeline.engine.queue.documents(pipeline.name, flow, states, due_only=False)) for flow in FLOWS)
