"""SAP Business One as the wiring takes it; found by its name. What is heavy is imported when it is used."""

from __future__ import annotations

from mlconn_pipelines.ports.connections import Reach
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.ports.system import System
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings
from mlconn_pipelines.systems.sap_business_one.notifications import NOTIFICATIONS


def settings_of(connection: SapBusinessOneConnection) -> SapSettings:
    """What of the connection decides what documents become."""
    return SapSettings(
        order_target=connection.order_target,
        reference_field=connection.reference_field,
        confirmed_date_fields=connection.confirmed_date_fields,
        credit_drafts=connection.credit_drafts,
        tax_code_field=connection.tax_code_field,
        receipt_drafts=connection.receipt_drafts,
        invoice_drafts=connection.invoice_drafts,
        apply_differences=connection.apply_differences,
        branch=connection.branch,
    )


def _mapping(connection: SapBusinessOneConnection) -> ErpMapping:
    from mlconn_pipelines.systems.sap_business_one.mapping.mapping import mapping_of

    return mapping_of(settings_of(connection))


def _open(connection: SapBusinessOneConnection, reach: Reach) -> Connector:
    from mlconn_pipelines.systems.sap_business_one.api.connector import open_connector

    return open_connector(connection, reach.credentials, reach.sessions(connection.credential), reach.limiter)


SYSTEM = System("SAP Business One", _mapping, _open, NOTIFICATIONS)
