"""Signed statements, as docs/agent-protocol.md has them: JSON in one form of bytes, so that both ends sign the same.

What is signed is a purpose, a line feed and the canonical bytes of everything else: names sorted, no spaces, UTF-8, no fractions (amounts
travel as text), whole numbers that every reader keeps.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Statement = Mapping[str, Any]
WHOLE_MAX = 2**53 - 1
DEPTH_MAX = 16


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


class Purpose(StrEnum):
    """So that what was signed as one thing is never taken for another."""

    ENVELOPE = "mlconn-agent-envelope"
    JOB = "mlconn-agent-job"
    JOB_KEY = "mlconn-agent-job-key"
    NEXT_KEY = "mlconn-agent-next-key"
    RELEASE = "mlconn-agent-release"


class Signer:
    """Holds a private key, of 32 bytes, and shows it nowhere."""

    def __init__(self, private: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self.public = self._key.public_key().public_bytes_raw()
        self.key_id = key_id(self.public)

    def __repr__(self) -> str:
        return f"Signer({self.key_id})"

    def signed(self, purpose: Purpose, statement: Statement) -> dict[str, Any]:
        """The statement with `key_id` and `sig`."""
        told = {**statement, "key_id": self.key_id}
        return {**told, "sig": self._key.sign(_bytes(purpose, told)).hex()}


def new_private() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes_raw()


def key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def verify(purpose: Purpose, statement: Statement, public: bytes) -> None:
    """Errors: BadStatement."""
    signature = statement.get("sig")
    try:
        if (
            statement.get("key_id") != key_id(public)
            or not isinstance(signature, str)
            or not re.fullmatch("[0-9a-f]{128}", signature)
        ):
            raise BadStatement("signature", "not signed with the key that was expected")
        told = {name: value for name, value in statement.items() if name != "sig"}
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), _bytes(purpose, told))
    except (InvalidSignature, ValueError):
        raise BadStatement("signature", "the signature is not of the key that it names") from None


def _bytes(purpose: Purpose, statement: Statement) -> bytes:
    return purpose.encode() + b"\n" + canonical(statement)


def text(values: Statement, name: str, most: int, form: str = ".*") -> str:
    """A text of the whole form. Errors: BadStatement."""
    value = values.get(name)
    if not isinstance(value, str) or len(value) > most or not re.fullmatch(form, value, re.DOTALL):
        raise BadStatement("form", f"expected {name}, a text of at most {most} characters")
    return value


def whole(values: Statement, name: str, least: int, most: int) -> int:
    """Errors: BadStatement."""
    value = values.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadStatement("form", f"expected {name}, a whole number from {least} to {most}")
    return value
