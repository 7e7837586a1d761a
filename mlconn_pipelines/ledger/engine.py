"""How the ledger connects: one engine a process, whose JSON keeps every digit."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.ledger import json_values


def ledger_engine(url: str, **options: Any) -> sa.Engine:
    """An engine for `postgresql+psycopg://…`; other spellings of a PostgreSQL URL are taken too.

    The pool holds what one run needs: eight acting threads and a few readers. Dead connections are noticed before use,
    because a database that was restarted must not cost a run.
    """
    parsed = sa.make_url(url)
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg2"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    settings: dict[str, Any] = {
        "pool_size": 10,
        "max_overflow": 10,
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "connect_args": {"application_name": "mlconn", "connect_timeout": 10},
    }
    if "poolclass" in options:  # a pool of another kind has no sizes
        del settings["pool_size"], settings["max_overflow"]
    return sa.create_engine(
        parsed, json_serializer=json_values.dumps, json_deserializer=json_values.loads, **(settings | options)
    )
