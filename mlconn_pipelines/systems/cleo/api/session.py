"""The Cleo token: asked for by password, refreshed while that works."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import httpx

from mlconn_pipelines.errors import CredentialRefused, Retryable, TryLater
from mlconn_pipelines.ports.connections import Credentials, Token
from mlconn_pipelines.systems.cleo.api.totp import one_time_code
from mlconn_pipelines.systems.cleo.connection import CleoConnection
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import token_of
from mlconn_pipelines.transport.session import needed_of, outlived


class CleoSignIn:
    """Sign-in of one account; implements transport.session.SignIn. now: the time that one-time codes are of, aware."""

    def __init__(
        self, connection: CleoConnection, credentials: Credentials, http: Http, now: Callable[[], dt.datetime]
    ) -> None:
        self._connection, self._credentials, self._http, self._now = connection, credentials, http, now

    def sign_in(self, previous: Token | None) -> Mapping[str, str]:
        """By refreshing the previous token; if that fails, by the password."""
        refresh_token = previous.values.get("refresh_token") if previous else None
        return (self._refreshed(refresh_token) if refresh_token else None) or self._by_password()

    def headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        self._http.keep_secret(values["access_token"], values.get("refresh_token", ""))
        return {"Authorization": f"Bearer {values['access_token']}"}

    def is_old(self, token: Token) -> bool:
        return outlived(token)

    def _refreshed(self, refresh_token: str) -> Mapping[str, str] | None:
        """None on any failure: the password is asked next."""
        self._http.keep_secret(refresh_token)
        try:
            response = self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token}, {})
            if not response.is_success:
                return None
            return self._values(response, refresh_token)
        except Retryable:
            return None

    def _by_password(self) -> Mapping[str, str]:
        entry = self._credentials.credential(self._connection.credential)
        username, password = (needed_of(entry, name, self._connection.credential) for name in ("username", "password"))
        self._http.keep_secret(password)
        headers = {}
        if entry.get("totp_secret"):
            self._http.keep_secret(entry["totp_secret"])
            headers[self._connection.totp_header] = one_time_code(entry["totp_secret"], self._now().timestamp())
        response = self._ask({"grant_type": "password", "username": username, "password": password}, headers)
        if response.status_code == 401 or (response.status_code in (400, 403) and self._http.own_form(response)):
            raise CredentialRefused(
                f"{self._http.system} refused the sign-in of vault entry {self._connection.credential!r} "
                f"({response.status_code}: {self._http.error_text(response)})",
                hint="Passwords may expire after 60 days. Set a new one with "
                f"`mlconn credentials set {self._connection.credential}`"
                + ("." if headers else "; an account with two factors also needs its totp_secret."),
            )
        if (response.status_code in (404, 405) and self._http.own_form(response)) or response.is_redirect:
            raise TryLater(
                f"{self._http.system}: {response.request.url.path} answered {response.status_code}",
                hint="`url` must lead to the API, such as https://TENANT.cleointegration.com/api or https://HOST:6080/api.",
            )
        return self._values(self._http.checked(response, write=False))

    def _ask(self, form: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        template = self._connection.endpoints.authentication
        return self._http.send("POST", template.lstrip("/"), write=False, template=template, form=form, headers=headers)

    def _values(self, response: httpx.Response, refresh_token: str = "") -> Mapping[str, str]:
        """The token's values; a refresh that brings no new refresh token leaves the old one in force."""
        body = token_of(response)
        values = {
            "access_token": str(body["access_token"]),
            "refresh_token": str(body.get("refresh_token") or refresh_token),
            "expires_in": str(body.get("expires_in") or ""),
        }
        return {name: value for name, value in values.items() if value}
