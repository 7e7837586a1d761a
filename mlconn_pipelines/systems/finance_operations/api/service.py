"""Requests to one environment's data entities: one company, every page, and errors that say what follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx

from mlconn_pipelines.errors import ConnectorError, DocumentRejected, NotFound, OutcomeUnknown, Retryable
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import dumps
from mlconn_pipelines.systems.finance_operations.api.batch import (
    ACCEPTED,
    OPERATIONS_MAX,
    Change,
    decoded,
    encoded,
    first_failure,
)
from mlconn_pipelines.systems.finance_operations.api.faults import Fault, fault_of, own_form
from mlconn_pipelines.systems.finance_operations.records.scales import SCALES
from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.http import Http, query
from mlconn_pipelines.transport.http_responses import misshapen, request_line, retry_after_s
from mlconn_pipelines.transport.odata import Page, all_of, any_of, created_of, keyed_path
from mlconn_pipelines.transport.odata_service import Check, ODataService
from mlconn_pipelines.transport.retry import NO_RETRY, RetryPolicy

SYSTEM = "Dynamics 365 Finance & Operations"
ENUMS = "Microsoft.Dynamics.DataEntities"
_NO_CONTENT = 204

PAUSE_S = 30.0
"""After a 429 that names no time, as Microsoft's own sample waits."""

_KEYS = ("dataAreaId", "HeaderReference", "InvoiceLineNumber")
"""What may be in the key of a record that we create, and is repeated by the answer."""

_ALL = "/data"
_CROSS_COMPANY = "cross-company=true"
_NO_CALLER = (
    "The application must be mapped to a user in F&O (System administration > Microsoft Entra applications), and that user needs "
    "rights on the data entities."
)


class DataService(ODataService):
    """Reads are tried again within bounds, writes never; safe to use from several threads.

    company: dataAreaId, whose records alone are read and written. Without `cross-company` another company than the user's own
    would look empty.
    """

    reads_in_acts = True

    def __init__(self, http: Http, auth: SessionAuth, company: str, retry: RetryPolicy | None = None) -> None:
        super().__init__(http, auth, {"Accept": "application/json"}, retry)
        self.company = company.lower()

    def budget(self, path: str) -> str:
        """One for everything: limits are those of the environment, not of a path."""
        return _ALL

    def pages(
        self,
        entity: str,
        where: str = "",
        *,
        select: Sequence[str] = (),
        order: str = "",
        top: int | None = None,
        company: bool = True,
        at_once: bool = False,
        asked_for: Mapping[str, Collection[str]] | None = None,
    ) -> Iterator[Sequence[Record]]:
        """All pages of the company's records, by the server's own links.

        order: said explicitly, since rows may come and go while paging. company: the set has a dataAreaId. at_once: no second try.
        asked_for: the texts that a property may have by `where`. A row with another one is the answer to another question.
        """
        own = self.dialect.compare("dataAreaId", "eq", self.company) if company else ""
        parameters = {
            "$filter": all_of(own, where) if own or where else "",
            "$select": ",".join(select),
            "$orderby": order,
            "$top": "" if top is None else top,
        }
        path = f"data/{entity}" + query({name: value for name, value in parameters.items() if value != ""})
        path += ("&" if "?" in path else "?") + _CROSS_COMPANY
        fits = _fitting(asked_for or {}, self.system, entity)
        return self.pages_at(path, entity, fits, retry=NO_RETRY if at_once else None)

    def rows(self, entity: str, where: str = "", **how: Any) -> list[Record]:
        """All records at once; how: as of `pages`."""
        return [row for page in self.pages(entity, where, **how) for row in page]

    def create(self, entity: str, record: Record) -> Record:
        """One POST. Errors: Refusal, Retryable when surely nothing was stored, OutcomeUnknown."""
        return _made(self._send("POST", f"data/{entity}?{_CROSS_COMPANY}", json_of(record)), record)

    def change(self, entity: str, keys: Mapping[str, str | int | Decimal], fields: Record) -> None:
        """Merge fields into a record of the company. Errors: OutcomeUnknown when it is answered with anything but 204 or the record."""
        response = self._send("PATCH", self._path(entity, keys), json_of(fields))
        if response.status_code != _NO_CONTENT:
            created_of(response, *keys, sent=keys)

    def delete(self, entity: str, keys: Mapping[str, str | int | Decimal]) -> None:
        """Remove a record of the company; one that is gone already is fine."""
        try:
            response = self._send("DELETE", self._path(entity, keys), None)
        except NotFound:
            return
        if response.content:
            raise misshapen(response, "an answer without a body", write=True)

    def create_together(self, records: Sequence[tuple[str, Record]]) -> None:
        """One `$batch` whose changeset creates all of these (entity, record) or none. Errors: as `create`."""
        if len(records) > OPERATIONS_MAX:
            raise DocumentRejected(
                f"{self.system} takes {OPERATIONS_MAX} records at once, these are {len(records)}", code=Reason.TOO_MANY_LINES
            )
        root = str(self.http.url("data/"))
        changes = [Change("POST", f"{root}{entity}?{_CROSS_COMPANY}", json_of(record)) for entity, record in records]
        content, kind = encoded(changes)
        response = self._send("POST", "data/$batch", content, kind, accepted=ACCEPTED)
        try:
            answers = decoded(response, response.request)
        except ValueError as odd:
            raise OutcomeUnknown(
                f"{self.system}: {request_line(response)} answered in a form that tells nothing ({odd})",
                hint="It may have been stored; look for it before sending again.",
            ) from odd
        if (failure := first_failure(answers)) is not None:
            self.judged(failure, write=True)
        if len(answers) < len(changes):
            raise OutcomeUnknown(
                f"{self.system}: {request_line(response)} answered {len(answers)} of {len(changes)} changes",
                hint="They may have been stored; look for them before sending again.",
            )
        for answer, (_, record) in zip(answers, records, strict=False):
            _made(answer, record)

    def one_of(self, name: str, values: Sequence[str]) -> str:
        """`name` is one of the texts; wildcards in them may find more than that."""
        return any_of(*(self.dialect.compare(name, "eq", value) for value in values))

    def _path(self, entity: str, keys: Mapping[str, str | int | Decimal]) -> str:
        return f"data/{keyed_path(entity, {'dataAreaId': self.company, **keys})}?{_CROSS_COMPANY}"

    def joined(self, asked: str, link: str) -> str:
        path = super().joined(asked, link)
        return path if _CROSS_COMPANY in path.lower() else path + ("&" if "?" in path else "?") + _CROSS_COMPANY

    def _send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        kind: str = "application/json",
        accepted: str = "application/json",
    ) -> httpx.Response:
        headers = {"Accept": accepted} | ({"Content-Type": kind} if content is not None else {})
        return self.write(method, path, content, headers)

    def judged(self, response: httpx.Response, write: bool) -> httpx.Response:
        """The answer itself when it is a success, else the error that fits; F&O's own words decide before the status does."""
        if response.is_success:
            return response
        status, fault = response.status_code, fault_of(response) if own_form(response) else None
        said = self.http.redacted(fault.words) if fault else self.http.error_text(response)
        what = f"{self.system}: {request_line(response)} answered {status}" + (f" ({said})" if said else "")
        if status == 429:
            pause_s = retry_after_s(response)
            if pause_s is None:
                pause_s = PAUSE_S
                self.http.throttle.back_off(_ALL, pause_s)
            raise Retryable(what, retry_after_s=pause_s)
        if fault is not None and (status == 412 or fault.conflict):
            raise Retryable(f"{what}; somebody else was changing the record", answered="system")
        if write and fault is not None and fault.refused:
            raise Refusal(self.system, response, Fault(said, refused=True))
        if status == 403 and not write and fault is not None:
            raise ConnectorError(what, hint=_NO_CALLER)
        return self.http.checked(response, write, said)


class Refusal(DocumentRejected):
    """F&O's own logic refused a write. fault: its words."""

    def __init__(self, system: str, response: httpx.Response, fault: Fault) -> None:
        self.fault = fault
        super().__init__(
            f"{system} refused {request_line(response)}: {fault.words}",
            hint="Correct what it names, in the document or in F&O's master data, then reprocess the document.",
            code=fault.code,
        )


def _made(response: httpx.Response, record: Record) -> Record:
    """What the answer to the create of this record says was made: with its key, which is ours. Errors: OutcomeUnknown."""
    keys = [name for name in _KEYS if record.get(name) is not None]
    return created_of(response, *keys, sent={name: record[name] for name in keys})


def _fitting(asked_for: Mapping[str, Collection[str]], system: str, entity: str) -> Check:
    """Raises Retryable for a page with rows that nobody asked for. F&O compares without case, and takes `*` for anything."""
    wanted = {
        name: {value.strip().casefold() for value in values}
        for name, values in asked_for.items()
        if not any("*" in value for value in values)
    }

    def check(page: Page) -> None:
        for row in page.rows:
            if any(name in row and str(row[name]).strip().casefold() not in values for name, values in wanted.items()):
                raise Retryable(
                    f"{system}: asked for some rows of {entity}, it answered with others",
                    hint="Look whether something between it and us answers with pages that it has kept.",
                )

    return check


def enum(name: str, symbol: str) -> str:
    """An enum's value as it stands in a filter; unqualified ones are refused.

    >>> enum("PurchStatus", "Backorder")
    "Microsoft.Dynamics.DataEntities.PurchStatus'Backorder'"
    """
    return f"{ENUMS}.{name}'{symbol}'"


def within_days(name: str, first: dt.date, last: dt.date | None = None) -> str:
    """A calendar date, which stands at noon UTC, in [first, last].

    >>> within_days("ConfirmationDate", dt.date(2026, 1, 5), dt.date(2026, 1, 5))
    'ConfirmationDate ge 2026-01-05T00:00:00Z and ConfirmationDate le 2026-01-05T23:59:59Z'
    """
    start = f"{name} ge {first.isoformat()}T00:00:00Z"
    return start if last is None else f"{start} and {name} le {last.isoformat()}T23:59:59Z"


def json_of(record: Record) -> bytes:
    """A record as the JSON that F&O takes: Decimals as numbers of their field's scale."""
    return dumps(record, SCALES).encode()
