"""A whole scene for tests: simulated systems on sockets, a database, a configuration, and pipelines between them."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from mlconn_pipelines.cli.demo.configuration import INTEGRATION, write_configuration
from mlconn_pipelines.cli.demo.credentials import store_credentials
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.pipeline import INBOUND, Pipeline
from mlconn_pipelines.flows.ports.ledger import DocumentRow, Run
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.flows.running import run_flow
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.sandbox.cleo import CleoSandbox
from mlconn_pipelines.sandbox.partner import PartnerSandbox
from mlconn_pipelines.sandbox.partner.habits import PROMPT, Habits
from mlconn_pipelines.sandbox.program import RunningSandbox, start
from mlconn_pipelines.sandbox.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_pipelines.sandbox.world.model import World
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.wiring.pipeline import open_pipeline
from mlconn_pipelines.wiring.stores import open_stores

OUTBOUND = ("x12_810", "x12_850", "x12_856")


@dataclass
class Scene:
    """Everything of one test. environment: what a process of ours needs to work in this scene."""

    sandbox: RunningSandbox
    described: Mapping[str, Any]
    folder: Path
    settings: Settings
    environment: Mapping[str, str]

    @property
    def erp(self) -> SapBusinessOneSandbox:
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

    @contextmanager
    def pipeline(self) -> Iterator[Pipeline]:
        with open_pipeline(INTEGRATION, load_configuration(self.settings.config), self.settings) as pipeline:
            yield pipeline

    def run(self, *flows: str, selection: Selection = EVERYTHING, run_id: str = "test") -> dict[str, Mapping[str, Tally]]:
        """The flows once, in this process; all of them when none is named."""
        with self.pipeline() as pipeline:
            if not pipeline.ledger.reference_book(INTEGRATION).version:
                refresh_reference(pipeline, self.a_run("reference", run_id))
            return {flow: run_flow(pipeline, self.a_run(flow, run_id), selection) for flow in flows or (*OUTBOUND, INBOUND)}

    def a_run(self, flow: str, run_id: str = "test", day: dt.date | None = None) -> Run:
        return Run(INTEGRATION, flow, run_id, day or dt.datetime.now(dt.UTC).date())

    def documents(self, flow: str, *states: State, **selection: Any) -> list[DocumentRow]:
        with self.pipeline() as pipeline:
            return pipeline.ledger.documents(INTEGRATION, flow, states or tuple(State), due_only=False, **selection)

    def states(self, flow: str, **selection: Any) -> dict[str, int]:
        counts: dict[str, int] = {}
        for row in self.documents(flow, **selection):
            counts[row.state.value] = counts.get(row.state.value, 0) + 1
        return counts

    def uploads(self, set_id: str = "") -> list[Any]:
        """Every file that Cleo ever took in, of one set where it is named."""
        return [file for file in self.cleo.received if file.name.startswith(set_id)]

    def settle(self, rounds: int = 12, done: Callable[[], bool] | None = None) -> None:
        """Run all flows until a round changes nothing and partners have said all that they announced."""
        before: Any = None
        for _ in range(rounds):
            self.run()
            now = [self.states(flow) for flow in (*OUTBOUND, INBOUND)]
            if now == before and not self.partner.announced and (done is None or done()):
                return
            before = now
            wait_until(lambda: not self.partner.announced, 15.0)

    def reconfigure(self, **changes: Any) -> None:
        """Write the configuration anew with other settings of the integration."""
        write_configuration(self.settings.config, self.described, requests_per_second=None, **changes)


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def scene(
    folder: Path,
    database_url: str,
    *,
    documents: int = 60,
    seed: int = 1,
    habits: Habits = PROMPT,
    late_max_s: float = 0.2,
    taken_after_s: float = 0.02,
    initial_orders: int | None = None,
    today: dt.date | None = None,
    rate_limit: float | None = None,
    **changes: Any,
) -> Iterator[Scene]:
    """Simulated systems up, database ready, configuration written, credentials in the vault. changes: of the integration."""
    running = start(
        documents=documents,
        seed=seed,
        today=today,
        habits=habits,
        late_max_s=late_max_s,
        taken_after_s=taken_after_s,
        initial_orders=initial_orders,
        rate_limit=rate_limit,
    )
    running.sap_business_one.login_s = 0.0
    with ExitStack() as stack:
        stack.enter_context(running)
        described = running.describe()
        config = folder / "config"
        write_configuration(config, described, requests_per_second=None, **changes)
        home = folder / "home"
        home.mkdir(exist_ok=True)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MLCONN_", "DAGSTER_"))},
            "MLCONN_CONFIG": str(config),
            "MLCONN_HOME": str(home),
            "MLCONN_DATABASE_URL": database_url,
            "MLCONN_VAULT_KEY": Fernet.generate_key().decode(),
        }
        settings = read_settings(environment)
        with open_stores(settings) as stores:
            store_credentials(stores.credentials, described)
        yield Scene(running, described, folder, settings, environment)
