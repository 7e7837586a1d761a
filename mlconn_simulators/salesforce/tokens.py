"""The org's token endpoint: client credentials in, a session without an expiry date out."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mlconn_simulators.salesforce.errors import ApiError, TokenRefused
from mlconn_simulators.utc_clock import UtcClock

LOGIN_HOSTS = ("login.salesforce.com", "test.salesforce.com")


class Tokens:
    """session_s: the org's session timeout, which no client is told. run_as: whether the app names an integration user.

    rest_allowed: False, the app lacks the scope `api`, which only the first data call shows. id_host: of the identity URL in the reply,
    "" for the host that was asked. refresh_token: the one that the other grant takes, "" for none.
    """

    def __init__(self, clock: UtcClock, client_id: str, client_secret: str, org_id: str, user_id: str) -> None:
        self.clock, self.client_id, self.client_secret = clock, client_id, client_secret
        self.org_id, self.user_id = org_id, user_id
        self.session_s = 7200.0
        self.run_as = self.rest_allowed = True
        self.id_host = self.refresh_token = ""
        self.logins = 0
        self.refused: Counter[str] = Counter()
        self._ends: dict[str, dt.datetime] = {}

    def grant(self, root: str, form: Mapping[str, str], authorization: str | None) -> dict[str, Any]:
        """root: scheme and host that were asked. Errors: TokenRefused."""
        try:
            return self._granted(root, form, authorization)
        except TokenRefused as refusal:
            self.refused[refusal.error] += 1
            raise

    def check(self, authorization: str | None) -> None:
        """Errors: 401 INVALID_SESSION_ID for a token that is unknown, revoked or has run out."""
        kind, _, token = (authorization or "").partition(" ")
        ends = self._ends.get(token)
        if kind.lower() not in ("bearer", "oauth") or ends is None or ends <= self.clock.now():
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if not self.rest_allowed:
            raise ApiError(403, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")

    def revoke(self, token: str | None = None) -> None:
        """This session ends now, or all of them."""
        if token is None:
            self._ends.clear()
        else:
            self._ends.pop(token, None)

    def _granted(self, root: str, form: Mapping[str, str], authorization: str | None) -> dict[str, Any]:
        if root.partition("://")[2].partition(":")[0] in LOGIN_HOSTS and form.get("grant_type") == "client_credentials":
            raise TokenRefused("invalid_grant", "request not supported on this domain")
        client_id, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
        if client_id != self.client_id:
            raise TokenRefused("invalid_client_id", "client identifier invalid")
        if secret != self.client_secret:
            raise TokenRefused("invalid_client", "invalid client credentials")
        match form.get("grant_type"):
            case "client_credentials" if not self.run_as:
                raise TokenRefused("invalid_grant", "no client credentials user enabled")
            case "client_credentials":
                pass
            case "refresh_token" if not self.refresh_token or form.get("refresh_token") != self.refresh_token:
                raise TokenRefused("invalid_grant", "expired access/refresh token")
            case "refresh_token":
                pass
            case _:
                raise TokenRefused("unsupported_grant_type", "grant type not supported")
        self.logins += 1
        now = self.clock.now()
        issued = str(int(now.timestamp() * 1000))
        token = f"{self.org_id[:15]}!{hashlib.sha256(f'{self.logins} {issued}'.encode()).hexdigest()}"
        self._ends[token] = now + dt.timedelta(seconds=self.session_s)
        identity = f"{self.id_host or root}/id/{self.org_id}/{self.user_id}"
        signature = base64.b64encode(hashlib.sha256((identity + issued).encode()).digest()).decode()
        return {
            "access_token": token,
            "signature": signature,
            "scope": "api",
            "instance_url": root,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
        }


def _basic(authorization: str | None) -> tuple[str, str] | None:
    kind, _, value = (authorization or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret
