"""What a received document is divided into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.documents.kinds import Document


@dataclass(frozen=True, slots=True)
class Part:
    """One of the documents that a received one is divided into. name: tells it from the other parts, for good. raw: as received."""

    name: str
    document: Document
    raw: Any
