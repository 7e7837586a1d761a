"""`mlconn listen`: the listener to a system's change events, as a program of its own."""

from __future__ import annotations

import signal
import threading

import typer

from mlconn_pipelines.cli.options import Config


def register(app: typer.Typer) -> None:
    app.command("listen")(listen)


def listen(config: Config = None) -> None:
    """Listen to the change events of every Salesforce org that has `change_events`, and store where to look. One process an org: another
    one waits until the first has ended.
    """
    from mlconn_pipelines.cli.acting import configuration_for, settings_for
    from mlconn_pipelines.errors import ConfigurationError
    from mlconn_pipelines.gateway.access_log import log_to_standard_error
    from mlconn_pipelines.wiring.listening import heard_of, listen_to_all
    from mlconn_pipelines.wiring.stores import open_stores

    settings = settings_for(config)
    configuration = configuration_for(config)
    systems = heard_of(configuration.every())
    if not systems:
        raise ConfigurationError(
            f"no integration in {configuration.folder} has `change_events`, so there is nothing to listen to",
            "Add `change_events` to the Salesforce connection of an integration (docs/configuration.md).",
        )
    log_to_standard_error(settings.log_level)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with open_stores(settings) as stores:
        listen_to_all(systems, stores, ended)
