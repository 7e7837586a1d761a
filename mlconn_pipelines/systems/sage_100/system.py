"""Sage 100 as the wiring takes it; found by its name. What is heavy is imported when it is used."""

from __future__ import annotations

from mlconn_pipelines.ports.connections import Reach
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.ports.system import System
from mlconn_pipelines.systems.sage_100.connection import Sage100Connection


def _mapping(connection: Sage100Connection) -> ErpMapping:
    from mlconn_pipelines.systems.sage_100.mapping.mapping import mapping_of
    from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings

    return mapping_of(
        Sage100Settings(
            currency=connection.currency,
            several_warehouses=connection.several_warehouses,
            segments=connection.segments,
            receipts=connection.receipts,
            supplier_invoices=connection.supplier_invoices,
            confirmed_dates=connection.confirmed_dates,
            charges_account=connection.charges_account,
        )
    )


def _open(connection: Sage100Connection, reach: Reach) -> Connector:
    from mlconn_pipelines.systems.sage_100.api.connector import open_connector

    return open_connector(connection, reach.agent(connection.agent))


SYSTEM = System("Sage 100", _mapping, _open)
