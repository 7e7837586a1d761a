"""What an order says for which an ERP has remarks at most: for whom it is marked, and notes of lines."""

from __future__ import annotations

from collections.abc import Iterable

from mlconn_pipelines.documents.order import OrderLine
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.edi.text_fitting import clean

MARKED_FOR = ("Z7", "MA")
"""N101 of whom goods are meant for in the end, wherever they are delivered."""


def marked_for(parties: Iterable[Party]) -> list[str]:
    """`mark for 0101 Store 7`, of each."""
    named = (" ".join(filter(None, (one.id, one.name, one.name_2))) for one in parties if one.role in MARKED_FOR)
    return [f"mark for {clean(name)}" for name in dict.fromkeys(named) if name]


def line_remarks(line: OrderLine) -> list[str]:
    """Of one line, for its own field where the ERP has one."""
    return [*marked_for(line.parties), *map(clean, line.notes)]
