"""The way out: which proxy counts, and requests, webhooks and mails that go through one."""

from __future__ import annotations

import datetime as dt
import logging
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from mlconn_pipelines.config.integration import Alerts
from mlconn_pipelines.config.proxy import Proxied
from mlconn_pipelines.errors import ConfigurationError, Retryable, TryLater, VaultError
from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.transport.alert import deliver
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.proxies import Proxies, passed_by
from mlconn_pipelines_tests.transport.proxy_server import PASSWORD, USER, proxy_server
from mlconn_pipelines_tests.transport.scripted_server import Answer, scripted_server
from mlconn_simulators.certificates import Authority

HOST = "erp.example.test"
"""A name that nobody resolves: whatever reaches it has gone through the proxy."""

VARIABLES = ("http_proxy", "https_proxy", "smtp_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Vault:
    def __init__(self, **entries: Mapping[str, str]) -> None:
        self._entries = entries

    def credential(self, name: str) -> Mapping[str, str]:
        if name not in self._entries:
            raise VaultError(f"there is no credential {name!r}")
        return self._entries[name]


VAULT = Vault(proxy_acme={"username": USER, "password": PASSWORD}, wrong={"username": USER, "password": "hunter2-wrong"})


def settings(proxy: Any = None, *no_proxy: str) -> Proxied:
    return Proxied(proxy=proxy, no_proxy=no_proxy)


def through(url: str, credential: str = "") -> Proxied:
    return settings({"url": url, "credential": credential})


def get(http: Http) -> int:
    return http.send("GET", "x", write=False, template="/x").status_code


def post(http: Http) -> int:
    return http.send("POST", "x", write=True, template="/x", content=b"{}").status_code


def server_tls(authority: Authority) -> ssl.SSLContext:
    pair = authority.pair(HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "private-authority")


# -- which way ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("of", "variables", "proxy", "why"),
    [
        (settings(), {}, "", ""),
        (settings(), {"https_proxy": "http://p:3128"}, "http://p:3128", "https_proxy of the environment"),
        (settings(), {"HTTPS_PROXY": "http://u:s@p:3128/"}, "http://p:3128", "https_proxy of the environment"),
        (settings(), {"https_proxy": "p:3128"}, "http://p:3128", "https_proxy of the environment"),
        (settings(), {"ALL_PROXY": "http://p"}, "http://p:80", "all_proxy of the environment"),
        (settings(), {"http_proxy": "http://p:3128"}, "", ""),
        (settings(), {"https_proxy": "http://p:1", "no_proxy": "localhost, .example.test"}, "", "no_proxy of the environment"),
        (settings("http://q:8080"), {"https_proxy": "http://p:1"}, "http://q:8080", "proxy of the configuration"),
        (settings("http://q:8080"), {"no_proxy": "*"}, "http://q:8080", "proxy of the configuration"),
        (settings("http://q:8080", HOST), {}, "", "no_proxy of the configuration"),
        (settings(None, ".example.test"), {"https_proxy": "http://p:1"}, "", "no_proxy of the configuration"),
        (settings("none"), {"https_proxy": "http://p:1"}, "", "proxy: none"),
        (through("http://q:8080", "proxy_acme"), {}, "http://q:8080", "proxy of the configuration, signed in by vault entry 'proxy_acme'"),
    ],
)  # fmt: skip
def test_the_configuration_counts_before_the_environment(
    monkeypatch: pytest.MonkeyPatch, of: Proxied, variables: Mapping[str, str], proxy: str, why: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    route = Proxies(of).route(f"https://{HOST}:50000/b1s/v2/")
    assert (route.proxy, route.why) == (proxy, why)
    assert "s@" not in route.words() and repr(route).count("'s'") == 0


def test_a_proxy_of_another_kind_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://u:hunter2@p:1080")
    with pytest.raises(
        ConfigurationError, match=r"all_proxy of the environment is no http or https proxy \(socks5://p\)"
    ) as said:
        Proxies().route(f"https://{HOST}/")
    assert "hunter2" not in str(said.value)


@pytest.mark.parametrize(
    ("host", "port", "listed", "passed"),
    [
        ("erp.example.com", 443, ["example.com"], True),
        ("erp.example.com", 443, [".example.com"], True),
        ("erp.example.com", 443, ["*.example.com"], True),
        ("example.com", 443, [".example.com"], True),
        ("notexample.com", 443, ["example.com"], False),
        ("erp.example.com", 443, ["erp.example.com:443"], True),
        ("erp.example.com", 443, ["erp.example.com:8443"], False),
        ("10.1.2.3", 443, ["10.0.0.0/8"], True),
        ("10.1.2.3", 443, ["10.1.2.3"], True),
        ("11.1.2.3", 443, ["10.0.0.0/8"], False),
        ("fd00::1", 443, ["fd00::/8"], True),
        ("anything", 1, ["*"], True),
        ("anything", 1, ["", " "], False),
        ("localhost", 25, ["LOCALHOST"], True),
    ],
)
def test_what_is_reached_directly(host: str, port: int, listed: list[str], passed: bool) -> None:
    assert passed_by(host, port, listed) is passed


# -- requests ------------------------------------------------------------------------------------------------------------------
def test_an_https_request_goes_through_a_proxy_that_asks_for_a_password(authority: Authority) -> None:
    with (
        scripted_server(lambda _: Answer(), tls=server_tls(authority)) as server,
        proxy_server({f"{HOST}:8443": port_of(server.url)}, password=True) as proxy,
    ):
        http = Http(
            "X",
            f"https://{HOST}:8443",
            timeout_s=5,
            ca_file=authority.certificate,
            proxies=Proxies(through(proxy.url, "proxy_acme"), VAULT),
        )
        assert (get(http), post(http)) == (200, 200)
        assert set(proxy.asked) == {f"CONNECT {HOST}:8443 HTTP/1.1"} and proxy.refused == 0
        assert "proxy-authorization" not in server.asked[0].headers


@pytest.mark.parametrize(("scheme", "send"), [("https", get), ("https", post), ("http", get), ("http", post)])
@pytest.mark.parametrize(
    ("credential", "says"), [("wrong", "refuses vault entry 'wrong'"), ("", "asks for a name and password")]
)
def test_a_password_that_the_proxy_refuses_is_told_as_that(
    authority: Authority, scheme: str, send: Callable[[Http], int], credential: str, says: str
) -> None:
    with (
        scripted_server(lambda _: Answer()) as server,
        proxy_server({f"{HOST}:80": port_of(server.url)}, password=True) as proxy,
    ):
        http = Http("X", f"{scheme}://{HOST}", timeout_s=5, proxies=Proxies(through(proxy.url, credential), VAULT))
        with pytest.raises(TryLater, match=f"the proxy {proxy.url} {says}") as refused:
            send(http)
        assert "407" in str(refused.value) and "hunter2" not in str(refused.value)
        assert server.asked == [], "nothing has left"


def test_a_plain_request_goes_through_too_and_its_own_answers_stay_its_own() -> None:
    answers = [Answer(200), Answer(404, {"error": {"code": "x"}})]
    with (
        scripted_server(lambda _: answers.pop(0)) as server,
        proxy_server({f"{HOST}:80": port_of(server.url)}, password=True) as proxy,
    ):
        http = Http("X", f"http://{HOST}", timeout_s=5, proxies=Proxies(through(proxy.url, "proxy_acme"), VAULT))
        assert (get(http), get(http)) == (200, 404)
        assert proxy.asked == [f"GET http://{HOST}/x HTTP/1.1"] * 2
        assert [asked.path for asked in server.asked] == ["/x", "/x"]


def test_a_proxy_that_opens_tls_is_believed_by_its_authority_only(authority: Authority, tmp_path: Path) -> None:
    with (
        scripted_server(lambda _: Answer()) as server,
        proxy_server({f"{HOST}:443": port_of(server.url)}, opens_tls=authority) as proxy,
    ):
        way = Proxies(through(proxy.url))
        assert post(Http("X", f"https://{HOST}", timeout_s=5, ca_file=authority.certificate, proxies=way)) == 200
        stranger = Authority(tmp_path, "another")
        for ca_file in (None, stranger.certificate):
            with pytest.raises(TryLater, match=r"certificate .* not trusted .*where a proxy opens TLS, that of the proxy"):
                post(Http("X", f"https://{HOST}", timeout_s=5, ca_file=ca_file, proxies=way))
        assert len(server.asked) == 1


@pytest.mark.parametrize("send", [get, post])
def test_a_proxy_that_is_away_or_finds_nobody_has_sent_nothing(send: Callable[[Http], int]) -> None:
    with pytest.raises(Retryable, match=rf"no connection to https://{HOST} through the proxy http://127\.0\.0\.1:9"):
        send(Http("X", f"https://{HOST}", timeout_s=5, proxies=Proxies(settings("http://127.0.0.1:9"))))
    with proxy_server({}) as proxy, pytest.raises(Retryable, match=r"through the proxy .* \(502 Bad Gateway\)"):
        send(Http("X", f"https://{HOST}", timeout_s=5, proxies=Proxies(settings(proxy.url))))


def test_without_a_setting_the_variables_of_the_environment_count(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        scripted_server(lambda _: Answer()) as server,
        proxy_server({f"{HOST}:80": port_of(server.url)}, password=True) as proxy,
    ):
        monkeypatch.setenv("HTTP_PROXY", f"http://{USER}:{quote(PASSWORD)}@{proxy.netloc}")
        assert get(Http("X", f"http://{HOST}", timeout_s=5)) == 200
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        assert get(Http("X", server.url, timeout_s=5)) == 200
        assert proxy.asked == [f"GET http://{HOST}/x HTTP/1.1"]
        with pytest.raises(Retryable):
            get(Http("X", f"http://{HOST}", timeout_s=5, proxies=Proxies(settings("none"))))


def test_an_entry_that_is_not_there_or_holds_no_name() -> None:
    with pytest.raises(VaultError, match="there is no credential 'missing'"):
        Proxies(through("http://q:1", "missing"), VAULT).route(f"https://{HOST}")
    with pytest.raises(VaultError, match="mlconn credentials set empty"):
        Proxies(through("http://q:1", "empty"), Vault(empty={"password": "x"})).route(f"https://{HOST}")


# -- alerts ----------------------------------------------------------------------------------------------------------------------
ALERT = Alert("12", "stopped:sap", "The password was refused.", dt.datetime(2026, 11, 21, tzinfo=dt.UTC))


@contextmanager
def mail_server(tls: ssl.SSLContext) -> Iterator[tuple[int, list[str]]]:
    """One that takes mail after STARTTLS only."""
    received: list[str] = []

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line, secure, in_data = self.connection, False, False
            line.sendall(b"220 here\r\n")
            reader = line.makefile("rb")
            while said := reader.readline():
                text = said.decode().rstrip("\r\n")
                if in_data:
                    received.append(text)
                    in_data = text != "."
                    if not in_data:
                        line.sendall(b"250 taken\r\n")
                elif text.lower().startswith("ehlo"):
                    line.sendall(b"250 here\r\n" if secure else b"250-here\r\n250 STARTTLS\r\n")
                elif text.lower() == "starttls":
                    line.sendall(b"220 go on\r\n")
                    try:
                        line = tls.wrap_socket(line, server_side=True)
                    except OSError:
                        return
                    reader, secure = line.makefile("rb"), True
                elif not secure:
                    line.sendall(b"530 STARTTLS first\r\n")
                elif text.lower() == "data":
                    in_data = True
                    line.sendall(b"354 go on\r\n")
                elif text.lower() == "quit":
                    line.sendall(b"221 bye\r\n")
                    return
                else:
                    line.sendall(b"250 fine\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1], received
        server.shutdown()


def alerts(proxy: str, credential: str, ca_file: Path | None) -> Alerts:
    return Alerts.model_validate(
        {
            "webhook": f"https://{HOST}/services/hush",
            "email_to": ["a@x.test"],
            "smtp_host": HOST,
            "smtp_port": 587,
            "proxy": {"url": proxy, "credential": credential},
            "ca_file": ca_file,
        }
    )


def test_an_alert_reaches_webhook_and_mailbox_through_the_proxy(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    tls = server_tls(authority)
    with scripted_server(lambda _: Answer(), tls=tls) as hook, mail_server(tls) as (port, mails):
        hosts = {f"{HOST}:443": port_of(hook.url), f"{HOST}:587": port}
        with proxy_server(hosts, password=True) as proxy:
            assert deliver(ALERT, alerts(proxy.url, "proxy_acme", authority.certificate), "acme", VAULT)
            assert len(hook.asked) == 1 and "The password was refused." in mails and mails[-1] == "."
            assert [line.rpartition(" ")[0] for line in proxy.asked] == [f"CONNECT {HOST}:443", f"CONNECT {HOST}:587"]

            with caplog.at_level(logging.WARNING):
                assert not deliver(ALERT, alerts(proxy.url, "wrong", authority.certificate), "acme", VAULT)
                assert not deliver(ALERT, alerts(proxy.url, "missing", authority.certificate), "acme", VAULT)
                assert not deliver(ALERT, alerts(proxy.url, "proxy_acme", None), "acme", VAULT)
            assert len(hook.asked) == 1 and "hush" not in caplog.text and "hunter2" not in caplog.text
            assert "there is no credential 'missing'" in caplog.text


def test_mail_by_the_environment(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    with mail_server(server_tls(authority)) as (port, mails), proxy_server({f"{HOST}:25": port}) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert deliver(ALERT, Alerts(email_to=("a@x.test",), smtp_host=HOST, ca_file=authority.certificate))
        assert mails and proxy.asked
