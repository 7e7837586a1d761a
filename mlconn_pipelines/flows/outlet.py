"""Where documents go: each trading partner's folder or endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.translation import Message
from mlconn_pipelines.ports.delivery import Delivery


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a partner's documents go. message: pure; X12 bytes and values about the document to the bytes that are delivered."""

    delivery: Delivery
    message: Message


@dataclass(frozen=True, slots=True)
class Outlet:
    """destinations: by partner name. at_once: deliveries in flight."""

    partners: Partners
    destinations: Mapping[str, Destination]
    at_once: int
