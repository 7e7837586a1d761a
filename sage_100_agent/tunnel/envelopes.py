"""Envelopes: what the agent sends, signed, and the answers that it takes, each of which belongs to one envelope of its own.

An answer is not signed: who moves envelopes has no key. What an answer can make the agent do is signed by itself (`job_keys.py`).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sage_100_agent.tunnel.statements import BadStatement, canonical, parse, sign

PROTOCOL = 1
BYTES_MAX = 1024 * 1024
"""Of an envelope, before it is packed."""
WINDOW_S = 300
"""How far the clocks of both ends may differ, and how long an envelope is good."""
SENT = frozenset({"enroll", "hello", "poll", "accepted", "progress", "result", "rotate_key", "log"})
ANSWERED = frozenset({"enrolled", "welcome", "jobs", "page_ack", "result_ack", "ok", "revoked", "suspended", "refused"})


@dataclass
class Sender:
    """One run of the agent. boot_id: made anew at each start, so that two copies of an agent are told apart; seq rises within it."""

    agent_id: str
    key_id: str
    boot_id: str
    key: Ed25519PrivateKey
    seq: int = 0

    def seal(self, type: str, body: Mapping[str, Any], now: int) -> bytes:
        """The next envelope, packed. now: by the platform's clock. Errors: BadStatement for one that is too large."""
        if type not in SENT:
            raise BadStatement("type", f"{type} is not sent by an agent")
        self.seq += 1
        told = {
            "v": PROTOCOL,
            "type": type,
            "agent_id": self.agent_id,
            "key_id": self.key_id,
            "boot_id": self.boot_id,
            "seq": self.seq,
            "ts": now,
            "exp": now + WINDOW_S,
            "body": dict(body),
        }
        plain = canonical(sign("envelope", told, self.key))
        if len(plain) > BYTES_MAX:
            raise BadStatement("size", f"an envelope of {len(plain)} bytes; the limit is {BYTES_MAX}")
        return pack(plain)

    def answer(self, packed: bytes, seq: int, now: int) -> tuple[str, dict[str, Any]]:
        """Type and body of the answer to our envelope `seq`. Errors: BadStatement; then the answer is as good as none.

        What a proxy kept of an earlier answer, or another agent's, is not ours. Fields that we do not know are left alone.
        """
        told = parse(unpack(packed))
        if told.get("v") != PROTOCOL:
            raise BadStatement("protocol", f"an answer of protocol {told.get('v')!r}")
        if (told.get("agent_id"), told.get("boot_id"), told.get("re")) != (self.agent_id, self.boot_id, seq):
            raise BadStatement("not_ours", "an answer to something else")
        moment = told.get("ts")
        if not isinstance(moment, int) or isinstance(moment, bool) or abs(moment - now) > WINDOW_S:
            raise BadStatement("time", f"an answer of {moment!r}, and it is {now}")
        kind, body = told.get("type"), told.get("body")
        if kind not in ANSWERED or not isinstance(body, dict):
            raise BadStatement("type", f"{kind!r} is no answer that this agent knows")
        return str(kind), body


def pack(plain: bytes) -> bytes:
    """gzip, with no time in it: the same bytes each time."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


def unpack(packed: bytes) -> bytes:
    """Errors: BadStatement for what is no gzip, is cut off, has something behind it, or grows beyond the limit."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(packed, BYTES_MAX + 1)
    except zlib.error:
        raise BadStatement("form", "not packed as expected") from None
    if len(plain) > BYTES_MAX:
        raise BadStatement("size", f"more than {BYTES_MAX} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise BadStatement("form", "cut off, or with something behind it")
    return plain
