"""TD5: carriers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.values import text

ROUTING_LENGTH = 35


def carrier_of(segment: Segment) -> Carrier | None:
    """TD5; None where it names neither carrier nor mode nor routing (a service level alone, say)."""
    carrier = Carrier(text(segment, 3), text(segment, 4), text(segment, 5), text(segment, 2) or "2")
    return carrier if carrier.code or carrier.mode or carrier.routing else None


def carrier_segments(carriers: Sequence[Carrier], writing: Writing) -> Iterator[OutSegment]:
    """TD5 of each."""
    for carrier in carriers:
        routing = writing.cut(carrier.routing, "TD505", ROUTING_LENGTH)
        yield ("TD5", "", carrier.qualifier if carrier.code else "", carrier.code, carrier.mode, routing)
