from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mlconn_pipelines.errors import ConfigurationError, TryLater
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines_tests.transport.scripted_server import Answer, scripted_server


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate without key identifiers, the way installers make them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "service layer")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "server.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return certificate_file, context


def get(http: Http) -> int:
    return http.send("GET", "x", write=False, template="/x").status_code


def test_a_self_signed_server_is_trusted_by_its_ca_file(tmp_path: Path) -> None:
    ca_file, tls = certificate(tmp_path)
    with scripted_server(lambda _: Answer(), tls=tls) as server:
        assert get(Http("X", server.url, timeout_s=5, ca_file=ca_file)) == 200


def test_without_ca_file_it_is_refused_with_the_words_that_help(tmp_path: Path) -> None:
    _, tls = certificate(tmp_path)
    with scripted_server(lambda _: Answer(), tls=tls) as server:
        with pytest.raises(TryLater, match=r"certificate .* not trusted .*ca_file"):
            get(Http("X", server.url, timeout_s=5))
        assert server.asked == []


def test_the_host_name_is_checked_with_a_ca_file_too(tmp_path: Path) -> None:
    ca_file, tls = certificate(tmp_path, host="127.0.0.9")
    with scripted_server(lambda _: Answer(), tls=tls) as server, pytest.raises(TryLater, match="not trusted"):
        get(Http("X", server.url, timeout_s=5, ca_file=ca_file))


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_ca_file_that_cannot_be_read_is_a_wrong_configuration(tmp_path: Path, content: bytes | None) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="ca_file"):
        Http("X", "https://h", timeout_s=5, ca_file=ca_file)
