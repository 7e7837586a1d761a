"""The tenant: its switches, what tests and partners do to it directly, and the flow that takes uploaded files away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette

from mlconn_simulators.cleo.requests import Requests, error_body, path_template
from mlconn_simulators.cleo.store import ListingOrder, ReceivedFile, SameName, Store, StoredFile
from mlconn_simulators.cleo.tokens import Tokens
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.hooks import Hooks
from mlconn_simulators.timetable import Timetable
from mlconn_simulators.world.model import World

USER = "integration"
PASSWORD = "Cleo-Sandbox-1"
PROVIDER_SECRET = "provider-sandbox-key"


class CleoSandbox:
    """A tenant in memory, written from the facts about Cleo and not from any client.

    world_or_folders: a World (its partners' inboxes and outlets, and `processed`) or plain folder names.
    taken_after_s: seconds until Cleo's flow takes an uploaded file out of its folder and hands it to `on_taken`; 0 takes it
    before the upload is answered, None leaves it there. totp_header: the header that carries the one-time code.
    allowed_file_types: name patterns; an upload outside them is refused. page_size: of a listing that states no count.
    provider_secret: what `provider_header` must hold at `/api/provider/{name}`.
    behind_proxy: an empty POST or PUT without Content-Type draws 415. Sign-in switches are at `tokens`, listing order and the
    handling of equal names at `store`, faults at `faults`; own ones are `vanished` (the file is gone when it is downloaded),
    `expired` (every token has run out when this request comes) and `refresh_refused`. `hooks` are the addresses that a flow of the
    tenant calls when a file lands for the company, by folder; the body is of our own making, as such a flow's is of its author's.
    """

    def __init__(
        self,
        world_or_folders: World | Iterable[str],
        *,
        user: str = USER,
        password: str = PASSWORD,
        totp_secret: str | None = None,
        totp_header: str = "X-Cleo-TOTP",
        token_lifetime_s: float = 3600.0,
        taken_after_s: float | None = 1.0,
        listing_order: ListingOrder = "name",
        same_name: SameName = "second_entry",
        allowed_file_types: Sequence[str] = (),
        page_size: int = 20,
        provider_header: str = "X-Provider-Key",
        provider_secret: str = PROVIDER_SECRET,
        behind_proxy: bool = True,
        rate_limit: float | None = None,
        retry_after: bool = True,
        seed: int = 1,
    ) -> None:
        if isinstance(world_or_folders, World):
            partners = world_or_folders.partners
            names = [*(p.inbox for p in partners), *(p.outlet for p in partners), "processed"]
            seed = world_or_folders.seed
        else:
            names = list(world_or_folders)
        self.store = Store(names, seed=seed, same_name=same_name)
        self.store.listing_order = listing_order
        self.tokens = Tokens(user, password, totp_secret=totp_secret, lifetime_s=token_lifetime_s)
        self.totp_header, self.provider_header, self.provider_secret = totp_header, provider_header, provider_secret
        self.taken_after_s, self.page_size = taken_after_s, page_size
        self.allowed_file_types, self.behind_proxy = tuple(allowed_file_types), behind_proxy
        self.listing_has_sizes = True
        self.on_taken: Callable[[ReceivedFile], None] | None = None
        self.faults = FaultMenu(
            names=("vanished", "expired", "refresh_refused"),
            template=path_template,
            rate_limit=rate_limit,
            retry_after=retry_after,
            error_body=error_body,
            empty_list={"totalResults": 0, "startIndex": 0, "count": 0, "resources": []},
        )
        self.hooks = Hooks("cleo-calls", names)
        self._flow = Timetable("cleo-flow")
        self._delivered = 0

    # What tests and the simulated partners do directly.

    def put(self, folder: str, name: str, content: bytes, *, looks_until_whole: int = 0) -> StoredFile:
        """Lay a file into a folder for the company to fetch, whatever name is there already (by the `same_name` setting).

        looks_until_whole: a slow file; so many listings or metadata look-ups show only a part of it.
        """
        self._delivered += 1
        file = self.store.put(self.store.folder_named(folder), name, content, looks_until_whole=looks_until_whole)
        self.hooks.tell(folder, {"event": "file landed", "folder": folder, "file": name})
        return file

    def files(self, folder: str) -> list[StoredFile]:
        """What lies in a folder now, in listing order."""
        return self.store.listing(self.store.folder_named(folder))

    def drop_folder(self, name: str) -> None:
        """The folder vanishes with all its files."""
        self.store.drop_folder(name)

    @property
    def received(self) -> list[ReceivedFile]:
        """Every file and API call ever taken in over HTTP, oldest first."""
        return self.store.received

    def close(self) -> None:
        """End the flow and its calls; what it has not taken yet stays where it is."""
        self._flow.close()
        self.hooks.close()

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """What `GET /_sandbox/state` answers; `?content=1` adds the text of everything received."""
        store = self.store
        received = [
            file.as_json() | ({"content": file.content.decode("latin-1")} if query.get("content") else {})
            for file in list(store.received)
        ]
        with store.lock:
            folders = [
                {"name": folder.name, "id": folder.id, "files": [_held(file) for file in folder.files.values()]}
                for folder in store.folders.values()
            ]
        return {
            "folders": folders,
            "received": received,
            "delivered": self._delivered,
            "duplicates": store.duplicates(),
            "logins": self.tokens.logins,
            "refreshes": self.tokens.refreshes,
            "sign_ins_refused": self.tokens.refused,
            "calls": list(self.hooks.sent),
            "failures": [*self._flow.failures, *self.hooks.work.failures],
        }

    def app(self) -> Starlette:
        """The ASGI application, with `/_sandbox/hooks` beside state and faults; serve it with `sandbox.server.serve`."""
        acts = {"hooks": self.hooks.add}
        return Starlette(routes=Requests(self).routes(), middleware=[self.faults.middleware(self.state, acts)])

    def take(self, file: StoredFile, received: ReceivedFile) -> None:
        """Cleo's flow: the uploaded file leaves its folder for the trading partner, unless it is gone already."""
        if self.taken_after_s is None:
            return
        if self.taken_after_s == 0:
            self._take_now(file, received)
        else:
            self._flow.after(self.taken_after_s, lambda: self._take_now(file, received))

    def take_call(self, received: ReceivedFile) -> None:
        """An API call goes to the trading partner at once, but after its answer."""
        self._flow.after(0.0, lambda: self._hand_over(received))

    def _take_now(self, file: StoredFile, received: ReceivedFile) -> None:
        if self.store.file(file.id) is not None:
            self._hand_over(received)  # first, so that a file on its way is always seen in one of the two places
            self.store.remove(file.id)

    def _hand_over(self, received: ReceivedFile) -> None:
        if self.on_taken is not None:
            self.on_taken(received)


def _held(file: StoredFile) -> dict[str, Any]:
    return {"id": file.id, "name": file.name, "size": len(file.content), "at": file.modified.isoformat(timespec="milliseconds")}
