"""The vault's table: what connections sign in with, one encrypted row each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from mlconn_pipelines.errors import VaultError
from mlconn_pipelines.ledger.connection_states import clear_refusals
from mlconn_pipelines.ledger.tables_credentials import credential, session
from mlconn_pipelines.vault import Vault


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """What a list may show: names and dates, no values. Times aware, UTC."""

    name: str
    fields: tuple[str, ...]
    created_at: dt.datetime
    changed_at: dt.datetime


def vault_is_empty(engine: sa.Engine) -> bool:
    """Whether a new key would lock nothing out."""
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.exists().select_from(credential))).scalar() is False


class CredentialStore:
    """Implements `ports.connections.Credentials`. vault: None for listing and removing, which need no key."""

    def __init__(self, engine: sa.Engine, vault: Vault | None = None) -> None:
        self._engine = engine
        self._vault = vault

    def credential(self, name: str) -> Mapping[str, str]:
        """The entry's fields and values. VaultError when there is no such entry, or no key that fits."""
        with self._engine.connect() as connection:
            ciphertext = connection.execute(sa.select(credential.c.ciphertext).where(credential.c.name == name)).scalar()
        if ciphertext is None:
            raise VaultError(f"the vault has no credential {name!r}", f"Run: mlconn credentials set {name}")
        return self._key().decrypt(ciphertext, f"credential {name!r}")

    def set(self, name: str, values: Mapping[str, str]) -> bool:
        """Store an entry whole, in the place of the old one; True when there was one.

        Its cached session is dropped, and a connection stopped by it may be used again. VaultError on an empty value.
        """
        empty = sorted(field for field, value in values.items() if not value)
        if not name or not values or empty:
            raise VaultError(
                f"credential {name!r} has no value for {', '.join(empty) or 'any field'}",
                "Give every field a value, or leave the field out.",
            )
        row = {"fields": sorted(values), "ciphertext": self._key().encrypt(values)}
        with self._engine.begin() as connection:
            there = connection.execute(
                sa.update(credential).where(credential.c.name == name).values(**row, changed_at=sa.func.now())
            ).rowcount
            if not there:
                connection.execute(
                    insert(credential).values(name=name, **row).on_conflict_do_update(index_elements=["name"], set_=row)
                )
            # The generation grows, so that whoever still uses the old session signs in with the new values when refused.
            connection.execute(
                sa.update(session)
                .where(session.c.name == name)
                .values(ciphertext=None, generation=session.c.generation + 1, stored_at=sa.func.now())
            )
            clear_refusals(connection, name)
        return bool(there)

    def list(self) -> list[CredentialRow]:
        """Every entry by name. Needs no key."""
        columns = (credential.c.name, credential.c.fields, credential.c.created_at, credential.c.changed_at)
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(*columns).order_by(credential.c.name)).all()
        return [CredentialRow(row.name, tuple(row.fields), row.created_at, row.changed_at) for row in rows]

    def remove(self, name: str) -> None:
        """Forget an entry with its session. Needs no key. VaultError when there is no such entry."""
        with self._engine.begin() as connection:
            removed = connection.execute(sa.delete(credential).where(credential.c.name == name)).rowcount
            connection.execute(sa.delete(session).where(session.c.name == name))
            clear_refusals(connection, name)
        if not removed:
            raise VaultError(f"the vault has no credential {name!r}", "`mlconn credentials list` shows the names.")

    def rotate(self) -> int:
        """Encrypt every entry and session anew with the newest key, in one transaction; returns the number of credentials.

        Cached sessions that no key fits are dropped: they only cost a sign-in.
        """
        vault = self._key()
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(credential.c.name, credential.c.ciphertext).with_for_update()).all()
            for row in rows:
                fresh = vault.rotate(row.ciphertext, f"credential {row.name!r}")
                connection.execute(sa.update(credential).where(credential.c.name == row.name).values(ciphertext=fresh))
            cached = sa.select(session.c.name, session.c.ciphertext).where(session.c.ciphertext.is_not(None))
            for row in connection.execute(cached.with_for_update()).all():
                try:
                    fresh_session: bytes | None = vault.rotate(row.ciphertext)
                except VaultError:
                    fresh_session = None
                connection.execute(sa.update(session).where(session.c.name == row.name).values(ciphertext=fresh_session))
        return len(rows)

    def _key(self) -> Vault:
        if self._vault is None:
            raise VaultError("the vault was opened without its key", "Set MLCONN_VAULT_KEY or put the key file back.")
        return self._vault
