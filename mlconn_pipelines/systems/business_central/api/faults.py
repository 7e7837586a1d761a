"""What Business Central's refusals mean for the run, by status and code; its words are for people only."""

from __future__ import annotations

import html
import re

import httpx

from mlconn_pipelines.errors import CredentialRefused, DocumentRejected, NotFound, Retryable, TryLater
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import request_line, retry_after_s
from mlconn_pipelines.transport.odata import Fault, fault_of

PERMISSIONS = (
    "Look at the page `Microsoft Entra applications` in Business Central: the application must be enabled there and hold "
    "permission sets for the tables that are read and written. (SUPER is not allowed.)"
)

_CORRELATION = re.compile(r"\s*CorrelationId:\s*\S+\s*$")
_XML_CODE, _XML_MESSAGE = re.compile(r"<code[^>]*>([^<]+)</code>"), re.compile(r"<message[^>]*>([^<]+)</message>")

_XML_ERROR = "http://docs.oasis-open.org/odata/ns/metadata"
"""The namespace of the gateway's own errors; a page for people may have a `<code>` too."""

_UNAVAILABLE = frozenset({"Internal_TenantUnavailable"})
_MISDIRECTED = frozenset({"NoEnvironment", "Internal_CompanyNotFound"})
_CONCURRENCY = frozenset({"Request_EntityChanged", "BadRequest_InvalidToken"})
_LOCKED = re.compile(
    r"is being updated in a transaction done by another session|table was locked by another user|was deadlocked with another user"
    r"|Another user has modified the record for this\b.+\bafter it was retrieved|Sorry, we just updated this page",
    re.IGNORECASE | re.DOTALL,
)
"""Locks and deadlocks have no code of their own (409 or 400 with Internal_ServerError or a dialog's), so that only the platform's
English sentences tell them, which are asked for. The transaction was undone."""


class BusinessCentralRefusal(DocumentRejected):
    """The service refused a write with a code of its own. fault: its code and words."""

    def __init__(self, system: str, response: httpx.Response, fault: Fault) -> None:
        self.fault = fault
        super().__init__(
            f"{system} refused {request_line(response)}: {fault.message} (code {fault.code}, status {response.status_code})",
            hint="Correct what it names, in the document or in the company's master data, then reprocess the document.",
            code=Reason.REFUSED_BY_SERVER,
        )


def fault_in(response: httpx.Response) -> Fault | None:
    """The error in an answer, less the correlation id, which changes with every try; also that of the gateway's XML."""
    fault = fault_of(response)
    if fault is not None:
        return Fault(fault.code, _CORRELATION.sub("", fault.message))
    if (code := _XML_CODE.search(response.text)) is None or _XML_ERROR not in response.text:
        return None
    message = _XML_MESSAGE.search(response.text)
    return Fault(code[1].strip(), html.unescape(message[1].strip()) if message else "")


def own_form(response: httpx.Response) -> bool:
    """Whether an error is the service's own, which names a code."""
    fault = fault_in(response)
    return fault is not None and bool(fault.code)


def checked_answer(http: Http, response: httpx.Response, write: bool) -> httpx.Response:
    """The answer itself when it is a success, else the error that fits.

    Errors: TryLater (a wrong environment or company), CredentialRefused (permissions), Retryable (429, a change by someone
    else in between, a read's 408 and 5xx), OutcomeUnknown (a write's 408 and 5xx), NotFound, BusinessCentralRefusal.
    """
    if response.is_success:
        return response
    fault, status = fault_in(response), response.status_code
    code = fault.code if fault else ""
    if not code:
        return http.checked(response, write)
    said = http.redacted(fault.text) if fault else http.error_text(response)
    what = f"{http.system}: {request_line(response)} answered {status} ({said})"
    if code in _MISDIRECTED:
        raise TryLater(
            what, hint="Correct `environment` or `company` in the configuration; names are as the admin center has them."
        )
    if status == 403 or (code.startswith("Authorization_") and status < 500):
        raise CredentialRefused(what, hint=PERMISSIONS)
    if code in _UNAVAILABLE and status < 500:
        raise Retryable(what, retry_after_s=retry_after_s(response))
    if fault is not None and _LOCKED.search(fault.message):
        raise Retryable(
            f"{http.system}: {request_line(response)} met a lock of someone else ({said})",
            retry_after_s=retry_after_s(response),
            answered="system",
        )
    if write and (status == 412 or code in _CONCURRENCY):
        raise Retryable(f"{http.system}: {request_line(response)} met a change by someone else ({said})", answered="system")
    if write and status == 404:
        raise NotFound(what)
    if write and fault is not None and code and 400 <= status < 500 and status not in (401, 408, 423, 429):
        raise BusinessCentralRefusal(http.system, response, Fault(code, http.redacted(fault.message)))
    return http.checked(response, write, said=fault.text if fault else None)
