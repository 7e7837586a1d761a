"""Sign-in: password grant, refresh grant, opaque tokens, one-time codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
import threading
import time
from collections.abc import Mapping
from typing import Any

_STEP_S = 30


def one_time_code(secret: str, at: float) -> str:
    """The six digits that an authenticator app shows (RFC 6238). secret: base32; at: seconds since the epoch.

    >>> one_time_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59)
    '287082'
    """
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(at) // _STEP_S), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


class SignInRefused(Exception):
    """status: 400 for a malformed or refused refresh grant, 401 for wrong credentials."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


class Tokens:
    """One account and the tokens given to it. Switches are plain attributes, to be changed while the server runs.

    lifetime_s: seconds until an access token is refused. refresh_single_use: a refresh token works once and the answer brings
    a new one. refresh_refused: every refresh is refused, whatever the token. states_expiry: the answer has `expires_in`.
    """

    def __init__(self, user: str, password: str, *, totp_secret: str | None = None, lifetime_s: float = 3600.0) -> None:
        self.user, self.password, self.totp_secret = user, password, totp_secret
        self.lifetime_s = lifetime_s
        self.refresh_single_use = True
        self.refresh_refused = False
        self.gives_refresh_token = True
        self.states_expiry = True
        self.logins = self.refreshes = self.refused = 0
        self._access: dict[str, float] = {}
        self._refresh: set[str] = set()
        self._lock = threading.Lock()

    def grant(self, form: Mapping[str, str], code: str | None) -> dict[str, Any]:
        """The token answer to a form of `/api/authentication`. code: of the one-time code header. Errors: SignInRefused."""
        with self._lock:
            try:
                match form.get("grant_type"):
                    case "password":
                        return self._by_password(form, code)
                    case "refresh_token":
                        return self._by_refresh(form)
                    case other:
                        raise SignInRefused(400, f"Unsupported grant_type {other!r}")
            except SignInRefused:
                self.refused += 1
                raise

    def accepts(self, authorization: str | None) -> bool:
        """Whether an Authorization header holds a token that is known and has not expired."""
        scheme, _, token = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and self._access.get(token.strip(), 0.0) > time.monotonic()

    def expire_all(self) -> None:
        """Every access token is refused from now on; refresh tokens stay."""
        with self._lock:
            self._access.clear()

    def _by_password(self, form: Mapping[str, str], code: str | None) -> dict[str, Any]:
        if form.get("username") != self.user or form.get("password") != self.password:
            raise SignInRefused(401, "Invalid username or password.")
        if self.totp_secret is not None:
            now = time.time()
            if code not in {one_time_code(self.totp_secret, now + shift * _STEP_S) for shift in (-1, 0, 1)}:
                raise SignInRefused(401, "A valid one-time code is required for this user.")
        self.logins += 1
        return self._issue(None)

    def _by_refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        token = form.get("refresh_token", "")
        if self.refresh_refused or token not in self._refresh:
            raise SignInRefused(400, "The refresh token is invalid or expired.")
        if self.refresh_single_use:
            self._refresh.discard(token)
            token = ""
        self.refreshes += 1
        return self._issue(token or None)

    def _issue(self, kept_refresh: str | None) -> dict[str, Any]:
        access = secrets.token_urlsafe(36)
        self._access[access] = time.monotonic() + self.lifetime_s
        answer: dict[str, Any] = {"access_token": access, "token_type": "bearer"}
        if self.states_expiry:
            answer["expires_in"] = int(self.lifetime_s)
        if kept_refresh is None and self.gives_refresh_token:
            answer["refresh_token"] = secrets.token_urlsafe(36)
            self._refresh.add(answer["refresh_token"])
        return answer
