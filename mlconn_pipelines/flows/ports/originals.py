"""What reading received originals again needs of the ledger: the bytes as they came, and what became of them then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.ports.records import Record


@dataclass(frozen=True, slots=True)
class Original:
    """An interchange as it was received, or a whole file that was put on hold. held: reason code of that file, else empty.

    sender, receiver: ISA05-06 and ISA07-08 as `ZZ:ACME`, empty of a file that was put on hold.
    """

    content: bytes
    file_name: str
    folder: str
    at: dt.datetime
    sender: str = ""
    receiver: str = ""
    held: str = ""


@dataclass(frozen=True, slots=True)
class CameAs:
    """What the ledger holds of a received set. held_by: as its column. content_hash: of the set's bytes.

    advised: the verdicts of our 824s to it, `TA` and so on.
    """

    document: DocumentRow
    held_by: str
    content_hash: str
    advised: frozenset[str] = frozenset()


class Originals(Protocol):
    """Reads only."""

    def original_ids(self, integration: str, start: dt.datetime, end: dt.datetime | None) -> Sequence[int]:
        """Of what was received in [start, end), the oldest first."""
        ...

    def originals(self, ids: Collection[int]) -> Sequence[Original]:
        """Those, in the order of their ids."""
        ...

    def came_as(self, integration: str, source_keys: Collection[str]) -> Mapping[str, CameAs]:
        """By source key; previews are left out."""
        ...

    def answers(self, integration: str, source_keys: Collection[str]) -> Mapping[str, Any]:
        """Our 997s, 999s and TA1s by their source keys: their canonical form as JSON."""
        ...

    def records(self, integration: str, flows: Collection[str], keys: Collection[str]) -> Sequence[Record]:
        """The ERP's records of these keys as the outbound flows last stored them."""
        ...

    def reference_book(self, integration: str, version: int | None) -> ReferenceBook:
        """Reference data as known then; the newest for None."""
        ...
