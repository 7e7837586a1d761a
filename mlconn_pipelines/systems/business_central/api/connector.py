"""The Connector of Business Central: one company of one environment, through API v2.0."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.ports.connections import Credentials, Limiter, SessionStore
from mlconn_pipelines.ports.records import ConnectionReport, Connector
from mlconn_pipelines.systems.business_central.api.client import ENGLISH, BusinessCentralApi
from mlconn_pipelines.systems.business_central.api.entities import DOCUMENTS, SALES_INVOICES
from mlconn_pipelines.systems.business_central.api.faults import PERMISSIONS, own_form
from mlconn_pipelines.systems.business_central.api.journals import JournalReader
from mlconn_pipelines.systems.business_central.api.own_prices import item_prices
from mlconn_pipelines.systems.business_central.api.posted import ENTRIES, PURCHASES
from mlconn_pipelines.systems.business_central.api.reading import DocumentReader
from mlconn_pipelines.systems.business_central.api.reference_data import ReferenceReader
from mlconn_pipelines.systems.business_central.api.subscriptions import BusinessCentralSubscriptions
from mlconn_pipelines.systems.business_central.api.writing import DocumentWriter
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection
from mlconn_pipelines.systems.business_central.records.correlation_reference import COMMENT_LINE
from mlconn_pipelines.transport.entra.session import EntraApplication, EntraSignIn
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.throttle import Throttle

SYSTEM = "Business Central"


def open_connector(
    connection: BusinessCentralConnection,
    credentials: Credentials,
    sessions: SessionStore,
    limiter: Limiter | None,
    *,
    retry: RetryPolicy | None = None,
) -> Connector:
    """Reads and writes records of one company; does not sign in. retry: of reads."""
    tenant, environment = quote(connection.tenant, safe=""), quote(connection.environment, safe="")
    # The service counts per user, that is per application in a tenant, whatever company or path is asked.
    user = f"{connection.url.host}:{connection.url.port}/{connection.tenant}/{connection.credential}"
    proxies = Proxies(connection, credentials)
    http = Http(
        SYSTEM,
        f"{str(connection.url).rstrip('/')}/v2.0/{tenant}/{environment}/api/v2.0",
        timeout_s=connection.timeout_s,
        ca_file=connection.ca_file,
        proxies=proxies,
        throttle=Throttle(limiter, user, user, connection.requests_per_second, connection.calls_in_flight),
        headers=ENGLISH,
        own_form=own_form,
    )
    application = EntraApplication(
        connection.tenant, connection.scope, connection.credential, str(connection.authority).rstrip("/")
    )
    sign_in = EntraSignIn(
        application, credentials, http, timeout_s=connection.timeout_s, ca_file=connection.ca_file, proxies=proxies
    )
    api = BusinessCentralApi(http, sign_in.auth(sessions, PERMISSIONS), connection.company, connection.page_size, retry)
    documents = DocumentReader(
        api,
        connection.history_days,
        connection.calls_in_flight,
        connection.reference_field,
        connection.send_unreleased_orders,
    )
    writer = DocumentWriter(api, connection.reference_field, sessions.now)

    def close() -> None:
        """Connections only; the token stays, other runs use it."""
        api.close()
        sign_in.close()

    return Connector(
        source=documents,
        totals=documents,
        reference=ReferenceReader(api),
        target=writer,
        stepwise=writer,
        ours=writer,
        journals=JournalReader(api),
        subscriptions=BusinessCentralSubscriptions(api),
        own_prices=partial(item_prices, api),
        check=ConnectionCheck(connection, api),
        count=lambda: api.calls,
        close=close,
    )


class ConnectionCheck:
    """What `mlconn check` looks at."""

    def __init__(self, connection: BusinessCentralConnection, api: BusinessCentralApi) -> None:
        self._connection, self._api = connection, api

    def __call__(self) -> Sequence[ConnectionReport]:
        """Sign in, find the company, read what the flows read; what comes after a failure is not tried."""
        reports: list[ConnectionReport] = []
        for look in (self._check_company, self._check_invoices, self._check_orders, self._check_reference_field):
            try:
                reports.append(look())
            except MlconnError as problem:
                reports.append(ConnectionReport(SYSTEM, False, str(problem)))
                break
        return reports

    def _check_company(self) -> ConnectionReport:
        self._api.sign_in()
        where = f"company {self._connection.company} of environment {self._connection.environment}"
        return ConnectionReport(SYSTEM, True, f"signed in; {where} has id {self._api.company_id()}")

    def _check_invoices(self) -> ConnectionReport:
        """Without general ledger entries and purchase invoices no posted invoice could be told from a released draft."""
        rows = self._api.first(SALES_INVOICES, {"$select": "id,number"})
        self._api.first(ENTRIES, {"$select": "documentNumber,documentType"})
        self._api.first(PURCHASES, {"$select": "id,number"})
        shown = f"number {rows[0].get('number')}" if rows else "none there yet"
        return ConnectionReport(SYSTEM, True, f"read {SALES_INVOICES}, {ENTRIES} and {PURCHASES}: {shown}")

    def _check_orders(self) -> ConnectionReport:
        names = dict.fromkeys((self._connection.order_target, self._connection.orders_sent))
        shown = []
        for name in names:
            rows = self._api.first(name, {"$select": "id,number", "$expand": DOCUMENTS[name].lines})
            shown.append(f"{name}: number {rows[0].get('number')}" if rows else f"{name}: none there yet")
        return ConnectionReport(SYSTEM, True, f"read {'; '.join(shown)}")

    def _check_reference_field(self) -> ConnectionReport:
        field = self._connection.reference_field
        if field == COMMENT_LINE:
            return ConnectionReport(SYSTEM, True, "our reference goes into a comment line of each sales order")
        self._api.first(self._connection.order_target, {"$select": f"id,{field}"})
        return ConnectionReport(SYSTEM, True, f"our reference goes into {field} of sales orders")
