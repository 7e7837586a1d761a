"""`$batch` in JSON: each inner request by itself, or all or nothing with `Isolation: snapshot`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mlconn_simulators.business_central.bodies import read_object
from mlconn_simulators.business_central.errors import ApiError, bad
from mlconn_simulators.business_central.service import Answer, Asked, Service
from mlconn_simulators.odata.json_text import dumps, loads

if TYPE_CHECKING:
    from mlconn_simulators.business_central.sandbox import BusinessCentralSandbox

OPERATIONS_MAX = 100


def answer_batch(sandbox: BusinessCentralSandbox, service: Service, asked: Asked) -> Answer:
    """Always 200 when the batch itself can be read; the fault `batch_inner` (option status) strikes an inner request.

    With a snapshot the answers end at the first failure, and what came before it is undone.
    Errors: ApiError for a batch that cannot be read.
    """
    requests = read_object(asked.body).get("requests")
    if not isinstance(requests, list) or not all(isinstance(each, dict) and "url" in each for each in requests):
        raise bad("The batch must contain an array of requests, each with a method and a url.")
    if len(requests) > OPERATIONS_MAX:
        raise bad(f"The batch holds {len(requests)} operations, {OPERATIONS_MAX} are possible.")
    whole = asked.headers.get("isolation", "").lower() == "snapshot"
    before = sandbox.company.snapshot() if whole else None
    responses = []
    for place, request in enumerate(requests):
        inner = _inner(asked, request)
        try:
            struck = sandbox.faults.take("batch_inner", inner.whole, inner.method)
            if struck:
                status = int(struck.options.get("status", 503))
                raise ApiError(status, "Internal_ServerError", "The inner request could not be processed.")
            if inner.path.startswith("subscriptions"):
                raise bad("Subscriptions cannot be changed in a batch.")
            answer = service.answer(inner)
        except ApiError as error:
            answer = Answer(error.status, error.body())
        responses.append(_response(str(request.get("id", place)), answer))
        if whole and answer.status >= 400:
            sandbox.company.restore(before)
            break
    return Answer(200, dumps({"responses": responses}))


def _inner(asked: Asked, request: dict[str, Any]) -> Asked:
    headers = {str(name).lower(): str(value) for name, value in (request.get("headers") or {}).items()}
    parts = urlsplit(str(request["url"]))
    path = unquote(parts.path)
    path = path.split("/api/v2.0/", 1)[1] if "/api/v2.0/" in path else path.lstrip("/")
    body = request.get("body")
    content = b"" if body is None else dumps(body).encode()
    return Asked(str(request.get("method", "GET")).upper(), asked.root, path, parts.query, headers, content)


def _response(request_id: str, answer: Answer) -> dict[str, Any]:
    response: dict[str, Any] = {"id": request_id, "status": answer.status, "headers": dict(answer.headers)}
    if answer.text:
        response["headers"]["content-type"] = "application/json; odata.metadata=minimal"
        response["body"] = loads(answer.text)
    return response
