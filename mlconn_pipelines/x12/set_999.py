"""Implementation acknowledgments (005010 only): a 997 with IK3 to IK5 for AK3 to AK5, and contexts (CTX)."""

from __future__ import annotations

from collections.abc import Callable

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.set_997 import IK, acknowledgment_segments, read_acknowledgment
from mlconn_pipelines.x12.values import Values


def parse(values: Values, guide: PartnerGuide | None = None) -> FunctionalAcknowledgment:
    """What AK1 to AK9 say."""
    return read_acknowledgment(values, IK)


def render(document: FunctionalAcknowledgment, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE."""
    return acknowledgment_segments(document, Writing(guide, "999", clean), IK)
