"""Requests to the Service Layer: signed, repeated once after a refused session, and with errors that say what follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from mlconn_pipelines.errors import ConnectorError, DocumentRejected, Retryable, TryLater
from mlconn_pipelines.ports.connections import Token
from mlconn_pipelines.ports.erp import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import dumps
from mlconn_pipelines.systems.sap_business_one.records.scales import SCALES
from mlconn_pipelines.transport.http import Http, query
from mlconn_pipelines.transport.http_responses import asked
from mlconn_pipelines.transport.odata import Dialect, Fault, Page, Value, all_of, created_of, fault_of, page_of, record_of
from mlconn_pipelines.transport.paging import PAGES_MAX, Check, by_links
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

T = TypeVar("T")


class ServiceLayer:
    """Reads are tried again within bounds, writes never; safe to use from several threads."""

    def __init__(
        self, http: Http, session: SharedSession, dialect: Dialect, page_size: int, retry: RetryPolicy | None = None
    ) -> None:
        self._http, self._session = http, session
        self.dialect, self.page_size = dialect, page_size
        self._retry = retry or RetryPolicy()

    @property
    def system(self) -> str:
        return self._http.system

    @property
    def calls(self) -> int:
        return self._http.calls

    def sign_in(self) -> None:
        """Make sure that there is a session."""
        self._retry.read(self._session.token)

    def record(self, path: str, key: str = "DocEntry") -> Record:
        """One record, known by its key. Errors: NotFound."""
        return self._read(path, {}, lambda response: record_of(response, key))

    def page(self, entity: str, parameters: Mapping[str, Any]) -> Page:
        """The first page of a query."""
        return self._page(entity + query(parameters))

    def pages(self, entity: str, parameters: Mapping[str, Any]) -> Iterator[Sequence[Record]]:
        """All pages, by the server's own links, which shift while rows come and go: for sets without a single key."""
        return by_links(self._page, entity + query(parameters), self.system, entity, self._http.joined)

    def keyset(
        self, entity: str, key: str, where: str = "", select: Sequence[str] = (), newest_first: bool = False
    ) -> Iterator[Sequence[Record]]:
        """All pages by the key of the last row, so that rows that come or go meanwhile move no others. No link is followed.

        newest_first: from the highest key down. The first answer then is a fixed upper bound: what is added later is not read,
        and reading ends however fast rows are added. A page that was announced and is empty is asked for once more.
        """
        order, beyond = (f"{key} desc", "lt") if newest_first else (key, "gt")
        last: Value = None
        seen = set[Value]()

        def is_new(page: Page) -> None:
            if not seen.isdisjoint(_keys(page.rows, key)):
                raise Retryable(f"{self.system}: a page of {entity} holds rows that were read before")

        for _ in range(PAGES_MAX):
            terms = [where] if last is None else [where, self.dialect.compare(key, beyond, last)]
            parameters = {"$select": ",".join(select), "$filter": all_of(*terms) if any(terms) else "", "$orderby": order}
            path = entity + query({name: value for name, value in parameters.items() if value})
            page = self._page(path, is_new)
            if last is not None and not page.rows:
                page = self._page(path, is_new)
            yield page.rows
            if page.link is None or not page.rows:
                return
            keys = _keys(page.rows, key)
            if not keys:
                raise Retryable(f"{self.system}: no row of a page of {entity} has a {key}, and more pages are to come")
            last = keys[-1]
            seen.update(keys)
        raise _endless(self.system, entity)

    def create(self, entity: str, payload: Record) -> httpx.Response:
        """One POST. Errors: `refusal` on what the server refuses; OutcomeUnknown, Retryable."""
        return self._write("POST", entity, f"/{entity}", payload)

    def patch(self, path: str, entity: str, changes: Record) -> None:
        """Merge fields into a record. Errors: OutcomeUnknown when it is answered with anything but 204 or the record."""
        response = self._write("PATCH", path, f"/{entity}({{key}})", changes)
        if response.status_code != 204:
            created_of(response, "DocEntry")

    def close(self) -> None:
        self._http.close()

    def _page(self, path: str, check: Check = lambda page: None) -> Page:
        def taken(response: httpx.Response) -> Page:
            page = page_of(response)
            check(page)
            return page

        return self._read(path, {"Prefer": f"odata.maxpagesize={self.page_size}"}, taken)

    def _read(self, path: str, headers: Mapping[str, str], taken: Callable[[httpx.Response], T]) -> T:
        """taken: what is made of the answer; where nothing can be, it is asked for again."""
        trouble = _Trouble()
        return self._retry.read(lambda: taken(self._read_once(path, headers, trouble)))

    def _read_once(self, path: str, headers: Mapping[str, str], trouble: _Trouble) -> httpx.Response:
        response, token = self._signed("GET", path, _template(path), headers, None, write=False)
        fault = None if response.is_success else fault_of(response)
        if response.status_code == 500 and trouble.wants_another_node(fault):
            self._session.renew(token.generation)
        return self._http.checked(response, write=False, said=fault.text if fault else None)

    def _write(self, method: str, path: str, template: str, body: Record) -> httpx.Response:
        content = dumps(body, SCALES).encode()
        headers = {"Content-Type": "application/json"}
        response, _ = self._signed(method, path, template, headers, content, write=True)
        fault = None if response.is_success else fault_of(response)
        if fault is not None and (response.status_code == 412 or fault.code == MODIFIED_MEANWHILE):
            said = self._http.blotted(fault.text)
            raise Retryable(f"{self.system}: {asked(response)} met a change by someone else ({said})", answered="system")
        if fault is not None and own_form(response) and _is_refusal(method, response.status_code):
            raise ServiceLayerRefusal(self.system, response, Fault(fault.code, self._http.blotted(fault.message)))
        return self._http.checked(response, write=True, said=fault.text if fault else None)

    def _signed(
        self, method: str, path: str, template: str, headers: Mapping[str, str], content: bytes | None, write: bool
    ) -> tuple[httpx.Response, Token]:
        """The answer, after one renewal where the session was refused: what is refused so was surely not executed."""
        token = self._session.token()
        for is_last in (False, True):
            signed = {**headers, **self._session.headers(token)}
            response = self._http.send(method, path, write=write, template=template, headers=signed, content=content)
            if not _session_refused(response):
                return response, token
            if not is_last:
                token = self._session.renew(token.generation)
        raise TryLater(
            f"{self.system}: {asked(response)} was refused as if the session were dead, right after a login",
            hint="Paths are case-sensitive and ROUTEID must reach the node that it names; look at `url` and the balancer.",
        )


class ServiceLayerRefusal(DocumentRejected):
    """The server refused a write with a code of its own. fault: its code and words."""

    def __init__(self, system: str, response: httpx.Response, fault: Fault) -> None:
        self.fault = fault
        super().__init__(
            f"{system} refused {asked(response)}: {fault.message} (code {fault.code}, status {response.status_code})",
            hint="Correct what it names, in the document or in the company's master data, then replay the document.",
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


def _template(path: str) -> str:
    """`/Orders` of a path to orders: what the limiter counts by."""
    return "/" + path.partition("?")[0].rpartition("/")[2].partition("(")[0]


def _keys(rows: Sequence[Record], key: str) -> list[str | int]:
    """Those that can be asked beyond; a row without one is told of by whoever reads it."""
    return [row[key] for row in rows if isinstance(row.get(key), (str, int))]


def _endless(system: str, entity: str) -> ConnectorError:
    return ConnectorError(f"{system}: {entity} has over {PAGES_MAX} pages", hint="Read it in smaller parts.")
