"""Exceptions told in one sentence: what the database, the machine and our own mistakes look like to a person."""

from __future__ import annotations

import errno

import psycopg
import psycopg2
import pytest
import sqlalchemy as sa

from mlconn_pipelines.errors import CredentialRefused, DatabaseUnavailable, InternalError, MlconnError
from mlconn_pipelines.failures import kind_and_place, told, unavailable
from mlconn_pipelines.x12.element_reader import number_text


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("53100", "the database's disk is full"),
        ("53200", "no memory"),
        ("53300", "takes no further connection"),
        ("53400", "a limit of its machine"),
        ("55P03", "held a lock in the database for too long"),
        ("57014", "cut a statement off"),
        ("57P01", "being stopped or started"),
        ("57P03", "being stopped or started"),
        ("40P01", "stood in each other's way"),
        ("40001", "stood in each other's way"),
        ("25006", "standby"),
        ("25P03", "stood still for too long"),
        ("08006", "connection to the database was lost"),
        ("58030", "cannot use its disk"),
        ("XX001", "damaged data"),
        ("42501", "may not do that"),
    ],
)
def test_what_the_database_cannot_do_now(state: str, says: str) -> None:
    error = psycopg.errors.lookup(state)("its own words")
    for raised in (error, sa.exc.DBAPIError.instance("SELECT 1", {}, error, psycopg.Error)):
        trouble = unavailable(raised)
        assert trouble is not None and says in str(trouble) and trouble.sqlstate == state
        assert "its own words" in str(trouble) and "SELECT" not in str(trouble)
        assert told(raised) is not None and isinstance(told(raised), DatabaseUnavailable)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("connection failed: FATAL:  sorry, too many clients already", "takes no further connection"),
        ("connection failed: FATAL:  the database system is shutting down", "being stopped or started"),
        ('connection failed: FATAL:  database "x" does not exist', "does not exist on that server"),
        ('connection to server at "127.0.0.1", port 1 failed: Connection refused', "does not answer"),
        ("the connection is closed", "does not answer"),
    ],
)
def test_connections_that_do_not_come_about(words: str, says: str) -> None:
    for error in (psycopg.OperationalError(words), psycopg2.OperationalError(words)):
        assert says in str(unavailable(error))


def test_a_mistake_in_a_statement_or_a_value_is_no_trouble_of_the_database() -> None:
    for error in (
        psycopg.errors.UndefinedColumn("no such column"),
        psycopg.errors.UniqueViolation("twice"),
        psycopg.DataError("a NUL"),
        psycopg.errors.FeatureNotSupported("something else"),
        ValueError("x"),
    ):
        assert unavailable(error) is None


def test_a_pool_without_a_free_connection() -> None:
    assert "in use" in str(unavailable(sa.exc.TimeoutError("QueuePool limit of size 10 overflow 10 reached")))


def test_the_machine() -> None:
    assert str(told(OSError(errno.ENOSPC, "No space left on device", "/srv/x"))).startswith(
        "the disk is full (/srv/x). Make room"
    )
    assert "permission denied (/etc/x)" in str(told(PermissionError(errno.EACCES, "Permission denied", "/etc/x")))
    assert "no further file" in str(told(OSError(errno.EMFILE, "Too many open files")))
    assert "memory" in str(told(MemoryError()))


def test_ours_are_told_as_they_are() -> None:
    refused = CredentialRefused("wrong password", "Set another.")
    assert told(refused) is refused


def test_a_mistake_of_ours_is_told_by_kind_place_and_number_and_never_by_its_words() -> None:
    with pytest.raises(Exception) as caught:
        number_text(object())  # type: ignore[arg-type]
    trouble = told(caught.value, "errors.log")
    assert (
        isinstance(trouble, InternalError) and isinstance(trouble, MlconnError) and "in x12/element_reader.py:" in str(trouble)
    )
    assert trouble.number in str(trouble) and "errors.log" in str(trouble)
    secret = ValueError("a customer's name")
    assert str(told(secret)).count("customer") == 0 and kind_and_place(secret) == "ValueError"
