import pytest
import sqlalchemy as sa

from mlconn_pipelines.errors import ConnectionStopped, VaultError
from mlconn_pipelines.ledger.credentials import CredentialStore, vault_is_empty
from mlconn_pipelines.ledger.sessions import PostgresSessionStore
from mlconn_pipelines.vault import Vault, new_key

pytestmark = pytest.mark.database


@pytest.fixture
def engine(ledger_database):
    engine = sa.create_engine(ledger_database)
    yield engine
    engine.dispose()


def test_an_entry_is_stored_replaced_listed_and_removed(engine):
    store = CredentialStore(engine, Vault([new_key()]))
    assert vault_is_empty(engine)
    assert store.set("sap", {"username": "edi", "password": "hunter2"}) is False
    assert store.set("sap", {"username": "edi", "password": "hunter3", "totp_secret": "JBSW"}) is True
    assert not vault_is_empty(engine)
    assert store.credential("sap") == {"username": "edi", "password": "hunter3", "totp_secret": "JBSW"}
    (row,) = store.list()
    assert (row.name, row.fields) == ("sap", ("password", "totp_secret", "username"))
    assert row.changed_at > row.created_at
    assert "hunter" not in repr(store.list()) and "hunter" not in repr(store)
    store.remove("sap")
    assert vault_is_empty(engine)
    for gone in (store.credential, store.remove):
        with pytest.raises(VaultError, match="no credential 'sap'"):
            gone("sap")


def test_no_value_is_readable_in_any_table(engine, ledger_database):
    vault = Vault([new_key()])
    CredentialStore(engine, vault).set("sap", {"password": "planted-secret-1"})
    sessions = PostgresSessionStore(engine, vault, "sap")
    with sessions.renewing(0) as renewal:
        renewal.store({"B1SESSION": "planted-secret-2"})
    with engine.connect() as connection:
        for table in sa.inspect(engine).get_table_names():
            for row in connection.execute(
                sa.text(f"SELECT t::text, encode(convert_to(t::text, 'UTF8'), 'escape') FROM \"{table}\" t")
            ):
                assert "planted" not in str(row)
        blob = connection.execute(sa.text("SELECT ciphertext FROM credential")).scalar_one()
    assert b"planted" not in bytes(blob)


def test_an_empty_value_is_refused_without_naming_the_others_values(engine):
    with pytest.raises(VaultError, match="no value for password") as refused:
        CredentialStore(engine, Vault([new_key()])).set("sap", {"username": "someone", "password": ""})
    assert "someone" not in str(refused.value)


def test_listing_and_removing_need_no_key(engine):
    CredentialStore(engine, Vault([new_key()])).set("sap", {"password": "x"})
    keyless = CredentialStore(engine)
    assert [row.name for row in keyless.list()] == ["sap"]
    with pytest.raises(VaultError, match="without its key"):
        keyless.credential("sap")
    keyless.remove("sap")
    assert keyless.list() == []


def test_rotation_covers_credentials_and_sessions(engine):
    old, new = new_key(), new_key()
    before = Vault([old])
    CredentialStore(engine, before).set("sap", {"password": "x"})
    CredentialStore(engine, before).set("cleo", {"password": "y"})
    with PostgresSessionStore(engine, before, "sap").renewing(0) as renewal:
        renewal.store({"B1SESSION": "abc"})
    assert CredentialStore(engine, Vault([new, old])).rotate() == 2
    after = Vault([new])
    assert CredentialStore(engine, after).credential("cleo") == {"password": "y"}
    token = PostgresSessionStore(engine, after, "sap").current()
    assert token is not None and token.values == {"B1SESSION": "abc"}


def test_rotation_with_a_missing_key_changes_nothing(engine):
    old, lost = new_key(), new_key()
    CredentialStore(engine, Vault([old])).set("a", {"password": "x"})
    CredentialStore(engine, Vault([lost])).set("b", {"password": "y"})
    with pytest.raises(VaultError, match="no vault key fits credential 'b'"):
        CredentialStore(engine, Vault([new_key(), old])).rotate()
    assert CredentialStore(engine, Vault([old])).credential("a") == {"password": "x"}


def test_a_new_credential_lets_a_stopped_connection_go_on_and_drops_its_session(engine):
    vault = Vault([new_key()])
    sessions = PostgresSessionStore(engine, vault, "sap")
    with sessions.renewing(0) as renewal:
        old = renewal.store({"B1SESSION": "old"})
    sessions.refused("wrong password")
    sessions.refused("wrong password")
    with pytest.raises(ConnectionStopped):
        sessions.current()
    CredentialStore(engine, vault).set("sap", {"password": "right"})
    assert sessions.current() is None
    with sessions.renewing(old.generation) as renewal:
        assert renewal.needed
        assert renewal.store({"B1SESSION": "new"}).generation > old.generation
