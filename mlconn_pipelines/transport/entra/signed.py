"""Requests with an Entra token: repeated once after a 401 with a fresh token, then a person's matter."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from mlconn_pipelines.errors import CredentialRefused
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import asked
from mlconn_pipelines.transport.session import SharedSession


class SignedHttp:
    """`Http.send` with the token. hint: what a person looks at when the system refuses a token that Entra has just given.

    Safe to use from several threads.
    """

    def __init__(self, http: Http, session: SharedSession, hint: str) -> None:
        self.http, self._session, self._hint = http, session, hint

    def sign_in(self) -> None:
        """Make sure that there is a token. Errors: CredentialRefused, ConnectionStopped, Retryable."""
        self._session.token()

    def send(
        self,
        method: str,
        path: str,
        *,
        write: bool,
        template: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        turn_taken: bool = False,
    ) -> httpx.Response:
        """One request, whatever its answer's status but 401. What is refused with 401 was surely not executed.

        Errors: as `Http.send`; CredentialRefused when the fresh token is refused too.
        """
        token = self._session.token()
        for is_last in (False, True):
            signed = {**(headers or {}), **self._session.headers(token)}
            response = self.http.send(
                method, path, write=write, template=template, headers=signed, content=content, turn_taken=turn_taken
            )
            if response.status_code != 401:
                return response
            if not is_last:
                token, turn_taken = self._session.renew(token.generation), False
        raise CredentialRefused(
            f"{self.http.system}: {asked(response)} answered 401 to a token that Entra gave just now "
            f"({self.http.words(response)})",
            hint=self._hint,
        )
