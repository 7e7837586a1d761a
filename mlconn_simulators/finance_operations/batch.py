"""`$batch` as multipart/mixed: queries and operations by themselves, changesets all or nothing. The outer answer is 200.

Its form is what the request accepts, not what the request is: see `wants_json`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mlconn_simulators.finance_operations.errors import DataError, WriteRefused, bad_query
from mlconn_simulators.finance_operations.service import Answer, Asked, Service
from mlconn_simulators.odata.json_text import dumps, loads

if TYPE_CHECKING:
    from mlconn_simulators.finance_operations.sandbox import FinanceOperationsSandbox

OPERATIONS_MAX = 5000
_REQUEST_LINE = re.compile(r"(?P<method>[A-Z]+) (?P<url>\S+) HTTP/1\.1")
_REASONS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found", 412: "Precondition Failed",
            429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    content_id: str
    asked: Asked


Part = Operation | list[Operation]
"""An operation by itself, or those of a changeset."""


@dataclass(frozen=True)
class Told:
    """What one operation got."""

    content_id: str
    answer: Answer


def read_batch(asked: Asked) -> list[Part]:
    """Errors: DataError for an unreadable batch."""
    head = f"Content-Type: {asked.headers.get('content-type', '')}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    whole = BytesParser().parsebytes(head + asked.body)
    if whole.get_content_type() != "multipart/mixed" or not whole.is_multipart():
        raise bad_query("The batch must be multipart/mixed with a boundary.")
    parts = [_read(part, asked) for part in _parts(whole)]
    if sum(len(part) if isinstance(part, list) else 1 for part in parts) > OPERATIONS_MAX:
        raise bad_query(f"A batch may hold {OPERATIONS_MAX} operations.")
    return parts


def answer_batch(
    sandbox: FinanceOperationsSandbox,
    service: Service,
    parts: list[Part],
    refused: Callable[[Operation], DataError | None],
    *,
    as_json: bool = False,
) -> Answer:
    """The fault `batch_inner` (option status, 500) strikes an inner request. refused: why an operation cannot be done now."""
    done: list[Told | list[Told]] = []
    for part in parts:
        if isinstance(part, list):
            done.append(_changeset(sandbox, service, part, refused))
        else:
            done.append(Told(part.content_id, _one(sandbox, service, part, refused)))
    return _json_batch(done) if as_json else _multipart_batch(done)


def wants_json(asked: Asked) -> bool:
    """Whether the answer is a JSON batch, as ASP.NET OData's batch handler decides.

    The best of the types accepted that it knows, multipart/mixed or application/json; where none is named, the request's own kind.
    So a multipart batch that accepts `application/json` is answered with JSON.
    """
    accepted = [_ranked(each) for each in asked.headers.get("accept", "").split(",")]
    for _, kind in sorted(accepted, key=lambda one: -one[0]):
        if kind in ("multipart/mixed", "application/json"):
            return kind == "application/json"
    return "application/json" in asked.headers.get("content-type", "")


def _ranked(accepted: str) -> tuple[float, str]:
    kind, *parameters = (part.strip().lower() for part in accepted.split(";"))
    quality = next((value for name, _, value in (each.partition("=") for each in parameters) if name == "q"), "1")
    return float(quality), kind


def _multipart_batch(done: list[Told | list[Told]]) -> Answer:
    boundary = f"batchresponse_{uuid.uuid4()}"
    told = [_changeset_text(each) if isinstance(each, list) else _text(each) for each in done]
    text = "".join(f"--{boundary}\r\n{each}\r\n" for each in told) + f"--{boundary}--\r\n"
    return Answer(200, text, {"Content-Type": f"multipart/mixed; boundary={boundary}"})


def _json_batch(done: list[Told | list[Told]]) -> Answer:
    """OData JSON format 4.01, section 19: a flat list, the answers of a changeset under one atomicityGroup."""
    responses: list[dict[str, Any]] = []
    for part in done:
        group = {"atomicityGroup": str(uuid.uuid4())} if isinstance(part, list) else {}
        for told in part if isinstance(part, list) else [part]:
            headers = {name.lower(): value for name, value in _headers(told.answer).items()}
            response = {"id": told.content_id, **group, "status": told.answer.status, "headers": headers}
            if told.answer.text:
                response["body"] = loads(told.answer.text) if "json" in headers.get("content-type", "") else told.answer.text
            responses.append(response)
    return Answer(200, dumps({"responses": responses}), {"Content-Type": "application/json; odata.metadata=minimal"})


def _changeset(
    sandbox: FinanceOperationsSandbox,
    service: Service,
    operations: list[Operation],
    refused: Callable[[Operation], DataError | None],
) -> Told | list[Told]:
    """Each operation's answer, or the one error that undid them all."""
    answers = []
    with sandbox.store.undoable() as undo:
        for operation in operations:
            answer = _one(sandbox, service, operation, refused)
            if answer.status >= 400:
                undo()
                return Told(operation.content_id, answer)
            answers.append(Told(operation.content_id, answer))
    return answers


def _changeset_text(answers: list[Told]) -> str:
    """In a multipart of their own."""
    boundary = f"changesetresponse_{uuid.uuid4()}"
    inner = "".join(f"--{boundary}\r\n{_text(each)}\r\n" for each in answers) + f"--{boundary}--\r\n"
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{inner}"


def _one(
    sandbox: FinanceOperationsSandbox, service: Service, operation: Operation, refused: Callable[[Operation], DataError | None]
) -> Answer:
    """What F&O's own logic refuses is 500 inside a batch, whatever it is outside."""
    asked = operation.asked
    try:
        if (reason := refused(operation)) is not None:
            raise reason
        if struck := sandbox.faults.take("batch_inner", asked.whole, asked.method):
            raise DataError(int(struck.options.get("status", 500)), "The inner request could not be processed.")
        return service.answer(asked)
    except DataError as error:
        return Answer(500 if isinstance(error, WriteRefused) else error.status, error.body())


def _headers(answer: Answer) -> dict[str, str]:
    headers = {"OData-Version": "4.0"} | answer.headers
    if answer.text and "Content-Type" not in headers:
        headers["Content-Type"] = "application/json; odata.metadata=minimal"
    return headers


def _text(told: Told) -> str:
    answer, content_id = told.answer, told.content_id
    lines = [f"{name}: {value}" for name, value in _headers(answer).items()]
    outer = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        *([f"Content-ID: {content_id}"] if content_id else []),
    ]
    reason = _REASONS.get(answer.status, "Error")
    return "\r\n".join([*outer, "", f"HTTP/1.1 {answer.status} {reason}", *lines, "", answer.text])


def _parts(whole: Message) -> list[Message]:
    payload = whole.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _read(part: Message, asked: Asked) -> Part:
    if part.get_content_type() == "multipart/mixed":
        return [_operation(inner, asked) for inner in _parts(part)]
    return _operation(part, asked)


def _operation(part: Message, asked: Asked) -> Operation:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise bad_query("Each part of the batch must be an application/http request.")
    first, _, rest = content.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n")
    match = _REQUEST_LINE.fullmatch(first.decode("utf-8", "replace").strip())
    if match is None:
        raise bad_query(f"The request line '{first[:60]!r}' cannot be read.")
    head, _, body = rest.partition(b"\n\n") if not rest.startswith(b"\n") else (b"", b"", rest[1:])
    headers = {}
    for line in head.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    parts = urlsplit(match["url"])
    path = unquote(parts.path)
    path = path.split("/data/", 1)[1] if "/data/" in path else path.lstrip("/")
    content_id = part.get("Content-ID") or headers.get("content-id", "")
    return Operation(str(content_id), Asked(match["method"], asked.root, path, parts.query, headers, body.strip()))
