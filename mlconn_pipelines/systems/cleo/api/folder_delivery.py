"""Delivery into a Cleo folder: one upload, never repeated, and the listing as evidence that it arrived."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import httpx

from mlconn_pipelines.errors import ConnectorError, DocumentRejected, NotFound
from mlconn_pipelines.ports.delivery import Receipt, RemoteFile
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.cleo.api.client import CleoClient
from mlconn_pipelines.systems.cleo.api.file_names import checked_name, content_disposition
from mlconn_pipelines.systems.cleo.api.folders import Folders
from mlconn_pipelines.systems.cleo.api.resources import Entry, file_of
from mlconn_pipelines.systems.cleo.connection import CleoEndpoints
from mlconn_pipelines.transport.http_responses import misshapen

CONTENT_TYPE = "application/edi-x12"


class FolderDelivery:
    """One folder; implements ports.delivery.Delivery. listed: gives the pages of a folder's files."""

    def __init__(
        self,
        client: CleoClient,
        folders: Folders,
        endpoints: CleoEndpoints,
        name: str,
        listed: Callable[[str], Iterator[Sequence[RemoteFile]]],
    ) -> None:
        self._client, self._folders, self._endpoints = client, folders, endpoints
        self._name, self._listed = name, listed

    def reserve(self) -> None:
        """Token, folder and the limiter's turn for an upload by this same thread. Errors: TryLater, Retryable, CredentialRefused."""
        self._client.sign_in()
        with contextlib.suppress(NotFound):  # `deliver` says so, of each document
            self._folders.named(self._name)
        self._client.http.throttle.reserve(self._endpoints.upload)

    def deliver(self, file_name: str, content: bytes) -> Receipt:
        """One upload. A 404 is looked into and tried once more, since it stored nothing.

        Errors: OutcomeUnknown, DocumentRejected, Retryable, NotFound naming the folders that there are.
        """
        checked_name(file_name)
        return self._folders.with_folder(self._name, lambda folder: self._upload(folder, file_name, content))

    def evidence(self, file_name: str, content: bytes) -> str | None:
        """The file as the folder lists it: same name, same size (where sizes are told)."""
        try:
            for page in self._listed(self._name):
                for file in page:
                    if file.name == file_name and file.size in (None, len(content)):
                        size = f"{file.size} bytes" if file.size is not None else "size not told"
                        return f"Cleo lists {file_name} in {self._name} ({size}, modified {file.modified or 'unknown'})"
        except NotFound:
            return None
        return None

    def _upload(self, folder: Entry, file_name: str, content: bytes) -> Receipt:
        headers = {"Content-Type": CONTENT_TYPE, "Content-Disposition": content_disposition(file_name)}
        response = self._client.write(
            "POST", self._folders.upload_path(folder), self._endpoints.upload, headers, content, reserved=True
        )
        if response.status_code == 409 and self._client.http.own_form(response):
            return self._taken(response, file_name, content)
        self._client.http.checked(response, write=True)
        stored = file_of(response)
        if stored is None or stored.name not in ("", file_name):
            raise misshapen(response, f"the file {file_name} as it was stored", write=True)
        return Receipt(stored.id, detail=f"{file_name} in {self._name}")

    def _taken(self, response: httpx.Response, file_name: str, content: bytes) -> Receipt:
        """A file of that name is there. Names are unlike any other document's: the same size says that it is this very one."""
        try:
            if found := self.evidence(file_name, content):
                return Receipt("", detail=f"was there already: {found}")
        except ConnectorError:
            pass  # what cannot be listed proves nothing
        raise DocumentRejected(
            f"Cleo refused {file_name}: a file of that name is in {self._name} ({self._client.http.error_text(response)})",
            hint="Look at that file; if it is another document, have it removed, then reprocess this one.",
            code=Reason.FILE_NAME_TAKEN,
        )
