"""How the fields that documents and their lines share are written, each by its segment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from mlconn_pipelines.x12.line_segments import (
    allowance_and_charge_segments,
    answer_segments,
    carrier_segments,
    component_segments,
    date_segments,
    description_segments,
    note_segments,
    packing_segments,
    price_segment,
    reference_segments,
    schedule_segments,
    store_quantity_segments,
    tax_reference_segments,
    tax_segments,
    terms_segments,
    units_shipped_segments,
)
from mlconn_pipelines.x12.note_loops import note_loop_segments
from mlconn_pipelines.x12.party_segments import contact_segment, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

_Writer = tuple[str, Callable[[Any, Writing], Iterable[OutSegment]]]
_WRITERS: Mapping[str, _Writer] = {
    "ACK": ("answers", lambda answers, _: answer_segments(answers)),
    "CUR*BY": ("currency", lambda currency, _: [("CUR", "BY", currency)]),
    "CUR*PR": ("currency", lambda currency, _: [("CUR", "PR", currency)]),
    "CUR*SE": ("currency", lambda currency, _: [("CUR", "SE", currency)]),
    "CTP": ("prices", lambda prices, _: map(price_segment, prices)),
    "DTM": ("dates", lambda dates, _: date_segments(dates)),
    "G53": ("maintenance", lambda maintenance, _: [("G53", maintenance)]),
    "ISS": ("units_shipped", lambda shipped, _: units_shipped_segments("ISS", shipped)),
    "IT3": ("units_shipped", lambda shipped, _: units_shipped_segments("IT3", shipped)),
    "ITD": ("terms", terms_segments),
    "N1": ("parties", party_segments),
    "N9": ("notes", note_loop_segments),
    "NTE": ("notes", note_segments),
    "PER": ("contacts", lambda contacts, _: map(contact_segment, contacts)),
    "PID": ("description", description_segments),
    "PO4": ("packing", lambda packing, _: packing_segments(packing)),
    "REF": ("references", reference_segments),
    "SAC": ("allowances_and_charges", allowance_and_charge_segments),
    "SCH": ("schedules", lambda schedules, _: schedule_segments(schedules)),
    "SDQ": ("store_quantities", lambda quantities, _: store_quantity_segments(quantities)),
    "SLN": ("components", lambda components, _: component_segments(components)),
    "TAX": ("tax_references", lambda references, _: tax_reference_segments(references)),
    "TD5": ("carriers", carrier_segments),
    "TXI": ("taxes", lambda taxes, _: tax_segments(taxes)),
}


def field_segments(document: object, writing: Writing, ids: str) -> Iterator[OutSegment]:
    """What a document or a line holds of these fields, in the order in which its set has their segments: `"CUR*BY REF N1"`."""
    for name, write in _writers(ids):
        if value := getattr(document, name):
            yield from write(value, writing)


@cache
def _writers(ids: str) -> tuple[_Writer, ...]:
    return tuple(_WRITERS[id_] for id_ in ids.split())
