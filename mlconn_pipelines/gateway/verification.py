"""Who calls: secrets compared in constant time, signatures over the body."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from hashlib import sha256

from mlconn_pipelines.config.events import SECRET_MAX, SECRET_MIN

NOBODYS_SECRET = secrets.token_hex(24)
"""What callers of an unknown integration are compared with, so that their answer takes as long as another."""


def same(shown: str, secret: str) -> bool:
    """Whether the two texts are equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(sha256(_bytes(shown)).digest(), sha256(_bytes(secret)).digest())


def signed_by(signature: str, body: bytes, secret: str) -> bool:
    """Whether the signature is the HMAC-SHA256 of the body, in hex or base64, with or without `sha256=` before it."""
    expected = hmac.new(_bytes(secret), body, sha256).digest()
    shown = signature.strip().removeprefix("sha256=").removeprefix("SHA256=")
    as_hex, as_base64 = hmac.compare_digest(_from_hex(shown), expected), hmac.compare_digest(_from_base64(shown), expected)
    return as_hex or as_base64


def usable(secret: str) -> bool:
    """Long enough that nobody guesses it, and short enough for every system."""
    return SECRET_MIN <= len(secret) <= SECRET_MAX


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
