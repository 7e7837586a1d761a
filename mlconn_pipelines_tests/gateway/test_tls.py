"""The gateway's own TLS: who gets a connection, and what is said of files that do not fit."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.gateway.program import Listening
from mlconn_pipelines.gateway.tls import tls_options
from mlconn_pipelines_tests.gateway.conftest import SECRETS, Gateway, gateway_of
from mlconn_simulators.certificates import Authority, Pair

FORBIDDEN = "certificate required|handshake failure|bad certificate|unknown ca|disconnected|reset|EOF"
"""A client of TLS 1.3 hears of a refusal at its first read, or finds the connection closed."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "our-authority")


def caller(trusted: Authority, shown: Pair | None = None) -> httpx.Client:
    """A client that trusts the authority and shows a certificate."""
    context = ssl.create_default_context(cafile=str(trusted.certificate))
    if shown is not None:
        context.load_cert_chain(shown.certificate, shown.key)
    return httpx.Client(verify=context, timeout=10)


def told(http: httpx.Client, gateway: Gateway) -> httpx.Response:
    """A call of SAP's that bears its secret."""
    return http.post(f"{gateway.url}/hooks/sap/sap-business-one/{SECRETS['sap_tells']}", json={"any": "layout"})


@pytest.mark.database
def test_https_is_answered_and_plain_http_is_not(tmp_path: Path, ledger_database: str, authority: Authority) -> None:
    server = authority.pair("gateway")
    with gateway_of(tmp_path, ledger_database, Listening(certificate=server.certificate, key=server.key)) as gateway:
        with caller(authority) as http:
            assert gateway.url.startswith("https://")
            assert told(http, gateway).status_code == 202
            with pytest.raises(httpx.TransportError):
                http.get(gateway.url.replace("https://", "http://") + "/health")
        with caller(Authority(tmp_path, "another")) as distrustful, pytest.raises(httpx.ConnectError, match="CERTIFICATE"):
            distrustful.get(f"{gateway.url}/health")
        assert gateway.hints("sap") != {}


@pytest.mark.database
def test_with_a_client_authority_only_its_certificates_get_through(
    tmp_path: Path, ledger_database: str, authority: Authority
) -> None:
    server, strangers = authority.pair("gateway"), Authority(tmp_path, "strangers")
    listening = Listening(certificate=server.certificate, key=server.key, client_ca=authority.certificate)
    with gateway_of(tmp_path, ledger_database, listening) as gateway:
        for shown in (None, strangers.pair("stranger")):
            with caller(authority, shown) as refused, pytest.raises(httpx.TransportError, match=FORBIDDEN):
                told(refused, gateway)
        assert gateway.hints("sap") == {}
        with caller(authority, authority.pair("cleo")) as welcome:
            assert told(welcome, gateway).status_code == 202
            guessed = welcome.post(f"{gateway.url}/hooks/sap/sap-business-one/a-guess-of-the-secret", json={})
            assert guessed.status_code == 401, "a certificate does not replace the secret"


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda a: (a.certificate.with_name("none.pem"), None, None), "none.pem cannot be read: no such file or directory"),
        (lambda a: (a.pair("x").certificate, a.certificate.parent, None), "cannot be read: is a directory"),
        (lambda a: (a.pair("x").certificate, a.pair("y").key, None), "y.key is not that of the certificate in .*x.pem"),
        (lambda a: (a.pair("x").certificate, None, None), "x.pem does not hold a certificate and its private key in PEM"),
        (lambda a: (a.pair("x").key, a.pair("x").certificate, None), "do not hold a certificate and its private key in PEM"),
        (lambda a: (a.pair("z", b"secret").certificate, a.certificate.with_name("z.key"), None), "has a passphrase"),
        (lambda a: (*_files(a.pair("x")), a.certificate.with_name("x.key")), "x.key holds no certificate in PEM"),
        (lambda a: (None, a.pair("x").key, None), "--key .*x.key needs TLS, and there is no --certificate"),
        (lambda a: (None, None, a.certificate), "--client-ca .* needs TLS, and there is no --certificate"),
    ],
    ids=["missing", "folder", "other key", "no key", "swapped", "locked", "no authority", "key alone", "authority alone"],
)
def test_files_that_do_not_fit_are_named(
    authority: Authority, mistake: Callable[[Authority], tuple[Path | None, Path | None, Path | None]], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        tls_options(*mistake(authority))


def test_a_key_may_stand_in_the_certificates_file(authority: Authority) -> None:
    pair = authority.pair("both")
    pair.certificate.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    assert tls_options(pair.certificate, None, None)["ssl_keyfile"] is None


def _files(pair: Pair) -> tuple[Path, Path]:
    return pair.certificate, pair.key
