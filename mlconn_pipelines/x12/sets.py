"""Which module reads and writes which transaction set."""

from __future__ import annotations

import functools
import importlib
from types import ModuleType

from mlconn_pipelines.documents.transaction_sets import number_at
from mlconn_pipelines.x12.envelope import TransactionSet


@functools.cache
def module_of(set_id: str) -> ModuleType:
    """The module of a set in `READ_SETS`; loaded when first asked for, so that a check of one file loads none of them."""
    return importlib.import_module(f"mlconn_pipelines.x12.set_{set_id}")


def number_in(transaction_set: TransactionSet) -> str:
    """The number by which people know a document, as it stands in the set, be the rest of the set readable or not; empty where it has none.

    Whoever looks for an order that was refused knows its number and not its ST02.
    """
    name, place = number_at(transaction_set.set_id)
    segment = next((segment for segment in transaction_set.segments if segment[0] == name), ())
    return segment[place].strip() if len(segment) > place else ""
