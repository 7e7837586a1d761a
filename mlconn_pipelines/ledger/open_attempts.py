"""What was to be made beside documents and got no answer, such as a subscription: until when its absence proves nothing."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from mlconn_pipelines.ledger.tables_of_memory import open_attempt


def leave(engine: sa.Engine, integration: str, what: str, absence_proves_after_s: float) -> None:
    """Counted from now, by the database's clock."""
    at = sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, absence_proves_after_s)
    row = insert(open_attempt).values(integration=integration, what=what, absence_proves_at=at)
    with engine.begin() as tx:
        tx.execute(row.on_conflict_do_update(index_elements=["integration", "what"], set_={"absence_proves_at": at}))


def is_open(engine: sa.Engine, integration: str, what: str) -> bool:
    this = (open_attempt.c.integration == integration) & (open_attempt.c.what == what)
    with engine.connect() as connection:
        return bool(connection.scalar(sa.select(open_attempt.c.absence_proves_at > sa.func.clock_timestamp()).where(this)))
