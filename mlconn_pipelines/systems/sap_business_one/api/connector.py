"""The Connector of SAP Business One: one company through its Service Layer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.ports.connections import Credentials, Limiter, SessionStore
from mlconn_pipelines.ports.records import ConnectionReport, Connector
from mlconn_pipelines.systems.sap_business_one.api.client import ServiceLayer, own_form
from mlconn_pipelines.systems.sap_business_one.api.journals import JournalReader
from mlconn_pipelines.systems.sap_business_one.api.oauth import ClientCredentials
from mlconn_pipelines.systems.sap_business_one.api.order_chains import OrderChains
from mlconn_pipelines.systems.sap_business_one.api.own_prices import previewed_prices
from mlconn_pipelines.systems.sap_business_one.api.partners import PartnerRecords
from mlconn_pipelines.systems.sap_business_one.api.reading import DocumentReader
from mlconn_pipelines.systems.sap_business_one.api.receivables import ReceivablesReader
from mlconn_pipelines.systems.sap_business_one.api.reference_data import ReferenceReader, check_price_lists
from mlconn_pipelines.systems.sap_business_one.api.session import PasswordLogin
from mlconn_pipelines.systems.sap_business_one.api.writing import DocumentWriter
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.odata import Dialect, all_of
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.session import SharedSession
from mlconn_pipelines.transport.throttle import Throttle

SYSTEM = "SAP Business One"

REFERENCE_LENGTH_MIN = 60
"""Characters that our reference may need: integration, entity and document id."""


def open_connector(
    connection: SapBusinessOneConnection,
    credentials: Credentials,
    sessions: SessionStore,
    limiter: Limiter | None,
    *,
    retry: RetryPolicy | None = None,
) -> Connector:
    """Reads and writes records of one company; does not sign in. retry: of reads."""
    host = f"{connection.url.host}:{connection.url.port}"
    http = Http(
        SYSTEM,
        str(connection.url),
        timeout_s=connection.timeout_s,
        ca_file=connection.ca_file,
        proxies=Proxies(connection, credentials),
        throttle=Throttle(limiter, f"{host}/{connection.company_db}", host, at_once=connection.calls_in_flight),
        own_form=own_form,
    )
    way = ClientCredentials if connection.authentication == "oauth" else PasswordLogin
    sign_in = way(connection, credentials, http)
    server = ServiceLayer(http, SharedSession(sessions, sign_in), Dialect(connection.quoted_dates), connection.page_size, retry)
    zone = ZoneInfo(connection.time_zone) if connection.time_zone else None
    documents = DocumentReader(server, connection.history_days, connection.calls_in_flight, connection.reference_field, zone)
    writer = DocumentWriter(server, connection.reference_field)

    def close() -> None:
        """Connections only; the session stays, other runs use it."""
        server.close()
        if isinstance(sign_in, ClientCredentials):
            sign_in.close()

    return Connector(
        source=documents,
        totals=documents,
        reference=ReferenceReader(server),
        target=writer,
        ours=writer,
        journals=JournalReader(server),
        order_chains=partial(OrderChains, server, documents, connection.reference_field),
        dated=documents,
        masters=PartnerRecords(server, connection.reference_field, zone),
        receivables=partial(ReceivablesReader, server),
        price_lists=partial(check_price_lists, server),
        own_prices=partial(previewed_prices, server),
        check=ConnectionCheck(connection, server),
        count=lambda: server.calls,
        close=close,
    )


class ConnectionCheck:
    """What `mlconn check` looks at."""

    def __init__(self, connection: SapBusinessOneConnection, server: ServiceLayer) -> None:
        self._connection, self._server = connection, server

    def __call__(self) -> Sequence[ConnectionReport]:
        """Sign in, read one record, look at the reference field and the branch; what comes after a failure is not tried."""
        reports: list[ConnectionReport] = []
        looks = [self._check_sign_in, self._check_record, self._check_reference_field]
        for look in [*looks, self._check_branch] if self._connection.branch else looks:
            try:
                reports.append(look())
            except MlconnError as problem:
                reports.append(ConnectionReport(SYSTEM, False, str(problem)))
                break
        return reports

    def _check_sign_in(self) -> ConnectionReport:
        self._server.sign_in()
        return ConnectionReport(SYSTEM, True, f"signed in to company {self._connection.company_db}")

    def _check_record(self) -> ConnectionReport:
        target = self._connection.order_target
        rows = self._server.page(target, {"$select": "DocEntry,DocNum", "$top": 1}).rows
        shown = f"number {rows[0].get('DocNum')}" if rows else "none there yet"
        return ConnectionReport(SYSTEM, True, f"read {target}: {shown}")

    def _check_branch(self) -> ConnectionReport:
        branches = [row for rows in self._server.pages("BusinessPlaces", {"$select": "BPLID,BPLName,Disabled"}) for row in rows]
        named = {int(row["BPLID"]): str(row.get("BPLName") or "") for row in branches if row.get("Disabled") != "tYES"}
        branch = self._connection.branch
        if branch not in named:
            there = ", ".join(f"{number} ({name})" for number, name in named.items()) or "none"
            return ConnectionReport(SYSTEM, False, f"branch {branch} is not in use. Correct `branch`; there are: {there}.")
        return ConnectionReport(SYSTEM, True, f"new documents are of branch {branch} ({named[branch]})")

    def _check_reference_field(self) -> ConnectionReport:
        field, target = self._connection.reference_field, self._connection.order_target
        if not field.startswith("U_"):
            self._server.page(target, {"$select": f"DocEntry,{field}", "$top": 1})
            return ConnectionReport(SYSTEM, True, f"our reference goes into {field} of document headers")
        dialect = self._server.dialect
        where = all_of(dialect.compare("Name", "eq", field.removeprefix("U_")))
        found = [row for rows in self._server.pages("UserFieldsMD", {"$filter": where}) for row in rows]
        headers = [row for row in found if str(row.get("TableName", "")).startswith("O")]
        if not headers:
            return ConnectionReport(
                SYSTEM,
                False,
                f"user field {field} does not exist on document headers. Create it there (alphanumeric, "
                f"{REFERENCE_LENGTH_MIN} characters or more), or name another as reference_field.",
            )
        self._server.page(target, {"$select": f"DocEntry,{field}", "$top": 1})
        size = int(headers[0].get("Size") or headers[0].get("EditSize") or 0)
        if 0 < size < REFERENCE_LENGTH_MIN:
            return ConnectionReport(
                SYSTEM, False, f"user field {field} takes {size} characters; make it {REFERENCE_LENGTH_MIN} or more."
            )
        return ConnectionReport(SYSTEM, True, f"user field {field} takes our reference")
