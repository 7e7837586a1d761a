"""Sign-in to the Service Layer by password, with its two cookies."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Mapping

import httpx

from mlconn_pipelines.errors import CredentialRefused, Retryable, TryLater
from mlconn_pipelines.ports.connections import Credentials, Token
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import json_object, misshapen
from mlconn_pipelines.transport.odata import Fault, fault_of
from mlconn_pipelines.transport.session import needed_of

RENEWED_EARLY_S = 120.0
"""A session idle for its time-out less this is renewed before it is used."""

SESSION_TIMEOUT_MIN = 30.0
"""What the server keeps a session for where its login answer does not say."""

LOGINS_AT_ONCE_TRIES = 4
"""Tries when the server stumbles over several logins at once (500, code 299)."""

_COOKIE = re.compile(r"(?:^|[;,])\s*(B1SESSION|ROUTEID)\s*=\s*([^;,\s]*)", re.IGNORECASE)
"""In a Set-Cookie of its own, or behind another that a proxy has folded into one line with it by a comma."""
_WRONG = {"-304": "wrong user name or password", "-306": "unknown company database"}
_WRONG_SENTENCE = "fail to none-sso login from sld"
"""What the Service Layer says of a wrong password, although it names the landscape directory."""
_CREDENTIALS = re.compile(r"\b(?:password|passwort|user ?name|user (?:is )?locked|locked out|unauthori[sz]ed)\b", re.IGNORECASE)
_SERVERS_OWN = re.compile(
    r"\b(?:SLD|system landscape|licen[cs]es?|database|DB instance|SBO-?Common|connect(?:ion)?|time[d -]?out|(?:un|not )available)\b",
    re.IGNORECASE,
)
"""Reasons that lie in the server: the landscape directory, the license server, the database are away or not set up."""


class PasswordLogin:
    """POST Login; both cookies go back by hand, replaced together. ROUTEID is absent on a server of a single node."""

    def __init__(self, connection: SapBusinessOneConnection, credentials: Credentials, http: Http) -> None:
        self._connection, self._credentials, self._http = connection, credentials, http

    def sign_in(self, previous: Token | None) -> Mapping[str, str]:
        body = self._body()
        for attempt in range(LOGINS_AT_ONCE_TRIES):
            response = self._http.send(
                "POST", "Login", write=False, template="/Login", headers={"Content-Type": "application/json"}, content=body
            )
            fault = fault_of(response)
            if not (response.status_code == 500 and fault is not None and fault.code == "299"):
                break
            time.sleep(0.3 * 2**attempt + random.uniform(0.0, 0.3))  # noqa: S311 - jitter, no secret
        if response.is_success:
            return self._values(response)
        raise self._refusal(response, fault)

    def headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        self._http.keep_secret(values.get("B1SESSION", ""))
        cookies = [f"{name}={values[name]}" for name in ("B1SESSION", "ROUTEID") if values.get(name)]
        return {"Cookie": "; ".join(cookies)}

    def is_old(self, token: Token) -> bool:
        """Also one that was got by token, before the configuration said otherwise."""
        timeout_s = float(token.values.get("timeout_min", SESSION_TIMEOUT_MIN)) * 60
        return "B1SESSION" not in token.values or token.idle_s > max(timeout_s - RENEWED_EARLY_S, timeout_s / 2)

    def _body(self) -> bytes:
        entry = self._credentials.credential(self._connection.credential)
        user, password = (needed_of(entry, name, self._connection.credential) for name in ("username", "password"))
        self._http.keep_secret(password)
        login = {"CompanyDB": self._connection.company_db, "UserName": user, "Password": password}
        return json.dumps(login, ensure_ascii=False).encode()

    def _values(self, response: httpx.Response) -> Mapping[str, str]:
        body = json_object(response)
        session_id = body.get("SessionId")
        if not isinstance(session_id, str) or not session_id:
            raise misshapen(response, "a session (`SessionId`)")
        values = {"timeout_min": str(body.get("SessionTimeout") or SESSION_TIMEOUT_MIN), "B1SESSION": session_id}
        for header in response.headers.get_list("set-cookie"):
            values |= {cookie[1].upper(): cookie[2] for cookie in _COOKIE.finditer(header)}
        return values

    def _refusal(self, response: httpx.Response, fault: Fault | None) -> Exception:
        said = self._http.redacted(fault.text) if fault else self._http.error_text(response)
        what = f"{self._http.system} refused the login to company {self._connection.company_db!r}"
        if fault is not None and fault.code == "301":
            return TryLater(
                f"{self._http.system}: Login answered {response.status_code} ({said})",
                hint="The server's paths are case-sensitive: `url` ends in /b1s/v2/, in small letters.",
            )
        if fault is not None and response.status_code in (400, 401, 403) and _of_the_server(fault):
            return TryLater(
                f"{self._http.system}: Login answered {response.status_code} ({said})",
                hint="The password was not refused: the server lacks its landscape directory (SLD), a license or the database. "
                "Look at those services; the login is tried again.",
            )
        if response.status_code == 401 or (response.status_code in (400, 403) and self._http.own_form(response)):
            reason = _WRONG.get(fault.code, said) if fault else said
            code = f", code {fault.code}" if fault and fault.code else ""
            return CredentialRefused(
                f"{what}: {reason} (status {response.status_code}{code})",
                hint=f"Correct the vault entry with `mlconn credentials set {self._connection.credential}`, or company_db.",
            )
        if response.status_code in (404, 405) or response.is_redirect:
            # In no form of the Service Layer's it may be one page of a gateway's that restarts; by itself it is the wrong place.
            kind = TryLater if response.is_redirect or self._http.own_form(response) else Retryable
            return kind(
                f"{self._http.system}: Login answered {response.status_code} ({said})",
                hint="`url` must lead to the Service Layer, such as https://SERVER:50000/b1s/v2/.",
            )
        return Retryable(f"{self._http.system}: Login answered {response.status_code} ({said})")


def _of_the_server(fault: Fault) -> bool:
    """Whether a refused login says nothing about user and password. In doubt it does: a wrong one may lock the user."""
    words = fault.message.strip().rstrip(".").lower()
    if fault.code in _WRONG or words == _WRONG_SENTENCE or _CREDENTIALS.search(words):
        return False
    return _SERVERS_OWN.search(words) is not None
