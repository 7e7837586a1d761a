"""The ERPs there are, by `erp.kind`: each model that joins `ErpConnection` has a folder of that name below `systems/`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from mlconn_pipelines.config.integration import CONNECTIONS, ErpConnection
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.ports.connections import Reach
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.system import System
from mlconn_pipelines.wiring.agents import desk_of
from mlconn_pipelines.wiring.stores import Stores


def _declared(kind: str) -> System:
    found = import_module(f"mlconn_pipelines.systems.{kind}.system").SYSTEM
    assert isinstance(found, System)
    return found


SYSTEMS: Mapping[str, System] = {kind: _declared(kind) for kind in CONNECTIONS}


def system_of(connection: ErpConnection) -> System:
    """The system of a configured connection. ConfigurationError for a kind that this release does not have."""
    if (system := SYSTEMS.get(connection.kind)) is None:
        raise ConfigurationError(f"there is no ERP {connection.kind!r}", f"There are: {', '.join(SYSTEMS)}.")
    return system


def mapping_of(connection: ErpConnection) -> ErpMapping:
    """The pure mapping between that system's records and documents, under the connection's settings."""
    return system_of(connection).mapping(connection)


def reach_of(stores: Stores, integration: str) -> Reach:
    """How the systems of an integration are got at, by what all processes share."""
    return Reach(
        stores.credentials,
        lambda credential: stores.sessions(credential, integration),
        stores.limiter,
        lambda agent: desk_of(stores, integration, agent),
    )
