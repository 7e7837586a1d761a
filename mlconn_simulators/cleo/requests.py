"""What the tenant answers to each request."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlconn_simulators.cleo import resources
from mlconn_simulators.cleo.resources import BadRequest
from mlconn_simulators.cleo.store import Folder, NameTaken, ReceivedFile, StoredFile, now_utc
from mlconn_simulators.cleo.tokens import SignInRefused

if TYPE_CHECKING:
    from mlconn_simulators.cleo.tenant import CleoSandbox

Handler = Callable[[Request], Awaitable[Response]]


class _NotFound(Exception):
    """What a 404 says."""


def error_body(status: int, message: str) -> bytes:
    return json.dumps({"statusCode": status, "message": message}).encode()


def _error(status: int, message: str) -> Response:
    return Response(error_body(status, message), status, media_type="application/json")


@functools.lru_cache(maxsize=4096)
def path_template(path: str) -> str:
    """A path with `{id}` for ids and `{name}` for API providers, the way the endpoint table writes it."""
    parts = path.split("/")
    if len(parts) >= 4 and parts[1] == "api" and parts[2] in ("folders", "files"):
        parts[3] = "{id}"
    elif len(parts) == 4 and parts[1:3] == ["api", "provider"]:
        parts[3] = "{name}"
    return "/".join(parts)


class Requests:
    """The request handlers of one tenant."""

    def __init__(self, tenant: CleoSandbox) -> None:
        self._tenant = tenant

    def routes(self) -> list[Route]:
        signed = self._signed
        return [
            Route("/api/authentication", self._guarded(self._sign_in), methods=["POST"]),
            Route("/api/folders", signed(self._folders), methods=["GET"]),
            Route("/api/folders/{id}", signed(self._folder), methods=["GET"]),
            Route("/api/folders/{id}/children", signed(self._children), methods=["GET"]),
            Route("/api/folders/{id}/files", signed(self._upload), methods=["POST"]),
            Route("/api/files/{id}", signed(self._metadata), methods=["GET"]),
            Route("/api/files/{id}", signed(self._change), methods=["PUT"]),
            Route("/api/files/{id}", signed(self._delete), methods=["DELETE"]),
            Route("/api/files/{id}/content", signed(self._content), methods=["GET"]),
            Route("/api/provider/{name}", self._guarded(self._provider), methods=["POST"]),
            Route("/{path:path}", self._guarded(self._nowhere), methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: Request) -> Response:
            try:
                if self._tenant.behind_proxy and request.method in ("POST", "PUT") and "content-type" not in request.headers:
                    await request.body()
                    return _error(415, "Unsupported Media Type")
                return await handler(request)
            except BadRequest as wrong:
                return _error(400, str(wrong))
            except NameTaken as taken:
                return _error(409, f"A file named {taken} already exists")
            except _NotFound as missing:
                return _error(404, str(missing))

        return guarded

    def _signed(self, handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def signed(request: Request) -> Response:
            if self._tenant.faults.take("expired", str(request.url.path), request.method):
                self._tenant.tokens.expire_all()
            if not self._tenant.tokens.accepts(request.headers.get("authorization")):
                await request.body()
                return _error(401, "The access token is missing, invalid or expired")
            return await handler(request)

        return self._guarded(signed)

    async def _sign_in(self, request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await request.body()
        if content_type != "application/x-www-form-urlencoded":
            return _error(415, "Unsupported Media Type")
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        if form.get("grant_type") == "refresh_token" and self._tenant.faults.take("refresh_refused", request.url.path, "POST"):
            self._tenant.tokens.refused += 1
            return _error(400, "The refresh token is invalid or expired.")
        try:
            return JSONResponse(self._tenant.tokens.grant(form, request.headers.get(self._tenant.totp_header)))
        except SignInRefused as refused:
            return _error(refused.status, refused.message)

    async def _folders(self, request: Request) -> Response:
        wanted = resources.chosen(request.query_params.get("filter"))
        with self._tenant.store.lock:
            folders = [f for f in self._tenant.store.folders.values() if wanted({"id": f.id, "name": f.name, "type": "folder"})]
        part = resources.page_of(request.query_params, len(folders), self._tenant.page_size)
        shown = [resources.folder_json(folder) for folder in folders[part]]
        return JSONResponse(resources.collection(len(folders), part, shown))

    async def _folder(self, request: Request) -> Response:
        return JSONResponse(resources.folder_json(self._folder_of(request)))

    async def _children(self, request: Request) -> Response:
        wanted = resources.chosen(request.query_params.get("filter"))
        files = self._tenant.store.listing(self._folder_of(request))
        if request.query_params.get("filter"):
            files = [f for f in files if wanted({"id": f.id, "name": f.name, "type": "file"})]
        part = resources.page_of(request.query_params, len(files), self._tenant.page_size)
        shown = [resources.file_json(file, with_size=self._tenant.listing_has_sizes) for file in files[part]]
        at = now_utc()
        for file in files[part]:
            file.looked_at(at)
        return JSONResponse(resources.collection(len(files), part, shown))

    async def _upload(self, request: Request) -> Response:
        content = await request.body()
        folder = self._folder_of(request)
        name = resources.file_name_of(request.headers.get("content-disposition"))
        if not resources.type_allowed(name, self._tenant.allowed_file_types):
            raise BadRequest(f"File type of {name!r} is not allowed; allowed are {', '.join(self._tenant.allowed_file_types)}")
        try:
            file = self._tenant.store.put(folder, name, content)
        except KeyError:
            raise _NotFound(f"Folder {folder.id} not found") from None
        received = ReceivedFile(folder.name, name, content, file.created)
        self._tenant.store.received.append(received)
        answer = JSONResponse(resources.file_json(file), 201)
        self._tenant.take(file, received)
        return answer

    async def _metadata(self, request: Request) -> Response:
        file = self._file_of(request)
        answer = JSONResponse(resources.file_json(file))
        file.looked_at(now_utc())
        return answer

    async def _content(self, request: Request) -> Response:
        file = self._file_of(request)
        if self._tenant.faults.take("vanished", request.url.path, "GET"):
            self._tenant.store.remove(file.id)  # another consumer was faster
            raise _NotFound(f"File {file.id} not found")
        headers = {"Content-Disposition": resources.disposition_of(file.name)}
        return Response(file.visible, headers=headers, media_type="application/octet-stream")

    async def _change(self, request: Request) -> Response:
        file = self._file_of(request)
        try:
            body = json.loads(await request.body())
        except ValueError:
            raise BadRequest("The body is not JSON") from None
        if not isinstance(body, dict) or not body.keys() & {"name", "parent"}:
            raise BadRequest('Expected {"name": "..."} to rename or {"parent": "folder id"} to move')
        name = resources.checked_name(str(body["name"])) if body.get("name") else None
        folder = self._tenant.store.folders.get(str(body["parent"])) if body.get("parent") else None
        if body.get("parent") and folder is None:
            raise BadRequest(f"Parent folder {body['parent']!r} not found")
        self._tenant.store.change(file, name=name, folder=folder)
        return JSONResponse(resources.file_json(file))

    async def _delete(self, request: Request) -> Response:
        if self._tenant.store.remove(request.path_params["id"]) is None:
            raise _NotFound(f"File {request.path_params['id']} not found")
        return Response(status_code=204)

    async def _provider(self, request: Request) -> Response:
        body = await request.body()
        if request.headers.get(self._tenant.provider_header) != self._tenant.provider_secret:
            return _error(401, f"Header {self._tenant.provider_header} is missing or wrong")
        try:
            fields = json.loads(body)
        except ValueError:
            raise BadRequest("The body is not JSON") from None
        if not isinstance(fields, dict):
            raise BadRequest("The body must be a JSON object")
        text = fields.get("x12")
        content = text.encode() if isinstance(text, str) else body
        name = str(fields.get("file_name") or fields.get("name") or "")
        received = ReceivedFile(f"api:{request.path_params['name']}", name, content, now_utc(), fields)
        self._tenant.store.received.append(received)
        self._tenant.take_call(received)
        return JSONResponse({"status": "accepted", "file_name": name, "size": received.size})

    async def _nowhere(self, request: Request) -> Response:
        return _error(404, f"{request.method} {request.url.path} is not a resource")

    def _folder_of(self, request: Request) -> Folder:
        folder = self._tenant.store.folders.get(request.path_params["id"])
        if folder is None:
            raise _NotFound(f"Folder {request.path_params['id']} not found")
        return folder

    def _file_of(self, request: Request) -> StoredFile:
        file = self._tenant.store.file(request.path_params["id"])
        if file is None:
            raise _NotFound(f"File {request.path_params['id']} not found")
        return file
