"""`mlconn gateway`: the receiver of notifications, as a program of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Config

PORT = 3001


def register(app: typer.Typer) -> None:
    app.command("gateway")(gateway)


def gateway(
    config: Config = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N")] = PORT,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="PEM, for TLS where no proxy does it.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="PEM, of the certificate.")] = None,
    client_ca: Annotated[
        Path | None,
        typer.Option("--client-ca", metavar="FILE", help="Callers must show a certificate that this one signed."),
    ] = None,
) -> None:
    """Receive notifications of ERPs and of Cleo, and store where to look. Listens on loopback unless told otherwise."""
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.gateway.program import Listening, run_gateway

    run_gateway(settings_for(config), Listening(host, port, certificate, key, client_ca))
