"""Which documents a run is about, when it is not about all that are due."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Selection:
    """documents: ids, empty for all. partner: short name. days: partitions of a backfill, empty for a live run."""

    documents: tuple[str, ...] = ()
    partner: str = ""
    days: tuple[dt.date, ...] = ()

    def query(self) -> dict[str, Any]:
        """As keyword arguments of `Queue.documents`."""
        return {"ids": self.documents, "partner": self.partner, "partitions": self.days}


EVERYTHING = Selection()
