"""The gateway's application on a socket of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette

from mlconn_pipelines.gateway.connections import Times
from mlconn_pipelines.gateway.program import Listening, gateway_server


@contextmanager
def listening(application: Starlette, port: int = 0, tls: Listening | None = None, times: Times | None = None) -> Iterator[str]:
    """The application behind the program's own server, until the block ends; its address. tls: its files. times: of connections."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
        server = gateway_server(application, tls or Listening(), times)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        try:
            yield f"{'https' if tls and tls.certificate else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
