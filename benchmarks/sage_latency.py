"""From an order entered in Sage to its 850 in the vendor's Cleo folder, by the real daemon, gateway and agent; and what the agent costs."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figures import Figure, figure, median, say
from benchmarks.scene import ROOT
from mlconn_pipelines.cli.services import free_port
from mlconn_pipelines.cli.stack import prepared, running
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_simulators.demo.agent import SageAgent
from mlconn_simulators.demo.configuration import write_configuration
from mlconn_simulators.demo.credentials import store_credentials
from mlconn_simulators.demo.reading import done
from mlconn_simulators.demo.sage_100 import INTEGRATION, KIND, SAGE_100
from mlconn_simulators.demo.sandbox import SandboxProcess, partner_state

DOCUMENTS = 20
ORDERS, ORDERS_QUICK = 8, 3
POLL_S = 60.0
"""The shortest that is allowed; 900 is usual."""
BEYOND_POLL_MAX_S = 60.0
MEGABYTES_MAX, IDLE_SHARE_MAX = 120.0, 0.005
IDLE_S, IDLE_QUICK_S = 120.0, 30.0
LANDS_WITHIN_S = 300.0


def measure(quick: bool) -> Iterator[Figure]:
    """One order after the other, each at a random moment between two polls; then nothing but the agent's own waiting."""
    folder = (ROOT / "sage_latency").absolute()
    EmbeddedServer(folder / "home" / "database").remove()  # of a run that was killed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        ROOT.chmod(0o711)  # the server's own account passes through
    sandbox = SandboxProcess(folder, {KIND: DOCUMENTS}, seed=1, rate_limit=50.0, late_max_s=3_600.0)
    try:
        seconds, megabytes, idle = _with_the_daemon(folder, sandbox.described, quick)
    finally:
        sandbox.stop()
        EmbeddedServer(folder / "home" / "database").remove()
        shutil.rmtree(folder, ignore_errors=True)
    about = f"{len(seconds)} orders, one at a time, at random moments; daemon, gateway, agent; median {median(seconds):.0f} s with the poll"
    yield figure("order in Sage to 850 in Cleo, beyond the poll", max(seconds) - POLL_S, "s", "<=", BEYOND_POLL_MAX_S, about)
    yield figure(
        "memory of agent and worker", megabytes, "MB", "<=", MEGABYTES_MAX, "both at their highest, after these orders"
    )
    waiting = f"a look for orders each {POLL_S:.0f} s, and nothing to do"
    yield figure("CPU of agent and worker, idle", idle, "of a core", "<=", IDLE_SHARE_MAX, waiting)


def _with_the_daemon(folder: Path, described: Mapping[str, Any], quick: bool) -> tuple[list[float], float, float]:
    port = free_port()
    gateway = f"http://127.0.0.1:{port}"
    write_configuration(folder / "config", described, SAGE_100, requests_per_second=50.0, gateway=gateway)
    _polls_each_minute(folder / "config" / f"{INTEGRATION}.yaml")
    home = read_settings({"MLCONN_CONFIG": str(folder / "config"), "MLCONN_HOME": str(folder / "home")})
    with prepared(home) as database, open_stores(database.settings) as stores:
        store_credentials(stores.credentials, described, SAGE_100)
        stores.credentials.set(SAGE_100.cleo_tells, {"secret": "not-told-to-anybody"})
        agent = SageAgent(folder / "agent", described, stores, gateway, disturbed=False)
        try:
            with running(database, free_port(), port):
                _wait_for_the_first_read(stores, agent)
                seconds = _orders(described, ORDERS_QUICK if quick else ORDERS)
                idle = _idle_share(agent, IDLE_QUICK_S if quick else IDLE_S)
                return seconds, agent.peak_megabytes(), idle
        finally:
            agent.stop()


def _orders(described: Mapping[str, Any], count: int) -> list[float]:
    seconds, dice = [], random.Random(1)
    for place in range(1, count + 1):
        time.sleep(dice.uniform(0.0, POLL_S))
        began = time.monotonic()
        (number,) = done(described[KIND]["state"], "activity", count=1, sound=True)
        while number not in {one["business_number"] for one in partner_state(described, SAGE_100)["received"]}:
            if time.monotonic() - began > LANDS_WITHIN_S:
                raise RuntimeError(f"order {number} was not in Cleo after {LANDS_WITHIN_S:.0f} s")
            time.sleep(0.2)
        seconds.append(time.monotonic() - began)
        say(f"  order {place}: {seconds[-1]:.1f} s")
    return seconds


def _idle_share(agent: SageAgent, lasts_s: float) -> float:
    """Polls of Sage fall into it, as they do into every minute of its life: one each `POLL_S`."""
    before = agent.cpu_seconds()
    time.sleep(lasts_s)
    return (agent.cpu_seconds() - before) / lasts_s


def _polls_each_minute(file: Path) -> None:
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    written["flows"]["x12_850"]["poll_every_s"] = int(POLL_S)
    file.write_text(yaml.safe_dump(written), encoding="utf-8")


def _wait_for_the_first_read(stores: Stores, agent: SageAgent, within_s: float = 300.0) -> None:
    deadline = time.monotonic() + within_s
    while not stores.queue.watermark(INTEGRATION, "x12_850"):
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing was read from Sage within {within_s:.0f} s")
        agent.go_on()
        time.sleep(0.5)
