"""The agent's own service over a data folder, enrolled at a real gateway: what a copy of that folder would be, too."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sage_100_agent.journal import Journal
from sage_100_agent.service import Service
from sage_100_agent.supervision.supervisor import Supervisor
from sage_100_agent.tunnel.client import Tunnel
from sage_100_agent.tunnel.job_keys import JobKeys
from sage_100_agent.tunnel.keyring import Keys
from sage_100_agent.tunnel.statements import Signer, new_private

FINGERPRINT = "ab" * 32


@dataclass
class FileKeys:
    """Keys in a file of the data folder."""

    file: Path

    def read(self) -> Keys:
        told = json.loads(self.file.read_text())
        return Keys(
            bytes.fromhex(told["present"]), told["made_at"], *(bytes.fromhex(told[name]) for name in ("following", "before"))
        )

    def write(self, keys: Keys) -> None:
        told = {name: getattr(keys, name).hex() for name in ("present", "following", "before")}
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps({**told, "made_at": keys.made_at}))
        new.replace(self.file)


def enroll(folder: Path, url: str, code: str, fingerprint: str = FINGERPRINT) -> str:
    """A new agent's data folder; its name."""
    folder.mkdir(exist_ok=True)
    private = new_private()
    with httpx.Client(base_url=url) as http:
        told = Tunnel(http, "", Signer(private)).enroll(code, fingerprint, "SAGE1")
    FileKeys(folder / "keys.json").write(Keys(private, int(time.time())))
    (folder / "name.txt").write_text(told["agent_id"])
    return str(told["agent_id"])


@dataclass
class LiveAgent:
    """One that runs. code: its exit code, once it has ended."""

    service: Service
    http: httpx.Client
    code: int | None = None
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.code = self.service.run()

    def ends(self, within_s: float = 20.0) -> BaseException | None:
        """What it ended with."""
        self._thread.join(within_s)
        assert not self._thread.is_alive(), "it goes on"
        return self.service.failed

    def close(self) -> None:
        self.service.stop()
        self._thread.join(60)
        self.http.close()


@contextmanager
def started(
    folder: Path,
    url: str,
    root: bytes,
    make_supervisor: Callable[[Journal, Callable[[], float]], Supervisor],
    fingerprint: str = FINGERPRINT,
    local: Callable[[], float] = time.time,
    journal: type[Journal] = Journal,
    **more: Any,
) -> Iterator[LiveAgent]:
    """The agent of a data folder, until the block ends. more: for its service."""
    keys, name = FileKeys(folder / "keys.json"), (folder / "name.txt").read_text()
    http = httpx.Client(base_url=url)
    tunnel = Tunnel(http, name, Signer(keys.read().present), local)
    hello = {"version": "0.1.0", "fingerprint": fingerprint}
    service = Service(
        tunnel, JobKeys(root), name, hello, lambda: journal(folder / "journal.sqlite"), make_supervisor, keys, **more
    )
    agent = LiveAgent(service, http)
    try:
        yield agent
    finally:
        agent.close()
