"""What Salesforce's refusals mean for the run, by code; its words are for people only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from mlconn_pipelines.errors import ConnectorError, CredentialRefused, DocumentRejected, NotFound, Retryable, TryLater
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import parsed, request_line

PERMISSIONS = (
    "Look at the integration user in Salesforce: its permission set must give it the objects and fields that are read and "
    "written, and the external client app the scope `api`."
)

LOCKED = "UNABLE_TO_LOCK_ROW"
DUPLICATE = "DUPLICATE_VALUE"
QUOTA = "REQUEST_LIMIT_EXCEEDED"
PASSES = frozenset({LOCKED, "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "CONCURRENT_REQUESTS_LIMIT_EXCEEDED"})
"""What says nothing about the record, and is over by itself."""

_DEAD_LOCATOR = "INVALID_QUERY_LOCATOR"
_TOO_LARGE = frozenset({"QUERY_TIMEOUT", "OPERATION_TOO_LARGE"})
_TOO_MANY = "EXCEEDED_ID_LIMIT"
_OF_THE_ORG = frozenset({"API_CURRENTLY_DISABLED", "API_DISABLED_FOR_ORG", "INVALID_SESSION_ID", "TXN_SECURITY_METERING_ERROR"})
_VERSION = "UNSUPPORTED_API_VERSION"
_HINTS: Mapping[str, str] = {
    "INVALID_FIELD": "The field was deleted, or the integration user may not see it: look at its permission set and at the mapping.",
    "INVALID_TYPE": "The object is not available to the integration user: look at licence, permission set and `api_version`.",
    "TXN_SECURITY_METERING_ERROR": "Give the integration user the permission `Exempt from Transaction Security`.",
    "API_DISABLED_FOR_ORG": "Give the integration user the permission `API Enabled`; the org's edition must have the API.",
}


class DeadLocator(ConnectorError):
    """The pages of a query are gone (they live two days): begin again behind the last row that was read."""


class QueryTooLarge(ConnectorError):
    """The query took over two minutes, or asks for too much: ask for less at once."""


class TooManyIds(ConnectorError):
    """More ids than one answer tells: ask for a shorter time."""


class NotAvailable(NotFound):
    """An object that is missing, not licensed or hidden from the user; Salesforce does not say which."""


class QuotaReached(TryLater):
    """The org's requests of these 24 hours are used up, or our share of them; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of an answer. code: errorCode, or statusCode in a row of a collection. fields: those that it names."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        named = f" [{', '.join(self.fields)}]" if self.fields else ""
        return f"{self.code}: {self.message}{named}"


def faults_of(response: httpx.Response) -> Sequence[Fault]:
    """The errors of an answer in the form of data resources, which is a list; none for anything else."""
    try:
        body = parsed(response)
    except (ValueError, RecursionError):
        return ()
    return faults_in(body, "errorCode") if isinstance(body, list) else ()


def faults_in(listed: Any, code: str) -> Sequence[Fault]:
    """Errors as they stand in a list; none where it is another. code: what their code is called there."""
    rows = listed if isinstance(listed, list) else ()
    if not all(isinstance(row, Mapping) and isinstance(row.get(code), str) for row in rows):
        return ()
    return [
        Fault(row[code], f"{row.get('message') or ''}{_matched(row)}", tuple(map(str, row.get("fields") or ())))
        for row in rows
        if row[code]
    ]


def _matched(row: Mapping[str, Any]) -> str:
    """The records that a duplicate rule of the org took for this one, where it says so."""
    found = dict.fromkeys(_ids(row.get("duplicateResult")))
    return f" ({', '.join(found)})" if found else ""


def _ids(told: Any) -> Iterator[str]:
    if isinstance(told, list):
        for each in told:
            yield from _ids(each)
    elif isinstance(told, Mapping):
        for name in ("matchResults", "matchRecords", "record"):
            yield from _ids(told.get(name))
        if isinstance(told.get("Id"), str):
            yield told["Id"]


def own_form(response: httpx.Response) -> bool:
    """Whether an error is the org's own; its edge answers in HTML, or with nothing."""
    return bool(faults_of(response))


def rejected(system: str, faults: Sequence[Fault]) -> DocumentRejected:
    """The refusal of one record in the server's words."""
    said = "; ".join(fault.text for fault in faults) or "no reason given"
    return DocumentRejected(
        f"{system} refused the record ({said})",
        hint="Correct what it names, in the record or in the org's rules, then reprocess the document.",
        code=Reason.REFUSED_BY_SERVER,
    )


def checked_answer(http: Http, response: httpx.Response, write: bool) -> httpx.Response:
    """The answer itself when it is a success, else the error that fits.

    Errors: QuotaReached; CredentialRefused (the API is closed to the user); DeadLocator, QueryTooLarge, TooManyIds; NotAvailable; TryLater
    (a version that has ended); Retryable (a lock; of a read also 5xx and what is not the org's own form: 406, 420, HTML);
    OutcomeUnknown (the same of a write); DocumentRejected (a write's other refusals); ConnectorError (a read's).
    """
    if response.is_success or not (faults := faults_of(response)):
        return http.checked(response, write)
    said = http.redacted("; ".join(fault.text for fault in faults))
    first, status = faults[0], response.status_code
    what = f"{http.system}: {request_line(response)} answered {status} ({said})"
    if first.code == QUOTA and "concurrent" in first.message.lower():  # too many long requests at once: over in seconds
        raise Retryable(what, answered="system")
    if first.code == QUOTA:
        raise QuotaReached(
            what, hint="The org's requests of 24 hours are used up; everything goes on by itself when some are free."
        )
    if first.code == _DEAD_LOCATOR:
        raise DeadLocator(what)
    if first.code == _TOO_MANY and not write:
        raise TooManyIds(what)
    if first.code in _TOO_LARGE and not write:
        raise QueryTooLarge(what)
    if status == 410 or first.code == _VERSION:
        raise TryLater(what, hint="This version of the API has ended: write one that the org offers as `api_version`.")
    if first.code in PASSES and status < 500:
        raise Retryable(what, answered="system")
    if status == 403 and (first.code in _OF_THE_ORG or not write):
        raise CredentialRefused(what, hint=_HINTS.get(first.code, PERMISSIONS))
    if first.code == "INVALID_TYPE":
        raise NotAvailable(what, hint=_HINTS[first.code])
    if not write and 400 <= status < 500 and status not in (404, 408, 429):
        raise ConnectorError(what, hint=_HINTS.get(first.code, PERMISSIONS))
    if write and status < 500 and status not in (401, 408, 429):
        raise rejected(http.system, faults)
    return http.checked(response, write, said=said)
