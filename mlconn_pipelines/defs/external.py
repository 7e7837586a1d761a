"""What lies outside, as assets that nothing here makes: the ERP and Cleo before everything else, the trading partners behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.defs.folders import destination_of
from mlconn_pipelines.defs.keys import Keys


def external_assets(
    integration: EdiIntegration, partners: Sequence[TradingPartner], keys: Keys, title: str
) -> list[dg.AssetSpec]:
    """title: of the ERP. Each stands on one side only, since what we send a partner answers what came from them: a circle."""
    common: dict[str, Any] = {"group_name": keys.group("external"), "tags": {"mlconn/external": ""}}
    key_of = keys.folders(sorted({destination_of(partner) for partner in partners}))
    found = [
        dg.AssetSpec(
            keys.external(keys.system),
            kinds={keys.system},
            description=f"{title}, as people work in it. What is read from it, and what is made in it, are assets of their own.",
            **common,
        )
    ]
    if integration.flows.inbound is not None:
        found.append(
            dg.AssetSpec(
                keys.external(keys.exchange),
                kinds={keys.exchange},
                description="Cleo, where trading partners' files arrive. The folders that we watch and fill are assets of their own.",
                **common,
            )
        )
    return found + [
        dg.AssetSpec(
            keys.partner(partner.partner),
            deps=[key_of[destination_of(partner)]],
            kinds={"partner"},
            description=f"{partner.name or partner.partner}, who takes what is put there and says so by a 997.",
            **common,
        )
        for partner in partners
    ]
