"""Which module reads and writes which transaction set."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from types import ModuleType

from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET, Document
from mlconn_pipelines.x12.envelope import TransactionSet

SETS = tuple(DOCUMENT_OF_SET)

NUMBER_AT: Mapping[str, tuple[str, int]] = {
    "810": ("BIG", 2),
    "820": ("TRN", 2),
    "824": ("BGN", 2),
    "832": ("BCT", 2),
    "846": ("BIA", 3),
    "850": ("BEG", 3),
    "855": ("BAK", 3),
    "856": ("BSN", 2),
    "860": ("BCH", 3),
    "861": ("BRA", 1),
    "865": ("BCA", 3),
    "997": ("AK1", 2),
}
"""Segment and element that hold the number by which people know a document."""


@functools.cache
def module_of(set_id: str) -> ModuleType:
    """The module of a set in `SETS`; loaded when first asked for, so that a check of one file loads none of them."""
    return importlib.import_module(f"mlconn_pipelines.x12.set_{set_id}")


def set_of(document: Document) -> str:
    """The set that a document is written as."""
    return next(set_id for set_id, kind in DOCUMENT_OF_SET.items() if type(document) is kind)


def number_in(transaction_set: TransactionSet) -> str:
    """That number as it stands in the set, be the rest of the set readable or not; empty where it has none.

    Whoever looks for an order that was refused knows its number and not its ST02.
    """
    name, place = NUMBER_AT.get(transaction_set.set_id, ("", 0))
    segment = next((segment for segment in transaction_set.segments if segment[0] == name), ())
    return segment[place].strip() if len(segment) > place else ""
