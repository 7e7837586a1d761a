"""A whole scene for tests: simulated systems on sockets, a database, a configuration, and pipelines between them."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import yaml
from cryptography.fernet import Fernet
from psycopg.rows import dict_row

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.flows.running import run_flow
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.wiring.pipeline import open_pipeline
from mlconn_pipelines.wiring.stores import stores_over
from mlconn_pipelines_tests.systems.all_systems import SAP
from mlconn_pipelines_tests.systems.system import Changes, System
from mlconn_simulators.cleo import CleoSandbox
from mlconn_simulators.demo.configuration import ERP_CREDENTIAL, INTEGRATION, write_configuration, yaml_text
from mlconn_simulators.demo.credentials import store_credentials
from mlconn_simulators.partner import PartnerSandbox
from mlconn_simulators.partner.habits import PROMPT, Habits
from mlconn_simulators.partner.inbox import Received
from mlconn_simulators.program import RunningSandbox, start
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.world.model import World, WorldPartner

SOON_S = 5.0
"""An answer that partners announce for later than this is not waited for."""

ABSENCE_S = 0.3
"""After which what is not in a simulated ERP was surely not stored there, where a test asks for nothing else."""

NO_SAP = {"url": "http://127.0.0.1", "company_db": "none", "user": "nobody", "password": "none"}
"""What the demo's configuration asks of every sandbox; of an ERP of another kind it is replaced."""

_REFERENCE_TABLES = ("reference_item", "reference_version", "watermark")
_REFERENCE: dict[tuple[Any, ...], dict[str, bytes]] = {}
"""What a first read of reference data left in these tables, by all that it depends on."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Scene:
    """Everything of one test. system: the ERP behind words that all of them share. environment: what a process of ours needs.

    changes, partner_changes: how the configuration differs from the demo's, oldest first; the latter by partner name.
    engine: connections that all pipelines of the scene share, None where each opens its own.
    act_time_out_s: after which what a dead process left may be taken over, None for the configured one.
    """

    sandbox: RunningSandbox
    system: System
    described: Mapping[str, Any]
    folder: Path
    settings: Settings
    environment: Mapping[str, str]
    database_url: str
    engine: Any
    changes: list[Changes] = field(default_factory=list)
    partner_changes: list[Mapping[str, Changes]] = field(default_factory=list)
    act_time_out_s: float | None = None
    _connection: psycopg.Connection[dict[str, Any]] | None = None

    @property
    def erp(self) -> SapBusinessOneSandbox:
        """Where the scene's ERP is SAP Business One."""
        return self.sandbox.sap_business_one

    @property
    def cleo(self) -> CleoSandbox:
        return self.sandbox.cleo

    @property
    def partner(self) -> PartnerSandbox:
        return self.sandbox.partner

    @property
    def world(self) -> World:
        return self.sandbox.world

    def partner_named(self, name: str) -> WorldPartner:
        return next(partner for partner in self.world.partners if partner.name == name)

    @contextmanager
    def pipeline(self) -> Iterator[Pipeline]:
        """The integration's pipeline, opened as a process of its own would: only connections are kept from one to the next."""
        with ExitStack() as stack:
            stores = None if self.engine is None else stack.enter_context(stores_over(self.engine, self.settings))
            configuration = load_configuration(self.settings.config)
            opened = stack.enter_context(open_pipeline(INTEGRATION, configuration, self.settings, stores))
            pipeline = tuned(opened, pause=lambda seconds: None)  # nobody saves a record twice while a test reads it
            yield pipeline if self.act_time_out_s is None else tuned(pipeline, act_time_out_s=self.act_time_out_s)

    def run(
        self, *flows: str, selection: Selection = EVERYTHING, run_id: str = "test", preview: bool = False
    ) -> dict[str, Mapping[str, Tally]]:
        """The flows once, in this process; all of them when none is named."""
        with self.pipeline() as pipeline:
            self._take_over_reference(pipeline)
            named = flows or pipeline.settings.flow_names
            return {flow: run_flow(pipeline, run_of(pipeline, flow, run_id, preview), selection) for flow in named}

    def refresh_reference(self) -> None:
        """Read items, partners and the like again, as the schedule does every quarter of an hour."""
        with self.pipeline() as pipeline:
            refresh_reference(pipeline.system, run_of(pipeline, "reference"))

    def know_reference(self) -> None:
        """Items, partners and the like are known, as before a first run; nothing need be read where an earlier scene read the same."""
        with self.pipeline() as pipeline:
            self._take_over_reference(pipeline)

    def _take_over_reference(self, pipeline: Pipeline) -> None:
        """The first read of reference data that a flow would make, done by copying what an earlier scene's read left.

        Reading takes a third of a small test's time. It is copied only where the ERP holds the very same, answers as it should
        and is asked under the same settings; else the flow reads as always. Who calls `refresh_reference` reads.
        """
        if self.rows("SELECT 1 FROM reference_version LIMIT 1") or self.system.faults.armed():
            return
        settings = pipeline.settings.erp.model_dump_json(exclude={"url", "authority"})
        held = hashlib.sha256(repr(self.system.master_data()).encode()).hexdigest()
        key = (type(self.system), settings, self.world.today, held)
        if key not in _REFERENCE:
            refresh_reference(pipeline.system, run_of(pipeline, "reference"))
            if not self.rows("SELECT 1 FROM alert LIMIT 1"):  # what is told of a read is told by each
                _REFERENCE[key] = {name: self._copied_out(name) for name in _REFERENCE_TABLES}
        else:
            for name, rows in _REFERENCE[key].items():
                with self._own_connection().cursor().copy(f"COPY {name} FROM STDIN") as copy:
                    copy.write(rows)

    def _copied_out(self, table: str) -> bytes:
        with self._own_connection().cursor().copy(f"COPY {table} TO STDOUT") as copy:
            return b"".join(map(bytes, copy))

    def documents(self, flow: str, *states: State, **selection: Any) -> list[DocumentRow]:
        with self.pipeline() as pipeline:
            return pipeline.engine.queue.documents(INTEGRATION, flow, states or tuple(State), due_only=False, **selection)

    def states(self, flow: str, **selection: Any) -> dict[str, int]:
        counts: dict[str, int] = {}
        for row in self.documents(flow, **selection):
            counts[row.state.value] = counts.get(row.state.value, 0) + 1
        return counts

    def uploads(self, set_id: str = "") -> list[Any]:
        """Every file that Cleo ever took in, of one set where it is named."""
        return [file for file in self.cleo.received if file.name.startswith(set_id)]

    def received(self, set_id: str = "", number: str = "", partner: str = "") -> list[Received]:
        """What partners got, by set, business number and name of the partner; empty fits all."""
        return [
            one
            for one in list(self.partner.inbox.received)
            if set_id in ("", one.set_id) and number in ("", one.business_number) and partner in ("", one.partner)
        ]

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """A look into the database past our own code. query: with %s for values."""
        cursor = self._own_connection().execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def _own_connection(self) -> psycopg.Connection[dict[str, Any]]:
        if self._connection is None or self._connection.closed:
            url = psycopg_conninfo(self.database_url)
            self._connection = psycopg.connect(url, row_factory=dict_row, autocommit=True, prepare_threshold=None)
        return self._connection

    def close(self) -> None:
        self.engine.dispose()
        if self._connection is not None:
            self._connection.close()

    def hours_pass(self) -> None:
        """Whatever waits for its time is due: another try, taking over a lost claim, the next look for evidence."""
        self.rows("UPDATE document SET next_attempt_at = now() WHERE next_attempt_at > now()")
        self.rows("UPDATE claim SET expires_at = now() WHERE expires_at > now()")
        self.rows("UPDATE claim SET absence_proves_at = now() WHERE absence_proves_at > now()")
        self.rows("UPDATE claim SET twin_look_at = now() WHERE twin_look_at > now()")
        self.rows("UPDATE claim SET next_check_at = now() WHERE next_check_at > now()")
        self.rows(
            "UPDATE remembered_key SET absent_since = absent_since - interval '61 s', last_asked_at = now() - interval '1 h'"
        )
        self.system.time_passes(dt.timedelta(minutes=2))

    def announced_soon(self) -> int:
        """Answers of partners that will lie in their outlet within seconds, files still on their way to them included."""
        horizon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=SOON_S)
        state = self.partner.state({})
        later = sum(dt.datetime.fromisoformat(promise["due"]) > horizon for promise in state["late"])
        return int(state["announced"]) - later

    def wait_for_partners(self) -> None:
        """Until partners have said all that they announced for now."""
        assert wait_until(lambda: not self.announced_soon(), 20.0), self.partner.state({})["late"]

    def settle(self, rounds: int = 12, done: Callable[[], bool] | None = None) -> None:
        """Run all flows until a round leaves nothing to do and partners have said all that they announced.

        A round that wrote to the ERP, or that a fault struck, is followed by another one, which meets what came of it.
        In one process, as the daemon's runs: what was read of ledger and configuration is kept from round to round.
        """
        before: Any = None
        with self.pipeline() as pipeline:
            self._take_over_reference(pipeline)
            for _ in range(rounds):
                happened = self._happened()
                for flow in pipeline.settings.flow_names:
                    run_flow(pipeline, run_of(pipeline, flow))
                now = self.rows("SELECT flow, state, count(*) FROM document GROUP BY 1, 2 ORDER BY 1, 2")
                waiting = self.announced_soon()  # asked first: what they announce no more lies in a folder
                idle = now == before or (self._happened() == happened and not self._left(pipeline))
                if idle and not waiting and (done is None or done()):
                    return
                before = now
                self.wait_for_partners()

    def _happened(self) -> int:
        """Requests to the ERP that may have changed something, and faults that struck."""
        return self.system.happened() + sum(dict(self.cleo.faults.given).values())

    def _left(self, pipeline: Pipeline) -> bool:
        """Whether something lies in the ledger, or in a folder that is watched, for the next round."""
        inbound = pipeline.settings.flows.inbound
        lying = any(self.cleo.files(folder) for folder in (inbound.folders if inbound else ()))
        return lying or any(pipeline.engine.queue.work(pipeline.name, flow) for flow in pipeline.settings.flow_names)

    def reconfigure(self, partners: Mapping[str, Changes] | None = None, **changes: Any) -> None:
        """Write the configuration anew with further changes of the integration (nested) and of partners (by name)."""
        self.changes.append(changes)
        self.partner_changes.append(partners or {})
        _write(self.settings.config, self.described, self.changes, self.partner_changes)


def tuned(pipeline: Pipeline, **changes: Any) -> Pipeline:
    """With another clock, time-out or alert."""
    return replace(pipeline, engine=replace(pipeline.engine, **changes))


def run_of(pipeline: Pipeline, flow: str, run_id: str = "test", preview: bool = False) -> Run:
    """A run as every starter makes it."""
    return pipeline.run(flow, run_id, dt.datetime.now(pipeline.engine.zone).date(), preview)


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def scene(
    folder: Path,
    database_url: str,
    *,
    system: type[System] = SAP,
    documents: int = 60,
    seed: int = 1,
    habits: Habits = PROMPT,
    late_max_s: float = 0.2,
    taken_after_s: float | None = 0.02,
    initial_orders: int | None = None,
    today: dt.date | None = None,
    rate_limit: float | None = None,
    only: Sequence[str] = (),
    partners: Mapping[str, Changes] | None = None,
    act_time_out_s: float | None = None,
    absence_proves_after_s: float = ABSENCE_S,
    items: int = 80,
    vault_key: str = "",
    **changes: Any,
) -> Iterator[Scene]:
    """Simulated systems up, database ready, configuration written, credentials in the vault.

    system: the ERP. only: names of the integration's trading partners, all where empty. partners: changes of their files, by
    name. changes: of the integration, nested as in its file. absence_proves_after_s: of the ERP, which drops what it could not do
    in four fifths of that time (`slow` faults of more seconds do nothing). vault_key: of a database that holds credentials already.
    """
    running = start(
        systems=[system.kind],
        documents=documents,
        seed=seed,
        today=today,
        habits=habits,
        late_max_s=late_max_s,
        taken_after_s=taken_after_s,
        initial_orders=initial_orders,
        rate_limit=rate_limit,
        items=items,
    )
    with running:
        erp = system(running)
        erp.faults.commits_within_s = 0.8 * absence_proves_after_s
        described = running.describe()
        described = {"sap_business_one": {**NO_SAP, "cleo": described["cleo"], "partner": described["partner"]}} | described
        config, home = folder / "config", folder / "home"
        narrowed = {"partners": list(only)} if only else {}
        all_changes: list[Changes] = [
            {"erp": {"absence_proves_after_s": absence_proves_after_s, **erp.connection()}},
            {"flows": _flows_to_nobody(running.world, system, only)},
            narrowed,
            changes,
        ]
        named = only or [partner.name for partner in running.world.partners]
        partner_changes: list[Mapping[str, Changes]] = [{name: erp.partner_changes(name) for name in named}, partners or {}]
        _write(config, described, all_changes, partner_changes)
        home.mkdir(exist_ok=True)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MLCONN_", "DAGSTER_"))},
            "MLCONN_CONFIG": str(config),
            "MLCONN_HOME": str(home),
            "MLCONN_DATABASE_URL": database_url,
            "MLCONN_VAULT_KEY": vault_key or Fernet.generate_key().decode(),
        }
        settings = read_settings(environment)
        engine = ledger_engine(database_url)
        with stores_over(engine, settings) as stores:
            store_credentials(stores.credentials, described)
            stores.credentials.set(ERP_CREDENTIAL, erp.credential())
        made = Scene(
            running,
            erp,
            described,
            folder,
            settings,
            environment,
            database_url,
            engine,
            all_changes,
            partner_changes,
            act_time_out_s,
        )
        with ExitStack() as stack:
            stack.callback(made.close)
            stack.enter_context(erp.in_reach(folder, settings, engine))
            yield made


def _flows_to_nobody(world: World, system: type[System], only: Sequence[str]) -> dict[str, None]:
    """Flows that the configuration would be refused for: the ERP has none, or no partner could get anything of it."""
    trading = [partner for partner in world.partners if not only or partner.name in only]
    served = {
        "customer": any(partner.customer_code for partner in trading),
        "supplier": any(partner.supplier_code for partner in trading),
    }
    return {flow: None for flow in SAP.kinds if flow not in system.kinds or not served[system.kinds[flow]]}


def _write(
    folder: Path, described: Mapping[str, Any], changes: Sequence[Changes], partners: Sequence[Mapping[str, Changes]]
) -> None:
    """The demo's configuration with changes. Partners that the integration does not name get no file, which saves time."""
    lists = [wanted["partners"] for wanted in changes if "partners" in wanted]
    write_configuration(folder, described, requests_per_second=None, **({"partners": lists[-1]} if lists else {}))
    _change(folder / f"{INTEGRATION}.yaml", changes)
    for file in (folder / "partners").glob("*.yaml"):
        if lists and file.stem not in lists[-1]:
            file.unlink()
        else:
            _change(file, [by_name[file.stem] for by_name in partners if file.stem in by_name])


def _change(file: Path, changes: Sequence[Changes]) -> None:
    if any(changes):
        written = yaml.load(file.read_text(), _LOADER)
        for wanted in changes:
            _merge(written, wanted)
        file.write_text(yaml_text(written), encoding="utf-8")


def _merge(into: dict[str, Any], changes: Changes) -> None:
    for name, value in changes.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, Mapping):
            _merge(into.setdefault(name, {}), value)
        else:
            into[name] = value
