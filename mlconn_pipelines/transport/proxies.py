"""The way out to a host: directly, or through a proxy of the configuration or of the environment."""

from __future__ import annotations

import base64
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment

from mlconn_pipelines.config.proxy import Proxied, Proxy
from mlconn_pipelines.errors import ConfigurationError, VaultError
from mlconn_pipelines.ports.connections import Credentials

_ANSWER_MAX = 16_384
_SCHEMES = ("http", "https")
_PORTS: Mapping[str, int] = {"http": 80, "https": 443, "smtp": 25}


@dataclass(frozen=True, slots=True)
class Route:
    """proxy: its address without a name or password, empty for none. why: where that is said. credential: vault entry, if any."""

    proxy: str = ""
    why: str = ""
    credential: str = ""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def words(self) -> str:
        """For a person.

        >>> Route("http://proxy.example.com:3128", "https_proxy of the environment").words()
        'through the proxy http://proxy.example.com:3128 (https_proxy of the environment)'
        """
        way = f"through the proxy {self.proxy}" if self.proxy else "directly"
        return f"{way} ({self.why})" if self.why else way

    def refused(self) -> str:
        """What to do where the proxy does not take who we are."""
        if self.credential:
            return f"Correct vault entry {self.credential!r}: `mlconn credentials set {self.credential}`."
        return "Name a vault entry with username and password as `credential` under `proxy`."


class Proxies:
    """Which way leads to a host, by the settings of a connection. credentials: not read where None, for those who only tell."""

    def __init__(self, settings: Proxied | None = None, credentials: Credentials | None = None) -> None:
        self._settings, self._credentials = settings or Proxied(), credentials

    def route(self, url: str) -> Route:
        """The way to that address. Errors: ConfigurationError for a proxy of another kind, VaultError without its entry."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        proxy = self._settings.proxy
        if proxy is not None and proxy.url is None:
            return Route(why="proxy: none")
        if passed_by(host, port, self._settings.no_proxy):
            return Route(why="no_proxy of the configuration")
        if proxy is not None:
            return self._configured(proxy)
        return _of_the_environment(parts.scheme, host, port)

    def _configured(self, proxy: Proxy) -> Route:
        address = str(proxy.url).rstrip("/")
        if not proxy.credential or self._credentials is None:
            signed = f", signed in by vault entry {proxy.credential!r}" if proxy.credential else ""
            return Route(address, f"proxy of the configuration{signed}", proxy.credential)
        entry = self._credentials.credential(proxy.credential)
        if not entry.get("username"):
            raise VaultError(
                f"credential {proxy.credential!r} of the proxy has no username",
                f"Run `mlconn credentials set {proxy.credential}`; it asks for username and password.",
            )
        return Route(address, "proxy of the configuration", proxy.credential, entry["username"], entry.get("password", ""))


def passed_by(host: str, port: int, listed: Iterable[str]) -> bool:
    """Whether the host is reached directly by such a list: names with their subdomains, addresses, networks, or * for all.

    >>> passed_by("erp.example.com", 443, [".example.com"]), passed_by("10.1.2.3", 50000, ["10.0.0.0/8"])
    (True, True)
    """
    for entry in (one.strip().lower() for one in listed):
        name, _, only = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
        if only and only != str(port):
            continue
        if name == "*" or _in_network(host, name):
            return True
        suffix = name.lstrip("*").strip(".")
        if suffix and (host == suffix or host.endswith(f".{suffix}")):
            return True
    return False


def _in_network(host: str, name: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name.strip("[]"), strict=False)
    except ValueError:
        return False


def _of_the_environment(scheme: str, host: str, port: int) -> Route:
    """By HTTPS_PROXY, HTTP_PROXY, SMTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not."""
    said = getproxies_environment()
    name = next((one for one in (scheme, "all") if said.get(one)), "")
    if not name:
        return Route()
    if passed_by(host, port, said.get("no", "").split(",")):
        return Route(why="no_proxy of the environment")
    written = said[name] if "://" in said[name] else f"http://{said[name]}"
    parts = urlsplit(written)
    why = f"{name}_proxy of the environment"
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ConfigurationError(
            f"{why} is no http or https proxy ({parts.scheme}://{parts.hostname or '…'})",
            "Name one as `proxy` of the connection, or write `proxy: none` there.",
        )
    at = f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"
    return Route(at, why, username=unquote(parts.username or ""), password=unquote(parts.password or ""))


def tunnel(route: Route, host: str, port: int, timeout_s: float) -> socket.socket:
    """A connection to host and port by CONNECT, or directly where the route has no proxy. Errors: OSError."""
    if not route.proxy:
        return socket.create_connection((host, port), timeout_s)
    parts = urlsplit(route.proxy)
    line = socket.create_connection((parts.hostname, parts.port or _PORTS[parts.scheme]), timeout_s)
    try:
        if parts.scheme == "https":
            line = ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        known = base64.b64encode(f"{route.username}:{route.password}".encode()).decode() if route.username else ""
        signed = f"Proxy-Authorization: Basic {known}\r\n" if known else ""
        line.sendall(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{signed}\r\n".encode("ascii"))
        status = _status_of(line)
        if status != "200":
            raise ConnectionError(f"the proxy {route.proxy} answered {status or 'nothing'} to CONNECT {where}")
    except BaseException:
        line.close()
        raise
    return line


def _status_of(line: socket.socket) -> str:
    """The proxy's answer, byte by byte: a mail server speaks first, and what it says behind the answer is not ours to take.

    So `http.client`, which reads ahead and throws away what it read, would not do.
    """
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) < _ANSWER_MAX:
        byte = line.recv(1)
        if not byte:
            break
        head += byte
    words = head.partition(b"\r\n")[0].decode("latin-1").split()
    return words[1] if len(words) > 1 and words[0].startswith("HTTP/") else ""
