"""OData `$batch`: several writes in one request, all or nothing. The answer is 200 whatever became of them: each part tells.

The form of the answer is what is accepted, not what was sent: ASP.NET OData answers a multipart batch with JSON unless the request
accepts multipart/mixed. So that is asked for, and JSON is read where it comes all the same.

Source: OData v4.01 part 1, section 11.7.7; OData JSON format 4.01, section 19; fact sheet, section 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from mlconn_pipelines.records.decimal_json import dumps
from mlconn_pipelines.transport.http_responses import parsed

OPERATIONS_MAX = 5_000
ACCEPTED = "multipart/mixed, application/json;q=0.5"
FAILED_DEPENDENCY = 424
"""Of a change that was undone because another of its changeset was refused."""
BATCH, CHANGES = "batch_mlconn", "changes_mlconn"
_FRAMING = ("content-length", "transfer-encoding")
_LINE = "\r\n"
_BOUNDARY = re.compile(rb'boundary=(?:"([^"]+)"|([^";\s]+))', re.IGNORECASE)
_KIND = re.compile(rb"^content-type:[ \t]*([^\n]+)", re.IGNORECASE | re.MULTILINE)


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
    if kind.lower().startswith("multipart/mixed"):
        found = [_response(text, request) for text in _answers(kind.encode("latin-1"), answer.content)]
    elif kind.lower().startswith("application/json"):
        found = _from_json(answer, request)
    else:
        raise ValueError(f"{kind or 'no content type'} instead of multipart/mixed")
    if not found:
        raise ValueError("no part of it is an answer")
    return found


def first_failure(answers: Sequence[httpx.Response]) -> httpx.Response | None:
    """The answer that says why the changes were not made: not one that only tells that another failed."""
    failed = [answer for answer in answers if not answer.is_success]
    return next((answer for answer in failed if answer.status_code != FAILED_DEPENDENCY), next(iter(failed), None))


def _from_json(answer: httpx.Response, request: httpx.Request) -> list[httpx.Response]:
    body = parsed(answer)
    told = body.get("responses") if isinstance(body, dict) else None
    if not isinstance(told, list):
        raise ValueError("JSON without `responses`")
    return [_response_of(one, request) for one in told]


def _response_of(told: Any, request: httpx.Request) -> httpx.Response:
    status = told.get("status") if isinstance(told, dict) else None
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise ValueError(f"one of its responses has status {status!r}")
    given = told.get("headers")
    headers = {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    kept = {name: value for name, value in headers.items() if name.lower() not in _FRAMING}
    inner = told.get("body")
    content = "" if inner is None else inner if isinstance(inner, str) else dumps(inner)
    return httpx.Response(status, headers=kept, content=content.encode(), request=request)


def _answers(kind: bytes, content: bytes) -> Iterator[bytes]:
    """What stands in the application/http parts, those of a changeset among them. kind: the content's type with its boundary.

    By hand, since every answer has boundaries of its own and the general parser compiles a pattern for each.
    """
    if (boundary := _BOUNDARY.search(kind)) is None:
        raise ValueError(f"{kind.decode('latin-1')} names no boundary")
    for part in _parts(boundary[1] or boundary[2], content):
        head, _, body = (b"\n" + part.replace(b"\r\n", b"\n")).partition(b"\n\n")
        said = _KIND.search(head.replace(b"\n ", b" ").replace(b"\n\t", b" "))
        if said is not None and said[1].lower().startswith(b"multipart/mixed"):
            yield from _answers(said[1], body)
        elif said is not None and said[1].lower().startswith(b"application/http"):
            yield body


def _parts(boundary: bytes, content: bytes) -> Iterator[bytes]:
    """The parts between lines that begin with two dashes and the boundary, up to the one that ends with two more."""
    part: bytes | None = None
    for piece in (b"\n" + content).split(b"\n--" + boundary):
        if part is not None and not piece.startswith((b"\r", b"\n", b" ", b"\t", b"--")):
            part += b"\n--" + boundary + piece  # a longer boundary that begins like this one, within the part
            continue
        if part:
            yield part.partition(b"\n")[2].removesuffix(b"\r")
        if part is not None and piece.startswith(b"--"):
            return
        part = piece if part is not None else b""
    if part:
        yield part.partition(b"\n")[2]


def _response(text: bytes, request: httpx.Request) -> httpx.Response:
    """text: status line, headers and body, lines ended by LF."""
    head, _, body = text.strip().partition(b"\n\n")
    first, *rest = head.decode("utf-8", "replace").strip().split("\n")
    words = first.split(" ")
    if len(words) < 2 or not words[1].isdigit():
        raise ValueError(f"a part begins with {first[:40]!r} instead of a status line")
    headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in rest) if value]
    kept = [(name, value) for name, value in headers if name.lower() not in _FRAMING]
    return httpx.Response(int(words[1]), headers=kept, content=body.strip(), request=request)


def _lines(*lines: str) -> bytes:
    return (_LINE.join(lines) + _LINE).encode()
