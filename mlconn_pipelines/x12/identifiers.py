"""Which elements hold identifiers: numbers of orders, invoices, shipments, items, locations, accounts, references.

A name that is written otherwise is still that name; a number is another one. So identifiers are never changed to fit a partner.
"""

from __future__ import annotations

import functools

from mlconn_pipelines.x12.grammar.loading import nearest_release, release

_ELEMENTS = frozenset(("67", "76", "87", "127", "234", "310", "324", "327", "328", "350", "367", "396", "508"))
"""X12 elements: party id, invoice number, mark or label number, reference, product id, location, PO number, change order sequence,
release, line number, contract, shipment, account."""


@functools.cache
def identifier_places(version: str) -> frozenset[tuple[str, int]]:
    """Segment id and position, from 1, of each element that holds one, in the release of a version (GS08).

    >>> ("BIG", 2) in identifier_places("004010"), ("N1", 2) in identifier_places("004010"), ("N1", 4) in identifier_places("006030")
    (True, False, True)
    """
    segments = release(nearest_release(version) or ("004010" if version < "005" else "005010")).segments
    return frozenset(
        (definition.id, position)
        for definition in segments.values()
        for position, use in enumerate(definition.elements, start=1)
        if use.id in _ELEMENTS
    )
