"""POST /composite: up to 25 requests in one call, later ones referring to what earlier ones answered."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlconn_simulators.odata.json_text import dumps
from mlconn_simulators.salesforce.errors import ApiError
from mlconn_simulators.salesforce.schema import Values
from mlconn_simulators.salesforce.store import Store

if TYPE_CHECKING:
    from mlconn_simulators.salesforce.service import Asked, Service

STEPS_MAX = 25
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])+)\}")


class _RolledBack(Exception):
    """Some step failed, and all or none was asked for."""


def answer(service: Service, store: Store, asked: Asked, writes: list[Values]) -> Values:
    """Each step's answer; the whole is 200 whatever they say. writes: what the org notes of them, cut back where they are undone.

    Errors: 400 for a request that is malformed as a whole.
    """
    body = asked.json()
    steps = body.get("compositeRequest")
    if not isinstance(steps, list) or not all(
        isinstance(step, dict) and step.get("method") and step.get("url") for step in steps
    ):
        raise ApiError(400, "JSON_PARSER_ERROR", "compositeRequest must be an array of requests with method and url")
    if any(not step.get("referenceId") for step in steps):
        raise ApiError(400, "JSON_PARSER_ERROR", "Provide a referenceId for every subrequest")
    if len(steps) > STEPS_MAX:
        raise ApiError(400, "LIMIT_EXCEEDED", f"A composite request has at most {STEPS_MAX} subrequests")
    results: list[Values] = []
    known = len(writes)
    try:
        with store.together():
            for step in steps:
                results.append(_step(service, asked, step, results))
            if body.get("allOrNone") is True and any(result["httpStatusCode"] >= 400 for result in results):
                raise _RolledBack
    except _RolledBack:
        del writes[known:]
        text = "The transaction was rolled back since another operation in the same transaction failed."
        results = [each if each["httpStatusCode"] >= 400 else _failed(each["referenceId"], _halted(text)) for each in results]
    return {"compositeResponse": results}


def _step(service: Service, asked: Asked, step: Values, before: list[Values]) -> Values:
    name = str(step["referenceId"])
    try:
        url = _filled(str(step["url"]), before)
        body = _filled(dumps(step["body"]), before) if step.get("body") is not None else ""
        headers = dict(asked.headers) | {key.lower(): str(value) for key, value in (step.get("httpHeaders") or {}).items()}
        told = service.answer(type(asked).of(str(step["method"]).upper(), url, headers, body.encode()))
    except ApiError as error:
        return _failed(name, error)
    return {"body": told.body, "httpHeaders": told.headers, "httpStatusCode": told.status, "referenceId": name}


def _filled(text: str, before: list[Values]) -> str:
    """The text with its references replaced. Errors: PROCESSING_HALTED for one to a step that failed or said nothing of it."""

    def value(found: re.Match[str]) -> str:
        at: Any = next(
            (each["body"] for each in before if each["referenceId"] == found[1] and each["httpStatusCode"] < 400), None
        )
        for key, place in re.findall(r"\.(\w+)|\[(\d+)\]", found[2]):
            try:
                at = at[key] if key else at[int(place)]
            except (LookupError, TypeError):
                raise _halted(f"Invalid reference specified. No value for {found[1]}{found[2]}") from None
        return str(at)

    return _REFERENCE.sub(value, text)


def _halted(message: str) -> ApiError:
    return ApiError(400, "PROCESSING_HALTED", message)


def _failed(name: str, error: ApiError) -> Values:
    return {"body": json.loads(error.body()), "httpHeaders": {}, "httpStatusCode": error.status, "referenceId": name}
