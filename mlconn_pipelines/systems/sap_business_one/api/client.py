"""Requests to the Service Layer: signed, repeated once after a refused session, and with errors that say what follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from mlconn_pipelines.errors import ConnectorError, DocumentRejected, Retryable, TryLater
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import dumps
from mlconn_pipelines.systems.sap_business_one.records.scales import SCALES
from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.http import Http, query
from mlconn_pipelines.transport.http_responses import request_line
from mlconn_pipelines.transport.odata import Dialect, Fault, Page, created_of, fault_of, record_of
from mlconn_pipelines.transport.odata_service import ODataService
from mlconn_pipelines.transport.paging import KeyPager, pages
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.session import SharedSession

FRESH_SESSIONS_MAX = 2
"""Logins that one read may cost while the server answers 500: a session sticks to its node, and the node may be broken."""

NO_MATCH = "-2028"
"""A key or a referenced code that does not exist; on a POST also: stored as a draft that awaits approval."""

EXISTS = "-2035"
"""The entry exists: a number that is taken, or a unique key that the company laid over our reference field."""

MODIFIED_MEANWHILE = "-2039"
"""Somebody else was changing the record: rolled back, so it may be tried again."""

_DEAD_SESSION = re.compile(r"Invalid session or session already timeout\.?", re.IGNORECASE)
_CODE = re.compile(r"-?\d+")


class ServiceLayer(ODataService):
    """One company. Reads are tried again within bounds, writes never; safe to use from several threads."""

    reserves = False
    """The server has no budget of requests."""

    def __init__(
        self, http: Http, session: SharedSession, dialect: Dialect, page_size: int, retry: RetryPolicy | None = None
    ) -> None:
        auth = SessionAuth(session, partial(_refused_again, http.system), _session_refused)
        super().__init__(http, auth, {"Prefer": f"odata.maxpagesize={page_size}"}, retry, dialect)
        self.page_size = page_size

    def budget(self, path: str) -> str:
        """`/Orders` of a path to orders."""
        return "/" + path.partition("?")[0].rpartition("/")[2].partition("(")[0]

    def record(self, path: str, key: str = "DocEntry") -> Record:
        """One record, known by its key. Errors: NotFound."""
        return self.read(path, {}, lambda response: record_of(response, key))

    def page(self, entity: str, parameters: Mapping[str, Any]) -> Page:
        """The first page of a query."""
        return self.page_at(entity + query(parameters))

    def pages(self, entity: str, parameters: Mapping[str, Any]) -> Iterator[Sequence[Record]]:
        """All pages, by the server's own links, which shift while rows come and go: for sets without a single key."""
        return self.pages_at(entity + query(parameters), entity)

    def keyset(
        self, entity: str, key: str, where: str = "", select: Sequence[str] = (), newest_first: bool = False
    ) -> Iterator[Sequence[Record]]:
        """All pages by the key of the last row; see `KeyPager`."""
        pager = KeyPager(self.system, entity, key, self.dialect, where, select, newest_first)
        return (page.rows for page in pages(self.page_at, pager, self.system, entity))

    def create(self, entity: str, payload: Record) -> httpx.Response:
        """One POST. Errors: `refusal` on what the server refuses; OutcomeUnknown, Retryable."""
        return self._send("POST", entity, payload)

    def patch(self, path: str, changes: Record, key: str = "DocEntry") -> None:
        """Merge fields into a record. Errors: OutcomeUnknown when it is answered with anything but 204 or the record."""
        response = self._send("PATCH", path, changes)
        if response.status_code != 204:
            created_of(response, key)

    def read_judge(self) -> Callable[[httpx.Response], httpx.Response]:
        """A session sticks to its node; one read that meets a 500 again and again looks for another."""
        trouble = _Trouble()

        def judge(response: httpx.Response) -> httpx.Response:
            fault = None if response.is_success else fault_of(response)
            if response.status_code == 500 and trouble.wants_another_node(fault):
                self.auth.renew(response)
            return self.http.checked(response, write=False, said=fault.text if fault else None)

        return judge

    def judged(self, response: httpx.Response, write: bool) -> httpx.Response:
        fault = None if response.is_success else fault_of(response)
        if fault is not None and (response.status_code == 412 or fault.code == MODIFIED_MEANWHILE):
            said = self.http.redacted(fault.text)
            raise Retryable(f"{self.system}: {request_line(response)} met a change by someone else ({said})", answered="system")
        if fault is not None and own_form(response) and _is_refusal(response.request.method, response.status_code):
            raise ServiceLayerRefusal(self.system, response, Fault(fault.code, self.http.redacted(fault.message)))
        return self.http.checked(response, write, said=fault.text if fault else None)

    def _send(self, method: str, path: str, body: Record) -> httpx.Response:
        return self.write(method, path, dumps(body, SCALES).encode(), {"Content-Type": "application/json"})


def _refused_again(system: str, response: httpx.Response) -> ConnectorError:
    return TryLater(
        f"{system}: {request_line(response)} was refused as if the session were dead, right after a login",
        hint="Paths are case-sensitive and ROUTEID must reach the node that it names; look at `url` and the balancer.",
    )


class ServiceLayerRefusal(DocumentRejected):
    """The server refused a write with a code of its own. fault: its code and words."""

    def __init__(self, system: str, response: httpx.Response, fault: Fault) -> None:
        self.fault = fault
        super().__init__(
            f"{system} refused {request_line(response)}: {fault.message} (code {fault.code}, status {response.status_code})",
            hint="Correct what it names, in the document or in the company's master data, then reprocess the document.",
            code=Reason.REFERENCE_UNKNOWN if fault.code == NO_MATCH else Reason.REFUSED_BY_SERVER,
        )


@dataclass(slots=True)
class _Trouble:
    """How often one read met a 500."""

    errors: int = 0
    fresh: int = 0

    def wants_another_node(self, fault: Fault | None) -> bool:
        self.errors += 1
        if self.fresh >= FRESH_SESSIONS_MAX or not (self.errors >= 2 or (fault is not None and fault.code == "407")):
            return False
        self.fresh += 1
        return True


def own_form(response: httpx.Response) -> bool:
    """Whether an error is the Service Layer's own: its codes are numbers."""
    fault = fault_of(response)
    return fault is not None and _CODE.fullmatch(fault.code) is not None


def _session_refused(response: httpx.Response) -> bool:
    """401, code 301, or -5002 with SAP's whole sentence about it.

    Any other -5002 is a business rule and never posted again, whatever words of the document it repeats: an item called "Session
    pad" or a lock's time-out is no dead session.
    """
    if response.is_success or response.status_code >= 500:
        return False
    if response.status_code == 401:
        return True
    fault = fault_of(response)
    if fault is None:
        return False
    return fault.code == "301" or (fault.code == "-5002" and _DEAD_SESSION.fullmatch(fault.message) is not None)


def _is_refusal(method: str, status: int) -> bool:
    """Whether a 4xx with a code of the Service Layer's own is about what was written; a 404 to PATCH is about its key."""
    return 400 <= status < 500 and status not in (401, 408, 429) and not (status == 404 and method == "PATCH")
