import doctest

import pytest

from mlconn_pipelines import settings
from mlconn_pipelines.database import environment, urls
from mlconn_pipelines.database.urls import (
    dagster_url,
    database_of,
    database_url,
    in_database,
    password_of,
    psycopg_conninfo,
    shown,
    sqlalchemy_url,
    without_password,
)
from mlconn_pipelines.errors import ConfigurationError

ADDRESS = "edi:p%40ss%2Fword@db.example:5433/ledger?sslmode=require"


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg"]
)
def test_every_spelling_becomes_ours_and_dagsters(scheme):
    given = f"{scheme}://{ADDRESS}"
    assert sqlalchemy_url(given) == f"postgresql+psycopg://{ADDRESS}"
    assert dagster_url(given) == f"postgresql+psycopg2://{ADDRESS}"
    assert psycopg_conninfo(given) == f"postgresql://{ADDRESS}"


@pytest.mark.parametrize(
    "rest",
    ["/ledger?host=/run/postgresql", "edi@/ledger?host=/run/postgresql&port=5433", "edi:x@[::1]:5432/ledger", "a:1,b:2/ledger"],
)
def test_sockets_ipv6_and_several_hosts_keep_their_form(rest):
    assert sqlalchemy_url(f"postgres://{rest}") == f"postgresql+psycopg://{rest}"


def test_another_database_on_the_same_server():
    assert in_database(f"postgres://{ADDRESS}", "dagster") == "postgresql+psycopg://" + ADDRESS.replace("/ledger", "/dagster")
    assert in_database("postgresql:///?host=/run/pg&dbname=ledger", "dagster") == "postgresql+psycopg:///dagster?host=/run/pg"
    assert database_of(f"postgres://{ADDRESS}") == "ledger"
    assert database_of("postgresql:///?host=/run/pg&dbname=ledger") == "ledger"


def test_a_password_of_any_characters_survives_the_trip():
    password = "a:b/c@d?e#f%g é"
    url = database_url("127.0.0.1", 5432, "mlconn", password, "mlconn")
    assert password_of(dagster_url(url)) == password


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://edi:hunter2@db/ledger",
        "postgresql+psycopg2://edi:hunter2@/ledger?host=/run/pg",
        "postgresql://db/ledger?user=edi&password=hunter2",
        "postgresql://edi:hunter2@db:notaport/ledger",
        "mysql://edi:hunter2@db/ledger",
        "edi:hunter2@db/ledger",
        "postgresql://edi:hunter2@[broken/ledger",
    ],
)
def test_no_password_is_ever_shown(url):
    assert "hunter2" not in shown(url)
    try:
        assert "hunter2" not in without_password(url)
    except ConfigurationError as error:
        assert "hunter2" not in str(error)
        assert error.__cause__ is None and error.__suppress_context__


@pytest.mark.parametrize("module", [urls, environment, settings])
def test_the_examples_in_the_docstrings_run(module):
    results = doctest.testmod(module)
    assert results.attempted > 0 and results.failed == 0
