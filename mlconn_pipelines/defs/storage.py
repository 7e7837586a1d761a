"""Dagster's PostgreSQL storage with connections that are kept open.

Dagster's own opens a connection for every statement, over fifty a second while a few flows run, and looks for its tables at every
tick of a sensor: more processor time, at both ends, than the statements take. `dagster.yaml` names this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine, pg_url_from_config

from mlconn_pipelines.defs.dagster_private import share_connections

if TYPE_CHECKING:
    from mlconn_pipelines.defs.dagster_private import ConfigurableClassData, PostgresStorageConfig

KEPT_MAX, MORE_MAX = 4, 26
"""Connections that a process keeps, and how many it may open beside them for a moment: a daemon has 20 threads that ask."""
RECYCLE_S = 1800


class KeptOpenPostgresStorage(DagsterPostgresStorage):
    """Runs, events and schedules over one pool a process. A connection that the server has cut is noticed and replaced.

    The pool opens nothing by itself, so that a short-lived process holds no more than it used at once.
    """

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> KeptOpenPostgresStorage:
        url = pg_url_from_config(cast("PostgresStorageConfig", config_value))
        known = url in _seen
        storage = cls(url, not known and bool(config_value.get("should_autocreate_tables", True)), inst_data)
        _seen.add(url)
        share_connections(storage, _pool(url))
        return storage


_seen: set[str] = set()
"""Databases whose tables this process has looked for: the code server makes an instance for every tick."""


@cache
def _pool(url: str) -> Any:
    return create_pg_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=KEPT_MAX,
        max_overflow=MORE_MAX,
        pool_recycle=RECYCLE_S,
        pool_pre_ping=True,
    )
