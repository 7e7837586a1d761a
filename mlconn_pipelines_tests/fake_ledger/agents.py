"""`Agents` of flows/ports/agents.py in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlconn_pipelines.agents.admission import Presence, Refusal, Standing, admitted
from mlconn_pipelines.agents.enrollment import CODE_LIVES_S, CodeSecret, Enrollment
from mlconn_pipelines.agents.envelope import Envelope, signed_by_one_of
from mlconn_pipelines.agents.jobs import Hello
from mlconn_pipelines.agents.keys import PublicKey, rotated
from mlconn_pipelines.agents.releases import PART_BYTES, version_of
from mlconn_pipelines.flows.ports.agents import AgentRow
from mlconn_pipelines.ledger.agents import RELEASES_KEPT, check_same_release
from mlconn_pipelines.ledger.alerts import cloned_agent
from mlconn_pipelines_tests.fake_ledger.shelves import Row, Shelves, stored


class FakeAgents:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def invite(self, code: CodeSecret, agent_id: str, integration: str, companies: Sequence[str], now: int) -> None:
        with self._shelves.transaction():
            self._drop_invitations(agent_id)
            place = {"agent_id": agent_id, "integration": integration, "companies": list(companies)}
            self._shelves.agent_codes[code.id] = {"key": code.key, "expires": now + CODE_LIVES_S, "is_used": False, **place}

    def enroll(self, asked: Enrollment, now: int) -> AgentRow | None:
        with self._shelves.transaction():
            code = self._shelves.agent_codes.get(asked.code_id)
            if code is None or code["is_used"] or code["expires"] <= now or not asked.knows(code["key"]):
                return None
            code |= {"key": None, "is_used": True}
            name = code["agent_id"]
            kept = self._shelves.agents.get(name, {"log_wanted_at": None, "log_at": None, "log": ""})
            self._shelves.agents[name] = kept | {
                "id": name,
                "integration": code["integration"],
                "companies": code["companies"],
                "standing": Standing.ACTIVE,
                "presence": Presence(fingerprint=asked.fingerprint),
                "server": asked.server,
                "proto": 0,
                "version": "",
                "about": {},
                "update_to": "",
                "enrolled_at": self._shelves.now(),
                "seen_at": None,
            }
            self._shelves.agent_keys[name] = [PublicKey(asked.public, now)]
            self._shelves.resolve_alert(cloned_agent(name))
            return _agent(self._shelves.agents[name])

    def heard(self, envelope: Envelope, now: int) -> tuple[AgentRow, Refusal | None] | None:
        with self._shelves.transaction():
            row = self._shelves.agents.get(envelope.agent_id)
            if row is None or not signed_by_one_of(envelope, self._shelves.agent_keys[envelope.agent_id], now):
                return None
            before = _agent(row)
            admission = admitted(row["presence"], envelope, now)
            row |= {"presence": admission.presence, "standing": admission.presence.standing}
            if admission.refusal is None:
                row["seen_at"] = self._shelves.now()
            return before, admission.refusal

    def note_hello(self, agent_id: str, hello: Hello, proto: int) -> None:
        self._change(agent_id, version=hello.version, about=stored(hello.about), proto=proto)

    def rotate_key(self, agent_id: str, public: bytes, now: int) -> None:
        with self._shelves.transaction():
            self._shelves.agent_keys[agent_id] = rotated(self._shelves.agent_keys[agent_id], public, now)

    def revoke(self, agent_id: str) -> bool:
        with self._shelves.transaction():
            self._drop_invitations(agent_id)
            if agent_id in self._shelves.agents:
                presence = Presence(Standing.REVOKED, self._shelves.agents[agent_id]["presence"].fingerprint)
                self._change(agent_id, standing=Standing.REVOKED, presence=presence)
            return agent_id in self._shelves.agents

    def want_log(self, agent_id: str) -> bool:
        return self._change(agent_id, log_wanted_at=self._shelves.now())

    def store_log(self, agent_id: str, lines: str) -> None:
        self._change(agent_id, log=lines.replace("\0", "\ufffd"), log_at=self._shelves.now(), log_wanted_at=None)

    def agent(self, agent_id: str) -> AgentRow | None:
        row = self._shelves.agents.get(agent_id)
        return _agent(row) if row is not None else None

    def agents(self) -> list[AgentRow]:
        return [_agent(row) for _, row in sorted(self._shelves.agents.items())]

    def any_expected(self) -> bool:
        return bool(self._shelves.agents or self._shelves.agent_codes)

    def forget_codes(self) -> int:
        old = self._shelves.now().timestamp() - 86_400
        ended = [name for name, code in self._shelves.agent_codes.items() if code["expires"] < old]
        for name in ended:
            del self._shelves.agent_codes[name]
        return len(ended)

    def keys(self, agent_id: str) -> list[PublicKey]:
        return list(self._shelves.agent_keys.get(agent_id, []))

    def add_release(self, offered: Mapping[str, Any], content: bytes) -> bool:
        version = version_of(offered, content)
        if version in self._shelves.agent_releases:
            check_same_release(self._shelves.agent_releases[version]["offer"], offered)
            return False
        self._shelves.agent_releases[version] = {"offer": dict(offered), "content": content}
        kept = {*self.releases()[:RELEASES_KEPT], *(row["update_to"] for row in self._shelves.agents.values())}
        for old in set(self._shelves.agent_releases) - kept:
            del self._shelves.agent_releases[old]
        return True

    def releases(self) -> list[str]:
        return list(self._shelves.agent_releases)[::-1]

    def release(self, version: str) -> Mapping[str, Any] | None:
        found = self._shelves.agent_releases.get(version)
        return found["offer"] if found is not None else None

    def release_part(self, version: str, number: int) -> bytes | None:
        content = self._shelves.agent_releases.get(version, {"content": b""})["content"]
        return content[(number - 1) * PART_BYTES : number * PART_BYTES] or None

    def want_update(self, agent_id: str, version: str) -> bool:
        return self._change(agent_id, update_to=version)

    def publish_job_key(self, certificate: Mapping[str, Any]) -> None:
        self._shelves.job_keys.setdefault(certificate["public"], dict(certificate))

    def job_keys(self, now: int) -> list[Mapping[str, Any]]:
        holding = [one for one in self._shelves.job_keys.values() if one["valid_until"] > now]
        return sorted(holding, key=lambda one: (one["valid_from"], PublicKey(bytes.fromhex(one["public"]), 0).id))

    def _drop_invitations(self, agent_id: str) -> None:
        codes = self._shelves.agent_codes
        for name in [name for name, code in codes.items() if code["agent_id"] == agent_id and not code["is_used"]]:
            del codes[name]

    def _change(self, agent_id: str, **values: Any) -> bool:
        row = self._shelves.agents.get(agent_id)
        if row is not None:
            row |= values
        return row is not None


def _agent(row: Row) -> AgentRow:
    return AgentRow(**{name: value for name, value in row.items() if name != "presence"})
