"""What fields of records elsewhere are to be, and what was last written. `FieldStates` of flows/ports/field_states.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.ports.field_states import FieldState, RowOutcome, RowsStanding, WantedFields
from mlconn_pipelines.ledger.queue import write_watermark
from mlconn_pipelines.ledger.rows import Row
from mlconn_pipelines.ledger.statements import each
from mlconn_pipelines.ledger.tables import OPEN_DOCUMENT, document
from mlconn_pipelines.ledger.tables_state import field_state as states

_IS_OPEN = sa.exists().where(document.c.id == states.c.collection, sa.text(OPEN_DOCUMENT))
_COLLECTION = sa.case((_IS_OPEN, states.c.collection), else_="").label("collection")
_COLUMNS = [column if column.name != "collection" else _COLLECTION for column in states.c]

_WANTED = insert(states)
_STORE = _WANTED.on_conflict_do_update(
    index_elements=["integration", "flow", "source_key"],
    set_={name: _WANTED.excluded[name] for name in ("fields", "hash", "currency", "as_of")},
    where=states.c.as_of <= _WANTED.excluded.as_of,
)


class PostgresFieldStates:
    """engine: of `ledger_engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def store(self, run: Run, wanted: Sequence[WantedFields], watermarks: Mapping[str, str] | None = None) -> int:
        """In the order of keys, so that no two writers wait for each other."""
        rows = [one for _, one in sorted({one.key: one for one in wanted}.items())]
        with self._engine.begin() as tx:
            before = _hashes(tx, run, [one.key for one in rows])
            if rows:
                place = {"integration": run.integration, "flow": run.flow}
                names = ("fields", "hash", "currency", "as_of")
                values = [
                    {**place, "source_key": one.key, **{name: getattr(one, name) for name in names}, "fields": dict(one.fields)}
                    for one in rows
                ]
                tx.execute(_STORE, values)
            if not run.preview:
                for name, value in (watermarks or {}).items():
                    write_watermark(tx, run.integration, name, value, run.run_id)
            after = _hashes(tx, run, [one.key for one in rows])
        return sum(before.get(key) != value for key, value in after.items())

    def due(self, integration: str, flow: str) -> list[FieldState]:
        differs = (states.c.hash != states.c.written_hash) & (states.c.hash != states.c.failed_hash)
        return self._states(integration, flow, differs & ~_IS_OPEN)

    def take(self, run: Run, collection: str, hashes: Mapping[str, str]) -> frozenset[str]:
        asked = each({"key": sa.Text(), "hash": sa.Text()})
        wanted = (
            sa.select(states.c.source_key)
            .join(asked, (asked.c.key == states.c.source_key) & (asked.c.hash == states.c.hash))
            .where(*_here(run), ~_IS_OPEN | (states.c.collection == collection))
            .order_by(states.c.source_key)
            .with_for_update(of=states)
        )
        with self._engine.begin() as tx:
            named = {"b_key": list(hashes), "b_hash": list(hashes.values())}
            taken = list(tx.scalars(wanted, named))
            tx.execute(sa.update(states).where(*_here(run), _among(taken)).values(collection=collection))
        return frozenset(taken)

    def ended(self, run: Run, collection: str, outcomes: Sequence[RowOutcome], *, released: bool = False) -> None:
        failed = sa.bindparam("b_error_code") != ""
        written = sa.bindparam("b_target") != ""
        end = (
            sa.update(states)
            .where(*_here(run), states.c.source_key == sa.bindparam("b_key"))
            .where(states.c.collection == collection if collection else ~_IS_OPEN)
            .values(
                collection="" if released else states.c.collection,
                target_key=sa.case((written, sa.bindparam("b_target")), else_=states.c.target_key),
                written_hash=sa.case((written, sa.bindparam("b_hash")), else_=states.c.written_hash),
                written_at=sa.case((written, sa.func.clock_timestamp()), else_=states.c.written_at),
                failed_hash=sa.case((failed, sa.bindparam("b_hash")), (written, ""), else_=states.c.failed_hash),
                error=sa.case((failed, sa.bindparam("b_error")), (written, ""), else_=states.c.error),
                error_code=sa.case((failed, sa.bindparam("b_error_code")), (written, ""), else_=states.c.error_code),
            )
        )
        names = ("key", "hash", "target", "error", "error_code")
        rows = [{f"b_{name}": getattr(one, name) for name in names} for one in sorted(outcomes, key=lambda one: one.key)]
        if rows:
            with self._engine.begin() as tx:
                tx.execute(end, rows)

    def try_again(self, run: Run, keys: Sequence[str]) -> None:
        with self._engine.begin() as tx:
            tx.execute(sa.update(states).where(*_here(run), _among(keys)).values(failed_hash="", error="", error_code=""))

    def write_again(self, run: Run, keys: Sequence[str]) -> None:
        with self._engine.begin() as tx:
            tx.execute(sa.update(states).where(*_here(run), _among(keys)).values(written_hash=""))

    def standing(self, integration: str, flow: str, shown: int = 0) -> RowsStanding:
        written = states.c.hash == states.c.written_hash
        failed = ~written & (states.c.hash == states.c.failed_hash)
        place = (states.c.integration == integration, states.c.flow == flow)
        kinds = {"written": written, "waiting": ~written & ~failed, "failed": failed}
        counts = [sa.func.count().filter(which).label(name) for name, which in kinds.items()]
        attention = sa.case((failed, 0), (written, 2), else_=1)
        rows = (
            sa.select(*_COLUMNS).where(*place).order_by(attention, states.c.written_at.desc(), states.c.source_key.collate("C"))
        )
        with self._engine.connect() as connection:
            told = (
                connection.execute(sa.select(*counts, sa.func.max(states.c.as_of).label("read_at")).where(*place))
                .mappings()
                .one()
            )
            return RowsStanding(**told, rows=[_state(row) for row in connection.execute(rows.limit(shown)).mappings()])

    def states(self, integration: str, flow: str, keys: Sequence[str] | None = None) -> list[FieldState]:
        return self._states(integration, flow, sa.true() if keys is None else _among(keys))

    def _states(self, integration: str, flow: str, which: sa.ColumnElement[bool]) -> list[FieldState]:
        place = (states.c.integration == integration, states.c.flow == flow)
        query = sa.select(*_COLUMNS).where(*place, which).order_by(states.c.source_key.collate("C"))
        with self._engine.connect() as connection:
            return [_state(row) for row in connection.execute(query).mappings()]


def _here(run: Run) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return states.c.integration == run.integration, states.c.flow == run.flow


def _among(keys: Sequence[str]) -> sa.ColumnElement[bool]:
    return states.c.source_key == sa.func.any(sa.cast(list(keys), sa.ARRAY(sa.Text)))


def _hashes(tx: sa.Connection, run: Run, keys: Sequence[str]) -> dict[str, str]:
    query = sa.select(states.c.source_key, states.c.hash).where(*_here(run), _among(keys))
    return {row.source_key: row.hash for row in tx.execute(query)}


def _state(row: Row) -> FieldState:
    wanted = WantedFields(row["source_key"], row["fields"], row["hash"], row["currency"], row["as_of"])
    names = ("written_hash", "written_at", "failed_hash", "error", "error_code", "collection")
    return FieldState(wanted, target=row["target_key"], **{name: row[name] for name in names})
