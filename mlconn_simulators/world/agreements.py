"""What everyone has agreed on, as plain JSON: what a client of the simulated systems is told beside their addresses."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from mlconn_simulators.world.model import World


def describe_world(world: World) -> dict[str, Any]:
    """The agreements: company, partners with all fields, unit codes, and items with units and the partners' own numbers."""
    return {
        "seed": world.seed,
        "documents": world.documents,
        "today": world.today.isoformat(),
        "company": {"qualifier": world.company_qualifier, "id": world.company_id, "title": world.company_title},
        "partners": [_plain(dataclasses.asdict(partner)) for partner in world.partners],
        "unit_codes": dict(world.unit_codes),
        "items": [_plain(dataclasses.asdict(item)) for item in world.items],
    }


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case Decimal():
            return format(value, "f")
    return value
