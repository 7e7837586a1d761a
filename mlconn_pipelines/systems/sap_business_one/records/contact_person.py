"""A contact person as a record of its own: a row of a business partner, named by the partner's code and by its own number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlconn_pipelines.records.reading import whole_from_json

ROWS = "ContactEmployees"
_OF_PARTNER = ("CardCode", "CardType", "UpdateDate", "UpdateTime", "CreateDate", "CreateTime")
"""What a row is read with. It has stamps of its own in newer releases only; every change of one moves those of the partner."""


def people_of(card: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The rows of a business partner that SAP has numbered."""
    shared = {name: card.get(name) for name in _OF_PARTNER}
    for row in card.get(ROWS) or ():
        if row.get("InternalCode") is not None:
            yield {**row, **shared}


def key_of(person: Mapping[str, Any]) -> str:
    """`C20020:17`. KeyError: its partner has no code."""
    if not (code := str(person.get("CardCode") or "")):
        raise KeyError("CardCode")
    return f"{code}:{whole_from_json(person['InternalCode'])}"


def partner_of(key: str) -> str:
    """The code of the partner whose person bears that key; empty for what is no such key."""
    return key.rpartition(":")[0]
