"""Ed25519 keys of agents, of the platform's jobs, and of the root that vouches for these; who signed what.

Private keys are 32 bytes. A key is called by the first 16 hexadecimal digits of its public half's SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mlconn_pipelines.agents.canonical import Malformed, canonical, text, whole

KEY_HEX = "[0-9a-f]{64}"
KEY_ID = "[0-9a-f]{16}"
SIGNATURE = "[0-9a-f]{128}"
NEVER = 2**40
OVERLAP_S = 7 * 86_400
"""So long an agent's key holds after the next one was taken: an answer that was lost locks nobody out."""


class Signs(StrEnum):
    """What a signature is for: it stands before the bytes, so that none can be taken for another."""

    ENVELOPE = "mlconn-agent-envelope"
    JOB = "mlconn-agent-job"
    JOB_KEY = "mlconn-agent-job-key"
    NEXT_KEY = "mlconn-agent-next-key"
    RELEASE = "mlconn-agent-release"


class Signer:
    """Holds a private key and shows it nowhere."""

    def __init__(self, private: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self.public = self._key.public_key().public_bytes_raw()
        self.key_id = key_id(self.public)

    def __repr__(self) -> str:
        return f"Signer({self.key_id})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not passed on between processes")

    def signed(self, purpose: Signs, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with `key_id` and `sig`."""
        whole_of_it = {**values, "key_id": self.key_id}
        return {**whole_of_it, "sig": self._key.sign(_bytes(purpose, whole_of_it)).hex()}


def new_private() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes_raw()


def key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def is_signed(purpose: Signs, values: Mapping[str, Any], public: bytes) -> bool:
    """Whether `sig` was made with this key over everything else. Names that are new to us are covered as well."""
    signature = values.get("sig")
    if values.get("key_id") != key_id(public) or not isinstance(signature, str) or len(signature) != 128:
        return False
    try:
        said = _bytes(purpose, {name: value for name, value in values.items() if name != "sig"})
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), said)
    except (InvalidSignature, Malformed, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Of an agent, or of jobs: the public half, and from when to when it holds, in seconds since 1970; the end is not within."""

    public: bytes
    valid_from: int
    valid_until: int = NEVER

    @property
    def id(self) -> str:
        return key_id(self.public)

    def holds(self, now: int) -> bool:
        return self.valid_from <= now < self.valid_until


def rotated(keys: Sequence[PublicKey], public: bytes, now: int) -> list[PublicKey]:
    """The agent's keys once it has shown the next one: the one before holds for the overlap, earlier ones end.

    The same key again changes nothing: the answer to it was lost.
    """
    newest = max(keys, key=lambda key: (key.valid_until, key.valid_from))
    if newest.public == public:
        return list(keys)
    if any(key.public == public for key in keys):
        raise Malformed("expected a key that was never used")
    ended = [
        PublicKey(key.public, key.valid_from, min(key.valid_until, now + OVERLAP_S if key is newest else now)) for key in keys
    ]
    return [*ended, PublicKey(public, now)]


def next_key(agent_id: str, body: Mapping[str, Any]) -> bytes:
    """The key that a `rotate_key` brings, once it has signed itself that it is this agent's. Errors: Malformed."""
    public = bytes.fromhex(text(body, "public", 64, KEY_HEX))
    if body.get("agent_id") != agent_id or not is_signed(Signs.NEXT_KEY, body, public):
        raise Malformed("expected the next key, signed by itself for this agent")
    return public


def certified(root: Signer, key: PublicKey) -> dict[str, Any]:
    """What the offline root says of a job key. Agents trust the root, whose public half is in their build, and no gateway."""
    values = {"public": key.public.hex(), "valid_from": key.valid_from, "valid_until": key.valid_until}
    return root.signed(Signs.JOB_KEY, values)


def certified_key(certificate: Mapping[str, Any], root: bytes) -> PublicKey:
    """The job key of a certificate. Errors: Malformed where the root did not sign it."""
    if not is_signed(Signs.JOB_KEY, certificate, root):
        raise Malformed("expected a job key that the root has signed")
    limits = [whole(certificate, name, 0, NEVER) for name in ("valid_from", "valid_until")]
    return PublicKey(bytes.fromhex(text(certificate, "public", 64, KEY_HEX)), *limits)


def _bytes(purpose: Signs, values: Mapping[str, Any]) -> bytes:
    return purpose.encode() + b"\n" + canonical(values)
