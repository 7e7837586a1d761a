"""Runs a simulated system as a real HTTP server on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

CUT = "cut"
"""Where a request's `scope["state"]` holds the function that closes its TCP connection at once."""

_START_S = 10.0
_STOP_S = 10.0


@dataclass(frozen=True)
class Endpoint:
    """Where a simulated system listens. url: without a closing slash, `http://127.0.0.1:PORT`, https with a certificate."""

    url: str
    port: int


class _CuttableConnection(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's own connection, which also hands the request handlers a way to cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        # The server copies app_state into every request's scope["state"]; a dict per connection keeps them apart.
        self.app_state: dict[str, Any] = {**self.app_state, CUT: transport.abort}


class _PromptServer(uvicorn.Server):
    """uvicorn's own server, which looks ten times a second whether it should end; this one is told, and ends at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def stop(self) -> None:
        """End the server, from any thread. An answer that nobody waits for any more does not hold the end up."""
        self.should_exit = self.force_exit = True
        if self._ending is not None:
            loop, end = self._ending
            with contextlib.suppress(RuntimeError):  # its loop is closed: it has ended by itself
                loop.call_soon_threadsafe(end.set)

    async def main_loop(self) -> None:
        end = asyncio.Event()
        self._ending = (asyncio.get_running_loop(), end)
        while not await self.on_tick(0):  # writes the Date header of the coming second
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        connections = list(self.server_state.connections)
        for connection in connections:
            connection.shutdown()
        await asyncio.sleep(0)  # idle connections close in the next round of the loop
        for connection in connections:
            connection.transport.abort()
        await asyncio.sleep(0)


def cut_of(scope: dict[str, Any]) -> Callable[[], None] | None:
    """The function that cuts this request's TCP connection; None when the app does not run under `serve`."""
    return cast("Callable[[], None] | None", scope.get("state", {}).get(CUT))


@contextlib.contextmanager
def serve(
    app: Any, port: int = 0, host: str = "127.0.0.1", keep_alive_s: int = 5, certificate: tuple[Path, Path] | None = None
) -> Iterator[Endpoint]:
    """Serve an ASGI app until the block ends; the socket listens before the block starts.

    port: 0 takes a free one. keep_alive_s: idle connections are closed after it, 5 s as Apache does.
    certificate: its file and its key's, for https.
    Errors: OSError when the port is taken, RuntimeError when the server does not start within 10 s.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    config = uvicorn.Config(
        app,
        http=_CuttableConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=keep_alive_s,
        timeout_graceful_shutdown=1,
        backlog=512,
        ssl_certfile=certificate[0] if certificate else None,
        ssl_keyfile=certificate[1] if certificate else None,
    )
    server = _PromptServer(config)
    taken_port = int(listener.getsockname()[1])
    thread = threading.Thread(target=server.run, args=([listener],), name=f"sandbox-{taken_port}", daemon=True)
    thread.start()
    try:
        _await_start(server, thread, taken_port)
        yield Endpoint(f"{'https' if certificate else 'http'}://{host}:{taken_port}", taken_port)
    finally:
        server.stop()
        thread.join(_STOP_S)
        listener.close()


def _await_start(server: uvicorn.Server, thread: threading.Thread, port: int) -> None:
    deadline = time.monotonic() + _START_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"The simulated system on port {port} did not start within {_START_S:.0f} s")
        time.sleep(0.002)
