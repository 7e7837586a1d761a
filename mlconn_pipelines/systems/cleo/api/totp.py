"""Time-based one-time codes (RFC 6238), as authenticator apps show them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

from mlconn_pipelines.errors import VaultError

STEP_S = 30


def one_time_code(secret: str, at: float, digits: int = 6) -> str:
    """The code of a moment. secret: base32 as registration shows it, blanks allowed; at: seconds since 1970.

    Errors: VaultError when the secret is not base32; its text does not repeat the secret.

    >>> one_time_code("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", 59, digits=8)
    '94287082'
    """
    plain = secret.replace(" ", "").replace("-", "").upper().rstrip("=")
    try:
        key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except binascii.Error:
        raise VaultError(
            "totp_secret is not base32 (letters A-Z and digits 2-7)",
            hint="Store the text that the authenticator registration shows under its QR code.",
        ) from None
    digest = hmac.new(key, struct.pack(">Q", int(at) // STEP_S), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"
