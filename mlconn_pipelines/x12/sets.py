"""Which module reads and writes which transaction set."""

from __future__ import annotations

import functools
import importlib
from types import ModuleType

from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET, Document
from mlconn_pipelines.documents.transaction_sets import number_at
from mlconn_pipelines.x12.envelope import TransactionSet


@functools.cache
def module_of(set_id: str) -> ModuleType:
    """The module of a set in `READ_SETS`; loaded when first asked for, so that a check of one file loads none of them."""
    return importlib.import_module(f"mlconn_pipelines.x12.set_{set_id}")


def set_of(document: Document) -> str:
    """The set that a document is written as: a 997 for a functional acknowledgment, which may be a 999 too."""
    return next(set_id for set_id, kind in DOCUMENT_OF_SET.items() if type(document) is kind)


def number_in(transaction_set: TransactionSet) -> str:
    """The number by which people know a document, as it stands in the set, be the rest of the set readable or not; empty where it has none.

    Whoever looks for an order that was refused knows its number and not its ST02.
    """
    name, place = number_at(transaction_set.set_id)
    segment = next((segment for segment in transaction_set.segments if segment[0] == name), ())
    return segment[place].strip() if len(segment) > place else ""
