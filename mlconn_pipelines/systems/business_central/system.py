"""Business Central as the wiring takes it; found by its name. What is heavy is imported when it is used."""

from __future__ import annotations

from mlconn_pipelines.ports.connections import Reach
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.ports.system import System
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection
from mlconn_pipelines.systems.business_central.notifications import NOTIFICATIONS


def _mapping(connection: BusinessCentralConnection) -> ErpMapping:
    from mlconn_pipelines.systems.business_central.mapping.mapping import mapping_of
    from mlconn_pipelines.systems.business_central.mapping.settings import BusinessCentralSettings

    return mapping_of(
        BusinessCentralSettings(
            orders_sent=connection.orders_sent,
            reference_field=connection.reference_field,
            confirmed_dates=connection.confirmed_dates,
            apply_differences=connection.apply_differences,
        )
    )


def _open(connection: BusinessCentralConnection, reach: Reach) -> Connector:
    from mlconn_pipelines.systems.business_central.api.connector import open_connector

    return open_connector(connection, reach.credentials, reach.sessions(connection.credential), reach.limiter)


SYSTEM = System("Business Central", _mapping, _open, NOTIFICATIONS, subscribes=True)
