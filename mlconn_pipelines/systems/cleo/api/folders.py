"""Folders by name. What was found once is kept for the process, and looked up again when the server answers 404."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from mlconn_pipelines.errors import NotFound
from mlconn_pipelines.systems.cleo.api.client import CleoClient, filled
from mlconn_pipelines.systems.cleo.api.resources import Entry
from mlconn_pipelines.systems.cleo.connection import CleoEndpoints

NAMES_SHOWN = 20

T = TypeVar("T")

_known: dict[tuple[str, str, str], Entry] = {}
_known_lock = threading.Lock()


class Folders:
    """The folders that one account sees. account: tells accounts of one host apart."""

    def __init__(self, client: CleoClient, endpoints: CleoEndpoints, account: str) -> None:
        self._client, self._endpoints, self._account = client, endpoints, account

    def named(self, name: str) -> Entry:
        """Errors: NotFound naming the folders that there are, or that several bear the name."""
        with _known_lock:
            if (entry := _known.get(self._key(name))) is not None:
                return entry
        return self._look_up(name)

    def with_folder(self, name: str, act: Callable[[Entry], T]) -> T:
        """What `act` returns for the folder; on a 404 the folder is looked up again, and `act` tried once more."""
        known = self._is_known(name)
        folder = self.named(name)
        try:
            return act(folder)
        except NotFound:
            if not known or (again := self.again(name)).id == folder.id:
                raise
            return act(again)

    def again(self, name: str) -> Entry:
        """The folder as it is now."""
        with _known_lock:
            _known.pop(self._key(name), None)
        return self._look_up(name)

    def children_path(self, folder: Entry) -> str:
        return self._client.linked(folder.links.get("children"), filled(self._endpoints.children, folder.id))

    def upload_path(self, folder: Entry) -> str:
        return self._client.linked(folder.links.get("upload"), filled(self._endpoints.upload, folder.id))

    def _look_up(self, name: str) -> Entry:
        there = [
            entry
            for page in self._client.collection(filled(self._endpoints.folders, ""), self._endpoints.folders)
            for entry in page
            if entry.is_folder or not entry.size
        ]
        wanted = name.replace("\\", "/").strip("/")
        found = [entry for entry in there if wanted in (entry.path, entry.name)]
        found = [entry for entry in found if entry.path == wanted] or found
        if len(found) != 1:
            shown = sorted({entry.path or entry.name for entry in there})
            more = f" and {len(shown) - NAMES_SHOWN} more" if len(shown) > NAMES_SHOWN else ""
            raise NotFound(
                f"Cleo shows {'several folders' if found else 'no folder'} named {name!r} to this account",
                hint=f"There are: {', '.join(shown[:NAMES_SHOWN]) or 'none'}{more}."
                + (" Write the whole path." if found else ""),
            )
        with _known_lock:
            _known[self._key(name)] = found[0]
        return found[0]

    def _is_known(self, name: str) -> bool:
        with _known_lock:
            return self._key(name) in _known

    def _key(self, name: str) -> tuple[str, str, str]:
        return (str(self._client.http.base_url), self._account, name)
