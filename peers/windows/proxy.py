"""A proxy of a company: it passes CONNECT on to those who sign in with name and password, and to nobody else."""

from __future__ import annotations

import base64
import contextlib
import socket
import socketserver
import threading


class Proxy:
    """seen: for each CONNECT the name that signed in, empty for none."""

    def __init__(self, user: str, password: str) -> None:
        self.seen: list[str] = []
        wanted = b"Basic " + base64.b64encode(f"{user}:{password}".encode())
        owner = self

        class Connection(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked = self.rfile.readline().split()
                headers = {}
                while (line := self.rfile.readline().strip()) != b"":
                    name, _, value = line.partition(b":")
                    headers[name.lower()] = value.strip()
                let_in = headers.get(b"proxy-authorization") == wanted
                owner.seen.append(user if let_in else "")
                if not let_in or asked[0] != b"CONNECT":
                    self.wfile.write(
                        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
                    )
                    return
                host, _, port = asked[1].decode().rpartition(":")
                with socket.create_connection((host, int(port))) as other:
                    self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                    back = threading.Thread(target=_pass_on, args=(other, self.connection), daemon=True)
                    back.start()
                    _pass_on(self.connection, other)
                    back.join()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _pass_on(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            to.sendall(chunk)
    for each in (source, to):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
