"""Agents that dial in, with their keys. `Agents` of flows/ports/agents.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from mlconn_pipelines.agents.admission import Boot, Presence, Refusal, Standing, admitted
from mlconn_pipelines.agents.enrollment import CODE_LIVES_S, CodeSecret, Enrollment
from mlconn_pipelines.agents.envelope import Envelope, signed_by_one_of
from mlconn_pipelines.agents.jobs import Hello
from mlconn_pipelines.agents.keys import PublicKey, rotated
from mlconn_pipelines.agents.releases import PART_BYTES, version_of
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.ports.agents import AgentRow
from mlconn_pipelines.ledger.alerts import cloned_agent, resolve_alert
from mlconn_pipelines.ledger.rows import Row
from mlconn_pipelines.ledger.tables_agents import (
    agent,
    agent_code,
    agent_job_key,
    agent_key,
    agent_release,
    agent_release_part,
)

RELEASES_KEPT = 3
"""The newest, beside those that agents are to fetch: each is as large as the agent."""


class PostgresAgents:
    """engine: of `ledger_engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def invite(self, code: CodeSecret, agent_id: str, integration: str, companies: Sequence[str], now: int) -> None:
        with self._engine.begin() as tx:
            tx.execute(sa.delete(agent_code).where(agent_code.c.agent_id == agent_id, agent_code.c.used_at.is_(None)))
            place = {"agent_id": agent_id, "integration": integration, "companies": list(companies)}
            tx.execute(insert(agent_code).values(id=code.id, key=code.key, expires=now + CODE_LIVES_S, **place))

    def enroll(self, asked: Enrollment, now: int) -> AgentRow | None:
        with self._engine.begin() as tx:
            code = (
                tx.execute(sa.select(agent_code).where(agent_code.c.id == asked.code_id).with_for_update()).mappings().first()
            )
            if code is None or code["key"] is None or code["expires"] <= now or not asked.knows(code["key"]):
                return None
            tx.execute(
                sa.update(agent_code)
                .where(agent_code.c.id == asked.code_id)
                .values(key=None, used_at=sa.func.clock_timestamp())
            )
            name = code["agent_id"]
            fresh: dict[str, Any] = {
                "integration": code["integration"],
                "companies": code["companies"],
                "standing": Standing.ACTIVE,
                "fingerprint": asked.fingerprint,
                "server": asked.server,
                "boots": [],
                "seq": 0,
                "proto": 0,
                "version": "",
                "about": {},
                "update_to": "",
                "enrolled_at": sa.func.clock_timestamp(),
                "seen_at": None,
            }
            tx.execute(insert(agent).values(id=name, **fresh).on_conflict_do_update(index_elements=["id"], set_=fresh))
            _write_keys(tx, name, [PublicKey(asked.public, now)])
            resolve_alert(tx, cloned_agent(name))
            row = tx.execute(sa.select(agent).where(agent.c.id == name)).mappings().one()
        return _agent(row)

    def heard(self, envelope: Envelope, now: int) -> tuple[AgentRow, Refusal | None] | None:
        with self._engine.begin() as tx:
            query = sa.select(agent).where(agent.c.id == envelope.agent_id).with_for_update()
            row = tx.execute(query).mappings().first()
            if row is None or not signed_by_one_of(envelope, _keys(tx, envelope.agent_id), now):
                return None
            before = _presence(row)
            admission = admitted(before, envelope, now)
            values: dict[str, Any] = {}
            if admission.presence != before:
                values = _presence_columns(admission.presence)
            if admission.refusal is None:
                values["seen_at"] = sa.func.clock_timestamp()
            if values:
                tx.execute(sa.update(agent).where(agent.c.id == envelope.agent_id).values(**values))
        return _agent(row), admission.refusal

    def note_hello(self, agent_id: str, hello: Hello, proto: int) -> None:
        self._change(agent_id, version=hello.version, about=dict(hello.about), proto=proto)

    def rotate_key(self, agent_id: str, public: bytes, now: int) -> None:
        with self._engine.begin() as tx:
            tx.execute(sa.select(agent.c.id).where(agent.c.id == agent_id).with_for_update())
            _write_keys(tx, agent_id, rotated(_keys(tx, agent_id), public, now))

    def revoke(self, agent_id: str) -> bool:
        with self._engine.begin() as tx:
            tx.execute(sa.delete(agent_code).where(agent_code.c.agent_id == agent_id, agent_code.c.used_at.is_(None)))
        return self._change(agent_id, standing=Standing.REVOKED)

    def want_log(self, agent_id: str) -> bool:
        return self._change(agent_id, log_wanted_at=sa.func.clock_timestamp())

    def store_log(self, agent_id: str, lines: str) -> None:
        self._change(agent_id, log=lines.replace("\0", "\ufffd"), log_at=sa.func.clock_timestamp(), log_wanted_at=None)

    def agent(self, agent_id: str) -> AgentRow | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(agent).where(agent.c.id == agent_id)).mappings().first()
        return _agent(row) if row is not None else None

    def agents(self) -> list[AgentRow]:
        with self._engine.connect() as connection:
            return [_agent(row) for row in connection.execute(sa.select(agent).order_by(agent.c.id.collate("C"))).mappings()]

    def any_expected(self) -> bool:
        there = sa.or_(sa.exists().select_from(agent), sa.exists().select_from(agent_code))
        with self._engine.connect() as connection:
            return bool(connection.scalar(sa.select(there)))

    def forget_codes(self) -> int:
        old = sa.delete(agent_code).where(agent_code.c.expires < sa.func.extract("epoch", sa.func.now()) - 86_400)
        with self._engine.begin() as tx:
            return tx.execute(old).rowcount

    def keys(self, agent_id: str) -> list[PublicKey]:
        with self._engine.connect() as connection:
            return _keys(connection, agent_id)

    def add_release(self, offered: Mapping[str, Any], content: bytes) -> bool:
        version = version_of(offered, content)
        with self._engine.begin() as tx:
            new = insert(agent_release).values(version=version, offer=dict(offered))
            if tx.scalar(new.on_conflict_do_nothing().returning(agent_release.c.version)) is None:
                there = tx.scalar(sa.select(agent_release.c.offer).where(agent_release.c.version == version))
                check_same_release(there or {}, offered)
                return False
            for number, at in enumerate(range(0, len(content), PART_BYTES), 1):
                part = content[at : at + PART_BYTES]
                tx.execute(insert(agent_release_part).values(version=version, number=number, content=part))
            newest = sa.select(agent_release.c.version).order_by(agent_release.c.added_at.desc()).limit(RELEASES_KEPT)
            kept = newest.union_all(sa.select(agent.c.update_to))
            for table in (agent_release, agent_release_part):
                tx.execute(sa.delete(table).where(table.c.version.not_in(kept)))
        return True

    def releases(self) -> list[str]:
        query = sa.select(agent_release.c.version).order_by(agent_release.c.added_at.desc(), agent_release.c.version)
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def release(self, version: str) -> Mapping[str, Any] | None:
        query = sa.select(agent_release.c.offer).where(agent_release.c.version == version)
        with self._engine.connect() as connection:
            found: Mapping[str, Any] | None = connection.scalar(query)
        return found

    def release_part(self, version: str, number: int) -> bytes | None:
        here = (agent_release_part.c.version == version) & (agent_release_part.c.number == number)
        with self._engine.connect() as connection:
            content = connection.scalar(sa.select(agent_release_part.c.content).where(here))
        return bytes(content) if content is not None else None

    def want_update(self, agent_id: str, version: str) -> bool:
        return self._change(agent_id, update_to=version)

    def publish_job_key(self, certificate: Mapping[str, Any]) -> None:
        columns = {name: certificate[name] for name in ("valid_from", "valid_until")}
        key_id = PublicKey(bytes.fromhex(certificate["public"]), 0).id
        with self._engine.begin() as tx:
            new = insert(agent_job_key).values(key_id=key_id, certificate=dict(certificate), **columns)
            tx.execute(new.on_conflict_do_nothing())

    def job_keys(self, now: int) -> list[Mapping[str, Any]]:
        order = (agent_job_key.c.valid_from, agent_job_key.c.key_id)
        query = sa.select(agent_job_key.c.certificate).where(agent_job_key.c.valid_until > now).order_by(*order)
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def _change(self, agent_id: str, **values: Any) -> bool:
        with self._engine.begin() as tx:
            return bool(tx.execute(sa.update(agent).where(agent.c.id == agent_id).values(**values)).rowcount)


def check_same_release(there: Mapping[str, Any], offered: Mapping[str, Any]) -> None:
    if there.get("sha256") != offered["sha256"]:
        raise LedgerError(f"release {offered['version']} is there with other bytes", "Give the new one a version of its own.")


def _keys(connection: sa.Connection, agent_id: str) -> list[PublicKey]:
    query = sa.select(agent_key).where(agent_key.c.agent_id == agent_id).order_by(agent_key.c.valid_from, agent_key.c.key_id)
    return [PublicKey(bytes(row.public), row.valid_from, row.valid_until) for row in connection.execute(query)]


def _write_keys(tx: sa.Connection, agent_id: str, keys: Sequence[PublicKey]) -> None:
    tx.execute(sa.delete(agent_key).where(agent_key.c.agent_id == agent_id))
    names = ("public", "valid_from", "valid_until")
    rows = [{"agent_id": agent_id, "key_id": key.id, **{name: getattr(key, name) for name in names}} for key in keys]
    tx.execute(insert(agent_key), rows)


def _presence(row: Row) -> Presence:
    boots = [Boot(boot["id"], boot["since"], boot["until"]) for boot in row["boots"]]
    return Presence(Standing(row["standing"]), row["fingerprint"], boots[0] if boots else None, row["seq"], tuple(boots[1:]))


def _presence_columns(presence: Presence) -> dict[str, Any]:
    boots = [presence.boot, *presence.retired] if presence.boot is not None else []
    told = [{"id": boot.id, "since": boot.since, "until": boot.until} for boot in boots]
    return {"standing": presence.standing, "boots": told, "seq": presence.seq}


def _agent(row: Row) -> AgentRow:
    names = ("id", "integration", "companies", "server", "version", "proto", "about", "log", "update_to")
    times = ("enrolled_at", "seen_at", "log_wanted_at", "log_at")
    moments: dict[str, dt.datetime | None] = {name: row[name] for name in times}
    return AgentRow(**{name: row[name] for name in names}, standing=Standing(row["standing"]), **moments)  # type: ignore[arg-type]
