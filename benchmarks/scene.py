"""A scene to measure in: simulated systems in one process, a durable database, a configuration, runs in further processes."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import yaml
from cryptography.fernet import Fernet

from benchmarks.erp_settings import BY_KIND, SAP
from benchmarks.figures import say
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.wiring.pipeline import open_pipeline
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_simulators.demo.configuration import ERP_CREDENTIAL, INTEGRATION, write_configuration
from mlconn_simulators.demo.credentials import store_credentials

ROOT = Path(".bench")
"""Below the working folder; `make clean` removes it."""

FIRST_DAY = "2000-01-01"
"""Go-live before every document, so that all of them are due."""

NO_SAP = {"url": "http://127.0.0.1", "company_db": "none", "user": "nobody", "password": "none"}

_numbers = itertools.count(1)


class SimulatedSystems:
    """`benchmarks.simulated_systems` as a child. erp: the one that it has. described: what it printed of itself."""

    def __init__(self, *, system: str = SAP, **options: Any) -> None:
        self.erp = BY_KIND[system]
        options["system"] = system
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.simulated_systems", json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.described: Mapping[str, Any] = self._answer()

    def __enter__(self) -> SimulatedSystems:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, command: str, **values: Any) -> Any:
        """One command of benchmarks.simulated_systems, and its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **values}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the simulated systems ended")
        return json.loads(line)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run said of itself. start_s: from the start of its process to its first step; seconds: from there to its end."""

    flow: str
    start_s: float
    began: float
    seconds: float
    steps: Mapping[str, float]
    counts: Mapping[str, Mapping[str, int]]
    problems: tuple[str, ...]
    stopped: tuple[str, ...]
    peak_mb: float
    cpu_s: float
    calls: Mapping[str, int]

    def count(self, what: str) -> int:
        return sum(counts.get(what, 0) for counts in self.counts.values())


class RunProcess:
    """A run that was started in a process of its own."""

    def __init__(self, flow: str, environment: Mapping[str, str], *options: str) -> None:
        self._flow, self._started = flow, time.time()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.run_process", flow, *options],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until_open(self) -> None:
        """For one started with --wait-for-line: until it has everything in memory."""
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def go(self) -> None:
        """For one started with --wait-for-line: let it act."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def report(self) -> RunReport:
        """Wait for its end; RuntimeError when it failed."""
        said, _ = self._process.communicate()
        if self._process.returncode != 0:
            raise RuntimeError(f"the run of {self._flow} ended with {self._process.returncode}")
        told = json.loads(said.splitlines()[-1])
        return RunReport(
            flow=self._flow,
            start_s=told["began"] - self._started,
            began=told["began"],
            seconds=told["ended"] - told["began"],
            steps=told["steps"],
            counts=told["counts"],
            problems=tuple(told["problems"]),
            stopped=tuple(told["stopped"]),
            peak_mb=told["peak_mb"],
            cpu_s=told["cpu_s"],
            calls=told["calls"],
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """One set of simulated systems, one database, one configuration. environment: what a process of ours needs to work here."""

    systems: SimulatedSystems
    settings: Settings
    environment: Mapping[str, str]

    @property
    def database(self) -> str:
        """For psycopg."""
        assert self.settings.database_url is not None
        return psycopg_conninfo(self.settings.database_url)

    def begin(self, flow: str, *options: str) -> RunProcess:
        return RunProcess(flow, self.environment, *options)

    def run(self, flow: str, *options: str) -> RunReport:
        """One run in a process of its own, to its end."""
        before_s = self.systems.ask("processor_s")
        report = self.begin(flow, *options).report()
        theirs_s = self.systems.ask("processor_s") - before_s
        say(f"  {flow}: {report.seconds:.1f} s after {report.start_s:.1f} s to start; {dict(report.steps)}")
        say(f"    seconds of processor: the run {report.cpu_s:.1f}, the simulated systems {theirs_s:.1f}")
        for problem in (*report.problems[:3], *report.stopped):
            say(f"    {problem}")
        return report

    @contextmanager
    def pipeline(self) -> Iterator[Pipeline]:
        """The integration, opened in this process."""
        with open_pipeline(INTEGRATION, load_configuration(self.settings.config), self.settings) as pipeline:
            yield pipeline


@contextmanager
def server() -> Iterator[EmbeddedServer]:
    """The embedded PostgreSQL as it is shipped, in a fresh folder, removed at the end."""
    ROOT.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        ROOT.chmod(0o711)  # the server's own account passes through
    folder = (ROOT / "database").absolute()
    EmbeddedServer(folder).remove()
    started = EmbeddedServer(folder)
    started.start()
    try:
        yield started
    finally:
        started.remove()


@contextmanager
def scene(
    database: EmbeddedServer,
    systems: SimulatedSystems,
    *,
    requests_per_second: float | None = None,
    reference: bool = True,
    **changes: Any,
) -> Iterator[Scene]:
    """A new, empty ledger beside running systems. requests_per_second: per path at Cleo, as configured. changes: of the
    integration. reference: read reference data before anything is measured."""
    from mlconn_pipelines.ledger.schema import upgrade

    number = next(_numbers)
    folder = (ROOT / f"scene-{number}").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        described, erp = all_to_folders(systems.described), systems.erp
        connection = erp.connection(described)
        all_changes = _everything_due(described, erp.flows) | ({"erp": connection} if connection else {}) | changes
        write_configuration(folder / "config", described, requests_per_second=requests_per_second, **all_changes)
        for partner in described["world"]["partners"]:
            _change(folder / "config" / "partners" / f"{partner['name']}.yaml", erp.partner(described, partner))
        name = f"bench_{number}"
        with psycopg.connect(psycopg_conninfo(database.url("postgres")), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        url = database.url(name)
        upgrade(url)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("MLCONN_", "DAGSTER_"))},
            "MLCONN_CONFIG": str(folder / "config"),
            "MLCONN_HOME": str(folder / "home"),
            "MLCONN_DATABASE_URL": url,
            "MLCONN_VAULT_KEY": Fernet.generate_key().decode(),
        }
        settings = read_settings(environment)
        with open_stores(settings) as stores:
            store_credentials(stores.credentials, described)
            if credential := erp.credential(described):
                stores.credentials.set(ERP_CREDENTIAL, credential)
        made = Scene(systems, settings, environment)
        if reference:
            made.run("reference")
        yield made


def all_to_folders(described: Mapping[str, Any]) -> dict[str, Any]:
    """Every partner by folder: what is measured is the upload path."""
    cleo = {name: value for name, value in described["cleo"].items() if name != "provider_url"}
    # The demo's configuration asks for SAP's entry; where the ERP is another, what it says of SAP is replaced.
    sap = NO_SAP | described.get("sap_business_one", {}) | {"cleo": cleo}
    return {**described, "cleo": cleo, "sap_business_one": sap}


def _change(file: Path, changes: Mapping[str, Any]) -> None:
    if changes:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
        file.write_text(yaml.safe_dump({**written, **changes}, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _everything_due(described: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    import datetime as dt

    first = dt.date.fromisoformat(FIRST_DAY)
    outlets = sorted({partner["outlet"] for partner in described["world"]["partners"]})
    flows: dict[str, Any] = {name: {"send_from": first} for name in names}
    return {"flows": flows | {"inbound": {"send_from": first, "folders": outlets}}}
