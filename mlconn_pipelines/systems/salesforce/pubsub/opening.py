"""A listener's org out of its connection: signed in as for REST, with the bus at the endpoint that the settings name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from urllib.parse import quote, urlsplit

from mlconn_pipelines.ports.connections import Credentials, SessionStore, Token
from mlconn_pipelines.ports.notifications import Listener
from mlconn_pipelines.ports.streams import StreamLedger
from mlconn_pipelines.systems.salesforce.api.sign_in import Granted, SalesforceSignIn, no_hosts
from mlconn_pipelines.systems.salesforce.connection import SalesforceConnection
from mlconn_pipelines.systems.salesforce.pubsub.client import PubSubClient, SignedIn
from mlconn_pipelines.systems.salesforce.pubsub.listener import Org, listen
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.session import SharedSession

__all__ = ["Session", "listen", "opened"]


class Session:
    """The session that REST uses too, as the bus wants it."""

    def __init__(self, shared: SharedSession) -> None:
        self._shared = shared
        self._used: Token | None = None

    def signed_in(self) -> SignedIn:
        """Errors: CredentialRefused, ConnectionStopped, Retryable."""
        self._used = self._shared.token()
        granted = Granted.of(self._used.values)
        return SignedIn(granted.access_token, granted.instance_url, granted.organization_id)

    def renew(self) -> None:
        """Once, whoever asks: another process may have done so meanwhile."""
        if self._used is not None:
            self._shared.renew(self._used.generation)


@contextmanager
def opened(
    connection: SalesforceConnection,
    credentials: Credentials,
    sessions: SessionStore,
    listeners: Sequence[Listener],
    ledger: StreamLedger,
) -> Iterator[Org]:
    """Does not sign in yet. Errors: ConfigurationError, VaultError for a proxy."""
    events = connection.change_events
    assert events is not None
    target = f"{events.endpoint}:{events.port}"
    roots = connection.ca_file.read_bytes() if connection.ca_file else None
    with closing(SalesforceSignIn(connection, credentials, no_hosts())) as sign_in:
        session = Session(SharedSession(sessions, sign_in))
        with PubSubClient(target, session.signed_in, roots, _proxy(connection, credentials, f"https://{target}")) as bus:
            yield Org(bus, listeners, connection.client_name, session.renew, ledger)


def _proxy(connection: SalesforceConnection, credentials: Credentials, url: str) -> str:
    """The proxy's address with who we are there; "" where the way is direct."""
    route = Proxies(connection, credentials).route(url)
    if not route.proxy or not route.username:
        return route.proxy
    parts = urlsplit(route.proxy)
    return parts._replace(netloc=f"{quote(route.username, safe='')}:{quote(route.password, safe='')}@{parts.netloc}").geturl()
