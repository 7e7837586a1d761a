"""One tenant's token endpoint: client credentials in, bearer tokens for one resource out."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlconn_simulators.entra import errors
from mlconn_simulators.entra.errors import TokenRefused
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.utc_clock import UtcClock

TENANT_ID = "0f3c9a52-7d41-4b6e-9a88-2d5c6e1b7a90"
TENANT_DOMAIN = "meridian.example"
CLIENT_ID = "6a1d4c3e-58b2-4f07-8c19-b7e2f0a95d34"
CLIENT_SECRET = "Entra~Sandbox-1"
BUSINESS_CENTRAL = "https://api.businesscentral.dynamics.com"
"""The resource of Business Central online, the same for all customers."""

FAULT_NAMES = ("secret_expired", "secret_wrong", "consent_missing", "short_lived")
"""Faults of this system beside the menu's own.

secret_expired, secret_wrong: the struck request is refused so, whatever secret it brings. consent_missing: the tenant does not
know the resource. short_lived (option seconds, 0): the token that the struck request gets has run out by then.
"""


@dataclass
class _Token:
    resource: str
    ends: dt.datetime


class EntraSandbox:
    """A tenant with one registered application.

    resources: what the application may get tokens for, as in the scope before `/.default`. lifetime_s: of a token.
    secret_ends: when the secret runs out, None for never.
    """

    def __init__(
        self,
        *,
        tenant_id: str = TENANT_ID,
        tenant_domain: str = TENANT_DOMAIN,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        resources: Iterable[str] = (BUSINESS_CENTRAL,),
        lifetime_s: int = 3599,
        secret_ends: dt.datetime | None = None,
        rate_limit: float | None = None,
        retry_after: bool = True,
    ) -> None:
        self.tenant_id, self.tenant_domain = tenant_id, tenant_domain
        self.client_id, self.client_secret, self.secret_ends = client_id, client_secret, secret_ends
        self.lifetime_s = lifetime_s
        self.clock = UtcClock()
        self.faults = FaultMenu(names=FAULT_NAMES, rate_limit=rate_limit, retry_after=retry_after, error_body=errors.fault_body)
        self._resources = {_same_form(each) for each in resources}
        self._tokens: dict[str, _Token] = {}
        self._granted: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._lock = threading.RLock()

    def allow(self, resource: str) -> None:
        """From now on the application may get tokens for this resource."""
        self._resources.add(_same_form(resource))

    def accepts(self, authorization: str | None, *resources: str) -> bool:
        """Whether an Authorization header holds a living token for one of these resources; the other systems ask this."""
        kind, _, value = (authorization or "").partition(" ")
        with self._lock:
            token = self._tokens.get(value)
            if kind.lower() != "bearer" or token is None or token.ends <= self.clock.now():
                return False
            return token.resource in map(_same_form, resources)

    def logins(self, *resources: str) -> int:
        """How many tokens were granted for these resources."""
        wanted = set(map(_same_form, resources))
        with self._lock:
            return sum(count for resource, count in self._granted.items() if _same_form(resource) in wanted)

    def expire_tokens(self) -> None:
        """Every token handed out so far has run out."""
        with self._lock:
            self._tokens.clear()

    def expire_secret(self) -> None:
        """The application's secret has run out."""
        self.secret_ends = self.clock.now()

    def app(self) -> Starlette:
        """The ASGI app, with `/_sandbox/state` and `/_sandbox/faults`."""
        return Starlette(
            routes=[Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"])],
            middleware=[self.faults.middleware(self.state)],
        )

    def state(self, _query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What `GET /_sandbox/state` answers. logins: tokens granted, by resource; refused: by AADSTS number."""
        with self._lock:
            told = {
                "logins": dict(self._granted),
                "failed_logins": dict(self._refused),
                "tokens": sum(token.ends > self.clock.now() for token in self._tokens.values()),
            }
        return told | self.faults.counts()

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        headers = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
        try:
            return JSONResponse(self._grant(str(request.path_params["tenant"]), form), headers=headers)
        except TokenRefused as refusal:
            with self._lock:
                self._refused[f"AADSTS{refusal.number}"] += 1
            return Response(refusal.body(), refusal.status, headers, media_type="application/json; charset=utf-8")

    def _grant(self, tenant: str, form: Mapping[str, str]) -> dict[str, Any]:
        if tenant.lower() not in (self.tenant_id, self.tenant_domain):
            raise errors.tenant_unknown(tenant)
        for name in ("grant_type", "client_id", "scope"):
            if not form.get(name):
                raise errors.parameter_missing(name)
        if form["grant_type"] != "client_credentials":
            raise errors.grant_unknown(form["grant_type"])
        client_id, scope = form["client_id"], form["scope"]
        if client_id.lower() != self.client_id:
            raise errors.application_unknown(client_id, tenant)
        if not form.get("client_secret"):
            raise errors.parameter_missing("client_secret")
        path = f"/{tenant}/oauth2/v2.0/token?{scope}"
        if form["client_secret"] != self.client_secret or self.faults.take("secret_wrong", path):
            raise errors.secret_wrong(client_id)
        if self.faults.take("secret_expired", path) or (self.secret_ends and self.secret_ends <= self.clock.now()):
            raise errors.secret_expired(client_id)
        resource = scope.removesuffix("/.default")
        if resource == scope or " " in scope:
            raise errors.scope_without_default(scope)
        if _same_form(resource) not in self._resources or self.faults.take("consent_missing", path):
            raise errors.resource_unknown(resource, tenant)
        return self._issue(resource, path)

    def _issue(self, resource: str, path: str) -> dict[str, Any]:
        short = self.faults.take("short_lived", path)
        lasts = float(short.options.get("seconds", 0)) if short else self.lifetime_s
        value = secrets.token_urlsafe(48)
        with self._lock:
            self._tokens[value] = _Token(_same_form(resource), self.clock.now() + dt.timedelta(seconds=lasts))
            self._granted[resource] += 1
        return {
            "token_type": "Bearer",
            "expires_in": self.lifetime_s,
            "ext_expires_in": self.lifetime_s,
            "access_token": value,
        }


def _same_form(resource: str) -> str:
    """Host and port alone: on loopback there is no https, so that the scheme cannot tell resources apart."""
    parts = urlsplit(resource.lower())
    return parts.netloc or resource.lower().rstrip("/")
