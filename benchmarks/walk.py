"""How many rooms one document walks through: `python -m benchmarks.walk`.

Counts, during one run of one document after a warm-up run (imports not counted): the product's files of which a function was
entered, and the calls that cross from one folder into another. For an outbound invoice and for a received 850. It says how much a
reader has to open to follow one document, not how fast anything is.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import mlconn_pipelines
from benchmarks.scene import INTEGRATION, Scene, SimulatedSystems, scene, server
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.running import run_flow

PRODUCT = Path(mlconn_pipelines.__file__).parent


@dataclass
class Walk:
    """files: entered, with how often. crossings: (room, room) to calls from a function of the first into one of the second."""

    files: Counter[str] = field(default_factory=Counter)
    crossings: Counter[tuple[str, str]] = field(default_factory=Counter)

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Every function entered in any thread until the block ends."""
        threading.setprofile_all_threads(self._event) if hasattr(threading, "setprofile_all_threads") else None
        threading.setprofile(self._event)
        sys.setprofile(self._event)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]

    def _event(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or (here := _file(frame)) is None:
            return
        self.files[here] += 1
        caller = frame.f_back
        while caller is not None and (there := _file(caller)) is None:
            caller = caller.f_back
        if caller is not None and there is not None and _room(there) != _room(here):
            self.crossings[_room(there), _room(here)] += 1


def _file(frame: FrameType) -> str | None:
    """The product's file of a frame, None for any other; comprehensions and lambdas count as the function around them."""
    name = frame.f_code.co_filename
    return str(Path(name).relative_to(PRODUCT)) if name.startswith(f"{PRODUCT}/") else None


def _room(file: str) -> str:
    return str(Path(file).parent)


def walk(made: Scene, flow: str, bring: Callable[[], object]) -> Walk:
    """One document through one run, after another went the same way."""
    recorded = Walk()
    with made.pipeline() as pipeline:
        bring()
        _run(pipeline, flow)
        bring()
        with recorded.recorded():
            _run(pipeline, flow)
    return recorded


def _run(pipeline: Pipeline, flow: str) -> None:
    today = dt.datetime.now(dt.UTC).date()
    config_hash = getattr(pipeline, "engine", pipeline).config_hash  # commits of before that are measured too
    tallies = run_flow(pipeline, Run(INTEGRATION, flow, "walk", today, config_hash=config_hash))
    done = sum(tally.counts.get(what, 0) for tally in tallies.values() for what in ("sent", "posted"))
    if not done:
        raise RuntimeError(f"no document went through: {[dict(tally.counts) for tally in tallies.values()]}")


def measure() -> dict[str, Walk]:
    """By flow."""
    with server() as database, SimulatedSystems(documents=20) as systems, scene(database, systems) as made:
        made.run("x12_810")
        return {
            "x12_810": walk(made, "x12_810", lambda: systems.ask("add_documents", entity="Invoices", count=1)),
            "inbound": walk(made, "inbound", lambda: systems.ask("send_orders", count=1)),
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walk", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="every file and every crossing")
    options = parser.parse_args()
    walks = measure()
    if options.json:
        crossings = {flow: {f"{a} -> {b}": n for (a, b), n in one.crossings.most_common()} for flow, one in walks.items()}
        print(json.dumps({flow: {"files": one.files, "crossings": crossings[flow]} for flow, one in walks.items()}, indent=1))
        return
    for flow, one in walks.items():
        print(f"{flow}: {len(one.files)} files, {sum(one.crossings.values())} calls between rooms")
        for room, files in sorted(Counter(_room(file) for file in one.files).items()):
            print(f"  {room}: {files}")


if __name__ == "__main__":
    main()
