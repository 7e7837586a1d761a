"""A small proxy on loopback: CONNECT and plain requests, with or without a password, passing TLS on or opening it."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mlconn_simulators.certificates import Authority

USER, PASSWORD = "edi", "pröxy-secret"


@dataclass
class ProxyServer:
    """url: its address. asked: request lines, in order. refused: how many came without the right password."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    refused: int = 0

    @property
    def netloc(self) -> str:
        return urlsplit(self.url).netloc


@contextmanager
def proxy_server(
    hosts: Mapping[str, int], *, password: bool = False, opens_tls: Authority | None = None
) -> Iterator[ProxyServer]:
    """hosts: by `name:port`, the port on loopback where it is; others are not there. password: it asks for USER and PASSWORD.

    opens_tls: it answers in the name of each host with a certificate of this authority, and speaks plain text to the host.
    """
    proxy = ProxyServer()
    wanted = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"

    class Handler(socketserver.StreamRequestHandler):
        timeout = 20

        def handle(self) -> None:
            request = self.rfile.readline().decode("latin-1").strip()
            headers = {}
            while (line := self.rfile.readline().decode("latin-1").strip()) != "":
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            if not request:
                return
            proxy.asked.append(request)
            if password and headers.get("proxy-authorization") != wanted:
                proxy.refused += 1
                self._say("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="proxy"')
                return
            method, target, version = request.split()
            if method == "CONNECT":
                self._connect(target)
            else:
                self._forward(method, target, version, headers)

        def _say(self, status: str, header: str = "X-Proxy: yes") -> None:
            self.wfile.write(f"HTTP/1.1 {status}\r\n{header}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

        def _upstream(self, where: str) -> socket.socket | None:
            if where not in hosts:
                self._say("502 Bad Gateway")
                return None
            return socket.create_connection(("127.0.0.1", hosts[where]), timeout=10)

        def _connect(self, where: str) -> None:
            upstream = self._upstream(where)
            if upstream is None:
                return
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            line: socket.socket = self.connection
            if opens_tls is not None:
                pair = opens_tls.pair(where.partition(":")[0])
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(pair.certificate, pair.key)
                try:
                    line = context.wrap_socket(line, server_side=True)
                except OSError:  # the caller believes nobody whom it does not know
                    return
            with upstream:
                _pump(line, upstream)

        def _forward(self, method: str, target: str, version: str, headers: Mapping[str, str]) -> None:
            parts = urlsplit(target)
            upstream = self._upstream(f"{parts.hostname}:{parts.port or 80}")
            if upstream is None:
                return
            body = self.rfile.read(int(headers.get("content-length", "0")))
            passed = {name: value for name, value in headers.items() if not name.startswith("proxy-")} | {"connection": "close"}
            path = parts._replace(scheme="", netloc="").geturl() or "/"
            head = "".join(f"{name}: {value}\r\n" for name, value in passed.items())
            with upstream:
                upstream.sendall(f"{method} {path} {version}\r\n{head}\r\n".encode("latin-1") + body)
                while part := upstream.recv(65_536):
                    self.wfile.write(part)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield proxy
        server.shutdown()


def _pump(one: socket.socket, other: socket.socket) -> None:
    ends = {one: other, other: one}
    with contextlib.suppress(OSError):
        while True:
            pending = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
            for end in pending or select.select(list(ends), [], [], 20)[0]:
                part = end.recv(65_536)
                if not part:
                    return
                ends[end].sendall(part)
