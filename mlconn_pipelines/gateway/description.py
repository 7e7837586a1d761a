"""The gateway described as OpenAPI, and that description as a page for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.gateway.endpoints import senders
from mlconn_pipelines.gateway.handler import SECRET_HEADER
from mlconn_pipelines.ports.notifications import Notifications
from mlconn_pipelines.printable import for_html

_STORED = {
    "type": "object",
    "required": ["hints", "new"],
    "properties": {
        "hints": {"type": "integer", "description": "what concerns a flow"},
        "new": {"type": "integer", "description": "what was not told before"},
    },
}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_MEANINGS: Mapping[str, str] = {
    "400": "no call that this sender makes",
    "401": "another secret or signature than the one agreed upon; nothing is stored",
    "404": "no such integration, or it takes no events from this sender",
    "405": "only POST is taken",
    "408": "the body did not come in time",
    "413": "the body is too long",
    "429": "too many requests; come again after Retry-After",
    "503": "not stored, since the database gives no answer; come again",
}


def openapi() -> dict[str, Any]:
    """The description, OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for source, sender in senders().items():
        paths[f"/hooks/{{integration}}/{source}"] = {
            "post": _operation(source, sender.summary, sender),
            **_greeting(source, sender),
        }
    for source, sender in senders().items():
        if sender.in_address:
            told = _operation(source, f"{sender.summary}, with the secret in the address", sender)
            told["operationId"] += "-with-secret"
            told["parameters"].append(_parameter("secret", "path", "for senders that cannot set a header"))
            told["security"] = []
            paths[f"/hooks/{{integration}}/{source}/{{secret}}"] = {"post": told, **_greeting(source, sender, secret=True)}
    for path, summary, kind in (
        ("/health", "The process is running", "application/json"),
        ("/ready", "The database answers", "application/json"),
        ("/metrics", "What was counted, as Prometheus reads it", "text/plain"),
    ):
        answers: dict[str, Any] = {"200": {"description": summary, "content": {kind: {"schema": {}}}}}
        if path == "/ready":
            answers["503"] = {"description": "it does not", "content": {"application/json": {"schema": {}}}}
        paths[path] = {"get": {"operationId": path[1:], "summary": summary, "responses": answers}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mlconn gateway",
            "version": "1",
            "description": "Stores where to look, and answers. No business data is taken from a call.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "header": {"type": "apiKey", "in": "header", "name": SECRET_HEADER},
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            }
        },
    }


def page() -> str:
    """The description as HTML, without anything from elsewhere."""
    described = openapi()
    parts = [f"<h1>{for_html(described['info']['title'])}</h1><p>{for_html(described['info']['description'])}</p>"]
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            parts.append(f"<h2><code>{method.upper()} {for_html(path)}</code></h2><p>{for_html(told['summary'])}. ")
            parts.append(f"{for_html(told.get('description', ''))}</p><table>")
            for status, answer in told["responses"].items():
                parts.append(f"<tr><td>{status}</td><td>{for_html(answer['description'])}</td></tr>")
            parts.append("</table>")
    style = "body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto}td{padding:0 1em .2em 0;vertical-align:top}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>mlconn gateway</title><style>{style}</style>'
        f'{"".join(parts)}<p><a href="openapi.json">openapi.json</a></p></html>'
    )


def _operation(source: str, summary: str, sender: Notifications) -> dict[str, Any]:
    json = "application/json"
    answers: dict[str, Any] = {"202": {"description": "stored", "content": {json: {"schema": _STORED}}}}
    parameters = [_parameter("integration", "path", "name of the integration")]
    statuses = set(_MEANINGS)
    if sender.secret_in_entries:
        parameters.append(_parameter("validationToken", "query", "of the handshake"))
        answers["200"] = {"description": "handshake", "content": {"text/plain": {"schema": {"type": "string"}}}}
        statuses -= {"400", "401", "413"}
    if sender.names_flow:
        parameters.append(_parameter("flow", "query", "name of the flow that the webhook is about, such as x12_810"))
    for status in sorted(statuses):
        answers[status] = {"description": _MEANINGS[status]}
        if status != "405":
            answers[status]["content"] = {json: {"schema": _ERROR}}
    return {
        "operationId": source,
        "summary": summary,
        "description": sender.words,
        "parameters": parameters,
        "requestBody": {"required": False, "content": {json: {"schema": dict(sender.schema)}}},
        "responses": dict(sorted(answers.items())),
        "security": [] if sender.secret_in_entries else [{"header": []}, {"bearer": []}, {"basic": []}],
    }


def _greeting(source: str, sender: Notifications, secret: bool = False) -> dict[str, Any]:
    """The GET of a sender that has a handshake, with the secret in the address or without."""
    if (handshake := sender.handshake) is None:
        return {}
    shape = {"type": "object", "properties": {handshake.answer: {"type": "string"}}}
    statuses = ("400", "401", "429", "503")
    parameters = [_parameter("integration", "path", "name of the integration")]
    if secret:
        parameters.append(_parameter("secret", "path", "for senders that cannot set a header"))
    parameters.append({**_parameter(handshake.header, "header", "of the handshake"), "required": False})
    return {
        "get": {
            "operationId": f"{source}-handshake" + ("-with-secret" if secret else ""),
            "summary": f"Handshake: {sender.summary}",
            "parameters": parameters,
            "responses": {
                "200": {"description": "the token", "content": {"application/json": {"schema": shape}}},
                **{
                    one: {"description": _MEANINGS[one], "content": {"application/json": {"schema": _ERROR}}}
                    for one in statuses
                },
            },
        }
    }


def _parameter(name: str, place: str, words: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "description": words, "schema": {"type": "string"}}
