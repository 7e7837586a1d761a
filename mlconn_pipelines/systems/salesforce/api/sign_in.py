"""Sessions of the org: client credentials at My Domain, which names the instance that requests go to and no time when it ends."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

from mlconn_pipelines.errors import ConnectorError, CredentialRefused, Retryable, TryLater
from mlconn_pipelines.ports.connections import Credentials, Token
from mlconn_pipelines.systems.salesforce.connection import SalesforceConnection
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import misshapen, object_of, request_line, token_of
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.session import needed_of

SYSTEM = "Salesforce"
GRANTS = "/services/oauth2/token"

PAUSE_S = 300.0
"""After a renewal by age that failed, the session in hand is used for so long before the next try."""

_APP = "Look at the external client app in Salesforce's Setup"
_MEANT: tuple[tuple[str, str], ...] = (
    ("no client credentials user", f"{_APP}: under Policies, name the integration user that it runs as."),
    ("not supported on this domain", "Write the org's own domain as `url`, such as https://MYDOMAIN.my.salesforce.com."),
    ("cross-org oauth", f"{_APP}: it works in the org alone that owns it. Make one in this org, and store its key and secret."),
    ("inactive", "The integration user is not active: activate it, or name another one in the app's policies."),
    (
        "blocked",
        "An admin blocked the app: unblock it under Connected Apps OAuth Usage, or make an external client app in this org.",
    ),
    ("not installed", "An admin blocked the app: install it in this org, or make an external client app in it."),
)
"""What a refusal says, in small letters, and what cures it."""


class Hosts:
    """The hosts that sessions name, one HTTP client for each. In a process's life there is one, but for a renamed My Domain."""

    def __init__(self, make: Callable[[str], Http]) -> None:
        self._make = make
        self._made: dict[str, Http] = {}
        self._secrets: set[str] = set()
        self._lock = threading.Lock()

    def at(self, url: str) -> Http:
        """The client of that scheme, host and port."""
        with self._lock:
            if (http := self._made.get(url)) is None:
                http = self._made[url] = self._make(url)
                http.keep_secret(*self._secrets)
            return http

    def keep_secret(self, *values: str) -> None:
        """Values that no error text of any host repeats."""
        with self._lock:
            self._secrets.update(values)
            for http in self._made.values():
                http.keep_secret(*values)

    @property
    def calls(self) -> int:
        return sum(http.calls for http in list(self._made.values()))

    def close(self) -> None:
        for http in list(self._made.values()):
            http.close()


def no_hosts() -> Hosts:
    """For one who signs in and sends no requests."""
    return Hosts(lambda url: Http(SYSTEM, url, timeout_s=1.0))


@dataclass(frozen=True, slots=True)
class Granted:
    """What a session says of itself. instance_url: scheme and host that requests go to. organization_id: 18 characters."""

    instance_url: str
    organization_id: str
    user_id: str
    access_token: str = field(repr=False)

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Granted:
        """Of the values that the session store keeps."""
        return cls(values["instance_url"], values["organization_id"], values["user_id"], values["access_token"])


class SalesforceSignIn:
    """Implements transport.session.SignIn."""

    def __init__(self, connection: SalesforceConnection, credentials: Credentials, hosts: Hosts) -> None:
        self._connection, self._credentials, self._hosts = connection, credentials, hosts
        self._not_by_age_before = float("-inf")
        self._http = Http(
            SYSTEM,
            str(connection.url),
            timeout_s=connection.timeout_s,
            ca_file=connection.ca_file,
            proxies=Proxies(connection, credentials),
            own_form=lambda response: bool(_error_of(response)),
        )

    def sign_in(self, previous: Token | None) -> Mapping[str, str]:
        """A new session. Errors: CredentialRefused also where it names another host or org than the session before."""
        try:
            values = self._granted()
        except Retryable:
            self._not_by_age_before = time.monotonic() + PAUSE_S
            raise
        if previous is not None:
            self._check_unmoved(previous.values, values)
        return values

    def headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        self._hosts.keep_secret(values["access_token"])
        return {"Authorization": f"Bearer {values['access_token']}"}

    def is_old(self, token: Token) -> bool:
        return token.age_s > self._connection.session_age_s and time.monotonic() >= self._not_by_age_before

    def close(self) -> None:
        """Close connections; the session stays, other runs use it."""
        self._http.close()

    def _granted(self) -> Mapping[str, str]:
        form, headers = self._asked()
        response = self._http.send("POST", GRANTS, write=False, template="/token", form=form, headers=headers)
        if not response.is_success:
            raise self._refusal(response)
        body = token_of(response)
        self._http.keep_secret(str(body["access_token"]))
        instance = str(body.get("instance_url") or "").rstrip("/")
        *_, organization, user = ("", "", *str(body.get("id") or "").split("/"))
        if not _is_host(instance) or not organization.startswith("00D") or not user:
            raise misshapen(response, "a session with `instance_url` and `id`")
        return {
            "access_token": str(body["access_token"]),
            "instance_url": instance,
            "organization_id": organization,
            "user_id": user,
        }

    def _asked(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Form and headers of the request."""
        name = self._connection.credential
        entry = self._credentials.credential(name)
        client_id, secret = (needed_of(entry, each, name) for each in ("client_id", "client_secret"))
        basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        for keeper in (self._http, self._hosts):
            keeper.keep_secret(secret, quote(secret, safe=""), basic)
        grant = {"grant_type": "client_credentials"}
        if self._connection.client_authentication == "basic":
            return grant, {"Authorization": f"Basic {basic}"}
        return {**grant, "client_id": client_id, "client_secret": secret}, {}

    def _check_unmoved(self, before: Mapping[str, str], now: Mapping[str, str]) -> None:
        for name, thing in (("instance_url", "instance"), ("organization_id", "org")):
            if before.get(name) and before[name] != now[name]:
                raise CredentialRefused(
                    f"{SYSTEM}: the session is for {thing} {now[name]}, the one before was for {before[name]}",
                    hint="Nothing was asked there. If My Domain was renamed or the sandbox refreshed on purpose, run "
                    f"`mlconn credentials set {self._connection.credential}` to begin anew; otherwise ask the org's admin.",
                )

    def _refusal(self, response: httpx.Response) -> ConnectorError:
        error, status = _error_of(response), response.status_code
        if response.is_redirect:
            return TryLater(
                f"{SYSTEM}: {request_line(response)} answered {status}",
                hint="Write the address that the server redirects to as `url`, if My Domain was renamed.",
            )
        if not error or status not in (400, 401, 403) or error in ("server_error", "temporarily_unavailable", "unknown_error"):
            said = self._http.error_text(response)
            what = f"{SYSTEM}: {request_line(response)} answered {status} ({said})"
            return Retryable(what, hint="Expected was a session; look at `url`, and whether a proxy stands in between.")
        said = self._http.error_text(response)
        hint = next((cure for words, cure in _MEANT if words in said.lower()), "")
        return CredentialRefused(
            f"{SYSTEM} refused the app of vault entry {self._connection.credential!r}: {said} ({error}, status {status})",
            hint=hint
            or f"Correct the entry with `mlconn credentials set {self._connection.credential} --field client_id "
            f"--field client_secret`, or look at the app in Setup: client credentials flow on, scope `api`.",
        )


def _error_of(response: httpx.Response) -> str:
    """The code of an error in the token endpoint's form, which is an object; empty for anything else."""
    error = (object_of(response) or {}).get("error")
    return error if isinstance(error, str) else ""


def _is_host(url: str) -> bool:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parts.scheme in ("https", "http") and bool(parts.host) and parts.path in ("", "/")
