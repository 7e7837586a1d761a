"""One PostgreSQL address, three spellings: ours (psycopg 3), Dagster's (psycopg2), and the one for people, without a password."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from mlconn_pipelines.errors import ConfigurationError

SCHEME = re.compile(r"\Apostgres(?:ql)?(?:\+[a-z0-9_]+)?\Z")
SECRET_PARAMETERS = frozenset({"password", "sslpassword"})


def database_url(host: str, port: int, user: str, password: str, database: str) -> str:
    """Our spelling, of an address in parts."""
    return f"postgresql+psycopg://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{quote(database, safe='')}"


def sqlalchemy_url(url: str) -> str:
    """`postgresql+psycopg://…`, for our own engines, of any spelling.

    >>> sqlalchemy_url("postgres://edi:s%40fe@db.example:5433/ledger?sslmode=require")
    'postgresql+psycopg://edi:s%40fe@db.example:5433/ledger?sslmode=require'
    >>> sqlalchemy_url("postgresql:///ledger?host=/run/postgresql")
    'postgresql+psycopg:///ledger?host=/run/postgresql'
    """
    return _spelled("postgresql+psycopg", _parts(url))


def dagster_url(url: str) -> str:
    """`postgresql+psycopg2://…`: a bare scheme means psycopg 3 to SQLAlchemy 2.1, whose NOTIFY Dagster's storage cannot use.

    >>> dagster_url("postgresql+psycopg://edi@/dagster?host=/run/postgresql&port=5433")
    'postgresql+psycopg2://edi@/dagster?host=/run/postgresql&port=5433'
    """
    return _spelled("postgresql+psycopg2", _parts(url))


def psycopg_conninfo(url: str) -> str:
    """`postgresql://…`, as libpq and its programs read it."""
    return _spelled("postgresql", _parts(url))


def in_database(url: str, database: str) -> str:
    """The same server and role, another database; our spelling.

    >>> in_database("postgres://edi@db.example/ledger?sslmode=require", "dagster")
    'postgresql+psycopg://edi@db.example/dagster?sslmode=require'
    """
    parts = _parts(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "dbname"]
    return _spelled("postgresql+psycopg", parts._replace(path="/" + quote(database, safe=""), query=_query(query)))


def database_of(url: str) -> str:
    """The database's name; empty when the URL leaves it to the role's name."""
    parts = _parts(url)
    return unquote(parts.path.lstrip("/")) or dict(parse_qsl(parts.query)).get("dbname", "")


def password_of(url: str) -> str | None:
    parts = _parts(url)
    if parts.password is not None:
        return unquote(parts.password)
    return dict(parse_qsl(parts.query)).get("password")


def without_password(url: str) -> str:
    """libpq's spelling with the password left out, for command lines, where it would be seen by everyone on the machine."""
    parts = _parts(url)
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in SECRET_PARAMETERS]
    netloc = (f"{user}@" if user else "") + parts.netloc.rpartition("@")[2]
    return _spelled("postgresql", parts._replace(netloc=netloc, query=_query(query)))


def shown(url: str) -> str:
    """For messages and logs: no password, whatever the spelling; text that is no address at all is not repeated.

    >>> shown("postgresql+psycopg2://edi:secret@db.example:5433/ledger?sslmode=require")
    'postgresql://edi@db.example:5433/ledger?sslmode=require'
    """
    try:
        return without_password(url)
    except ConfigurationError:
        return "(not a PostgreSQL address)"


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        readable = SCHEME.match(parts.scheme) is not None
        # Several hosts with ports of their own are legal to libpq, and no number to urllib.
        if readable and "," not in parts.netloc:
            _ = parts.port
    except ValueError:
        readable = False
    if not readable:
        # The text may hold a password, so it is not repeated. `from None`: urllib's own message would repeat it.
        raise ConfigurationError(
            "MLCONN_DATABASE_URL is no PostgreSQL address",
            "Expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE, special characters in the password written as %40 and so on.",
        ) from None
    return parts


def _spelled(scheme: str, parts: SplitResult) -> str:
    # urlunsplit drops the empty authority of `postgresql:///database`; so the text is put together here.
    path = parts.path or "/"
    return f"{scheme}://{parts.netloc}{path}" + (f"?{parts.query}" if parts.query else "")


def _query(pairs: Iterable[tuple[str, str]]) -> str:
    return urlencode(list(pairs), quote_via=quote, safe="/")
