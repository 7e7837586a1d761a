"""Implementation acknowledgments (005010 only): a 997 with IK3 to IK5 for AK3 to AK5, and contexts (CTX)."""

from __future__ import annotations

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.x12.element_reader import ElementReader
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.set_997 import IK, acknowledgment_segments, read_acknowledgment


def parse(values: ElementReader) -> FunctionalAcknowledgment:
    """What AK1 to AK9 say."""
    return read_acknowledgment(values, IK)


def render(document: FunctionalAcknowledgment, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE."""
    return acknowledgment_segments(document, writing, IK)
