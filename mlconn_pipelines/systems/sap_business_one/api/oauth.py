"""Sign-in to the Service Layer by a token of an identity provider, found by way of SAP's landscape directory or named outright."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from mlconn_pipelines.errors import ConfigurationError, CredentialRefused
from mlconn_pipelines.ports.connections import Credentials, Token
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import json_object, misshapen, object_of, token_of
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.session import needed_of, outlived

DIRECTORY = "sld/sld0100.svc"
PROVIDER, DIRECTORY_NAME = "identity provider", "System Landscape Directory"


class ClientCredentials:
    """OAuth 2.0 client credentials; see `SapBusinessOneConnection` for the settings.

    With a landscape directory, as SAP documents it: it names the provider, the provider its token endpoint, and with the token the
    directory says which id the company has. asked: makes what speaks to an address; closed by `close`.
    """

    def __init__(self, connection: SapBusinessOneConnection, credentials: Credentials, service: Http) -> None:
        if connection.oauth_token_url is None and connection.oauth_landscape_url is None:
            raise ConfigurationError(
                "authentication: oauth needs oauth_landscape_url or oauth_token_url",
                hint="Write the address of the System Landscape Directory, or the provider's token endpoint.",
            )
        self._connection, self._credentials, self._service = connection, credentials, service
        self._open: dict[tuple[str, str], Http] = {}

    def sign_in(self, previous: Token | None) -> Mapping[str, str]:
        connection = self._connection
        if connection.oauth_landscape_url is None:
            values = self._token(str(connection.oauth_token_url), self._in_the_form)
            return values | {"company_id": connection.oauth_company_id}
        values = self._token(str(connection.oauth_token_url or self._token_endpoint()), self._in_a_header)
        return values | {"company_id": connection.oauth_company_id or self._company_id(values["access_token"])}

    def headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        self._service.keep_secret(values["access_token"])
        bearer = {"Authorization": f"Bearer {values['access_token']}"}
        if self._connection.oauth_company_header:
            bearer[self._connection.oauth_company_header] = values.get("company_id") or self._connection.company_db
        return bearer

    def is_old(self, token: Token) -> bool:
        """Also one that was got by password, before the configuration said otherwise."""
        return "access_token" not in token.values or outlived(token)

    def close(self) -> None:
        for http in self._open.values():
            http.close()

    def _token(self, url: str, signed: Callable[[str, str, dict[str, str]], dict[str, str]]) -> dict[str, str]:
        name = self._connection.credential
        entry = self._credentials.credential(name)
        client, secret = needed_of(entry, "client_id", name), needed_of(entry, "client_secret", name)
        form = {"grant_type": "client_credentials"}
        if scope := self._connection.oauth_scope or ("openid" if self._connection.oauth_landscape_url else ""):
            form["scope"] = scope
        headers = signed(client, secret, form)
        http = self._at(PROVIDER, url)
        for kept in (secret, headers.get("Authorization", "").partition(" ")[2]):
            http.keep_secret(kept)
        response = http.send("POST", url, write=False, template="/token", headers=headers, form=form)
        if response.status_code == 401 or (response.status_code in (400, 403) and object_of(response) is not None):
            raise CredentialRefused(
                f"The identity provider refused the client credentials ({response.status_code}: {http.error_text(response)})",
                hint=f"Correct the vault entry with `mlconn credentials set {name}`.",
            )
        body = token_of(http.checked(response, write=False))
        return {"access_token": str(body["access_token"]), "expires_in": str(body.get("expires_in") or "")}

    def _in_the_form(self, client: str, secret: str, form: dict[str, str]) -> dict[str, str]:
        form |= {"client_id": client, "client_secret": secret}
        return {}

    def _in_a_header(self, client: str, secret: str, _: dict[str, str]) -> dict[str, str]:
        pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _token_endpoint(self) -> str:
        response, said = self._directory("GetOpenIDConnectProvider")
        address = _text_at(said, "GetOpenIDConnectProvider", "DiscoveryUri")
        if not address:
            raise misshapen(response, "an identity provider (`d.GetOpenIDConnectProvider.DiscoveryUri`)")
        refuse_open(str(self._connection.oauth_landscape_url), address)
        found = self._at(PROVIDER, address).send("GET", address, write=False, template="/discovery")
        endpoint = json_object(self._at(PROVIDER, address).checked(found, write=False)).get("token_endpoint")
        if not isinstance(endpoint, str) or not endpoint:
            raise misshapen(found, "a token endpoint (`token_endpoint`)")
        refuse_open(str(self._connection.oauth_landscape_url), endpoint)
        return endpoint

    def _company_id(self, token: str) -> str:
        response, said = self._directory("CurrentUserInfo?IncludeB1UserBinding=true", {"Authorization": f"Bearer {token}"})
        info = said.get("CurrentUserInfo")
        bindings = info.get("B1UserBindings") if isinstance(info, dict) else None
        rows = bindings.get("results") if isinstance(bindings, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise misshapen(response, "the client's companies (`d.CurrentUserInfo.B1UserBindings.results`)")
        wanted = self._connection.company_db
        for row in rows:
            if str(row.get("CompanySchemaName")) == wanted and str(row.get("CompanyID") or ""):
                return str(row["CompanyID"])
        known = ", ".join(sorted(str(row.get("CompanySchemaName")) for row in rows)) or "none"
        raise CredentialRefused(
            f"The client is bound to no user of company {wanted!r}; it is to: {known}",
            hint="Bind the client to a user of that company in the Extension SSO Manager, or correct company_db.",
        )

    def _directory(self, what: str, headers: Mapping[str, str] | None = None) -> tuple[httpx.Response, Mapping[str, Any]]:
        root = str(self._connection.oauth_landscape_url).rstrip("/")
        http = self._at(DIRECTORY_NAME, root)
        if headers:
            http.keep_secret(headers["Authorization"].partition(" ")[2])
        url = f"{root}/{DIRECTORY}/{what}"
        sent = {"Accept": "application/json", **(headers or {})}
        response = http.checked(http.send("GET", url, write=False, template="/sld", headers=sent), write=False)
        said = json_object(response).get("d")
        if not isinstance(said, dict):
            raise misshapen(response, "an answer of the landscape directory (`d`)")
        return response, said

    def _at(self, system: str, url: str) -> Http:
        """What speaks to the host of that address."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}/"
        if (system, origin) not in self._open:
            connection = self._connection
            proxies = Proxies(connection, self._credentials)
            self._open[system, origin] = Http(
                system, origin, timeout_s=connection.timeout_s, ca_file=connection.ca_file, proxies=proxies
            )
        return self._open[system, origin]


def refuse_open(directory: str, address: str) -> None:
    """An https directory that sends us on to an open address would have the client's secret in the clear.

    Errors: ConfigurationError.
    """
    if directory.startswith("https:") and urlsplit(address).scheme != "https":
        raise ConfigurationError(
            f"The landscape directory names {urlsplit(address).hostname} by an address without TLS",
            hint="Have the identity provider's https address registered there, or write it as oauth_token_url.",
        )


def _text_at(values: Mapping[str, Any], *names: str) -> str:
    found: Any = values
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
