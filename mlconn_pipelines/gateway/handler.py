"""One call from its first byte to its answer: who it is, whether it is too fast, what it says, and that it is stored."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.gateway.access_log import AccessLog
from mlconn_pipelines.gateway.bodies import Body, TooSlow, read_body
from mlconn_pipelines.gateway.counts import Counts
from mlconn_pipelines.gateway.endpoints import Endpoint, Endpoints, senders
from mlconn_pipelines.gateway.notification_writer import NotificationWriter, Overloaded
from mlconn_pipelines.gateway.rate_limit import Bucket
from mlconn_pipelines.gateway.shared_secrets import SharedSecrets
from mlconn_pipelines.gateway.verification import NOBODYS_SECRET, same, signed_by
from mlconn_pipelines.ports.notifications import Malformed, ParsedNotification, SecretInEntries

SECRET_HEADER = "X-Mlconn-Secret"  # noqa: S105 - a header's name
STORED_WITHIN_S = 5.0
TOKEN_MAX = 2_048
BODY_MAX = 256 * 1024
"""Of a call for which there is no endpoint."""

STRANGERS_PER_SECOND = 20.0

STATUS: Mapping[str, int] = {
    "stored": 202,
    "ignored": 202,
    "forged": 401,
    "malformed": 400,
    "oversized": 413,
    "unknown": 404,
    "slow": 408,
    "too_fast": 429,
    "failed": 503,
}
"""Answers by outcome. Business Central gets others: see `Handler`."""

GENTLE: Mapping[str, int] = {**STATUS, "forged": 202, "malformed": 202, "oversized": 202}
"""For Business Central, which deletes a subscription at any answer but success, 408, 429 and 5xx. Nothing is stored all the same."""

_WORDS: Mapping[str, str] = {
    "forged": "the secret, signature or clientState is not the one agreed upon",
    "unknown": "there is no such integration, or it takes no events from this sender",
    "slow": "the body did not come in time",
    "too_fast": "too many requests; come again in a second",
    "failed": "not stored; come again",
}
_COME_AGAIN = {"too_fast": "1", "failed": "10"}


@dataclass(slots=True)
class _Outcome:
    """name: a key of STATUS. words: what is wrong, for the sender."""

    name: str
    words: str = ""
    told: ParsedNotification = field(default_factory=lambda: ParsedNotification(()))
    news: int = 0


class Handler:
    """Used from one event loop. Every call is counted and leaves a line in the log, without what it bore."""

    def __init__(
        self, endpoints: Endpoints, secrets: SharedSecrets, writer: NotificationWriter, counts: Counts, log: AccessLog
    ) -> None:
        self._endpoints, self._secrets, self._writer, self._counts, self._log = endpoints, secrets, writer, counts, log
        self._strangers = Bucket(STRANGERS_PER_SECOND)
        self._senders = frozenset(senders())

    async def receive(self, request: Request) -> Response:
        """Handler of `/hooks/{integration}/{source}` and of the same with a secret behind it."""
        began = time.monotonic()
        integration, source = request.path_params["integration"], request.path_params["source"]
        endpoint = self._endpoints.get((integration, source))
        gentle = endpoint is not None and endpoint.notifications.secret_in_entries
        token = request.query_params.get("validationToken") if gentle else None
        if endpoint is not None and token is not None and len(token) <= TOKEN_MAX:
            self._note(endpoint, source, "handshake", 200, began)
            return PlainTextResponse(token, headers={"X-Content-Type-Options": "nosniff"})
        if request.method != "POST":
            return await self._greeted(request, endpoint, source, began)
        outcome = await self._outcome(request, endpoint, gentle)
        status = (GENTLE if gentle else STATUS)[outcome.name]
        self._note(endpoint, source, outcome.name, status, began, outcome)
        return _answer(outcome, status)

    async def _greeted(self, request: Request, endpoint: Endpoint | None, source: str, began: float) -> Response:
        """A handshake with its token given back, or a look whether we live. What proof it bears must be right.

        Errors: HTTPException 405 where the sender has no such handshake.
        """
        handshake = endpoint.notifications.handshake if endpoint else None
        if endpoint is None or handshake is None:
            raise HTTPException(405, "Method Not Allowed", {"Allow": "POST"})
        token = request.headers.get(handshake.header, "")
        outcome = await self._greeting(request, endpoint, token)
        status = 200 if outcome.name == "handshake" else STATUS[outcome.name]
        self._note(endpoint, source, outcome.name, status, began, outcome)
        return JSONResponse({handshake.answer: token} if token else {}) if status == 200 else _answer(outcome, status)

    async def _greeting(self, request: Request, endpoint: Endpoint, token: str) -> _Outcome:
        if len(token) > TOKEN_MAX:
            return _Outcome("malformed", f"a token of a handshake has at most {TOKEN_MAX} characters")
        try:
            secret = await self._secrets.of(endpoint.sender.credential)
        except Exception as trouble:
            return self._failed(endpoint, trouble)
        shown, signature = _shown(request), _signature(endpoint, request)
        # Without a token it is a look whether we live, which nobody signs.
        right = (not shown or same(shown, secret)) and (
            signature is None or not token or signed_by(signature, token.encode("latin-1"), secret)
        )
        if not right:
            return _Outcome("forged") if endpoint.refused.take() else _Outcome("too_fast")
        proven = shown or (signature is not None and token)  # what strangers may ask as well takes nothing from genuine calls
        return _Outcome("handshake") if (endpoint.genuine if proven else endpoint.refused).take() else _Outcome("too_fast")

    async def _outcome(self, request: Request, endpoint: Endpoint | None, gentle: bool) -> _Outcome:
        if endpoint is None and not self._strangers.take():
            return _Outcome("too_fast")
        try:
            most = endpoint.notifications.body_max if endpoint else BODY_MAX
            body = await read_body(request, most, drain=endpoint is not None)
        except TooSlow:
            return _Outcome("slow")
        if endpoint is None:
            same(_shown(request), NOBODYS_SECRET)
            return _Outcome("unknown")
        if body.oversized and not gentle:
            return _Outcome("oversized", f"the body is longer than {most} bytes")
        try:
            secret = await self._secrets.of(endpoint.sender.credential)
        except Exception as trouble:
            return self._failed(endpoint, trouble)
        try:
            told = _told(endpoint, request, body, secret)
        except Malformed as wrong:
            return _Outcome("malformed", str(wrong)) if endpoint.refused.take() else _Outcome("too_fast")
        if told is None:
            refused = _Outcome("oversized" if body.oversized else "forged")
            return refused if gentle or endpoint.refused.take() else _Outcome("too_fast")
        if not endpoint.genuine.take():
            return _Outcome("too_fast")
        return await self._stored(endpoint, told)

    async def _stored(self, endpoint: Endpoint, told: ParsedNotification) -> _Outcome:
        try:
            news = await asyncio.wait_for(self._writer.write(told.hints), STORED_WITHIN_S)
        except Overloaded:
            return _Outcome("too_fast")
        except Exception as trouble:
            return self._failed(endpoint, trouble)
        return _Outcome("stored" if told.hints else "ignored", told=told, news=news)

    def _failed(self, endpoint: Endpoint, trouble: Exception) -> _Outcome:
        # Of a database's error only the kind is told: its words may hold the statement's values.
        words = str(trouble) if isinstance(trouble, MlconnError) else type(trouble).__name__
        self._log.trouble(endpoint.listener.integration, endpoint.listener.source, words)
        return _Outcome("failed")

    def _note(
        self, endpoint: Endpoint | None, source: str, name: str, status: int, began: float, outcome: _Outcome | None = None
    ) -> None:
        """Names that a caller made up are neither labels nor written down."""
        integration = endpoint.listener.integration if endpoint else "-"
        known = source if source in self._senders else "-"
        seconds = time.monotonic() - began
        self._counts.request(integration, known, name, seconds)
        told, news = (outcome.told, outcome.news) if outcome else (ParsedNotification(()), 0)
        for what, count in (
            ("new", news),
            ("known", len(told.hints) - news),
            ("forged", told.forged),
            ("ignored", told.ignored),
        ):
            self._counts.hint(integration, known, what, count)
        self._log.call(integration, known, name, status, seconds, news, len(told.hints) - news)


def _told(endpoint: Endpoint, request: Request, body: Body, secret: str) -> ParsedNotification | None:
    """What a genuine call says; None for one that is not. Errors: Malformed."""
    listener, content, parse = endpoint.listener, body.content, endpoint.notifications.parse
    if isinstance(parse, SecretInEntries):
        if not body.oversized:
            told = parse.parse(listener, content, lambda shown: same(shown, secret))
            return told if told.hints or told.ignored else None
        # Very much changed at once: what all that is the flows find out by themselves.
        genuine = same(parse.first(content), secret)
        return ParsedNotification(listener.everything(("oversized", content.hex()), once=True)) if genuine else None
    genuine = _is_genuine(endpoint, request, content, secret)
    return parse(listener, content, request.query_params.get("flow", "")) if genuine else None


def _is_genuine(endpoint: Endpoint, request: Request, content: bytes, secret: str) -> bool:
    signature = _signature(endpoint, request)
    if signature is None:
        return same(_shown(request), secret)
    declared = endpoint.notifications.signature
    return signed_by(signature, content, secret) or (
        declared is not None and signed_by(signature, declared.rewritten(content), secret)
    )


def _signature(endpoint: Endpoint, request: Request) -> str | None:
    """What the call is signed with; None where it shows the secret itself. A sender that is set to sign must."""
    declared, set_header = endpoint.notifications.signature, endpoint.sender.signature_header
    found = [
        request.headers[header] for header in (set_header, declared.header if declared else "") if header in request.headers
    ]
    return found[0] if found else "" if set_header else None


def _shown(request: Request) -> str:
    """The secret that a call bears: in our header, as a bearer token, as a password, or last in the address."""
    if (shown := request.headers.get(SECRET_HEADER)) is not None:
        return shown
    kind, _, rest = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    shown = request.path_params.get("secret", "")
    assert isinstance(shown, str)
    return shown


def _answer(outcome: _Outcome, status: int) -> Response:
    headers = {"Retry-After": _COME_AGAIN[outcome.name]} if outcome.name in _COME_AGAIN else {}
    if status >= 400:
        if outcome.name in ("oversized", "slow"):
            headers["Connection"] = "close"
        return JSONResponse({"error": outcome.words or _WORDS[outcome.name]}, status, headers=headers)
    return JSONResponse({"hints": len(outcome.told.hints), "new": outcome.news}, status, headers=headers)
