"""A simulated Sage with its agent, which dials the real gateway over a real ledger, and the connector at the other end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mlconn_pipelines.agents import enrollment, keys
from mlconn_pipelines.flows.agent_desk import Desk
from mlconn_pipelines.gateway.program import application_of
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.systems.sage_100.api.connector import open_connector
from mlconn_pipelines.systems.sage_100.connection import Sage100Connection
from mlconn_pipelines.wiring.agents import desk_of, make_job_key
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines_tests.gateway.listening import listening
from mlconn_pipelines_tests.sage_100_agent.live_agent import LiveAgent, enroll, started
from mlconn_pipelines_tests.sage_100_agent.supervised import supervisor
from mlconn_simulators.sage_100.sandbox import MAIN, Sage100Sandbox
from mlconn_simulators.sage_100.server import SageServer
from mlconn_simulators.world.making import make_world

AGENT, INTEGRATION = "warehouse", "acme_sage"
ROOT = keys.Signer(bytes([1] * 32))
LOOKED_WITHIN_S = 10.0
"""Where Sage hangs it comes to no look."""
_NO_EVENTS: Any = SimpleNamespace(integrations={}, syncs={}, folder="config")


@dataclass
class SageSite:
    """agent: runs while `dialling`. desk, connector: as runs of the integration have them. url: where the agent dials. gateway: where
    it listens, which is the same unless something stands between them."""

    folder: Path
    stores: Stores
    url: str
    sandbox: Sage100Sandbox
    server: SageServer
    integration: str = INTEGRATION
    _gateway: ExitStack = field(default_factory=ExitStack)
    gateway: str = ""

    @property
    def desk(self) -> Desk:
        return desk_of(self.stores, self.integration, AGENT)

    def connector(self, **settings: Any) -> Connector:
        told = {"kind": "sage_100", "agent": AGENT, "company": MAIN, "time_zone": "America/Chicago", **settings}
        return open_connector(Sage100Connection.model_validate(told), self.desk)

    @contextmanager
    def dialling(self, *strike: str, **more: Any) -> Iterator[LiveAgent]:
        """The agent at work, when it has looked at Sage. strike: see `simulated_worker`. more: for its supervisor."""
        port, looked = self.server.address[1], threading.Event()
        with started(
            self.folder / "agent",
            self.url,
            ROOT.public,
            lambda journal, now: supervisor(port, journal, *strike, now=now, **more),
            note_found=lambda found: looked.set(),
        ) as agent:
            while not self._is_heard():
                assert agent.code is None, agent.service.failed
                time.sleep(0.02)
            looked.wait(LOOKED_WITHIN_S)
            yield agent

    def cut(self) -> None:
        """The gateway is gone, and with it the tunnel."""
        self._gateway.close()

    def join(self) -> None:
        """The gateway listens at its address again."""
        port = int(self.gateway.rpartition(":")[2])
        self._gateway.enter_context(listening(application_of(_NO_EVENTS, self.stores), port))

    def _is_heard(self) -> bool:
        row = self.stores.agents.agent(AGENT)
        return row is not None and row.seen_at is not None

    def enroll(self) -> None:
        code, now = enrollment.new_code(), int(self.stores.queue.now().timestamp())
        self.stores.agents.invite(enrollment.secret_of(code), AGENT, self.integration, [MAIN], now)
        enroll(self.folder / "agent", self.url, code)


@contextmanager
def gateway_for(
    folder: Path, stores: Stores, sandbox: Sage100Sandbox, server: SageServer, integration: str = INTEGRATION
) -> Iterator[SageSite]:
    """A gateway over these stores, at which the agent beside that server is enrolled; it does not run yet."""
    now = int(time.time())
    make_job_key(stores, ROOT, now - 3_600, now + 86_400)
    stores.agents.invite(enrollment.secret_of(enrollment.new_code()), AGENT, integration, [MAIN], now)
    with ExitStack() as gateway:
        url = gateway.enter_context(listening(application_of(_NO_EVENTS, stores)))
        site = SageSite(folder, stores, url, sandbox, server, integration, gateway, url)
        site.enroll()
        yield site


@contextmanager
def sage_site(folder: Path, database: str, orders: int = 3) -> Iterator[SageSite]:
    """The agent is enrolled, and does not run yet."""
    settings = read_settings({"MLCONN_DATABASE_URL": database, "MLCONN_HOME": str(folder)})
    sandbox = Sage100Sandbox(make_world(1, 40), orders=orders)
    with open_stores(settings) as stores, SageServer(sandbox) as server, gateway_for(folder, stores, sandbox, server) as site:
        yield site
