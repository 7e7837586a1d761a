"""`mlconn up`: database, webserver, daemon, gateway and listener, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Config
from mlconn_pipelines.cli.output import say

LOOK_EVERY_S = 2.0
AGENTS_LOOK_EVERY = 5
"""Each so many looks: whether an agent was invited meanwhile."""


def register(app: typer.Typer) -> None:
    app.command("up")(up)


def up(
    config: Config = None,
    port: Annotated[int, typer.Option("--port", metavar="N", help="Of the Dagster UI, on loopback.")] = 3000,
    gateway_port: Annotated[
        int,
        typer.Option(
            "--gateway-port",
            metavar="N",
            help="Of the gateway, on loopback; started where an integration has events or an agent.",
        ),
    ] = 3001,
) -> None:
    """Start database, Dagster webserver and daemon; what dies is started again. Ctrl-C stops what this command started.

    Where an integration has events or an agent, the gateway too; where a Salesforce connection has change events, the listener.
    """
    from mlconn_pipelines.cli.acting import configuration_for, settings_for
    from mlconn_pipelines.cli.services import port_or_free
    from mlconn_pipelines.cli.stack import look_after, prepared, running
    from mlconn_pipelines.wiring.agents import agents_are_expected, agents_are_named
    from mlconn_pipelines.wiring.listening import heard_of

    configuration = configuration_for(config)  # a mistake is said before anything starts
    told = any(integration.events is not None for integration in configuration.every()) or agents_are_named(
        configuration.every()
    )
    listens = bool(heard_of(configuration.every()))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    os.umask(0o077)  # whatever this program and its children write is for their user alone
    with prepared(settings_for(config)) as database:
        say("database: ready")
        told = told or agents_are_expected(database.settings)
        with running(database, port_or_free(port), port_or_free(gateway_port) if told else None, listens) as services:
            services.wait_until_ready()
            if services.gateway:
                _say_where(services.gateway)
            say(f"Dagster UI: {services.ui}   (logs in {services.logs}; Ctrl-C stops everything)")
            looks = 0
            while not ended.wait(LOOK_EVERY_S):
                look_after(database, services)
                looks += 1
                if not services.gateway and looks % AGENTS_LOOK_EVERY == 0 and agents_are_expected(database.settings):
                    services.start_gateway(port_or_free(gateway_port))
                    _say_where(services.gateway)
            say("stopping …")


def _say_where(gateway: str) -> None:
    say(f"gateway: {gateway}   (what the proxy passes /hooks/ and /agent/ to; its description: /docs)")
