"""How a new agent gets in: by a code that is used once, within 15 minutes, and never crosses the wire."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.agents.canonical import Malformed, text
from mlconn_pipelines.agents.envelope import Envelope, Kind
from mlconn_pipelines.agents.keys import KEY_HEX

CODE_LIVES_S = 15 * 60
CODE_BITS = 128
GROUP = 5
FINGERPRINT = "[0-9a-f]{64}"


@dataclass(frozen=True, slots=True)
class CodeSecret:
    """What the platform keeps of a code until it was used. id: by which it is found. key: by which the agent proves that it knows it."""

    id: str
    key: bytes

    def __repr__(self) -> str:
        return f"CodeSecret({self.id})"


def new_code() -> str:
    """26 letters and digits in groups of five, for a person to type."""
    letters = base64.b32encode(secrets.token_bytes(CODE_BITS // 8)).decode().rstrip("=")
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def secret_of(code: str) -> CodeSecret:
    """Of a code as somebody typed it: in any case, with or without what stands between the groups."""
    letters = "".join(letter for letter in code.upper() if letter.isalnum()).encode()
    return CodeSecret(
        hashlib.sha256(b"mlconn-agent-code-id\n" + letters).hexdigest()[:32],
        hashlib.sha256(b"mlconn-agent-code-key\n" + letters).digest(),
    )


@dataclass(frozen=True, slots=True)
class Enrollment:
    """What a new agent asks for. fingerprint: of its machine, hashed there. server: the Sage server's name, for people."""

    code_id: str
    public: bytes
    fingerprint: str
    server: str
    proof: str

    def knows(self, key: bytes) -> bool:
        """Whether its sender has the code. Without it, nobody on the way puts another key in this one's place."""
        return hmac.compare_digest(proof(key, self.public, self.fingerprint), self.proof)


def proof(key: bytes, public: bytes, fingerprint: str) -> str:
    return hmac.new(key, b"mlconn-agent-enroll\n" + public + bytes.fromhex(fingerprint), hashlib.sha256).hexdigest()


def enrollment(envelope: Envelope) -> Enrollment:
    """Errors: Malformed, also where the key that it brings has not signed it."""
    body: Mapping[str, Any] = envelope.body
    public = bytes.fromhex(text(body, "public", 64, KEY_HEX))
    if envelope.kind is not Kind.ENROLL or not envelope.is_signed_by(public):
        raise Malformed("expected an enrollment, signed by the key that it brings")
    return Enrollment(
        text(body, "code_id", 32, "[0-9a-f]{32}"),
        public,
        text(body, "fingerprint", 64, FINGERPRINT),
        text(body, "server", 100, missing=""),
        text(body, "proof", 64, FINGERPRINT),
    )
