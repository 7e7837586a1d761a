"""What the agent sends, signed; and the answers that it takes, which are not: who moves envelopes has no key."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sage_100_agent.tunnel.statements import BadStatement, Purpose, Signer, canonical, parse

PROTOCOL = OLDEST_PROTOCOL = 1
BYTES_MAX = 1024 * 1024
"""Of an envelope or an answer, unpacked."""
GOOD_FOR_S = 300
SENT = frozenset({"enroll", "hello", "poll", "accepted", "progress", "result", "rotate_key", "log", "update"})


@dataclass
class Sender:
    """One run of the agent. boot_id: made anew at each start, so that two copies of an agent are told apart; seq rises within it.

    agent_id: empty until it is enrolled.
    """

    agent_id: str
    boot_id: str
    signer: Signer
    seq: int = 0

    def seal(self, type: str, body: Mapping[str, Any], now: int) -> bytes:
        """The next envelope, packed with gzip. now: in the platform's time. Errors: BadStatement for one that is too large."""
        if type not in SENT:
            raise BadStatement("type", f"{type} is not sent by an agent")
        self.seq += 1
        told = {
            "v": PROTOCOL,
            "type": type,
            "agent_id": self.agent_id,
            "boot_id": self.boot_id,
            "seq": self.seq,
            "ts": now,
            "exp": now + GOOD_FOR_S,
            "body": dict(body),
        }
        plain = canonical(self.signer.signed(Purpose.ENVELOPE, told))
        if len(plain) > BYTES_MAX:
            raise BadStatement("size", f"an envelope of {len(plain)} bytes; the limit is {BYTES_MAX}")
        return pack(plain)

    def next_key(self, following: Signer) -> dict[str, Any]:
        """The body of `rotate_key`: the next key shows itself that it is this agent's."""
        return following.signed(Purpose.NEXT_KEY, {"agent_id": self.agent_id, "public": following.public.hex()})

    def enrollment(self, code: str, fingerprint: str, server: str) -> dict[str, Any]:
        """The body of `enroll`. The code itself never crosses the wire, and nobody on the way can put another key in ours' place.

        fingerprint: of this machine, 64 hexadecimal digits.
        """
        letters = "".join(letter for letter in code.upper() if letter.isalnum()).encode()
        key = hashlib.sha256(b"mlconn-agent-code-key\n" + letters).digest()
        said = b"mlconn-agent-enroll\n" + self.signer.public + bytes.fromhex(fingerprint)
        return {
            "code_id": hashlib.sha256(b"mlconn-agent-code-id\n" + letters).hexdigest()[:32],
            "public": self.signer.public.hex(),
            "fingerprint": fingerprint,
            "server": server,
            "proof": hmac.new(key, said, hashlib.sha256).hexdigest(),
        }


def answer(content: bytes) -> dict[str, Any]:
    """An answer's fields; those that we do not know are left alone. Errors: BadStatement; then it is as good as none."""
    if len(content) > BYTES_MAX:
        raise BadStatement("size", f"more than {BYTES_MAX} bytes")
    return parse(content)


def pack(plain: bytes) -> bytes:
    """gzip, with no time in it: the same bytes each time."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()
