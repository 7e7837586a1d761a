"""What happens to statements when the database is away, full, locked, out of connections or changed by a migration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from mlconn_pipelines.errors import DatabaseUnavailable
from mlconn_pipelines.ledger import engine as engines
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.ledger.statements import Statement

pytestmark = pytest.mark.database


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    made = ledger_engine(database_url)
    with made.begin() as tx:
        tx.execute(sa.text("CREATE TABLE kept (id int PRIMARY KEY, name varchar(20))"))
        tx.execute(sa.text("INSERT INTO kept VALUES (1, 'one')"))
    yield made
    made.dispose()


def name(tx: sa.Connection) -> Any:
    return tx.execute(sa.text("SELECT * FROM kept WHERE id = :id"), {"id": 1}).one()


def other(engine: sa.Engine) -> sa.Engine:
    """As another program would connect."""
    return ledger_engine(engine.url.render_as_string(hide_password=False), poolclass=sa.NullPool)


DRIVER = Statement("SELECT * FROM kept WHERE id = :id")


@pytest.mark.parametrize("ask", [name, lambda tx: DRIVER.row(tx, {"id": 1})], ids=["SQLAlchemy", "driver"])
def test_a_plan_that_a_migration_made_old_is_made_anew(engine: sa.Engine, ask: Any) -> None:
    def asked() -> Any:
        with engine.begin() as tx:
            return ask(tx)

    for _ in range(12):  # so often that the driver has prepared it
        asked()
    with other(engine).begin() as tx:
        tx.execute(sa.text("ALTER TABLE kept ALTER COLUMN name TYPE text, ADD COLUMN more int DEFAULT 7"))
    for _ in range(12):
        row = asked()
        assert (row["more"] if isinstance(row, dict) else row.more) == 7


def test_in_the_middle_of_a_transaction_it_is_told_and_the_next_one_goes_on(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        for _ in range(12):
            name(connection)
            connection.commit()
        with other(engine).begin() as tx:
            tx.execute(sa.text("ALTER TABLE kept ADD COLUMN more int"))
        connection.execute(sa.text("SELECT 1"))
        with pytest.raises(DatabaseUnavailable, match="tables were changed while this program ran"):
            name(connection)
        connection.rollback()
        assert name(connection).name == "one"


def test_a_lock_that_somebody_keeps_is_waited_for_so_long_and_no_longer(
    engine: sa.Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SHOW lock_timeout")) == "90s"
    monkeypatch.setitem(engines._TIME_OUTS, "lock_timeout", 1.0)
    waiting = ledger_engine(database_url)
    with engine.begin() as holder:
        holder.execute(sa.text("LOCK TABLE kept"))
        for ask in (name, lambda tx: DRIVER.row(tx, {"id": 1})):
            with (
                pytest.raises(DatabaseUnavailable, match="held a lock in the database for too long") as waited,
                waiting.begin() as tx,
            ):
                ask(tx)
            assert waited.value.sqlstate == "55P03"
    with waiting.begin() as tx:
        assert name(tx).name == "one"
    waiting.dispose()


def test_a_connection_that_the_server_ends_is_told_and_the_next_one_works(engine: sa.Engine, database_url: str) -> None:
    killer = ledger_engine(database_url)
    with engine.connect() as connection:
        pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        with killer.begin() as tx:
            tx.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DatabaseUnavailable):
            name(connection)
    with engine.connect() as connection:
        assert name(connection).name == "one"
    killer.dispose()


def test_a_role_that_has_used_up_its_connections(engine: sa.Engine, database_url: str) -> None:
    with engine.begin() as tx:
        tx.execute(sa.text("CREATE ROLE narrow LOGIN PASSWORD 'hunter2' CONNECTION LIMIT 1"))
    try:
        url = sa.make_url(database_url).set(username="narrow", password="hunter2")
        narrow = ledger_engine(url.render_as_string(hide_password=False))
        with narrow.connect() as first:
            assert first.scalar(sa.text("SELECT 1")) == 1
            with pytest.raises(DatabaseUnavailable, match="takes no further connection") as refused, narrow.connect():
                pass
            assert "hunter2" not in str(refused.value)
        narrow.dispose()
    finally:
        with engine.begin() as tx:
            tx.execute(sa.text("DROP ROLE narrow"))


def test_a_server_that_is_not_there() -> None:
    with (
        pytest.raises(DatabaseUnavailable, match="does not answer") as away,
        ledger_engine("postgresql://a:hunter2@127.0.0.1:9/b").begin(),
    ):
        pass
    assert "hunter2" not in str(away.value)


def test_a_mistake_in_a_value_stays_what_it_is(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as tx:
        tx.execute(sa.text("INSERT INTO kept VALUES (1, 'twice')"))
