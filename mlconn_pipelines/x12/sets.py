"""Which module reads and writes which transaction set."""

from __future__ import annotations

import functools
import importlib
from types import ModuleType

from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET, Document

SETS = tuple(DOCUMENT_OF_SET)


@functools.cache
def module_of(set_id: str) -> ModuleType:
    """The module of a set in `SETS`; loaded when first asked for, so that a check of one file loads none of them."""
    return importlib.import_module(f"mlconn_pipelines.x12.set_{set_id}")


def set_of(document: Document) -> str:
    """The set that a document is written as."""
    return next(set_id for set_id, kind in DOCUMENT_OF_SET.items() if type(document) is kind)
