"""How requests are signed: with the shared session, which is renewed once where the system refuses it."""

from __future__ import annotations

from collections.abc import Callable, Generator

import httpx

from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.transport.session import SharedSession

_GENERATION = "mlconn_session"


def unauthorized(response: httpx.Response) -> bool:
    return response.status_code == 401


class SessionAuth(httpx.Auth):
    """The one way in which requests get their session. What is refused for it was surely not executed, a write neither.

    refused: whether an answer refuses the session. refused_again: the error of a session refused that was made just now; it is
    a person's matter then. In an act the session is fresh before the claim (`sign_in`), so that nothing signs in between
    `sending` and the request.
    """

    requires_response_body = True

    def __init__(
        self,
        session: SharedSession,
        refused_again: Callable[[httpx.Response], ConnectorError],
        refused: Callable[[httpx.Response], bool] = unauthorized,
    ) -> None:
        self._session, self._refused, self._refused_again = session, refused, refused_again

    def sign_in(self) -> None:
        """Make sure that there is a session. Errors: CredentialRefused, ConnectionStopped, Retryable."""
        self._session.token()

    def renew(self, response: httpx.Response) -> None:
        """A fresh session in place of the one that the request of this answer bore."""
        self._session.renew(response.request.extensions[_GENERATION])

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._session.token()
        for is_last in (False, True):
            for name, value in self._session.headers(token).items():
                request.headers[name] = value
            request.extensions = {**request.extensions, _GENERATION: token.generation}
            response = yield request
            if not self._refused(response):
                return
            if not is_last:
                token = self._session.renew(token.generation)
        raise self._refused_again(response)
