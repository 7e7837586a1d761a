"""HTTP to one system: connections kept and reused, bounded waits, and errors that say whether anything can have been stored."""

from __future__ import annotations

import functools
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from mlconn_pipelines.errors import ConfigurationError, ConnectorError, OutcomeUnknown, Retryable, TooLarge, TryLater
from mlconn_pipelines.transport.http_responses import checked, error_text, object_of, redacted, retry_after_s
from mlconn_pipelines.transport.proxies import Proxies, Route
from mlconn_pipelines.transport.throttle import UNLIMITED, Throttle

KEEP_ALIVE_S = 4.0
"""Idle connections older than this are not used again: Apache closes them after five seconds."""

UNSIGNED = httpx.Auth()
"""For what needs no session: signing in itself, and endpoints with headers of their own."""

POSTPONED_S = 1.0
"""How long a 429 that names no time holds everyone else back."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~$,()':*/ -]*")
_CONNECT_S = 10.0
_CONNECTIONS_MAX = 40

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_CONNECTION_LOST = (httpx.NetworkError, httpx.RemoteProtocolError)

_PLAIN_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~!$'()*+,;=:@/-]+")


class Http:
    """Requests to one system. Safe to use from several threads.

    system: its name in messages. base_url: what relative paths are joined to. ca_file: PEM file of the certificate authority
    to trust instead of the public ones; checks stay on. proxies: which way leads there, the environment's where left out.
    throttle: taken before each request. own_form: whether an error has the form of the system's own ones, and is not that of
    something in between.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        timeout_s: float,
        ca_file: Path | None = None,
        proxies: Proxies | None = None,
        throttle: Throttle = UNLIMITED,
        headers: Mapping[str, str] | None = None,
        own_form: Callable[[httpx.Response], bool] = lambda response: object_of(response) is not None,
    ) -> None:
        self.system = system
        self.base_url = httpx.URL(base_url.rstrip("/") + "/")
        self.throttle = throttle
        self.own_form = own_form
        self._timeout_s = timeout_s
        self._calls = 0
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        self.route = (proxies or Proxies()).route(str(self.base_url))
        if self.route.password:
            self._secrets.add(self.route.password)
        trust = trust_of(ca_file)
        self._client = httpx.Client(
            trust_env=False,  # whose proxies are looked at in one place, where `mlconn check` looks too
            proxy=proxy_of(self.route, trust),
            headers=dict(headers or {}),
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S)),
            limits=httpx.Limits(
                max_connections=_CONNECTIONS_MAX,
                max_keepalive_connections=_CONNECTIONS_MAX,
                keepalive_expiry=KEEP_ALIVE_S,
            ),
            verify=trust,
            follow_redirects=False,
            # Cookies are built by hand where a system wants them: a jar mixes those of an old and a new session.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    @property
    def calls(self) -> int:
        """Requests made so far."""
        return self._calls

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return str(self.base_url.join("/")).rstrip("/")

    def keep_secret(self, *values: str) -> None:
        """Values that no error text may repeat, even if the server does."""
        with self._lock:
            self._secrets.update(value for value in values if len(value) > 3)

    def joined(self, asked: str, link: str) -> str:
        """A link in the answer to `asked`, as the path and query to ask for. Both forms of `url` will do for `asked`.

        It is joined to the request's own address, as a browser would. Of a link to another host, such as a server behind a proxy
        gives that knows only its own name, nothing but the query is used: our session goes to no other host.
        Errors: TryLater for what is no link.
        """
        if _PLAIN_PATH.fullmatch(link) and "/." not in link:  # as most links are: below our own host, and written as it is sent
            return link
        own = self.url(asked)
        try:
            target = httpx.URL(urljoin(str(own), link))
        except (httpx.InvalidURL, ValueError) as wrong:
            raise TryLater(f"{self.system} answered with a link that is none ({wrong})") from wrong
        if not self._is_ours(target):
            target = own.copy_with(query=target.query) if target.query else own
        return target.raw_path.decode("ascii")

    def url(self, path: str) -> httpx.URL:
        """The full address: `x` below the base URL, `/x` below the host, a full URL only on the same host.

        Errors: TryLater for another host, which would be given our session.
        """
        try:
            if "://" not in path.partition("?")[0] and not path.startswith("//"):
                return httpx.URL(self.origin + path) if path.startswith("/") else httpx.URL(str(self.base_url) + path)
            full = self.base_url.join(path)
        except httpx.InvalidURL as wrong:
            raise TryLater(f"{self.system} answered with a link that is none ({wrong})") from wrong
        if not self._is_ours(full):
            raise TryLater(
                f"{self.system} answered with a link to another host, {full.scheme}://{full.host}",
                hint=f"Expected were links to {self.origin}; look at the server's settings. The link was not followed.",
            )
        return full

    def _is_ours(self, url: httpx.URL) -> bool:
        own = self.base_url
        return (url.scheme, url.host, _port(url)) == (own.scheme, own.host, _port(own))

    def send(
        self,
        method: str,
        path: str,
        *,
        write: bool,
        template: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        auth: httpx.Auth = UNSIGNED,
        reserved: bool = False,
        size_max: int | None = None,
    ) -> httpx.Response:
        """One request, whatever its answer's status. A read on a kept connection that turns out dead is sent once more.

        write: it changes something, so that silence leaves the outcome open. template: the path without ids, which the
        limiter counts by. auth: signs it, and may have it sent once more. reserved: a turn may be reserved for it; a write, to
        which it is an act's, has one. size_max: bytes of a body that are read at most, however many the server says or does not
        say that there are. Errors: Retryable when nothing can have been stored, OutcomeUnknown when a
        write got no answer, TryLater for a certificate that is not trusted or a long wait, TooLarge.
        """
        request = self._client.build_request(
            method,
            self.url(path),
            headers=dict(headers or {}),
            content=content,
            data=dict(form) if form is not None else None,
        )
        flow = auth.sync_auth_flow(request)
        try:
            response = self._answer(next(flow), write, template, reserved, size_max)
            while True:
                try:
                    request = flow.send(response)
                except StopIteration:
                    return response
                response = self._answer(request, write, template, False, size_max)
        finally:
            flow.close()

    def _answer(
        self, request: httpx.Request, write: bool, template: str, reserved: bool, size_max: int | None
    ) -> httpx.Response:
        with self.throttle.acquire(template, reserved=reserved, required=write and reserved):
            try:
                response = self._sent(request, size_max)
            except _CONNECTION_LOST as lost:
                if write or isinstance(lost, httpx.ConnectError):
                    raise self._no_answer(request, lost, write) from lost
                response = self._again(request, size_max)
            except httpx.LocalProtocolError:  # its text repeats the header, which may be a secret
                raise TryLater(
                    f"{self.system}: a header of {request.method} {request.url.path} holds characters that no header may",
                    hint="Look at the vault entry and the configured headers for line breaks.",
                ) from None
            except httpx.RequestError as lost:
                raise self._no_answer(request, lost, write) from lost
        if response.status_code == 407:
            raise self._not_let_through()
        if response.status_code == 429:
            self.throttle.back_off(template, retry_after_s(response) or POSTPONED_S)
        return response

    def checked(self, response: httpx.Response, write: bool, said: str | None = None) -> httpx.Response:
        """`http_responses.checked` with this system's name and its secrets redacted."""
        if response.is_success:
            return response  # whose body, large as it may be, nobody has to search for words
        said = self.error_text(response) if said is None else self.redacted(said)
        return checked(response, self.system, write, said, self.own_form(response))

    def error_text(self, response: httpx.Response) -> str:
        """The server's own words about an error."""
        return error_text(response, self._secrets)

    def redacted(self, text: str) -> str:
        """The text without secrets."""
        return redacted(text, self._secrets)

    def close(self) -> None:
        self._client.close()

    def _again(self, request: httpx.Request, size_max: int | None) -> httpx.Response:
        try:
            return self._sent(request, size_max)
        except httpx.RequestError as lost:
            raise self._no_answer(request, lost, write=False) from lost

    def _sent(self, request: httpx.Request, size_max: int | None) -> httpx.Response:
        with self._lock:
            self._calls += 1
        if size_max is None:
            return self._client.send(request)
        response = self._client.send(request, stream=True)
        try:
            return _read_to_its_end(response, size_max, self.system)
        finally:
            response.close()

    def _not_let_through(self) -> TryLater:
        """The proxy wants to know who we are: nothing of the request has left."""
        known = f"refuses vault entry {self.route.credential!r}" if self.route.credential else "asks for a name and password"
        return TryLater(f"{self.system}: the proxy {self.route.proxy or self.origin} {known} (407)", hint=self.route.refused())

    def _no_answer(self, request: httpx.Request, lost: httpx.RequestError, write: bool) -> ConnectorError:
        where = f"{self.system}: {request.method} {request.url.path}"
        why = self.redacted(str(lost)) or type(lost).__name__
        if isinstance(lost, _NOTHING_SENT):
            if "CERTIFICATE" in why.upper():
                return TryLater(
                    f"{self.system}: the certificate of {self.origin} is not trusted ({why})",
                    hint="Name the PEM file of its certificate authority as `ca_file`; where a proxy opens TLS, that of the proxy.",
                )
            if isinstance(lost, httpx.ProxyError) and why.startswith("407"):
                return self._not_let_through()
            through = f" through the proxy {self.route.proxy}" if self.route.proxy else ""
            return Retryable(
                f"{self.system}: no connection to {self.origin}{through} ({why})",
                hint="Look whether host and port are right and up.",
            )
        if isinstance(lost, httpx.TimeoutException):
            why = f"{type(lost).__name__} after {self._timeout_s:g} s"
        if write:
            return OutcomeUnknown(f"{where} got no answer ({why})", hint="It may have been stored; look before sending again.")
        return Retryable(f"{where} got no answer ({why})")


def _read_to_its_end(response: httpx.Response, size_max: int, system: str) -> httpx.Response:
    """The answer with its body, which arrives in parts; no more of it than that is ever held."""
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > size_max:
            raise TooLarge(f"{system}: {response.request.url.path} has more than {size_max} bytes")
    headers = [(name, value) for name, value in response.headers.items() if name not in ("content-encoding", "content-length")]
    return httpx.Response(response.status_code, headers=headers, content=bytes(content), request=response.request)


def proxy_of(route: Route, trust: ssl.SSLContext) -> httpx.Proxy | None:
    """The route as httpx takes it."""
    if not route.proxy:
        return None
    known = (route.username, route.password) if route.username else None
    return httpx.Proxy(route.proxy, auth=known, ssl_context=trust if route.proxy.startswith("https:") else None)


def query(parameters: Mapping[str, Any]) -> str:
    """Parameters as the query of a URL, `?` included; spaces as %20, since not every server reads + as one.

    >>> query({"$filter": "CardCode eq 'A&B'", "$top": 1})
    "?$filter=CardCode%20eq%20'A%26B'&$top=1"
    """
    pairs = [quote(name, safe="$") + "=" + _quoted(str(value)) for name, value in parameters.items()]
    return "?" + "&".join(pairs) if pairs else ""


def _quoted(value: str) -> str:
    """Filters of thousands of characters mostly hold nothing but blanks to be quoted."""
    return value.replace(" ", "%20") if _PLAIN.fullmatch(value) else quote(value, safe="$,()':*/")


@functools.cache
def _public_trust() -> ssl.SSLContext:
    """The public certificate authorities, read once a process: it takes longer than many a request."""
    return httpx.create_ssl_context()


def trust_of(ca_file: Path | None) -> ssl.SSLContext:
    """Whose certificates are believed. Errors: ConfigurationError."""
    if ca_file is None:
        return _public_trust()
    try:
        context = ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as wrong:
        raise ConfigurationError(
            f"ca_file {str(ca_file)!r} cannot be read as certificates ({wrong})",
            hint="Give the path of a PEM file that begins with -----BEGIN CERTIFICATE-----.",
        ) from wrong
    # Certificates that installers make for themselves often lack the identifiers that strict checking wants.
    # Chain, dates and host name are checked all the same.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)
