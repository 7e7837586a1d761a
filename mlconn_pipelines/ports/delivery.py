"""Where files come from and go to: folders of an exchange such as Cleo, or an endpoint that takes JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mlconn_pipelines.documents.storable import is_identity, storable_identity, storable_text, storable_whole
from mlconn_pipelines.ports.records import ConnectionReport


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as a folder lists it. size: bytes, None where the server does not say. modified: as the server writes it.

    unusable: why the file cannot be asked for under this id, which then is not the server's own; empty where it can.
    """

    id: str
    name: str
    folder: str
    size: int | None
    modified: str
    unusable: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not is_identity(self.id):
            object.__setattr__(self, "id", storable_identity(self.id))
            object.__setattr__(self, "unusable", "its id is too long, or holds characters that cannot be kept")
        object.__setattr__(self, "name", storable_text(self.name))
        object.__setattr__(self, "modified", storable_text(self.modified))
        object.__setattr__(self, "size", None if self.size is None else storable_whole(self.size))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side said when it took a file or message. id: its own id for it, empty where it gives none."""

    id: str
    detail: str = ""


class Delivery(Protocol):
    """One place that takes documents. One attempt a call, never retried inside."""

    def reserve(self) -> None:
        """Wait for limiter and session; raises TryLater over 60 s."""
        ...

    def deliver(self, file_name: str, content: bytes) -> Receipt:
        """OutcomeUnknown when no answer came, DocumentRejected when refused, Retryable when surely not stored."""
        ...

    def evidence(self, file_name: str, content: bytes) -> str | None:
        """What shows that an unanswered delivery arrived (the file is listed), None where nothing does; absence proves nothing."""
        ...


class FileExchange(Protocol):
    """Folders and files of one tenant."""

    def folder(self, name: str) -> Delivery:
        """The folder as a place to deliver to."""
        ...

    def list_folder(self, name: str) -> Iterator[Sequence[RemoteFile]]:
        """Pages of a folder's files, subfolders left out; NotFound when the folder is gone."""
        ...

    def download(self, file: RemoteFile, size_max: int | None = None) -> bytes:
        """NotFound when someone else took it meanwhile: look again at the next poll. TooLarge beyond so many bytes, unread."""
        ...

    def remove(self, file: RemoteFile, stored_name: str) -> None:
        """Delete, move or leave, as configured; called only after the bytes are stored durably. Gone already is fine."""
        ...

    def check(self, folders: Sequence[str]) -> Sequence[ConnectionReport]:
        """Sign in and list each folder; one report each."""
        ...

    @property
    def calls(self) -> int: ...

    def close(self) -> None: ...
