"""One org as its parts, and as a Connector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import httpx

from mlconn_pipelines.errors import CredentialRefused
from mlconn_pipelines.ports.connections import Credentials, Limiter, SessionStore
from mlconn_pipelines.ports.records import Connector, Record
from mlconn_pipelines.systems.salesforce.api.client import SalesforceApi
from mlconn_pipelines.systems.salesforce.api.connection_check import ConnectionCheck
from mlconn_pipelines.systems.salesforce.api.deletions import Deletions
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.edits import Edits
from mlconn_pipelines.systems.salesforce.api.faults import PERMISSIONS, own_form
from mlconn_pipelines.systems.salesforce.api.kept_records import KeptRecords
from mlconn_pipelines.systems.salesforce.api.objects import Mapped
from mlconn_pipelines.systems.salesforce.api.order_records import OrderRecords
from mlconn_pipelines.systems.salesforce.api.quota import Quota
from mlconn_pipelines.systems.salesforce.api.reading import RecordReader
from mlconn_pipelines.systems.salesforce.api.records_by_code import RecordsByCode
from mlconn_pipelines.systems.salesforce.api.sign_in import SYSTEM, Hosts, SalesforceSignIn
from mlconn_pipelines.systems.salesforce.api.writing import RecordWriter
from mlconn_pipelines.systems.salesforce.connection import SalesforceConnection
from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import request_line
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.session import SharedSession
from mlconn_pipelines.transport.throttle import Throttle

UNBOUNDED = 1_000.0
"""Requests a second where the settings name no bound: without any the limiter would keep no pause for the quota."""


@dataclass(frozen=True, slots=True)
class Org:
    """The parts of one client. Safe to use from several threads."""

    api: SalesforceApi
    descriptions: Descriptions
    reader: RecordReader
    writer: RecordWriter
    deletions: Deletions
    edits: Edits
    connector: Connector


class ReferenceRecords:
    """Whole objects as reference sets, by their name; implements ReferenceSource."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader

    def items(self, name: str, since: str | None) -> Iterator[Sequence[Record]]:
        return self._reader.changed_records(name, since)

    def newest(self, name: str, records: Iterable[Record], since: str | None) -> str | None:
        return self._reader.newest(self._reader.key_stamps_of(list(records)), since)

    def records(self, name: str, keys: Sequence[str]) -> Iterator[Record]:
        return self._reader.records(name, keys)


def open_org(
    connection: SalesforceConnection,
    credentials: Credentials,
    sessions: SessionStore,
    limiter: Limiter | None,
    *,
    mapped: Mapped | None = None,
    retry: RetryPolicy | None = None,
) -> Org:
    """Reads and writes records of one org; does not sign in. mapped: what is read and written beside standard fields. retry: of reads."""
    org = f"{connection.url.host}:{connection.url.port}"
    proxies = Proxies(connection, credentials)
    throttle = Throttle(limiter, org, org, connection.requests_per_second or UNBOUNDED, connection.calls_in_flight)

    def http_at(url: str) -> Http:
        return Http(
            SYSTEM,
            url,
            timeout_s=connection.timeout_s,
            ca_file=connection.ca_file,
            proxies=proxies,
            throttle=throttle,
            headers={"Sforce-Call-Options": f"client={connection.client_name}"},
            own_form=own_form,
        )

    def lane() -> AbstractContextManager[None]:
        return limiter.in_flight(f"{org} writes", connection.writes_in_flight) if limiter else nullcontext()

    hosts = Hosts(http_at)
    sign_in = SalesforceSignIn(connection, credentials, hosts)
    session = SharedSession(sessions, sign_in)

    def refused_again(response: httpx.Response) -> CredentialRefused:
        return CredentialRefused(
            f"{SYSTEM}: {request_line(response)} answered 401 to a session that was granted just now", hint=PERMISSIONS
        )

    quota = Quota(connection.session_of, connection.quota_share, connection.quota_pause_s)
    auth = SessionAuth(session, refused_again)
    api = SalesforceApi(hosts, session, auth, connection.api_version, connection.page_size, quota, sessions.now, retry)
    descriptions = Descriptions(api, mapped or {})
    reader = RecordReader(api, descriptions, connection.history_days, connection.calls_in_flight, sessions.now)
    deletions = Deletions(api, sessions.now)
    writer = RecordWriter(api, descriptions, lane, deletions.winners)

    def close() -> None:
        """Connections only; the session stays, other runs use it."""
        api.close()
        sign_in.close()

    connector = Connector(
        source=reader,
        totals=reader,
        reference=ReferenceRecords(reader),
        target=OrderRecords(writer, reader, descriptions),
        targets=RecordsByCode(reader, descriptions),
        collections=writer,
        masters=KeptRecords(reader, writer, descriptions),
        check=ConnectionCheck(api, descriptions, quota, mapped or {}),
        count=lambda: api.calls,
        close=close,
        dated=reader,
        deletions=deletions,
    )
    return Org(api, descriptions, reader, writer, deletions, Edits(api, reader, descriptions), connector)
