"""The gateway: from a notification to its stored hint under load, and from a hint to the file in Cleo with the real daemon."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg

from benchmarks.figures import Figure, figure, median, note, percentile, say
from benchmarks.latency import POLL_S, wait_until_quiet
from benchmarks.scene import FIRST_DAY, ROOT, Scene, SimulatedSystems, all_to_folders, scene, server
from mlconn_pipelines.cli.services import free_port
from mlconn_pipelines.cli.stack import prepared, running
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.systems.cleo.connection import CleoConnection
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_simulators.demo.configuration import INTEGRATION, write_configuration
from mlconn_simulators.demo.credentials import store_credentials

PER_SECOND, LASTS_S, LASTS_QUICK_S = 200, 60.0, 5.0
STORED_P99_MAX_S, FILE_MEDIAN_MAX_S = 0.050, 30.0
CALLERS = 16
FILES, FILES_QUICK = 20, 3
FILE_WITHIN_S = 120.0
CLEO_PER_SECOND: float = CleoConnection.model_fields["requests_per_second"].default
SECRET = "benchmark-0123456789abcdef"
SENDER = "acme-tells"
PATH = f"/hooks/{INTEGRATION}/sap-business-one?flow=x12_810"
SELDOM_S = 3_600
"""How often the flow polls while hints are measured: never."""


def measure(quick: bool) -> Iterator[Figure]:
    """Both; quick: for a few seconds, and for a few files."""
    yield from _under_load(LASTS_QUICK_S if quick else LASTS_S)
    yield from _to_a_file(FILES_QUICK if quick else FILES)


def _under_load(lasts_s: float) -> Iterator[Figure]:
    """The gateway in one process, the callers in another; every call is a notification of its own."""
    with server() as database, SimulatedSystems(documents=10) as systems:
        port = free_port()
        with scene(database, systems, reference=False, events=_events(port)) as made, _gateway(made, port):
            _called(port, 1.0)  # the first calls read the vault and open connections
            seconds = _called(port, lasts_s)
            with psycopg.connect(made.database) as connection:
                named = connection.execute("SELECT coalesce(to_regclass('notification'), to_regclass('hint'))::text").fetchone()
                row = connection.execute(f"SELECT count(*) FROM {named[0] if named else 'notification'}".encode()).fetchone()
    wanted = int(PER_SECOND * (lasts_s + 1.0))
    if row is None or row[0] != wanted:
        raise RuntimeError(f"{row} hints are stored, {wanted} were sent")
    about = (
        f"{len(seconds)} notifications at {PER_SECOND}/s for {lasts_s:g} s, from when each was due to its answer; all stored"
    )
    yield figure("notification to stored hint, 99 %", percentile(seconds, 99), "s", "<=", STORED_P99_MAX_S, about)
    yield note("notification to stored hint, median", median(seconds), "s", "the same notifications")


def _to_a_file(files: int) -> Iterator[Figure]:
    """One invoice after the other in a flow that does not poll, each told of as soon as it is posted."""
    folder = (ROOT / "hints").absolute()
    EmbeddedServer(folder / "home" / "database").remove()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        ROOT.chmod(0o711)  # the server's own account passes through
    try:
        with SimulatedSystems(documents=50, cleo_requests_per_second=CLEO_PER_SECOND) as systems:
            seconds = _with_the_daemon(folder, systems, files)
    finally:
        EmbeddedServer(folder / "home" / "database").remove()
        shutil.rmtree(folder, ignore_errors=True)
    about = f"{files} invoices, one at a time, at random moments; the flow polls once an hour, so hints alone start it"
    yield figure("hint to file in Cleo, median", median(seconds), "s", "<=", FILE_MEDIAN_MAX_S, about)


def _with_the_daemon(folder: Path, systems: SimulatedSystems, files: int) -> list[float]:
    port = free_port()
    home = read_settings({"MLCONN_CONFIG": str(folder / "config"), "MLCONN_HOME": str(folder / "home")})
    described = all_to_folders(systems.described)
    _configured(home, described, port)
    with prepared(home) as database, open_stores(database.settings) as stores:
        store_credentials(stores.credentials, described)
        stores.credentials.set(SENDER, {"secret": SECRET})
        with running(database, free_port(), port) as services:
            services.wait_until_ready()
            _wait_for_gateway(port)
            _tell(port, "begin")
            wait_until_quiet(stores)
            seconds = []
            dice = random.Random(1)
            for number in range(1, files + 1):
                time.sleep(dice.uniform(0.0, POLL_S))
                before = len(systems.ask("uploads"))
                systems.ask("add_documents", entity="Invoices", count=1)
                began = time.monotonic()
                _tell(port, f"file {number}")
                while len(systems.ask("uploads")) == before:
                    if time.monotonic() - began > FILE_WITHIN_S:
                        raise RuntimeError(f"invoice {number} was not in Cleo after {FILE_WITHIN_S:.0f} s")
                    time.sleep(0.1)
                seconds.append(time.monotonic() - began)
                say(f"  file {number}: {seconds[-1]:.1f} s")
            return seconds


def _configured(settings: Settings, described: Mapping[str, Any], port: int) -> None:
    send_from = dt.date.fromisoformat(FIRST_DAY)
    outlets = sorted({partner["outlet"] for partner in described["world"]["partners"]})
    flows = {name: {"send_from": send_from} for name in ("x12_810", "x12_850", "x12_856")}
    flows["x12_810"] |= {"poll_every_s": SELDOM_S}
    flows["inbound"] = {"send_from": send_from, "folders": outlets}
    write_configuration(settings.config, described, requests_per_second=CLEO_PER_SECOND, flows=flows, events=_events(port))


def _events(port: int) -> dict[str, Any]:
    return {"public_url": f"http://127.0.0.1:{port}", "erp": {"credential": SENDER, "requests_per_second": 1_000}}


@contextmanager
def _gateway(made: Scene, port: int) -> Iterator[None]:
    """`mlconn gateway` as a child; its log is thrown away."""
    with open_stores(made.settings) as stores:
        stores.credentials.set(SENDER, {"secret": SECRET})
    command = [sys.executable, "-m", "mlconn_pipelines.cli.app", "gateway", "--port", str(port)]
    child = subprocess.Popen(command, env=dict(made.environment), stderr=subprocess.DEVNULL)
    try:
        _wait_for_gateway(port)
        yield
    finally:
        child.terminate()
        child.wait(15)


def _wait_for_gateway(port: int, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/ready", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the gateway was not ready after {within_s:.0f} s")


def _tell(port: int, what: str) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    _call(line, what)
    line.close()


def _call(line: http.client.HTTPConnection, what: str) -> None:
    line.request("POST", PATH, json.dumps({"BizObject": "13", "what": what}), {"X-Mlconn-Secret": SECRET})
    answer = line.getresponse()
    told = answer.read()
    if answer.status != 202 or json.loads(told)["new"] != 1:
        raise RuntimeError(f"{what} was answered {answer.status} {told[:200]!r}")


def _called(port: int, lasts_s: float) -> list[float]:
    """Seconds of each call, counted from when it was due, so that waiting for a free caller counts too."""
    seconds: list[float] = []
    troubles: list[BaseException] = []
    begins, count, mark = time.monotonic() + 0.2, int(PER_SECOND * lasts_s), time.monotonic_ns()

    def call(caller: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            for number in range(caller, count, CALLERS):
                due = begins + number / PER_SECOND
                time.sleep(max(0.0, due - time.monotonic()))
                _call(line, f"{mark} {number}")
                seconds.append(time.monotonic() - due)
        except BaseException as trouble:
            troubles.append(trouble)
        finally:
            line.close()

    callers = [threading.Thread(target=call, args=(caller,)) for caller in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    if troubles:
        raise RuntimeError(f"{len(troubles)} callers gave up: {troubles[0]}")
    return seconds
