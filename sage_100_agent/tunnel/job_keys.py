"""Whom the agent believes: job keys that the offline root signed, and jobs that such a key signed for this agent and no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sage_100_agent.tunnel.envelopes import WINDOW_S
from sage_100_agent.tunnel.statements import BadStatement, public_key, verify

JOB_LIFE_MAX_S = 7 * 86_400
"""From its signature to its not_after: by far shorter than the journal remembers, so that no job can be played again after it forgot."""
DEADLINE_MAX_S = 900
KEYS_MAX = 4

_TEXTS = {"job_id": 64, "agent_id": 64, "key_id": 64, "verb": 40, "company": 3, "idem_ref": 30}
_WHOLE = ("verb_version", "issued", "not_after", "deadline_s", "attempt")


@dataclass(frozen=True)
class JobKeys:
    """The keys that sign jobs, of one issue by the root. serial: rises with each issue, so that an old one cannot bring back a lost key."""

    root: Ed25519PublicKey
    serial: int = 0
    keys: Mapping[str, tuple[Ed25519PublicKey, int, int]] | None = None
    """By id: the key, from when and until when it may have signed."""

    def issued(self, told: Mapping[str, Any]) -> JobKeys:
        """These, or those of a later issue. Errors: BadStatement for one that the root did not sign."""
        verify("job_keys", told, self.root)
        serial, listed = told.get("serial"), told.get("keys")
        if (
            not isinstance(serial, int)
            or isinstance(serial, bool)
            or not isinstance(listed, list)
            or not 0 < len(listed) <= KEYS_MAX
        ):
            raise BadStatement("form", "not an issue of keys")
        if serial <= self.serial:
            return self
        keys: dict[str, tuple[Ed25519PublicKey, int, int]] = {}
        for each in listed:
            if not isinstance(each, dict) or not isinstance(each.get("key_id"), str):
                raise BadStatement("form", "a key without an id")
            start, end = each.get("from"), each.get("until")
            if not isinstance(start, int) or not isinstance(end, int):
                raise BadStatement("form", "a key without its time")
            keys[each["key_id"]] = (public_key(each.get("public")), start, end)
        return JobKeys(self.root, serial, keys)

    def job(self, told: object, agent_id: str, now: int) -> dict[str, Any]:
        """A job that may be looked at: what it asks for is judged elsewhere. Errors: BadStatement; it is answered by nothing then.

        That it is late is no error: its result says so, and the journal knows what was done before.
        """
        if not isinstance(told, dict):
            raise BadStatement("form", "not a job")
        for name, most in _TEXTS.items():
            if not isinstance(told.get(name), str) or not 0 < len(told[name]) <= most:
                raise BadStatement("form", f"a job without {name}")
        for name in _WHOLE:
            if not isinstance(told.get(name), int) or isinstance(told[name], bool) or told[name] < 0:
                raise BadStatement("form", f"a job without {name}")
        if told.get("effect") not in ("read", "write") or not isinstance(told.get("params"), dict):
            raise BadStatement("form", "a job without effect or params")
        key, start, end = (self.keys or {}).get(told["key_id"], (None, 0, 0))
        if key is None:
            raise BadStatement("key", f"job key {told['key_id']!r} is not known here")
        verify("job", told, key)
        if told["agent_id"] != agent_id:
            raise BadStatement("not_ours", "a job of another agent")
        if not start <= told["issued"] <= end or told["issued"] > now + WINDOW_S:
            raise BadStatement("time", "signed outside the time of its key")
        if not 0 < told["not_after"] - told["issued"] <= JOB_LIFE_MAX_S or not 0 < told["deadline_s"] <= DEADLINE_MAX_S:
            raise BadStatement("time", "a job that would live too long")
        return told
