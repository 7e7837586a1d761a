"""TLS of the gateway's own, for places without a proxy: the files are tried before anything starts."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, NoReturn

from mlconn_pipelines.errors import ConfigurationError


def tls_options(certificate: Path | None, key: Path | None, client_ca: Path | None) -> dict[str, Any]:
    """uvicorn's settings for these PEM files; empty without a certificate. key: may stand in the certificate's file.

    client_ca: with it, a caller without a certificate of this one gets no connection.
    Errors: ConfigurationError for a file that cannot be used, in one sentence, and for one that means nothing by itself.
    """
    if certificate is None:
        for option, file in (("--key", key), ("--client-ca", client_ca)):
            if file is not None:
                raise ConfigurationError(
                    f"{option} {file} needs TLS, and there is no --certificate", "Give one, or let the proxy do TLS."
                )
        return {}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for option, file in (("--certificate", certificate), ("--key", key), ("--client-ca", client_ca)):
        if file is not None:
            _readable(option, file)
    try:
        context.load_cert_chain(certificate, key, password=_locked)
    except ssl.SSLError as trouble:
        if trouble.reason in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"):
            raise ConfigurationError(
                f"the key in {key or certificate} is not that of the certificate in {certificate}",
                "Give the key with which this certificate was asked for.",
            ) from None
        named = f"{certificate} and {key} do" if key else f"{certificate} does"
        raise ConfigurationError(
            f"{named} not hold a certificate and its private key in PEM",
            "The certificate of this machine comes first in its file, those that signed it follow; the key may have a file of its own.",
        ) from None
    options: dict[str, Any] = {"ssl_certfile": str(certificate), "ssl_keyfile": str(key) if key else None}
    if client_ca is None:
        return options
    try:
        context.load_verify_locations(client_ca)
    except ssl.SSLError:
        raise ConfigurationError(
            f"--client-ca {client_ca} holds no certificate in PEM", "Give that of the authority that signs your callers'."
        ) from None
    return options | {"ssl_ca_certs": str(client_ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}


def _readable(option: str, file: Path) -> None:
    try:
        with file.open("rb"):
            return
    except OSError as trouble:
        raise ConfigurationError(
            f"{option} {file} cannot be read: {(trouble.strerror or type(trouble).__name__).lower()}",
            "Give a file in PEM that the gateway's user may read.",
        ) from None


def _locked() -> NoReturn:
    raise ConfigurationError(
        "the private key has a passphrase, and nobody is there to type it when the gateway starts",
        "Take it off (`openssl pkey -in KEY -out NEW`) and let only the gateway's user read the file.",
    )
