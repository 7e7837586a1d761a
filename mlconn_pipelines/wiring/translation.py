"""The pure part of an integration out of its configuration; opens nothing, so it serves any folder, a trial one too."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from zoneinfo import ZoneInfo

from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.translation import Message, Translation
from mlconn_pipelines.systems.cleo.api.api_provider import message_of
from mlconn_pipelines.wiring.partners import partner_of
from mlconn_pipelines.wiring.systems import mapping_of


def translation_of(configuration: Configuration, name: str) -> Translation:
    """The integration `name` as the configuration has it. ConfigurationError when it has none of that name."""
    integration = configuration.integration(name)
    written = configuration.partners_of(name)
    return Translation(
        name=name,
        config_hash=configuration.hash_of(name),
        zone=ZoneInfo(integration.time_zone),
        mapping=mapping_of(integration.erp),
        partners=Partners(map(partner_of, written), configuration.stopped_of(name)),
        messages={partner.partner: message_for(partner) for partner in written},
    )


def message_for(partner: TradingPartner) -> Message:
    """The JSON of their API Provider, or the X12 as it is."""
    return partial(message_of, partner.api_provider) if partner.api_provider else as_it_is


def as_it_is(x12: bytes, values: Mapping[str, str]) -> bytes:
    return x12
