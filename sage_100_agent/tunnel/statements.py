"""Signed statements: JSON in one form of bytes, so that both ends sign the same, whatever carried it in between.

The bytes that are signed are `mlconn-sage-100 KIND 1`, a line feed, and the statement without `sig` in canonical form: keys sorted, no
blanks, UTF-8, no fractions (numbers with them travel as text), whole numbers that every JSON reader keeps.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Statement = Mapping[str, Any]
WHOLE_MAX = 2**53 - 1
DEPTH_MAX = 32


class BadStatement(Exception):
    """It is not what it says it is, and nothing of it is believed. code: for the log and the platform."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def canonical(value: object) -> bytes:
    """
    >>> canonical({"b": [1, None, True], "a": "é"}).decode()
    '{"a":"é","b":[1,null,true]}'
    """
    _check(value, 0)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def _check(value: object, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise BadStatement("form", "nested too deeply")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise BadStatement("form", "text that is no Unicode") from None
    elif isinstance(value, int):
        if abs(value) > WHOLE_MAX:
            raise BadStatement("form", f"{value} is not kept by every reader")
    elif isinstance(value, list | tuple):
        for each in value:
            _check(each, depth + 1)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if not isinstance(name, str):
                raise BadStatement("form", "a name that is no text")
            _check(name, depth + 1)
            _check(each, depth + 1)
    else:
        raise BadStatement("form", f"{type(value).__name__} does not travel")


def parse(raw: bytes) -> dict[str, Any]:
    """One object, in which no name stands twice: two readers might take different ones. Errors: BadStatement."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_float=_no_fraction, parse_constant=_no_fraction)
        _check(value, 0)
    except (ValueError, RecursionError):
        raise BadStatement("form", "not JSON") from None
    if not isinstance(value, dict):
        raise BadStatement("form", "not an object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise BadStatement("form", "a name that stands twice")
    return told


def _no_fraction(text: str) -> None:
    raise BadStatement("form", f"{text} is no whole number")


def _signed_bytes(kind: str, statement: Statement) -> bytes:
    return f"mlconn-sage-100 {kind} 1\n".encode() + canonical(
        {name: value for name, value in statement.items() if name != "sig"}
    )


def sign(kind: str, statement: Statement, key: Ed25519PrivateKey) -> dict[str, Any]:
    """kind: so that what was signed as one thing is never taken for another."""
    return {**statement, "sig": base64.b64encode(key.sign(_signed_bytes(kind, statement))).decode()}


def verify(kind: str, statement: Statement, key: Ed25519PublicKey) -> None:
    """Errors: BadStatement."""
    signature = statement.get("sig")
    try:
        if not isinstance(signature, str):
            raise BadStatement("signature", "no signature")
        key.verify(base64.b64decode(signature, validate=True), _signed_bytes(kind, statement))
    except (InvalidSignature, binascii.Error, ValueError):
        raise BadStatement("signature", f"the signature of this {kind} is not of the key that it names") from None


def public_key(text: object) -> Ed25519PublicKey:
    """Of its 32 bytes in base64. Errors: BadStatement."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(str(text), validate=True))
    except ValueError:
        raise BadStatement("key", "not a public key") from None
