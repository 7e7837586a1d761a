"""What a tenant holds: folders, the files in them, and everything that was ever received."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import random
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

ListingOrder = Literal["name", "modified", "reversed", "random"]
SameName = Literal["second_entry", "overwrite", "conflict"]


def now_utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class NameTaken(Exception):
    """A file of this name is there, and the folder is set to allow one only."""


@dataclass(eq=False)
class StoredFile:
    """looks_until_whole: so many more listings or metadata look-ups show only a part of it, a growing one."""

    id: str
    folder_id: str
    name: str
    content: bytes
    created: dt.datetime
    modified: dt.datetime
    number: int
    looks_until_whole: int = 0
    looks: int = 0
    version: int = 1

    @property
    def visible(self) -> bytes:
        """The bytes that have arrived so far."""
        if self.looks >= self.looks_until_whole:
            return self.content
        return self.content[: len(self.content) * (self.looks + 1) // (self.looks_until_whole + 1)]

    def looked_at(self, at: dt.datetime) -> None:
        """A slow file has grown by the next look."""
        if self.looks < self.looks_until_whole:
            self.looks += 1
            self.modified = at


@dataclass(eq=False)
class Folder:
    id: str
    name: str
    created: dt.datetime
    files: dict[str, StoredFile] = field(default_factory=dict)


@dataclass(eq=False)
class ReceivedFile:
    """A file or an API call that the tenant took in over HTTP. folder: `api:NAME` for a call, whose JSON is in `fields`."""

    folder: str
    name: str
    content: bytes
    at: dt.datetime
    fields: dict[str, Any] | None = None
    sha256: str = ""

    def __post_init__(self) -> None:
        self.sha256 = hashlib.sha256(self.content).hexdigest()

    @property
    def size(self) -> int:
        return len(self.content)

    def as_json(self) -> dict[str, Any]:
        return {
            "folder": self.folder,
            "name": self.name,
            "size": self.size,
            "sha256": self.sha256,
            "at": self.at.isoformat(timespec="milliseconds"),
        }


class Store:
    """Folders by id and everything received, in order. Safe to use from any thread. seed: makes ids repeatable."""

    def __init__(self, folders: Iterable[str], *, seed: int = 1, same_name: SameName = "second_entry") -> None:
        self.same_name: SameName = same_name
        self.listing_order: ListingOrder = "name"
        self.folders: dict[str, Folder] = {}
        self.received: list[ReceivedFile] = []
        self.lock = threading.RLock()
        self._dice = random.Random(f"cleo-{seed}")
        self._files: dict[str, StoredFile] = {}
        self._number = 0
        for name in dict.fromkeys(folders):
            self.add_folder(name)

    def add_folder(self, name: str) -> Folder:
        folder = Folder(self._new_id(), name, now_utc())
        with self.lock:
            self.folders[folder.id] = folder
        return folder

    def folder_named(self, name: str) -> Folder:
        """Errors: KeyError naming the folders that there are."""
        with self.lock:
            for folder in self.folders.values():
                if folder.name == name:
                    return folder
            raise KeyError(f"No folder {name!r}; there are {', '.join(sorted(f.name for f in self.folders.values()))}")

    def drop_folder(self, name: str) -> None:
        """An administrator removed the folder, with whatever lay in it."""
        folder = self.folder_named(name)
        with self.lock:
            del self.folders[folder.id]
            for file_id in folder.files:
                self._files.pop(file_id, None)

    def put(self, folder: Folder, name: str, content: bytes, *, looks_until_whole: int = 0) -> StoredFile:
        """Errors: NameTaken by the `same_name` setting; KeyError where the folder was removed meanwhile."""
        with self.lock:
            if folder.id not in self.folders:
                raise KeyError(folder.name)
            same = self._same_name(folder, name)
            if same and self.same_name == "conflict":
                raise NameTaken(name)
            at = now_utc()
            if same and self.same_name == "overwrite":
                file = same[0]
                file.content, file.modified, file.version = content, at, file.version + 1
                return file
            self._number += 1
            file = StoredFile(self._new_id(), folder.id, name, content, at, at, self._number, looks_until_whole)
            folder.files[file.id] = file
            self._files[file.id] = file
            return file

    def file(self, file_id: str) -> StoredFile | None:
        with self.lock:
            return self._files.get(file_id)

    def remove(self, file_id: str) -> StoredFile | None:
        """The file that was there, or None."""
        with self.lock:
            file = self._files.pop(file_id, None)
            if file is not None and file.folder_id in self.folders:
                self.folders[file.folder_id].files.pop(file_id, None)
            return file

    def change(self, file: StoredFile, *, name: str | None, folder: Folder | None) -> None:
        """Rename, move, or both. Errors: NameTaken."""
        with self.lock:
            target = folder or self.folders[file.folder_id]
            new_name = name or file.name
            if self.same_name == "conflict" and any(other is not file for other in self._same_name(target, new_name)):
                raise NameTaken(new_name)
            self.folders[file.folder_id].files.pop(file.id, None)
            file.name, file.folder_id = new_name, target.id
            file.modified, file.version = now_utc(), file.version + 1
            target.files[file.id] = file

    def listing(self, folder: Folder) -> list[StoredFile]:
        """The folder's files in the order that the tenant is set to."""
        with self.lock:
            files = list(folder.files.values())
        match self.listing_order:
            case "name":
                files.sort(key=lambda file: (file.name, file.number))
            case "modified":
                files.sort(key=lambda file: (file.modified, file.number))
            case "reversed":
                files.reverse()
            case "random":
                self._dice.shuffle(files)
        return files

    def duplicates(self) -> dict[str, list[dict[str, Any]]]:
        """What was received more than once: the same bytes anywhere, and one name in one folder."""
        by_bytes: defaultdict[str, list[ReceivedFile]] = defaultdict(list)
        by_name: defaultdict[tuple[str, str], list[ReceivedFile]] = defaultdict(list)
        for received in list(self.received):
            by_bytes[received.sha256].append(received)
            by_name[received.folder, received.name].append(received)
        return {
            "same_bytes": [_repeated(group) for group in by_bytes.values() if len(group) > 1],
            "same_name": [_repeated(group) for group in by_name.values() if len(group) > 1],
        }

    def _same_name(self, folder: Folder, name: str) -> list[StoredFile]:
        if self.same_name == "second_entry":
            return []
        return [file for file in folder.files.values() if file.name == name]

    def _new_id(self) -> str:
        """22 characters: 16 bytes in URL-safe base64 without padding, as Cleo's ids are."""
        with self.lock:
            return base64.urlsafe_b64encode(self._dice.randbytes(16)).rstrip(b"=").decode()


def _repeated(group: list[ReceivedFile]) -> dict[str, Any]:
    return {"times": len(group), "sha256": group[0].sha256, "files": [f"{file.folder}/{file.name}" for file in group]}
