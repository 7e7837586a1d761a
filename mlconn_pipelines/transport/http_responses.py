"""What an HTTP answer means for the run: its status as one of our errors, in the server's own words and without secrets.

An answer of another shape than the system gives is no answer: a proxy's page, a gateway's error and half a body pass with any
status. It says nothing about what is there, and nothing about what was stored.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from mlconn_pipelines.errors import Answered, ConnectorError, DocumentRejected, NotFound, OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.reasons import Reason

_NAMES_SHOWN = 4

WORDS_MAX = 400
"""Characters of a server's own text that an error repeats."""

_LOOK = "Look whether a proxy, a firewall or a sign-in page stands in front of the server, and whether `url` is right."

GATEWAY_ERRORS = frozenset({502, 503, 504})
"""What stands before a system says when it cannot reach it."""

_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")


def parsed(response: httpx.Response) -> Any:
    """The JSON of an answer; fractions as Decimal, whole numbers as int. ValueError when it is no JSON."""
    return json.loads(response.content, parse_float=Decimal)


def object_of(response: httpx.Response) -> Mapping[str, Any] | None:
    """The JSON object of an answer; None when it is anything else."""
    try:
        body = parsed(response)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def json_object(response: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of an answer to a read. Errors: Retryable, since a proxy's page with status 200 passes."""
    if (body := object_of(response)) is None:
        raise misshapen(response, "a JSON object")
    return body


def token_of(response: httpx.Response) -> Mapping[str, Any]:
    """The answer of a sign-in that gives a token. Errors: Retryable when it gives none."""
    body = json_object(response)
    if not isinstance(body.get("access_token"), str) or not body["access_token"]:
        raise misshapen(response, "a token (`access_token`)")
    return body


def misshapen(response: httpx.Response, wanted: str, *, write: bool = False) -> ConnectorError:
    """The error of an answer that is none: Retryable of a read, OutcomeUnknown of a write. wanted: what was expected instead."""
    what = f"{request_line(response)} answered {response.status_code} with {_shape(response)} instead of {wanted}"
    if write:
        return OutcomeUnknown(what, hint=f"It may have been stored; it is looked for before it is sent again. {_LOOK}")
    return Retryable(what, hint=_LOOK)


def request_line(response: httpx.Response) -> str:
    """Method and path of the request; never the query, which may hold what is nobody's business."""
    return f"{response.request.method} {response.request.url.path}"


def error_text(response: httpx.Response, secrets: Collection[str] = ()) -> str:
    """What the server itself says of an error: the message of a JSON body in its usual places, else its text, else the reason.

    secrets: what is redacted, should the server repeat it.
    """
    text = _message(response) or response.reason_phrase
    return redacted(_SPACE.sub(" ", text).strip(), secrets)[:WORDS_MAX]


def redacted(text: str, secrets: Collection[str]) -> str:
    """The text with every secret in it replaced by asterisks, longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def retry_after_s(response: httpx.Response, now: dt.datetime | None = None) -> float | None:
    """Seconds that the server asks to wait (Retry-After as seconds or as an HTTP date), None where it does not say.

    A date is held against the server's own clock (Date), so that it does not matter what ours shows. now: for tests, aware.
    """
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    if (at := _http_date(value)) is None:
        return None
    now = now or _http_date(response.headers.get("date", "")) or dt.datetime.now(dt.UTC)
    return max(0.0, (at - now).total_seconds())


def _http_date(text: str) -> dt.datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def checked(
    response: httpx.Response, system: str, write: bool, said: str | None = None, own_form: bool = True
) -> httpx.Response:
    """The answer itself when it is a success, else the error that fits.

    write: the request may have changed something, so that a 5xx leaves the outcome open. said: the server's words, where the
    caller has read them already. own_form: it has the form of the system's own errors; of one that has not, only 401 and 429
    say what they say. Errors: Retryable (429, 423; a read's 408 and 5xx, and what has another form), OutcomeUnknown (the same
    of a write), NotFound (404, 410), TryLater (a read's redirect; a 401 that a fresh sign-in did not cure), DocumentRejected
    (a write's other 4xx), ConnectorError (a read's other 4xx).
    """
    status = response.status_code
    if response.is_success:
        return response
    said = error_text(response) if said is None else said
    what = f"{system}: {request_line(response)} answered {status}" + (f" ({said})" if said else "")
    if status == 429 or (status == 423 and own_form):
        raise Retryable(what, retry_after_s=retry_after_s(response), answered="system" if status == 423 else "")
    if status >= 500 or status == 408 or (write and response.is_redirect):
        if write:
            answered: Answered = "system" if own_form and status not in GATEWAY_ERRORS else "gateway" if status >= 400 else ""
            raise OutcomeUnknown(what, hint="It may have been stored; look for it before sending again.", answered=answered)
        raise Retryable(what, retry_after_s=retry_after_s(response))
    if not own_form and status >= 400 and status != 401:
        what += f", with {_shape(response)} instead of an error in the system's own form"
        raise OutcomeUnknown(what, hint=_LOOK) if write else Retryable(what, hint=_LOOK)
    if status in (404, 410):
        raise NotFound(what)
    if response.is_redirect or status < 400:
        raise TryLater(what, hint="Write the address that the server redirects to as `url`.")
    if status == 401:
        raise TryLater(what, hint="Signing in worked and the server still refuses; look at the account's rights and at `url`.")
    if write:
        raise DocumentRejected(what, hint="Correct what the server names, then reprocess it.", code=Reason.REFUSED_BY_SERVER)
    raise ConnectorError(what, hint="Look at the account's rights and at the configuration.")


def _message(response: httpx.Response) -> str:
    try:
        body = parsed(response)
    except (ValueError, RecursionError):
        text = response.text
        return html.unescape(_TAGS.sub(" ", text)) if "<" in text else text
    return _said(body) or ("" if isinstance(body, (dict, list)) else str(body))


def _said(body: Any) -> str:
    """The first text in the places where servers put one: message, error.message, error_description, error, detail, title."""
    if isinstance(body, str):
        return body
    if isinstance(body, dict):
        for name in ("message", "error_description", "error", "value", "detail", "title", "code"):
            if said := _said(body.get(name)):
                return said
    return ""


def _shape(response: httpx.Response) -> str:
    """What an answer is, for an error message.

    >>> _shape(httpx.Response(200, json={"error": "no"})), _shape(httpx.Response(200, html="<p>")), _shape(httpx.Response(200))
    ('a JSON object of error', 'text/html', 'nothing')
    """
    if not response.content:
        return "nothing"
    if (body := object_of(response)) is not None:
        return f"a JSON object of {', '.join(sorted(map(str, body))[:_NAMES_SHOWN])}" if body else "an empty JSON object"
    kind = response.headers.get("content-type", "").partition(";")[0].strip() or f"{len(response.content)} bytes"
    return f"{kind} that cannot be read" if kind.endswith("json") else kind
