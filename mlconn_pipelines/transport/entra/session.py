"""The Entra token of an application: client credentials, one token per tenant and scope, renewed a minute before it runs out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from mlconn_pipelines.errors import CredentialRefused, Retryable, TryLater
from mlconn_pipelines.ports.connections import Credentials, SessionStore, Token
from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.entra.refusals import refusal_of
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import request_line, token_of
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.session import SharedSession, needed_of, outlived

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
"""Sovereign clouds have others, such as https://login.microsoftonline.us."""

SYSTEM = "Microsoft Entra"


@dataclass(frozen=True, slots=True)
class EntraApplication:
    """Whom we sign in as. tenant: id or domain of the directory. scope: of the system, ends in `/.default`.

    credential: vault entry with client_id and client_secret. authority: scheme and host of the token endpoint.
    """

    tenant: str
    scope: str
    credential: str
    authority: str = PUBLIC_AUTHORITY

    @property
    def token_url(self) -> str:
        """
        >>> EntraApplication("contoso.com", "", "").token_url
        'https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token'
        """
        return f"{self.authority.rstrip('/')}/{quote(self.tenant, safe='')}/oauth2/v2.0/token"


class EntraSignIn:
    """Sign-in of one application to one scope; implements transport.session.SignIn.

    service: the HTTP of the system that the token is for, whose error texts must not repeat it. ca_file, proxies: as of `Http`.
    """

    def __init__(
        self,
        application: EntraApplication,
        credentials: Credentials,
        service: Http,
        *,
        timeout_s: float = 30.0,
        ca_file: Path | None = None,
        proxies: Proxies | None = None,
    ) -> None:
        self._application, self._credentials, self._service = application, credentials, service
        self._http = Http(SYSTEM, application.authority, timeout_s=timeout_s, ca_file=ca_file, proxies=proxies)

    def sign_in(self, previous: Token | None) -> Mapping[str, str]:
        """A new token. The previous one is of no use: client credentials know no refresh token."""
        application = self._application
        entry = self._credentials.credential(application.credential)
        client_id, secret = (needed_of(entry, name, application.credential) for name in ("client_id", "client_secret"))
        for http in (self._http, self._service):
            http.keep_secret(secret)
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": application.scope,
        }
        response = self._http.send("POST", application.token_url, write=False, template="/token", form=form)
        refusal = None if response.is_success else refusal_of(response)
        if response.status_code in (400, 401, 403) and refusal is not None:
            code = f"AADSTS{refusal.code}, " if refusal.code else ""
            said = self._http.redacted(refusal.said) or refusal.error
            if refusal.passes:
                raise Retryable(f"{SYSTEM} is busy ({code}status {response.status_code}: {said})")
            words = refusal.meaning.words if refusal.meaning else said
            hint = refusal.meaning.hint if refusal.meaning else "Look at the application, its secret and its consent in Entra."
            raise CredentialRefused(
                f"{SYSTEM} refused the application of vault entry {application.credential!r} in tenant "
                f"{application.tenant!r}: {words} ({code}status {response.status_code})",
                hint=hint.format(credential=application.credential),
            )
        if response.status_code in (400, 401, 403, 404, 405) or response.is_redirect:
            # In no form of Entra's it may be one page of a proxy's that restarts; by itself it is the wrong place.
            kind = TryLater if response.is_redirect or self._http.own_form(response) else Retryable
            raise kind(
                f"{SYSTEM}: {response.request.url.path} answered {response.status_code} ({self._http.error_text(response)})",
                hint=f"Expected was a token. The authority must be Entra's sign-in host, such as {PUBLIC_AUTHORITY}; "
                "look whether a proxy stands in between.",
            )
        body = token_of(self._http.checked(response, write=False))
        values = {"access_token": str(body["access_token"]), "expires_in": str(body.get("expires_in") or "")}
        return {name: value for name, value in values.items() if value}

    def headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        self._service.keep_secret(values["access_token"])
        return {"Authorization": f"Bearer {values['access_token']}"}

    def auth(self, sessions: SessionStore, hint: str) -> SessionAuth:
        """How the service's requests are signed. hint: what a person looks at when it refuses a token that Entra has just given."""

        def refused_again(response: httpx.Response) -> CredentialRefused:
            line, said = request_line(response), self._service.error_text(response)
            return CredentialRefused(
                f"{self._service.system}: {line} answered 401 to a token that Entra gave just now ({said})", hint=hint
            )

        return SessionAuth(SharedSession(sessions, self), refused_again)

    def is_old(self, token: Token) -> bool:
        return outlived(token)

    def close(self) -> None:
        """Close connections; the token stays, other runs use it."""
        self._http.close()
