"""Who listens to which system's stream, out of the configuration: one listener a system, whatever number of integrations it concerns."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from mlconn_pipelines.config.integration import Integration, SyncIntegration
from mlconn_pipelines.ledger.locks import held_alone
from mlconn_pipelines.ports.notifications import Listener
from mlconn_pipelines.wiring.stores import Stores
from mlconn_pipelines.wiring.streams import LedgerStreams
from mlconn_pipelines.wiring.sync.opening import open_flows

log = logging.getLogger("mlconn.listen")

LOOK_AGAIN_S = 2.0
"""Between two looks whether the listener that holds a system has ended."""


@dataclass(slots=True)
class Heard:
    """One system whose stream is listened to. connection: of the first integration that names it."""

    connection: Any
    listeners: list[Listener] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.connection.session_of)


def heard_of(integrations: Iterable[Integration]) -> list[Heard]:
    """Systems with `change_events`, of which some flow reads an object, or writes one that people edit."""
    found: dict[str, Heard] = {}
    for integration in integrations:
        if not isinstance(integration, SyncIntegration) or (connection := integration.salesforce).change_events is None:
            continue
        flows = {entity: flow.name for flow in open_flows(integration) for entity in flow.heard(integration)}
        heard = found.setdefault(connection.session_of, Heard(connection))
        heard.listeners.append(Listener(integration.integration, connection.kind, flows))
    return list(found.values())


def listen_to_all(systems: Sequence[Heard], stores: Stores, ended: threading.Event) -> None:
    """Until `ended`, each system in a thread of its own. What ends one of them ends all and is raised: who started this does so again."""
    troubles: list[BaseException] = []

    def run(heard: Heard) -> None:
        try:
            _listen_to(heard, stores, ended)
        except BaseException as trouble:
            troubles.append(trouble)
        finally:
            ended.set()

    threads = [threading.Thread(target=run, args=(heard,), name=heard.name) for heard in systems]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]


def _listen_to(heard: Heard, stores: Stores, ended: threading.Event) -> None:
    """Alone: while another process listens to the system, wait until that has ended."""
    said: list[bool] = []

    def wait() -> bool:
        if not said:
            log.info("%s: another process listens to it; waiting until that ends", heard.name)
            said.append(True)
        return not ended.wait(LOOK_AGAIN_S)

    # Loaded only here: gRPC is large.
    opening = import_module(f"mlconn_pipelines.systems.{heard.connection.kind}.pubsub.opening")
    sessions = stores.sessions(heard.connection.credential, heard.listeners[0].integration)
    entities = {one.integration: list(one.flows) for one in heard.listeners}
    streams = LedgerStreams(stores.intake, stores.watch, stores.queue, entities)
    with held_alone(stores.engine, f"listen:{heard.name}", wait) as still_alone:
        if still_alone is None:
            return
        with opening.opened(heard.connection, stores.credentials, sessions, heard.listeners, streams) as org:
            log.info("%s: listening to %s", heard.name, ", ".join(org.entities))
            opening.listen(org, ended, still_alone)
