"""The FileExchange of Cleo: list, download and remove files; deliver into a folder."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from threading import Lock
from urllib.parse import unquote

from mlconn_pipelines.errors import MlconnError, NotFound, TryLater
from mlconn_pipelines.ports.connections import Credentials, Limiter, SessionStore
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.ports.records import ConnectionReport
from mlconn_pipelines.systems.cleo.api.client import CleoClient, filled
from mlconn_pipelines.systems.cleo.api.folder_delivery import FolderDelivery
from mlconn_pipelines.systems.cleo.api.folders import Folders
from mlconn_pipelines.systems.cleo.api.resources import Entry, links_of, own_form
from mlconn_pipelines.systems.cleo.api.session import CleoSignIn
from mlconn_pipelines.systems.cleo.connection import CleoConnection
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.session import SharedSession
from mlconn_pipelines.transport.throttle import Throttle

SYSTEM = "Cleo"

LINKS_KEPT = 20_000
"""Files whose links are remembered between listing and download."""


class CleoExchange:
    """Folders and files of one tenant; implements ports.delivery.FileExchange. Safe to use from several threads.

    retry: of reads.
    """

    def __init__(
        self,
        connection: CleoConnection,
        credentials: Credentials,
        sessions: SessionStore,
        limiter: Limiter | None,
        *,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._connection, self._endpoints = connection, connection.endpoints
        host = f"{connection.url.host}:{connection.url.port}"
        self._http = Http(
            SYSTEM,
            str(connection.url),
            timeout_s=connection.timeout_s,
            ca_file=connection.ca_file,
            proxies=Proxies(connection, credentials),
            throttle=Throttle(limiter, host, host, connection.requests_per_second),
            own_form=own_form,
        )
        session = SharedSession(sessions, CleoSignIn(connection, credentials, self._http, sessions.now))
        self._client = CleoClient(self._http, session, connection.page_size, retry)
        self._folders = Folders(self._client, self._endpoints, connection.credential)
        self._links: OrderedDict[str, Mapping[str, str]] = OrderedDict()
        self._lock = Lock()

    def folder(self, name: str) -> FolderDelivery:
        """The folder as a place to deliver to; it is looked up when first used."""
        return FolderDelivery(self._client, self._folders, self._endpoints, name, self.list_folder)

    def list_folder(self, name: str) -> Iterator[Sequence[RemoteFile]]:
        """Pages of a folder's files, one request a page. Errors: NotFound naming the folders that there are."""
        first, rest = self._folders.with_folder(name, lambda folder: self._begin(folder, name))
        yield first
        yield from rest

    def download(self, file: RemoteFile, size_max: int | None = None) -> bytes:
        """The file's bytes. Errors: NotFound when it was taken meanwhile, or is not yet to be seen on this node; TooLarge."""
        path = self._client.linked(self._links_of(file).get("content"), filled(self._endpoints.content, file.id))
        try:
            return self._client.read_bytes(path, self._endpoints.content, file.size, size_max)
        except NotFound as gone:
            raise NotFound(f"{file.folder}/{file.name} is gone from Cleo", hint="Someone else took it.") from gone

    def remove(self, file: RemoteFile, stored_name: str) -> None:
        """Delete, move or leave, as configured; repeated like a read, since it may be repeated. Gone already is fine.

        stored_name: its name where it is moved to. Errors: Retryable, TryLater; the file then stays where it is.
        """
        path = self._client.linked(self._links_of(file).get("self"), filled(self._endpoints.file, file.id))
        match self._connection.after_receipt:
            case "delete":
                self._client.change("DELETE", path, self._endpoints.file)
            case "move":
                self._move(path, stored_name)
            case "leave":
                return

    def check(self, folders: Sequence[str]) -> Sequence[ConnectionReport]:
        """Sign in and list each folder; without a token no folder is tried."""
        wanted = [*folders, *([self._connection.processed_folder] if self._connection.after_receipt == "move" else [])]
        reports = [_report(self._sign_in_shown)]
        if reports[0].ok:
            reports += [_report(partial(self._folder_shown, name)) for name in dict.fromkeys(wanted)]
        return reports

    @property
    def calls(self) -> int:
        return self._http.calls

    def close(self) -> None:
        self._client.close()

    def _begin(self, folder: Entry, name: str) -> tuple[Sequence[RemoteFile], Iterator[Sequence[RemoteFile]]]:
        pages = self._files(folder, name)
        return next(pages, ()), pages

    def _files(self, folder: Entry, name: str) -> Iterator[Sequence[RemoteFile]]:
        for page in self._client.collection(self._folders.children_path(folder), self._endpoints.children):
            files = [entry for entry in page if not entry.is_folder]
            with self._lock:
                self._links.update((entry.id, entry.links) for entry in files)
                while len(self._links) > LINKS_KEPT:
                    self._links.popitem(last=False)
            yield [RemoteFile(entry.id, entry.name, name, entry.size, entry.modified) for entry in files]

    def _links_of(self, file: RemoteFile) -> Mapping[str, str]:
        with self._lock:
            return self._links.get(file.id, {})

    def _move(self, path: str, stored_name: str) -> None:
        name = self._connection.processed_folder
        try:
            target = self._folders.named(name)
            try:
                moved = self._client.change("PUT", path, self._endpoints.file, {"name": stored_name, "parent": target.id})
            except TryLater:
                if (again := self._folders.again(name)).id == target.id:
                    raise
                target = again
                moved = self._client.change("PUT", path, self._endpoints.file, {"name": stored_name, "parent": target.id})
        except NotFound as gone:  # not the file: that one's absence is no error
            raise TryLater(gone.what, hint=f"Received files are kept there (after_receipt: move). {gone.hint}") from gone
        parent = links_of(moved or {}).get("parent", "")
        if parent and unquote(parent.rstrip("/").rpartition("/")[2]) != target.id:
            raise TryLater(
                f"Cleo renamed a received file and did not move it to folder {name!r}",
                hint="This server moves files in another way; use after_receipt: delete or leave.",
            )

    def _sign_in_shown(self) -> str:
        self._client.sign_in()
        return "signed in"

    def _folder_shown(self, name: str) -> str:
        first = next(self.list_folder(name), ())
        return f"folder {name}: {len(first)}{' or more' if len(first) >= self._connection.page_size else ''} files"


def _report(look: Callable[[], str]) -> ConnectionReport:
    try:
        return ConnectionReport(SYSTEM, True, look())
    except MlconnError as problem:
        return ConnectionReport(SYSTEM, False, str(problem))
