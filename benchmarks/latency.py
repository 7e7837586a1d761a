"""From a file landing in Cleo to the order in SAP: the real daemon with its sensors, everything at its default."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, figure, median, percentile_95, say
from benchmarks.scene import ROOT, SimulatedSystems
from mlconn_pipelines.cli.services import free_port
from mlconn_pipelines.cli.stack import prepared, running
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.systems.cleo.connection import CleoConnection
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_simulators.demo.configuration import INTEGRATION, write_configuration
from mlconn_simulators.demo.credentials import store_credentials

FILES, FILES_QUICK = 20, 4
MEDIAN_MAX_S, PERCENTILE_MAX_S = 20.0, 30.0
PER_SECOND: float = CleoConnection.model_fields["requests_per_second"].default
POLL_S = 10.0
LANDS_WITHIN_S = 120.0
QUIET_S = 25.0
"""Nothing has been due for so long: the first reads are over, and the last run has ended."""

FLOWS = ("x12_810", "x12_850", "x12_856", "inbound")


def measure(quick: bool) -> Iterator[Figure]:
    """One file after the other, each at a random moment between two polls."""
    folder = (ROOT / "latency").absolute()
    EmbeddedServer(folder / "home" / "database").remove()  # of a run that was killed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        ROOT.chmod(0o711)  # the server's own account passes through
    try:
        with SimulatedSystems(documents=50, cleo_requests_per_second=PER_SECOND) as systems:
            seconds = _with_the_daemon(folder, systems, FILES_QUICK if quick else FILES)
    finally:
        EmbeddedServer(folder / "home" / "database").remove()
        shutil.rmtree(folder, ignore_errors=True)
    about = f"{len(seconds)} files, one at a time, at random moments; Dagster's daemon, {PER_SECOND:g} requests/s per path"
    yield figure("file in Cleo to order in SAP, median", median(seconds), "s", "<=", MEDIAN_MAX_S, about)
    yield figure("file in Cleo to order in SAP, 95 %", percentile_95(seconds), "s", "<=", PERCENTILE_MAX_S, "the same files")


def _with_the_daemon(folder: Path, systems: SimulatedSystems, files: int) -> list[float]:
    write_configuration(folder / "config", systems.described, requests_per_second=PER_SECOND)
    home = read_settings({"MLCONN_CONFIG": str(folder / "config"), "MLCONN_HOME": str(folder / "home")})
    with prepared(home) as database, open_stores(database.settings) as stores:
        store_credentials(stores.credentials, systems.described)
        with running(database, free_port()):
            wait_until_quiet(stores)
            seconds = []
            dice = random.Random(1)
            for number in range(1, files + 1):
                time.sleep(dice.uniform(0.0, POLL_S))
                began = time.monotonic()
                (order,) = systems.ask("send_orders", count=1)
                if systems.ask("wait_for_order", number=order, seconds=LANDS_WITHIN_S) is None:
                    raise RuntimeError(f"order {order} was not in SAP after {LANDS_WITHIN_S:.0f} s")
                seconds.append(time.monotonic() - began)
                say(f"  file {number}: {seconds[-1]:.1f} s")
            return seconds


def wait_until_quiet(stores: Stores, within_s: float = 300.0) -> None:
    """The company's own documents have gone out, and no run has anything left to do."""
    deadline = time.monotonic() + within_s
    quiet_since = None
    while time.monotonic() < deadline:
        queue = stores.queue
        started = all(queue.watermark(INTEGRATION, flow) for flow in FLOWS if flow != "inbound")
        busy = not started or any(queue.work(INTEGRATION, flow) for flow in FLOWS)
        quiet_since = None if busy else quiet_since or time.monotonic()
        if quiet_since is not None and time.monotonic() - quiet_since > QUIET_S:
            return
        time.sleep(0.5)
    raise RuntimeError(f"the daemon was still at work after {within_s:.0f} s")
