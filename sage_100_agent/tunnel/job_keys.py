"""Whom the agent believes: job keys that the offline root signed, and jobs that such a key signed for this agent and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sage_100_agent.tunnel.envelopes import GOOD_FOR_S, OLDEST_PROTOCOL, PROTOCOL
from sage_100_agent.tunnel.statements import BadStatement, Purpose, key_id, text, verify, whole

MOMENT_MAX = 2**40
DEADLINE_MAX_S = 900
JOB_LIFE_MAX_S = 30 * 86_400
"""From its signature to its not_after: the journal remembers as long after the acknowledgment, so no job is played again once it forgot."""
NAME = "[A-Za-z0-9._-]+"


class OtherProtocol(BadStatement):
    """A job that was meant for us, in a form that this agent does not speak. It is answered, so that somebody updates the agent."""

    def __init__(self, version: int, job_id: str) -> None:
        super().__init__("protocol", f"this agent speaks protocol {PROTOCOL}; the job is of {version}")
        self.job_id = job_id


@dataclass(frozen=True)
class JobKey:
    """valid_until is not within."""

    public: bytes
    valid_from: int
    valid_until: int


@dataclass(frozen=True)
class JobKeys:
    """root: its public half, of this build. keys: those that it vouches for, by their ids."""

    root: bytes
    keys: Mapping[str, JobKey] = field(default_factory=dict)

    def certified(self, certificates: Sequence[object]) -> JobKeys:
        """With the keys of these certificates and no others. One that the root did not sign is left out: who brings it can sign nothing."""
        keys: dict[str, JobKey] = {}
        for told in certificates:
            if isinstance(told, Mapping):
                try:
                    verify(Purpose.JOB_KEY, told, self.root)
                    public = bytes.fromhex(text(told, "public", 64, "[0-9a-f]{64}"))
                    limits = [whole(told, name, 0, MOMENT_MAX) for name in ("valid_from", "valid_until")]
                except BadStatement:
                    continue
                keys[key_id(public)] = JobKey(public, *limits)
        return JobKeys(self.root, keys)

    def job(self, told: object, agent_id: str, now: int) -> dict[str, Any]:
        """A job that may be looked at: what it asks for is judged elsewhere. Errors: BadStatement; it is answered by nothing then,
        unless it is OtherProtocol.

        That it is late is no error: its result says so, and the journal knows what was done before.
        """
        if not isinstance(told, Mapping):
            raise BadStatement("form", "not a job")
        key = self.keys.get(text(told, "key_id", 16, "[0-9a-f]{16}"))
        if key is None:
            raise BadStatement("key", "a job of a key that is not known here")
        verify(Purpose.JOB, told, key.public)
        signed_at = whole(told, "ts", 0, MOMENT_MAX)
        if not key.valid_from <= signed_at < key.valid_until or signed_at > now + GOOD_FOR_S:
            raise BadStatement("time", "signed outside the time of its key")
        if now >= key.valid_until:
            raise BadStatement("key", "a job of a key that has ended")
        if told.get("agent_id") != agent_id:
            raise BadStatement("not_ours", "a job of another agent")
        job_id, version = text(told, "job_id", 60, NAME), whole(told, "v", 0, 10_000)
        if not OLDEST_PROTOCOL <= version <= PROTOCOL:
            raise OtherProtocol(version, job_id)
        text(told, "verb", 40, NAME)
        text(told, "company", 10)
        text(told, "idem_ref", 60)
        for name, least, most in (
            ("verb_version", 0, 10_000),
            ("attempt", 0, 2**31),
            ("not_after", 0, MOMENT_MAX),
            ("deadline_s", 1, DEADLINE_MAX_S),
        ):
            whole(told, name, least, most)
        if told["not_after"] > signed_at + JOB_LIFE_MAX_S:
            raise BadStatement("time", "a job that would live too long")
        if told.get("effect") not in ("read", "write") or not isinstance(told.get("params"), Mapping):
            raise BadStatement("form", "a job without effect or params")
        return dict(told)
