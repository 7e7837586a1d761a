"""System Landscape Directory and identity provider: who the provider is, tokens for a client, and the companies that it may enter."""

from __future__ import annotations

import base64
import json
import secrets
import time
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

DIRECTORY = "/sld/sld0100.svc"


class Landscape:
    """client, secret: of the one client that is registered. bindings: ids of the companies that it may enter, by their databases.

    lifetime_s: of tokens. issued: how many were.
    """

    def __init__(self, client: str, secret: str, bindings: dict[str, str], lifetime_s: float = 3600.0) -> None:
        self.client, self.secret, self.bindings, self.lifetime_s = client, secret, bindings, lifetime_s
        self.issued = 0
        self._tokens: dict[str, float] = {}

    def knows(self, authorization: str) -> bool:
        """Whether it is `Bearer` and a token that holds."""
        return self._tokens.get(authorization.removeprefix("Bearer "), 0.0) > time.monotonic()

    def forget(self) -> None:
        """End all tokens."""
        self._tokens.clear()

    def routes(self) -> list[Route]:
        return [
            Route(f"{DIRECTORY}/GetOpenIDConnectProvider", self._provider),
            Route(f"{DIRECTORY}/CurrentUserInfo", self._user),
            Route("/auth/realms/sapb1/.well-known/openid-configuration", self._discovery),
            Route("/auth/realms/sapb1/token", self._token, methods=["POST"]),
        ]

    async def _provider(self, request: Request) -> Response:
        if "json" not in request.headers.get("accept", ""):
            return Response("<feed/>", media_type="application/atom+xml")
        address = f"{request.base_url}auth/realms/sapb1/.well-known/openid-configuration"
        return JSONResponse({"d": {"GetOpenIDConnectProvider": {"DiscoveryUri": address}}})

    async def _discovery(self, request: Request) -> Response:
        return JSONResponse({"token_endpoint": f"{request.base_url}auth/realms/sapb1/token"})

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        if form.get("grant_type") != ["client_credentials"] or form.get("scope") != ["openid"]:
            return JSONResponse({"error": "invalid_request"}, 400)
        encoded = request.headers.get("authorization", "").removeprefix("Basic ")
        client, _, secret = base64.b64decode(encoded + "==").decode().partition(":")
        if (unquote(client), unquote(secret)) != (self.client, self.secret):
            return JSONResponse({"error": "invalid_client", "error_description": "Invalid client credentials"}, 401)
        claims = base64.urlsafe_b64encode(json.dumps({"azp": client, "n": self.issued}).encode()).decode().rstrip("=")
        token = f"eyJhbGciOiJSUzI1NiJ9.{claims}.{secrets.token_urlsafe(16)}"
        self._tokens[token] = time.monotonic() + self.lifetime_s
        self.issued += 1
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": int(self.lifetime_s)})

    async def _user(self, request: Request) -> Response:
        if not self.knows(request.headers.get("authorization", "")):
            return JSONResponse({"error": {"code": "401"}}, 401)
        rows = [{"CompanySchemaName": name, "CompanyID": number} for name, number in self.bindings.items()]
        asked = request.query_params.get("IncludeB1UserBinding") == "true"
        return JSONResponse({"d": {"CurrentUserInfo": {"B1UserBindings": {"results": rows if asked else []}}}})
