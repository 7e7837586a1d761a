"""OData `$batch`: several writes in one request, all or nothing. The answer is 200 whatever became of them: each part tells.

Source: OData v4.01 part 1, section 11.7.7; fact sheet, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

import httpx

OPERATIONS_MAX = 5_000
BATCH, CHANGES = "batch_mlconn", "changes_mlconn"
_LINE = "\r\n"


@dataclass(frozen=True, slots=True)
class Change:
    """One write. url: absolute. body: sent as JSON text, already encoded."""

    method: str
    url: str
    body: bytes


def encoded(changes: Sequence[Change]) -> tuple[bytes, str]:
    """The body and its content type, with all changes in one changeset, which is atomic."""
    parts: list[bytes] = [
        _lines(f"--{BATCH}", f"Content-Type: multipart/mixed; boundary={CHANGES}", ""),
    ]
    for number, change in enumerate(changes, start=1):
        parts += [
            _lines(
                f"--{CHANGES}",
                "Content-Type: application/http",
                "Content-Transfer-Encoding: binary",
                f"Content-ID: {number}",
                "",
                f"{change.method} {change.url} HTTP/1.1",
                "Content-Type: application/json; charset=utf-8",
                "Accept: application/json",
                f"Content-Length: {len(change.body)}",
                "",
            ),
            change.body,
            _LINE.encode(),
        ]
    parts.append(_lines(f"--{CHANGES}--", f"--{BATCH}--"))
    return b"".join(parts), f"multipart/mixed; boundary={BATCH}"


def decoded(answer: httpx.Response, request: httpx.Request) -> list[httpx.Response]:
    """The answers of all parts in order, nested or not; a refused changeset gives one. ValueError when it is no batch answer."""
    kind = answer.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/mixed"):
        raise ValueError(f"{kind or 'no content type'} instead of multipart/mixed")
    # By the parser's old policy, which takes headers as they stand; the newer ones analyse each of them, at six times the cost.
    whole = message_from_bytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + answer.content)
    found = [_response(part, request) for part in whole.walk() if part.get_content_type() == "application/http"]
    if not found:
        raise ValueError("no part of it is an answer")
    return found


def _response(part: Message, request: httpx.Request) -> httpx.Response:
    payload = part.get_payload(decode=True)
    text = payload if isinstance(payload, bytes) else b""
    head, _, body = text.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *rest = head.decode("utf-8", "replace").strip().split("\n")
    words = first.split(" ")
    if len(words) < 2 or not words[1].isdigit():
        raise ValueError(f"a part begins with {first[:40]!r} instead of a status line")
    headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in rest) if value]
    kept = [(name, value) for name, value in headers if name.lower() not in ("content-length", "transfer-encoding")]
    return httpx.Response(int(words[1]), headers=kept, content=body.strip(), request=request)


def _lines(*lines: str) -> bytes:
    return (_LINE.join(lines) + _LINE).encode()
