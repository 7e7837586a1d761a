"""From a deal won in Salesforce to its order in SAP, told by a change event: the real daemon and listener, everything at its default."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figures import Figure, figure, median, percentile_95, say
from benchmarks.scene import ROOT
from mlconn_pipelines.cli.services import free_port
from mlconn_pipelines.cli.stack import prepared, running
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_simulators.demo.reading import done, state
from mlconn_simulators.demo.salesforce import INTEGRATION, KIND, store_deal_credentials, write_deal_configuration
from mlconn_simulators.demo.sandbox import SandboxProcess

DEALS, DEALS_QUICK = 20, 4
MEDIAN_MAX_S, PERCENTILE_MAX_S = 10.0, 20.0
PER_SECOND, POLL_S, LANDS_WITHIN_S = 50.0, 10.0, 120.0
QUIET_S = 25.0


def measure(quick: bool) -> Iterator[Figure]:
    """One deal after the other, each at a random moment between two polls."""
    folder = (ROOT / "sync_latency").absolute()
    EmbeddedServer(folder / "home" / "database").remove()  # of a run that was killed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        ROOT.chmod(0o711)  # the server's own account passes through
    sandbox = SandboxProcess(folder, {KIND: 0}, seed=1, rate_limit=PER_SECOND, late_max_s=1.0)
    try:
        seconds = _with_the_daemon(folder, sandbox.described, DEALS_QUICK if quick else DEALS)
    finally:
        sandbox.stop()
        EmbeddedServer(folder / "home" / "database").remove()
        shutil.rmtree(folder, ignore_errors=True)
    about = f"{len(seconds)} deals, one at a time, at random moments; Dagster's daemon and the listener"
    yield figure("deal won in Salesforce to order in SAP, median", median(seconds), "s", "<=", MEDIAN_MAX_S, about)
    yield figure(
        "deal won in Salesforce to order in SAP, 95 %", percentile_95(seconds), "s", "<=", PERCENTILE_MAX_S, "the same deals"
    )


def _with_the_daemon(folder: Path, described: Mapping[str, Any], deals: int) -> list[float]:
    write_deal_configuration(folder / "config", described)
    _polls_at_defaults(folder / "config" / f"{INTEGRATION}.yaml")
    home = read_settings({"MLCONN_CONFIG": str(folder / "config"), "MLCONN_HOME": str(folder / "home")})
    with prepared(home) as database, open_stores(database.settings) as stores:
        store_deal_credentials(stores.credentials, described)
        with running(database, free_port(), listens=True):
            _wait_until_quiet(stores)
            seconds = []
            dice = random.Random(1)
            for number in range(1, deals + 1):
                time.sleep(dice.uniform(0.0, POLL_S))
                known, began = _orders(described), time.monotonic()
                done(described[KIND]["state"], "win", count=1)
                while _orders(described) == known:
                    if time.monotonic() - began > LANDS_WITHIN_S:
                        raise RuntimeError(f"deal {number} was not an order in SAP after {LANDS_WITHIN_S:.0f} s")
                    time.sleep(0.05)
                seconds.append(time.monotonic() - began)
                say(f"  deal {number}: {seconds[-1]:.1f} s")
            return seconds


def _polls_at_defaults(file: Path) -> None:
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    for flow in written["flows"].values():
        flow.pop("poll_every_s", None)
    file.write_text(yaml.safe_dump(written), encoding="utf-8")


def _orders(described: Mapping[str, Any]) -> int:
    return len(state(described[KIND]["erp"]["state"], source="0")["created"])


def _wait_until_quiet(stores: Stores, within_s: float = 300.0) -> None:
    """The first reads are over, the listener hears, and no run has anything left to do."""
    deadline, quiet_since = time.monotonic() + within_s, None
    while time.monotonic() < deadline:
        heard = stores.intake.streams(INTEGRATION).get("Opportunity")
        started = stores.queue.watermark(INTEGRATION, "opportunities") and heard is not None and heard.since is not None
        busy = not started or any(stores.queue.work(INTEGRATION, flow) for flow in ("opportunities", "orders"))
        quiet_since = None if busy else quiet_since or time.monotonic()
        if quiet_since is not None and time.monotonic() - quiet_since > QUIET_S:
            return
        time.sleep(0.5)
    raise RuntimeError(f"the daemon was still at work after {within_s:.0f} s")
