"""The ERPs there are, by `erp.kind`: another system is one more entry here. Connectors are imported when one is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mlconn_pipelines.config.integration import ErpConnection
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.ports.connections import Credentials, Limiter, SessionStore
from mlconn_pipelines.ports.erp import ErpConnector, ErpMapping
from mlconn_pipelines.ports.subscriptions import Subscriptions
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection
from mlconn_pipelines.systems.finance_operations.connection import FinanceOperationsConnection
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection

OpenConnector = Callable[[ErpConnection, Credentials, SessionStore, Limiter], ErpConnector]


@dataclass(frozen=True, slots=True)
class System:
    """One kind of ERP. title: what people call it. open: a connector; does not sign in.

    subscriptions: of that connector, for a system whose notifications are subscribed to by us.
    """

    title: str
    mapping: Callable[[ErpConnection], ErpMapping]
    open: OpenConnector
    subscriptions: Callable[[ErpConnector], Subscriptions] | None = None


def _sap_business_one_mapping(connection: ErpConnection) -> ErpMapping:
    assert isinstance(connection, SapBusinessOneConnection)
    from mlconn_pipelines.systems.sap_business_one.mapping.mapping import SapBusinessOneMapping
    from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings

    return SapBusinessOneMapping(
        SapSettings(
            order_target=connection.order_target,
            reference_field=connection.reference_field,
            confirmed_date_fields=connection.confirmed_date_fields,
            receipt_drafts=connection.receipt_drafts,
            invoice_drafts=connection.invoice_drafts,
            apply_differences=connection.apply_differences,
            branch=connection.branch,
        )
    )


def _sap_business_one(
    connection: ErpConnection, credentials: Credentials, sessions: SessionStore, limiter: Limiter
) -> ErpConnector:
    assert isinstance(connection, SapBusinessOneConnection)
    from mlconn_pipelines.systems.sap_business_one.api.connector import SapBusinessOneConnector

    return SapBusinessOneConnector(connection, credentials, sessions, limiter)


def _business_central_mapping(connection: ErpConnection) -> ErpMapping:
    assert isinstance(connection, BusinessCentralConnection)
    from mlconn_pipelines.systems.business_central.mapping.mapping import BusinessCentralMapping
    from mlconn_pipelines.systems.business_central.mapping.settings import BusinessCentralSettings

    return BusinessCentralMapping(
        BusinessCentralSettings(
            orders_sent=connection.orders_sent,
            reference_field=connection.reference_field,
            confirmed_dates=connection.confirmed_dates,
            apply_differences=connection.apply_differences,
        )
    )


def _business_central(
    connection: ErpConnection, credentials: Credentials, sessions: SessionStore, limiter: Limiter
) -> ErpConnector:
    assert isinstance(connection, BusinessCentralConnection)
    from mlconn_pipelines.systems.business_central.api.connector import BusinessCentralConnector

    return BusinessCentralConnector(connection, credentials, sessions, limiter)


def _subscriptions(connector: ErpConnector) -> Subscriptions:
    from mlconn_pipelines.systems.business_central.api.connector import BusinessCentralConnector

    assert isinstance(connector, BusinessCentralConnector)
    return connector.subscriptions


def _finance_operations_mapping(connection: ErpConnection) -> ErpMapping:
    assert isinstance(connection, FinanceOperationsConnection)
    from mlconn_pipelines.systems.finance_operations.mapping.mapping import FinanceOperationsMapping
    from mlconn_pipelines.systems.finance_operations.mapping.settings import FinanceOperationsSettings

    return FinanceOperationsMapping(
        FinanceOperationsSettings(
            company=connection.company.lower(),
            supplier_invoices=connection.supplier_invoices,
            confirmed_dates=connection.confirmed_dates,
        )
    )


def _finance_operations(
    connection: ErpConnection, credentials: Credentials, sessions: SessionStore, limiter: Limiter
) -> ErpConnector:
    assert isinstance(connection, FinanceOperationsConnection)
    from mlconn_pipelines.systems.finance_operations.api.connector import FinanceOperationsConnector

    return FinanceOperationsConnector(connection, credentials, sessions, limiter)


SYSTEMS: Mapping[str, System] = {
    "sap_business_one": System("SAP Business One", _sap_business_one_mapping, _sap_business_one),
    "business_central": System("Business Central", _business_central_mapping, _business_central, _subscriptions),
    "finance_operations": System("Dynamics 365 Finance & Operations", _finance_operations_mapping, _finance_operations),
}


def system_of(connection: ErpConnection) -> System:
    """The system of a configured connection. ConfigurationError for a kind that this release does not have."""
    if (system := SYSTEMS.get(connection.kind)) is None:
        raise ConfigurationError(f"there is no ERP {connection.kind!r}", f"There are: {', '.join(SYSTEMS)}.")
    return system


def mapping_of(connection: ErpConnection) -> ErpMapping:
    """The pure mapping between that system's records and documents, under the connection's settings."""
    return system_of(connection).mapping(connection)
