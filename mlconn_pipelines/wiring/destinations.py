"""Where each partner's documents go: their folder, or their API Provider endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.flows.outlet import Destination
from mlconn_pipelines.ports.connections import Credentials, Limiter
from mlconn_pipelines.ports.delivery import FileExchange
from mlconn_pipelines.systems.cleo.api.api_provider import ApiProviderDelivery
from mlconn_pipelines.systems.cleo.connection import CleoConnection
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.wiring.translation import message_for


def destinations_of(
    partners: Iterable[TradingPartner],
    connection: CleoConnection,
    exchange: FileExchange,
    credentials: Credentials,
    limiter: Limiter,
    stack: ExitStack,
) -> dict[str, Destination]:
    """By partner name; nothing is asked yet. stack: closes the endpoints' connections."""
    found: dict[str, Destination] = {}
    for partner in partners:
        if partner.api_provider is None:
            found[partner.partner] = Destination(exchange.folder(partner.folder or ""), message_for(partner))
            continue
        provider = ApiProviderDelivery(
            partner.api_provider,
            credentials,
            limiter,
            timeout_s=connection.timeout_s,
            ca_file=connection.ca_file,
            proxies=Proxies(connection, credentials),
            requests_per_second=connection.requests_per_second,
        )
        stack.callback(provider.close)
        found[partner.partner] = Destination(provider, message_for(partner))
    return found
