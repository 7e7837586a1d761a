"""Dynamics 365 Finance & Operations as the wiring takes it; found by its name. What is heavy is imported when it is used."""

from __future__ import annotations

from mlconn_pipelines.ports.connections import Reach
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.ports.system import System
from mlconn_pipelines.systems.finance_operations.connection import FinanceOperationsConnection
from mlconn_pipelines.systems.finance_operations.notifications import NOTIFICATIONS


def _mapping(connection: FinanceOperationsConnection) -> ErpMapping:
    from mlconn_pipelines.systems.finance_operations.mapping.mapping import mapping_of
    from mlconn_pipelines.systems.finance_operations.mapping.settings import FinanceOperationsSettings

    return mapping_of(
        FinanceOperationsSettings(
            company=connection.company.lower(),
            supplier_invoices=connection.supplier_invoices,
            confirmed_dates=connection.confirmed_dates,
        )
    )


def _open(connection: FinanceOperationsConnection, reach: Reach) -> Connector:
    from mlconn_pipelines.systems.finance_operations.api.connector import open_connector

    return open_connector(connection, reach.credentials, reach.sessions(connection.credential), reach.limiter)


SYSTEM = System("Dynamics 365 Finance & Operations", _mapping, _open, NOTIFICATIONS)
