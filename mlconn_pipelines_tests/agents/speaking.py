"""An agent as tests play it: its keys, its clock, and envelopes that it signs. Nothing here is of the real one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from mlconn_pipelines.agents import enrollment
from mlconn_pipelines.agents.keys import Signer, Signs, new_private

NOW = 1_772_000_000
FINGERPRINT = "ab" * 32


@dataclass
class Speaker:
    agent_id: str = "A1"
    boot_id: str = "boot-1"
    now: int = NOW
    seq: int = 0
    fingerprint: str = FINGERPRINT
    signer: Signer = field(default_factory=lambda: Signer(new_private()))

    def says(self, kind: str, body: dict[str, Any] | None = None, **other: Any) -> bytes:
        self.seq += 1
        values = {
            "v": 1,
            "type": kind,
            "agent_id": self.agent_id,
            "boot_id": self.boot_id,
            "seq": self.seq,
            "ts": self.now,
            "exp": self.now + 60,
            "body": body or {},
        }
        return json.dumps(self.signer.signed(Signs.ENVELOPE, values | other)).encode()

    def hello(self, **other: Any) -> bytes:
        return self.says("hello", {"version": "0.1.0", "proto_min": 1, "proto_max": 1, "fingerprint": self.fingerprint} | other)

    def enrolls(self, code: str, key: bytes | None = None) -> bytes:
        """key: which it proves to know; that of the code unless given."""
        secret = enrollment.secret_of(code)
        proof = enrollment.proof(key or secret.key, self.signer.public, self.fingerprint)
        body = {"code_id": secret.id, "public": self.signer.public.hex(), "fingerprint": self.fingerprint, "server": "SAGE1"}
        return self.says("enroll", body | {"proof": proof}, agent_id="")
