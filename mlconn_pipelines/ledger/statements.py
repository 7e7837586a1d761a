"""Statements that every act runs, past the layers of SQLAlchemy, which would cost more than the query; and many questions in one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.types.json import Jsonb

from mlconn_pipelines.failures import unavailable
from mlconn_pipelines.ledger import json_values
from mlconn_pipelines.ledger.outside_values import refused_for_its_value

_PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")


class Statement:
    """One statement with `:name` parameters, for a connection in a transaction of SQLAlchemy's.

    json: names of parameters that are JSON values; None among them is NULL.
    """

    def __init__(self, text: str, json: Collection[str] = ()) -> None:
        self._text = _PARAMETER.sub(r"%(\1)s", text.replace("%", "%%"))
        self._json = frozenset(json)

    def row(self, tx: sa.Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row by column name, None when there is none."""
        with self._executed(tx, values) as cursor:
            row = cursor.fetchone()
            return None if row is None else dict(zip((column.name for column in cursor.description or ()), row, strict=True))

    def value(self, tx: sa.Connection, values: Mapping[str, Any]) -> Any:
        """The first column of the first row, None when there is none."""
        with self._executed(tx, values) as cursor:
            row = cursor.fetchone()
            return None if row is None else row[0]

    def _executed(self, tx: sa.Connection, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        asked = {name: self._value(name, value) for name, value in values.items()}
        driver: psycopg.Connection[Any] = tx.connection.driver_connection  # type: ignore[assignment]
        try:
            return driver.cursor().execute(self._text, asked)
        except (psycopg.Error, TypeError, ValueError, RecursionError) as trouble:
            if driver.broken:
                tx.engine.dispose()  # the server is gone, and with it every connection that waits in the pool
            raise refused_for_its_value(trouble) or unavailable(trouble) or trouble from trouble

    def _value(self, name: str, value: Any) -> Any:
        return Jsonb(value, json_values.dumps) if name in self._json and value is not None else value


def each(kinds: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.TableValuedAlias:
    """What is asked about, a row each, from parameters that hold a list for every column.

    For each a look of its own by the index: documents are many, those that ask are few, and a list of pairs is looked through for
    every document of the set.
    """
    arrays = [sa.cast(sa.bindparam(f"b_{name}"), sa.ARRAY(kind)) for name, kind in kinds.items()]
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, kind) for name, kind in kinds.items()]
    return sa.func.unnest(*arrays).table_valued(*columns).render_derived("asked")
