"""The pure part of an integration: what turns records into documents and bytes, without ledger, connectors or clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.ports.mapping import ErpMapping

Message = Callable[[bytes, Mapping[str, str]], bytes]
"""X12 bytes and values about the document to the bytes that are delivered."""


@dataclass(frozen=True, slots=True)
class Translation:
    """One integration as one configuration has it; enough to render its documents again. messages: by partner name."""

    name: str
    config_hash: str
    zone: ZoneInfo
    mapping: ErpMapping
    partners: Partners
    messages: Mapping[str, Message]

    def local(self, at: dt.datetime) -> dt.datetime:
        """An aware time as the integration's own clock shows it."""
        return at.astimezone(self.zone)
