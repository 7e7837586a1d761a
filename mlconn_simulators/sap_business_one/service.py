"""The Service Layer over HTTP: sign-in, sessions, and which request does what."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mlconn_simulators.sap_business_one.crossjoin import PATH as CROSSJOIN
from mlconn_simulators.sap_business_one.crossjoin import Crossjoin
from mlconn_simulators.sap_business_one.documents import make_document
from mlconn_simulators.sap_business_one.errors import NO_INSTANCE, NO_LOGIN, ServiceLayerError, invalid, no_session
from mlconn_simulators.sap_business_one.json_text import dumps, entity_text, page_text
from mlconn_simulators.sap_business_one.query import matching, read_page, read_query
from mlconn_simulators.sap_business_one.receivables import with_balances
from mlconn_simulators.sap_business_one.schema import DOCUMENT_KINDS, SETS
from mlconn_simulators.sap_business_one.sessions import Session
from mlconn_simulators.sap_business_one.store import EntitySet, Key, Record

if TYPE_CHECKING:
    from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox

ROOT = "/b1s/v2/"
_PATH = re.compile(r"(?P<set>[A-Za-z]+)(?:\((?P<key>(?:'(?:[^']|'')*'|[^')])*)\))?(?:/(?P<rest>\$?[A-Za-z]+))?")
_PREVIEW = re.compile(r"(?P<set>[A-Za-z]+)Service_Preview")
_KEY_PART = re.compile(r"(?:(?P<name>[A-Za-z]+)=)?(?:'(?P<text>(?:[^']|'')*)'|(?P<number>-?\d+))")
_HEADERS = {"OData-Version": "4.0", "Content-Type": "application/json;odata.metadata=minimal;charset=utf-8"}
_PROXY_ERROR = b"<!DOCTYPE HTML><html><head><title>502 Proxy Error</title></head><body><h1>Proxy Error</h1></body></html>"
PARALLEL_LOGINS = 6
"""So many logins at once get through; the others fail with code 299."""


class Service:
    """Answers requests below `/b1s/v2/` and `/ping/`."""

    def __init__(self, sandbox: SapBusinessOneSandbox) -> None:
        self._sandbox = sandbox
        self._logging_in = 0

    async def ping(self, request: Request) -> Response:
        """The balancer's health page."""
        answer = {
            "message": "pong",
            "sender": request.path_params.get("who") or "load balancer",
            "timestamp": str(int(time.time())),
        }
        return JSONResponse(answer)

    async def answer(self, request: Request) -> Response:
        """Any request below the service root."""
        try:
            path = request.scope["path"][len(ROOT) :]
            if request.method == "POST" and path == "Login":
                return await self._login(request)
            session = self._session(request)
            if request.method == "POST" and path == "Logout":
                self._sandbox.sessions.end(session.id if session else "")
                return Response(status_code=204)
            self._node_fault(request, session)
            if request.method == "GET" and (joined := CROSSJOIN.fullmatch(path)) is not None:
                with self._sandbox.lock:
                    asked = Crossjoin(self._sandbox.company, joined["set"], joined["part"], ROOT)
                    return Response(asked.page_text(_query_string(request), request.headers), 200, _HEADERS)
            if self._sandbox.webhooks.takes(path):
                return await self._on_webhooks(request, path)
            if request.method == "POST" and (previewed := _PREVIEW.fullmatch(path)) and previewed["set"] in DOCUMENT_KINDS:
                return self._preview(previewed["set"], _json(await request.body()))
            match = _PATH.fullmatch(path)
            if match is None or match["set"] not in SETS:
                raise no_session()  # a wrong-case or unknown path looks like a dead session
            entities = self._sandbox.company.sets[match["set"]]
            body = await request.body() if request.method in ("POST", "PATCH") else b""
            with self._sandbox.lock:
                return self._on_set(request, entities, match["key"], match["rest"], body)
        except ServiceLayerError as error:
            return Response(error.body(), error.status, _HEADERS)

    def _preview(self, set_name: str, body: dict[str, Any]) -> Response:
        """A document reckoned as if it were added; none is."""
        document = body.get("Document")
        if not isinstance(document, dict):
            raise invalid("Document is missing")
        with self._sandbox.lock:
            values = make_document(self._sandbox.company, DOCUMENT_KINDS[set_name], document)
        return Response(dumps({**values, "DocEntry": None, "DocNum": None}), 200, _HEADERS)

    async def _on_webhooks(self, request: Request, path: str) -> Response:
        """In a thread of its own, since a handshake asks somebody else before it is answered."""
        body = _json(await request.body()) if request.method in ("POST", "PATCH") and await request.body() else {}
        replaces = _replaces(request)
        status, told = await asyncio.to_thread(self._sandbox.webhooks.answer, request.method, path, body, replaces)
        return Response(
            None if told is None else dumps(told), status, _HEADERS if told is not None else {"OData-Version": "4.0"}
        )

    def _on_set(self, request: Request, entities: EntitySet, key_text: str | None, rest: str | None, body: bytes) -> Response:
        writing = self._sandbox.writing
        match request.method, key_text is not None, rest:
            case "GET", False, None:
                return self._read_set(request, entities)
            case "GET", False, "$count":
                return self._count(request, entities)
            case "GET", True, None:
                record = entities.get(_key(str(key_text), entities))
                self._with_balances(entities, [record])
                query = read_query(_query_string(request), request.headers, entities.type)
                text = entity_text(record, entities, self._root(request), query.select)
                return Response(text, 200, {**_HEADERS, "ETag": record.etag})
            case "POST", False, None:
                record = writing.create(entities, _json(body), _path(request))
                return self._created(request, entities, record)
            case "PATCH", True, None:
                record = entities.get(_key(str(key_text), entities))
                self._check_etag(request, record)
                writing.change(entities, record, _json(body), _replaces(request))
                return Response(status_code=204, headers={"OData-Version": "4.0"})
            case "DELETE", True, None:
                record = entities.get(_key(str(key_text), entities))
                self._check_etag(request, record)
                writing.remove(entities, record)
                return Response(status_code=204, headers={"OData-Version": "4.0"})
            case "POST", True, "Cancel" | "Close" | "Reopen":
                writing.act(entities, entities.get(_key(str(key_text), entities)), str(rest))
                return Response(status_code=204, headers={"OData-Version": "4.0"})
        if rest is not None:
            raise no_session()  # an action in the wrong case, as any other unknown path
        raise invalid(f"{request.method} is not possible on {request.scope['path']}")

    def _read_set(self, request: Request, entities: EntitySet) -> Response:
        query = read_query(_query_string(request), request.headers, entities.type)
        page = read_page(entities, query)
        self._with_balances(entities, page.records)
        if page.next and self._sandbox.link_root:
            page = replace(page, next=f"{self._sandbox.link_root}{ROOT}{page.next}")
        text = page_text(page, entities, query.select, self._root(request))
        # Rows that come or change while a client pages: after this page is read, before the next one is.
        path = _path(request)
        if page.records and self._sandbox.faults.take("row_added", path):
            self._sandbox.add_like(entities.name, page.records)
        if page.records and self._sandbox.faults.take("row_changed", path):
            self._sandbox.company.write(entities, page.records[0], {})
        return Response(text, 200, _HEADERS)

    def _with_balances(self, entities: EntitySet, records: Sequence[Record]) -> None:
        if entities.name == "BusinessPartners":
            with_balances(self._sandbox.company, records)

    def _count(self, request: Request, entities: EntitySet) -> Response:
        try:
            query = read_query(_query_string(request), request.headers, entities.type)
            number = sum(1 for _ in matching(entities, query))
        except ServiceLayerError:
            return Response(_PROXY_ERROR, 502, media_type="text/html")  # an unknown field breaks the node here
        return Response(str(number), 200, {"OData-Version": "4.0", "Content-Type": "text/plain"})

    def _created(self, request: Request, entities: EntitySet, record: Record) -> Response:
        key = record.values[entities.key_names[0]]
        location = f"{self._root(request)}{entities.name}({key if isinstance(key, int) else repr(key)})"
        headers = {**_HEADERS, "Location": location, "ETag": record.etag}
        if "return-no-content" in request.headers.get("prefer", ""):
            del headers["Content-Type"]
            return Response(status_code=204, headers=headers)
        return Response(entity_text(record, entities, self._root(request)), 201, headers)

    def _check_etag(self, request: Request, record: Record) -> None:
        wanted = request.headers.get("if-match", "*")
        if self._sandbox.faults.take("stale_etag", _path(request)) or (wanted != "*" and wanted != record.etag):
            raise ServiceLayerError(412, -2039, "Another user or another operation modified data (ODBC -2039)")

    async def _login(self, request: Request) -> Response:
        sandbox = self._sandbox
        self._logging_in += 1
        try:
            if sandbox.faults.take("login_299", _path(request)) or self._logging_in > PARALLEL_LOGINS:
                raise ServiceLayerError(500, 299, "SAML Login Failed")
            if refused := sandbox.faults.take("login_refused", _path(request)):
                how = refused.options
                raise ServiceLayerError(how.get("status", 401), how.get("code", -1), how.get("message", NO_INSTANCE))
            slow = sandbox.faults.take("slow_login", _path(request))
            await asyncio.sleep(float(slow.options.get("seconds", 5.0)) if slow else sandbox.login_s)
            given = _json(await request.body())
            if given.get("CompanyDB") != sandbox.company_db:
                sandbox.sessions.failed_logins += 1
                raise ServiceLayerError(401, -306, NO_LOGIN)
            if (given.get("UserName"), given.get("Password")) != (sandbox.user, sandbox.password):
                sandbox.sessions.failed_logins += 1
                raise ServiceLayerError(401, -304, NO_LOGIN)
        finally:
            self._logging_in -= 1
        session = sandbox.sessions.open()
        context = f"{self._root(request)}$metadata#B1Sessions/$entity"
        minutes = sandbox.sessions.timeout_min
        told = int(minutes) if minutes == int(minutes) else minutes
        answer = {"@odata.context": context, "SessionId": session.id, "Version": "1000340", "SessionTimeout": told}
        response = Response(dumps(answer), 200, _HEADERS)
        # The session cookie has no path and ends in a semicolon; the node's has both in its own way.
        cookies = [f"B1SESSION={session.id};HttpOnly;"]
        if session.node:
            cookies.append(f"ROUTEID={session.node}; path=/b1s")
        for cookie in [", ".join(cookies)] if sandbox.folded_cookies else cookies:
            response.raw_headers.append((b"set-cookie", cookie.encode()))
        return response

    def _session(self, request: Request) -> Session | None:
        """The session by its cookies; None for a bearer of a token that holds, who names the company."""
        sandbox = self._sandbox
        bearer, landscape = request.headers.get("authorization", ""), sandbox.landscape
        if landscape and bearer:
            if not landscape.knows(bearer) or request.headers.get("x-b1-companyid") != landscape.bindings[sandbox.company_db]:
                raise no_session()
            return None
        cookies = _cookies(request.headers.get("cookie", ""))
        if sandbox.faults.take("expired_session", _path(request)):
            sandbox.sessions.end(cookies.get("B1SESSION", ""))
        return sandbox.sessions.of(cookies.get("B1SESSION", ""), cookies.get("ROUTEID", ""))

    def _node_fault(self, request: Request, session: Session | None) -> None:
        node = session.node if session else ""
        for fault in self._sandbox.faults.armed():
            # Without a named node, the first one that is asked is the broken one.
            if fault.name == "broken_node" and fault.options.setdefault("node", node) == node:
                if self._sandbox.faults.take("broken_node", _path(request), request.method) is None:
                    continue
                raise ServiceLayerError(500, 407, "Table definition not found for '@ZZVF_T'.")

    def _root(self, request: Request) -> str:
        return f"{request.url.scheme}://{request.headers.get('host', 'localhost')}{ROOT}"


def _path(request: Request) -> str:
    query = unquote_plus(_query_string(request))
    return f"{request.scope['path']}?{query}" if query else str(request.scope["path"])


def _query_string(request: Request) -> str:
    return bytes(request.scope["query_string"]).decode("latin-1")


def _replaces(request: Request) -> bool:
    return request.headers.get("b1s-replacecollectionsonpatch", "").lower() == "true"


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, _, value in pairs}


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        raise invalid("The request body is no JSON") from None
    if not isinstance(parsed, dict):
        raise invalid("The request body must be a JSON object")
    return parsed


def _key(text: str, entities: EntitySet) -> Key:
    """`1`, `'C001'`, `CardCode='C001'`, or all parts of a key by name."""
    given: dict[str, int | str] = {}
    for place, match in enumerate(_KEY_PART.finditer(text)):
        name = match["name"] or entities.key_names[min(place, len(entities.key_names) - 1)]
        given[name] = int(match["number"]) if match["number"] is not None else match["text"].replace("''", "'")
    key = tuple(given.get(name, "") for name in entities.key_names)
    kinds = [entities.type.kinds[name] for name in entities.key_names]
    if any(isinstance(part, int) != (kind == "int") for part, kind in zip(key, kinds, strict=True)):
        raise invalid(f"The key ({text}) does not fit {entities.name}")
    return key
