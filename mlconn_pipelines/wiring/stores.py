"""What lives in the database: ledger, vault, sessions, limiter; opened once a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from mlconn_pipelines.database.databases import check_reachable
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.database.urls import sqlalchemy_url
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.ledger.credentials import CredentialStore, vault_is_empty
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.ledger.limiter import PostgresLimiter
from mlconn_pipelines.ledger.schema import check as check_schema
from mlconn_pipelines.ledger.sessions import PostgresSessionStore
from mlconn_pipelines.ledger.stores import LedgerStores
from mlconn_pipelines.settings import Settings
from mlconn_pipelines.vault import Vault, vault_keys


class Stores(LedgerStores):
    """What lies in one database, for one process. engine: SQLAlchemy's, for `ledger` functions.

    vault: None where the stores were opened without it; credentials can then only be listed and removed.
    """

    def __init__(self, engine: Any, vault: Vault | None) -> None:
        super().__init__(engine)
        self.limiter = PostgresLimiter(engine)
        self.vault = vault
        self.credentials = CredentialStore(engine, vault)
        self._sessions: dict[str, PostgresSessionStore] = {}

    def sessions(self, name: str, integration: str = "") -> PostgresSessionStore:
        """The sessions of one vault entry; the same object for everyone in this process. integration: whose alert it is."""
        if self.vault is None:
            raise ConfigurationError("the stores were opened without the vault")
        if name not in self._sessions:
            self._sessions[name] = PostgresSessionStore(self.engine, self.vault, name, integration=integration)
        return self._sessions[name]


@contextmanager
def open_stores(settings: Settings, with_vault: bool = True) -> Iterator[Stores]:
    """Connect to the database, which must be there and up to date; connections are closed at the end.

    with_vault: read the vault's key, or make the first one while the vault is empty.
    Errors: ConfigurationError (no database, no answer, an older schema), VaultError.
    """
    url = database_url_of(settings)
    check_reachable(url)
    engine = ledger_engine(url)
    try:
        with stores_over(engine, settings, with_vault) as stores:
            yield stores
    finally:
        engine.dispose()


@contextmanager
def stores_over(engine: Any, settings: Settings, with_vault: bool = True) -> Iterator[Stores]:
    """As `open_stores`, over connections that stay open at the end."""
    check_schema(engine)
    vault = None
    if with_vault:
        settings.make_home()
        keys = partial(vault_keys, settings.vault_keys, settings.vault_key_file, lambda: vault_is_empty(engine))
        vault = Vault(keys(), again=None if settings.vault_keys else keys)
    stores = Stores(engine, vault)
    try:
        yield stores
    finally:
        stores.limiter.close()


def database_url_of(settings: Settings) -> str:
    """MLCONN_DATABASE_URL, else the address of the embedded server while it runs. Nothing is started here.

    ConfigurationError where there is neither: only `mlconn up`, `demo`, `env` and `db start` start a server.
    """
    if settings.database_url is not None:
        return sqlalchemy_url(settings.database_url)
    server = EmbeddedServer(settings.database_folder)
    if not server.running:
        raise ConfigurationError(
            f"there is no database: MLCONN_DATABASE_URL is not set, and no embedded server runs in {settings.database_folder}",
            'Run `mlconn db start`, or eval "$(mlconn env)", or set MLCONN_DATABASE_URL to a PostgreSQL server of yours.',
        )
    return server.url()
