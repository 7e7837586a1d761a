"""The ErpConnector of Business Central: one company of one environment, through API v2.0."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.ports.connections import Credentials, Limiter, SessionStore
from mlconn_pipelines.ports.erp import ConnectionReport, Header, KeyStamp, OurRecord, Record, Stored
from mlconn_pipelines.systems.business_central.api.client import ENGLISH, BusinessCentralApi
from mlconn_pipelines.systems.business_central.api.entities import DOCUMENTS, SALES_INVOICES
from mlconn_pipelines.systems.business_central.api.faults import PERMISSIONS, own_form
from mlconn_pipelines.systems.business_central.api.posted import ENTRIES, PURCHASES
from mlconn_pipelines.systems.business_central.api.reading import DocumentReader, newest_of_stamps
from mlconn_pipelines.systems.business_central.api.reference_data import ReferenceReader
from mlconn_pipelines.systems.business_central.api.subscriptions import BusinessCentralSubscriptions
from mlconn_pipelines.systems.business_central.api.writing import DocumentWriter
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection
from mlconn_pipelines.systems.business_central.records.our_reference import COMMENT_LINE
from mlconn_pipelines.systems.business_central.records.stamps import instant_text
from mlconn_pipelines.transport.entra.session import EntraApplication, EntraSignIn
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.throttle import Throttle

SYSTEM = "Business Central"


class BusinessCentralConnector:
    """Reads and writes records of one company; implements ports.erp.ErpConnector. Safe to use from several threads.

    retry: of reads.
    """

    stamp_resolution_s = 0.0
    """Stamps carry the etag, which is another after every change."""

    def __init__(
        self,
        connection: BusinessCentralConnection,
        credentials: Credentials,
        sessions: SessionStore,
        limiter: Limiter | None,
        *,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._connection = connection
        tenant, environment = quote(connection.tenant, safe=""), quote(connection.environment, safe="")
        # The service counts per user, that is per application in a tenant, whatever company or path is asked.
        user = f"{connection.url.host}:{connection.url.port}/{connection.tenant}/{connection.credential}"
        throttle = Throttle(limiter, user, user, connection.requests_per_second, connection.calls_in_flight)
        proxies = Proxies(connection, credentials)
        http = Http(
            SYSTEM,
            f"{str(connection.url).rstrip('/')}/v2.0/{tenant}/{environment}/api/v2.0",
            timeout_s=connection.timeout_s,
            ca_file=connection.ca_file,
            proxies=proxies,
            throttle=throttle,
            headers=ENGLISH,
            own_form=own_form,
        )
        application = EntraApplication(
            connection.tenant, connection.scope, connection.credential, str(connection.authority).rstrip("/")
        )
        self._way = EntraSignIn(
            application, credentials, http, timeout_s=connection.timeout_s, ca_file=connection.ca_file, proxies=proxies
        )
        auth = self._way.auth(sessions, PERMISSIONS)
        self._api = BusinessCentralApi(http, auth, connection.company, connection.page_size, retry)
        self._documents = DocumentReader(
            self._api,
            connection.history_days,
            connection.calls_in_flight,
            connection.reference_field,
            connection.send_unreleased_orders,
        )
        self._reference = ReferenceReader(self._api)
        self._writer = DocumentWriter(self._api, connection.reference_field, sessions.now)
        self.subscriptions = BusinessCentralSubscriptions(self._api)

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """Pages of keys and stamps, by lastModifiedDateTime; one request a page, and one more for invoices that may be drafts."""
        return self._documents.changed(entity, since, start, quiet_s)

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return newest_of_stamps((stamp.stamp for stamp in stamps), since)

    def watermark_at(self, moment: dt.datetime) -> str:
        """Stamps are in UTC everywhere."""
        return instant_text(moment)

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        return self._documents.records(entity, keys)

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        return self._documents.dated(entity, first, last)

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        return self._documents.latest(entity, start, until)

    def headers(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[Header]]:
        return self._documents.headers(entity, first, last)

    def reference_items(self, kind: str, since: str | None) -> Iterator[Sequence[Record]]:
        return self._reference.items(kind, since)

    def reference_newest(self, kind: str, records: Iterable[Record], since: str | None) -> str | None:
        return self._reference.newest(kind, records, since)

    def reference_records(self, kind: str, keys: Sequence[str]) -> Iterator[Record]:
        return self._reference.records(kind, keys)

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        return self._writer.find(entity, reference, payload, older_than_s)

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> Sequence[OurRecord]:
        return self._writer.under_reference(entity, reference, payload)

    def our_records(self, entity: str, since: dt.date, ours: str) -> Iterator[OurRecord]:
        return self._writer.our_records(entity, since, ours)

    def create(self, entity: str, payload: Record) -> Stored:
        return self._writer.create(entity, payload)

    def finish_or_remove(self, entity: str, partial: Stored, payload: Record) -> Stored | None:
        return self._writer.finish_or_remove(entity, partial, payload)

    def update(self, entity: str, key: str, changes: Record) -> Record:
        return self._writer.update(entity, key, changes)

    def reserve(self) -> None:
        """Make sure that there is a token, that the company is known, and take the turn of the write that follows."""
        self._api.sign_in()
        self._api.reserve("")

    def check(self) -> Sequence[ConnectionReport]:
        """Sign in, find the company, read what the flows read; what comes after a failure is not tried."""
        reports: list[ConnectionReport] = []
        for look in (self._check_company, self._check_invoices, self._check_orders, self._check_reference_field):
            try:
                reports.append(look())
            except MlconnError as problem:
                reports.append(ConnectionReport(SYSTEM, False, str(problem)))
                break
        return reports

    @property
    def calls(self) -> int:
        return self._api.calls

    def close(self) -> None:
        """Close connections; the token stays, other runs use it."""
        self._api.close()
        self._way.close()

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
