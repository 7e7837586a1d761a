"""The ErpConnector of SAP Business One: one company through its Service Layer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.ports.connections import Credentials, Limiter, SessionStore
from mlconn_pipelines.ports.erp import ConnectionReport, Header, KeyStamp, OurRecord, Record, Stored
from mlconn_pipelines.systems.sap_business_one.api.client import ServiceLayer, own_form
from mlconn_pipelines.systems.sap_business_one.api.reading import DocumentReader, newest, watermark_at
from mlconn_pipelines.systems.sap_business_one.api.reference_data import ReferenceReader
from mlconn_pipelines.systems.sap_business_one.api.session import (
    ClientCredentials,
    PasswordLogin,
)
from mlconn_pipelines.systems.sap_business_one.api.writing import DocumentWriter
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.odata import Dialect, all_of
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.session import SharedSession, SignIn
from mlconn_pipelines.transport.throttle import Throttle

SYSTEM = "SAP Business One"

REFERENCE_LENGTH_MIN = 60
"""Characters that our reference may need: integration, entity and document id."""


class SapBusinessOneConnector:
    """Reads and writes records of one company; implements ports.erp.ErpConnector. Safe to use from several threads.

    retry: of reads.
    """

    stamp_resolution_s = 1.0
    """UpdateTime has whole seconds."""

    def __init__(
        self,
        connection: SapBusinessOneConnection,
        credentials: Credentials,
        sessions: SessionStore,
        limiter: Limiter | None,
        *,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._connection = connection
        self._zone = ZoneInfo(connection.time_zone) if connection.time_zone else None
        host = f"{connection.url.host}:{connection.url.port}"
        throttle = Throttle(limiter, f"{host}/{connection.company_db}", host, at_once=connection.calls_in_flight)
        http = Http(
            SYSTEM,
            str(connection.url),
            timeout_s=connection.timeout_s,
            ca_file=connection.ca_file,
            proxies=Proxies(connection, credentials),
            throttle=throttle,
            own_form=own_form,
        )
        self._way: SignIn = (
            ClientCredentials(connection, credentials, http)
            if connection.authentication == "oauth"
            else PasswordLogin(connection, credentials, http)
        )
        self._server = ServiceLayer(
            http, SharedSession(sessions, self._way), Dialect(connection.quoted_dates), connection.page_size, retry
        )
        self._documents = DocumentReader(
            self._server, connection.history_days, connection.calls_in_flight, connection.reference_field
        )
        self._reference = ReferenceReader(self._server)
        self._writer = DocumentWriter(self._server, connection.reference_field)

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """Pages of keys and stamps, the highest keys' page first; one request a page. Source: fact sheet, section 5."""
        return self._documents.changed(entity, since, start, quiet_s)

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return newest((stamp.stamp for stamp in stamps), since)

    def watermark_at(self, moment: dt.datetime) -> str:
        return watermark_at(moment.astimezone(self._zone) if self._zone else moment)

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
        """By the reference alone. A committed record is readable at once, so `older_than_s` changes nothing here."""
        return self._writer.find(entity, reference)

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> Sequence[OurRecord]:
        return self._writer.under_reference(entity, reference)

    def our_records(self, entity: str, since: dt.date, ours: str) -> Iterator[OurRecord]:
        return self._writer.our_records(entity, since, ours)

    def create(self, entity: str, payload: Record) -> Stored:
        return self._writer.create(entity, payload)

    def finish_or_remove(self, entity: str, partial: Stored, payload: Record) -> Stored | None:
        """Documents are created whole by one request: what is there is complete."""
        return partial

    def update(self, entity: str, key: str, changes: Record) -> Record:
        return self._writer.update(entity, key, changes)

    def reserve(self) -> None:
        """Make sure that there is a session; the server has no budget of requests."""
        self._server.sign_in()

    def check(self) -> Sequence[ConnectionReport]:
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

    @property
    def calls(self) -> int:
        return self._server.calls

    def close(self) -> None:
        """Close connections; the session stays, other runs use it."""
        self._server.close()
        if isinstance(self._way, ClientCredentials):
            self._way.close()

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
