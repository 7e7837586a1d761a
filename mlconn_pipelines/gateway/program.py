"""The gateway as a process: stores opened, endpoints out of the configuration, uvicorn in front."""

from __future__ import annotations

import logging
import resource
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from mlconn_pipelines.config.loading import Configuration, load_configuration
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.gateway.access_log import NAME, log_to_standard_error, write_no_addresses
from mlconn_pipelines.gateway.application import gateway_application
from mlconn_pipelines.gateway.callers import LOOPBACK, Callers, Network
from mlconn_pipelines.gateway.connections import Server, Times
from mlconn_pipelines.gateway.endpoints import endpoints_of
from mlconn_pipelines.gateway.tls import tls_options
from mlconn_pipelines.settings import Settings
from mlconn_pipelines.wiring.agents import agents_are_named
from mlconn_pipelines.wiring.stores import Stores, open_stores

CALLS_AT_ONCE = 1_000
DESCRIPTORS = 4_096
STOP_WITHIN_S = 5


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen. certificate, key: PEM files, for TLS without a proxy. client_ca: callers must show a certificate of it.

    trusted_proxies: whose X-Forwarded-For says who calls.
    """

    host: str = "127.0.0.1"
    port: int = 3001
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    trusted_proxies: Sequence[Network] = LOOPBACK


def run_gateway(settings: Settings, listening: Listening) -> None:
    """Until a signal. Errors: ConfigurationError (no events, no database, TLS files that do not fit, a port in use), VaultError."""
    tls_options(listening.certificate, listening.key, listening.client_ca)  # told before anything else is looked for
    configuration = load_configuration(settings.config)
    log_to_standard_error(settings.log_level)
    for sentence in configuration.told():
        logging.getLogger(NAME).warning("%s", sentence)
    _allow_descriptors()
    with open_stores(settings) as stores:
        trusting = replace(listening, trusted_proxies=trusted_proxies(configuration))
        server = gateway_server(application_of(configuration, stores), trusting)
        with _listener(listening) as listener:
            server.run(sockets=[listener])


@contextmanager
def _listener(listening: Listening) -> Iterator[socket.socket]:
    """Bound here, since uvicorn ends the process by itself where it cannot. Errors: ConfigurationError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listening.host, listening.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as trouble:
        raise _unusable(listening, trouble) from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as trouble:
            raise _unusable(listening, trouble) from None
        yield listener


def _unusable(listening: Listening, trouble: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the gateway cannot listen on {listening.host} port {listening.port}: {(trouble.strerror or str(trouble)).lower()}",
        "Give an address of this machine as --host, and as --port one that nobody listens on.",
    )


def application_of(configuration: Configuration, stores: Stores) -> Starlette:
    """ConfigurationError where no integration has events or an agent, and none was invited."""
    endpoints = endpoints_of(configuration)
    if not endpoints and not stores.agents.any_expected() and not agents_are_named(configuration.every()):
        raise ConfigurationError(
            f"no integration in {configuration.folder} has `events`, and no agent was invited, so nobody may call the gateway",
            "Add an `events` section to an integration (docs/configuration.md), or run `mlconn agents invite`.",
        )
    return gateway_application(
        endpoints,
        stores.credentials,
        stores.intake.record_notifications,
        stores.intake.forget_hints,
        lambda: stores.intake.waiting_hints(""),
        stores.agents,
        stores.agent_jobs,
        stores.watch.raise_alert,
        stores.queue.now,
    )


def trusted_proxies(configuration: Configuration) -> Sequence[Network]:
    """Those of every integration: all share the one gateway. Where none has events, agents alone come, by the same proxy."""
    named = [events.trusted_proxies for one in configuration.every() if (events := one.events) is not None]
    return tuple(dict.fromkeys(network for networks in named for network in networks)) if named else LOOPBACK


def gateway_server(application: Starlette, listening: Listening, times: Times | None = None) -> Server:
    """The server, with bounds on connections; more calls at once than it may hold are answered 503, which every sender tries again.

    Errors: ConfigurationError for TLS files that do not fit.
    """
    write_no_addresses()
    config = uvicorn.Config(
        application,
        host=listening.host,
        port=listening.port,
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CALLS_AT_ONCE,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        ws="none",
        lifespan="on",
        **tls_options(listening.certificate, listening.key, listening.client_ca),
    )
    callers = Callers(listening.trusted_proxies, count=application.state.counts.connection)
    return Server(config, callers, application.state.held, times)


def _allow_descriptors() -> None:
    """As many open files as calls at once need; the usual limit of 1,024 is for programs that need few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < DESCRIPTORS:
        most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextmanager
def opened_application(settings: Settings) -> Iterator[Starlette]:
    """The application over stores of its own, for programs that serve it themselves."""
    with open_stores(settings) as stores:
        yield application_of(load_configuration(settings.config), stores)
