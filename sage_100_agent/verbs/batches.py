"""Batches of entry, where a company works in them: one is selected before any key, and held by one user at a time."""

from __future__ import annotations

from sage_100_agent.boi.interface import Ref
from sage_100_agent.boi.objects import BoiObject
from sage_100_agent.boi.refusals import Category, Refused, category_of

BATCH_REFUSALS = frozenset({Category.BATCH_IN_USE, Category.IN_USE, Category.PERIOD_END, Category.NO_RIGHT, Category.NOT_FOUND})


def select_batch(record: BoiObject, wanted: str) -> str:
    """The batch selected, by reference, since the object may choose it; empty where this company enters without. Errors: Refused."""
    batch = Ref(wanted)
    if record.call("nSelectBatch", batch) == 0:
        text = record.last_error()
        category = category_of(text)
        if wanted or category in BATCH_REFUSALS:
            raise Refused(category, text, f"{record.name} nSelectBatch")
        return ""
    number = str(batch.value or "").strip()
    record.call("nSetValue", "BatchNo$", number)
    return number
