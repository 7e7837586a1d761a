"""uvicorn with bounds on time and number: who does not say what they want, or does not finish saying it, loses the connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

import uvicorn
from starlette.responses import JSONResponse
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlconn_pipelines.gateway import bodies
from mlconn_pipelines.gateway.callers import POLLS_PER_ADDRESS, Callers, Seat
from mlconn_pipelines.gateway.held_polls import HeldPolls

HEADERS_WITHIN_S = 10.0
ANSWER_WITHIN_S = 30.0
IDLE_S = 30.0
HELD_PATH = "/agent/poll"
HELD_WITHIN_S = 60.0
"""An agent's poll is answered when a job waits for it, after 45 seconds at the latest."""

HEADER_BYTES_MAX = 64 * 1024
_PATIENCE_S = 2.0
"""So much later than the application, which answers a late body in words, its connection is closed."""

_TOO_MANY = JSONResponse({"error": "too many calls at once; come again in a second"}, 429, headers={"Retry-After": "1"})

Phase = Literal["idle", "headers", "body", "answer"]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from a connection's or request's first sign to complete headers; then to the complete body; then to the answer."""

    headers: float = HEADERS_WITHIN_S
    body: float = bodies.BODY_WITHIN_S + _PATIENCE_S
    answer: float = ANSWER_WITHIN_S
    idle: float = IDLE_S
    held: float = HELD_WITHIN_S


class Connection(HttpToolsProtocol):
    """One connection, whose every phase has an end. seat: its place among the callers."""

    def __init__(self, server: Server, seat: Seat) -> None:
        super().__init__(server.config, server.server_state, server.lifespan.state)
        self._callers, self._times, self._seat, self._held = server.callers, server.times, seat, server.held
        self._phase: Phase = "idle"
        self._received = 0
        self._under_way: deque[str] = deque()
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._seat.end = transport.abort
        self._enter("headers")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late is not None:
            self._late.cancel()
        while self._under_way:
            self._end_call()
        self._callers.leave(self._seat)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._phase == "idle":
            self._enter("headers")
        if self._phase == "headers":
            self._received += len(data)
        super().data_received(data)
        if self._phase == "headers" and self._received > HEADER_BYTES_MAX and not self.transport.is_closing():
            self._callers.count("long_headers")
            self._refuse(b"431 Request Header Fields Too Large")

    def on_headers_complete(self) -> None:
        self._enter("body")
        forwarded = self._callers.forwarded_for(self._seat, self.headers)
        if forwarded and self.url.partition(b"?")[0] == HELD_PATH.encode():
            forwarded = f"polls of {forwarded}"
            taken = self._callers.begin_call(forwarded, POLLS_PER_ADDRESS)
        else:
            taken = not forwarded or self._callers.begin_call(forwarded)
        self._under_way.append(forwarded if taken else "")
        application = self.app
        self.app = application if taken else _TOO_MANY
        if self.config.limit_concurrency is not None:
            self.limit_concurrency = self.config.limit_concurrency + len(self._held)  # polls that are held are no calls
        try:
            super().on_headers_complete()
        finally:
            self.app = application

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._enter("idle" if self.cycle.response_complete else "answer")

    def on_response_complete(self) -> None:
        self._end_call()
        super().on_response_complete()
        if self._phase == "answer":
            self._enter("idle")

    def _end_call(self) -> None:
        forwarded = self._under_way.popleft() if self._under_way else ""
        if forwarded:
            self._callers.end_call(forwarded)

    def _enter(self, phase: Phase) -> None:
        if self._late is not None:
            self._late.cancel()
        self._phase = phase
        self._received = 0
        if phase in ("idle", "headers"):
            self._callers.wait(self._seat)
        else:
            self._callers.go_on(self._seat)
        held = phase == "answer" and self.scope["path"] == HELD_PATH
        self._late = self.loop.call_later(self._times.held if held else getattr(self._times, phase), self._too_late)

    def _too_late(self) -> None:
        if self.transport.is_closing():
            return
        if self._phase == "idle":
            self.transport.close()
            return
        self._callers.count(f"late_{self._phase}")
        if self._phase == "headers" and self._received:
            self._refuse(b"408 Request Timeout")
        else:
            self.transport.abort()

    def _refuse(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()


class Server(uvicorn.Server):
    """uvicorn's server, which accepts connections itself, so that they are counted before TLS has begun."""

    def __init__(self, config: uvicorn.Config, callers: Callers, held: HeldPolls, times: Times | None = None) -> None:
        super().__init__(config)
        self.callers, self.times, self.held = callers, times or Times(), held
        self._accepting: list[asyncio.Task[None]] = []
        self._opening: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        for listener in sockets or []:
            listener.setblocking(False)
            listener.listen(self.config.backlog)
            self._accepting.append(asyncio.create_task(self._accept(listener)))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.held.stop()
        for task in (*self._accepting, *self._opening):
            task.cancel()
        await asyncio.gather(*self._accepting, *self._opening, return_exceptions=True)
        await super().shutdown(sockets)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                line, address = await loop.sock_accept(listener)
            except OSError:  # no descriptor is left, or the caller went before we came
                self.callers.close_oldest()
                await asyncio.sleep(0.05)
                continue
            seat = self.callers.admit(address[0] if isinstance(address, tuple) else "")
            if seat is None:
                line.close()
                continue
            task = asyncio.create_task(self._open(line, seat))
            seat.end = task.cancel
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, line: socket.socket, seat: Seat) -> None:
        """TLS, if there is any, within the time for headers; from then on the connection looks after itself."""
        options: dict[str, Any] = {}
        if self.config.ssl is not None:
            options = {"ssl": self.config.ssl, "ssl_handshake_timeout": self.times.headers}
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: Connection(self, seat), line, **options)
        except (OSError, asyncio.CancelledError):  # no TLS was agreed upon, or it was displaced meanwhile
            self.callers.leave(seat)
            with contextlib.suppress(OSError):
                line.close()
