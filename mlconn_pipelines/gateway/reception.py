"""One call from its first byte to its answer: who it is, whether it is too fast, what it says, and that it is stored."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.gateway.authenticity import NOBODYS_SECRET, same, signed_by
from mlconn_pipelines.gateway.bodies import BODY_MAX, Body, TooSlow, read_body
from mlconn_pipelines.gateway.counts import Counts
from mlconn_pipelines.gateway.doors import Door, Doors, senders
from mlconn_pipelines.gateway.hint_writer import HintWriter, Overloaded
from mlconn_pipelines.gateway.journal import Journal
from mlconn_pipelines.gateway.pace import Bucket
from mlconn_pipelines.gateway.shared_secrets import SharedSecrets
from mlconn_pipelines.ports.notifications import Malformed, ParsedNotification, SecretInEntries

SECRET_HEADER = "X-Mlconn-Secret"  # noqa: S105 - a header's name
STORED_WITHIN_S = 5.0
TOKEN_MAX = 2_048
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
"""Answers by outcome. Business Central gets others: see `Reception`."""

GENTLE: Mapping[str, int] = {**STATUS, "forged": 202, "malformed": 202, "oversized": 202}
"""For Business Central, which deletes a subscription at any answer but success, 408, 429 and 5xx. Nothing is stored all the same."""

_WORDS: Mapping[str, str] = {
    "forged": "the secret, signature or clientState is not the one agreed upon",
    "oversized": f"the body is longer than {BODY_MAX} bytes",
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


class Reception:
    """Used from one event loop. Every call is counted and leaves a line in the journal, without what it bore."""

    def __init__(self, doors: Doors, secrets: SharedSecrets, writer: HintWriter, counts: Counts, journal: Journal) -> None:
        self._doors, self._secrets, self._writer, self._counts, self._journal = doors, secrets, writer, counts, journal
        self._strangers = Bucket(STRANGERS_PER_SECOND)
        self._senders = frozenset(senders())

    async def receive(self, request: Request) -> Response:
        """Handler of `/hooks/{integration}/{source}` and of the same with a secret behind it."""
        began = time.monotonic()
        integration, source = request.path_params["integration"], request.path_params["source"]
        door = self._doors.get((integration, source))
        gentle = door is not None and door.notifications.secret_in_entries
        token = request.query_params.get("validationToken") if gentle else None
        if door is not None and token is not None and len(token) <= TOKEN_MAX:
            self._note(door, source, "handshake", 200, began)
            return PlainTextResponse(token, headers={"X-Content-Type-Options": "nosniff"})
        outcome = await self._outcome(request, door, gentle)
        status = (GENTLE if gentle else STATUS)[outcome.name]
        self._note(door, source, outcome.name, status, began, outcome)
        return _answer(outcome, status)

    async def _outcome(self, request: Request, door: Door | None, gentle: bool) -> _Outcome:
        if door is None and not self._strangers.take():
            return _Outcome("too_fast")
        try:
            body = await read_body(request, drain=door is not None)
        except TooSlow:
            return _Outcome("slow")
        if door is None:
            same(_shown(request), NOBODYS_SECRET)
            return _Outcome("unknown")
        if body.oversized and not gentle:
            return _Outcome("oversized")
        try:
            secret = await self._secrets.of(door.sender.credential)
        except Exception as trouble:
            return self._failed(door, trouble)
        try:
            told = _told(door, request, body, secret)
        except Malformed as wrong:
            return _Outcome("malformed", str(wrong)) if door.refused.take() else _Outcome("too_fast")
        if told is None:
            refused = _Outcome("oversized" if body.oversized else "forged")
            return refused if gentle or door.refused.take() else _Outcome("too_fast")
        if not door.genuine.take():
            return _Outcome("too_fast")
        return await self._stored(door, told)

    async def _stored(self, door: Door, told: ParsedNotification) -> _Outcome:
        try:
            news = await asyncio.wait_for(self._writer.write(told.hints), STORED_WITHIN_S)
        except Overloaded:
            return _Outcome("too_fast")
        except Exception as trouble:
            return self._failed(door, trouble)
        return _Outcome("stored" if told.hints else "ignored", told=told, news=news)

    def _failed(self, door: Door, trouble: Exception) -> _Outcome:
        # Of a database's error only the kind is told: its words may hold the statement's values.
        words = str(trouble) if isinstance(trouble, MlconnError) else type(trouble).__name__
        self._journal.trouble(door.listener.integration, door.listener.source, words)
        return _Outcome("failed")

    def _note(
        self, door: Door | None, source: str, name: str, status: int, began: float, outcome: _Outcome | None = None
    ) -> None:
        """Names that a caller made up are neither labels nor written down."""
        integration = door.listener.integration if door else "-"
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
        self._journal.call(integration, known, name, status, seconds, news, len(told.hints) - news)


def _told(door: Door, request: Request, body: Body, secret: str) -> ParsedNotification | None:
    """What a genuine call says; None for one that is not. Errors: Malformed."""
    listener, content, parse = door.listener, body.content, door.notifications.parse
    if isinstance(parse, SecretInEntries):
        if not body.oversized:
            told = parse.parse(listener, content, lambda shown: same(shown, secret))
            return told if told.hints or told.ignored else None
        # Very much changed at once: what all that is the flows find out by themselves.
        genuine = same(parse.first(content), secret)
        return ParsedNotification(listener.everything(("oversized", content.hex()), once=True)) if genuine else None
    header = door.sender.signature_header
    genuine = signed_by(request.headers.get(header, ""), content, secret) if header else same(_shown(request), secret)
    return parse(listener, content, request.query_params.get("flow", "")) if genuine else None


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
