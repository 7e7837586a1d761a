"""What partners say of documents that we sent, and which document they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.flows.ports.entries import (
    AcknowledgmentOutcome,
    DocumentRow,
    ReceivedGroup,
    Run,
)
from mlconn_pipelines.ports.mapping import Finding


class Acknowledgments(Protocol):
    """Safe to use from several threads."""

    def acknowledge(
        self, run: Run, received: FunctionalAcknowledgment, envelope: Mapping[str, str], document_id: str
    ) -> AcknowledgmentOutcome:
        """Match a received 997 or 999 (its envelope's ids are swapped against ours) and move what it names."""
        ...

    def acknowledge_interchange(
        self,
        run: Run,
        received: InterchangeAcknowledgment,
        words: str,
        envelope: Mapping[str, str],
        document_id: str,
    ) -> AcknowledgmentOutcome:
        """Match a received TA1 by the control number of our interchange. R rejects its document, A and E prove its arrival.

        words: what it says, for findings and alerts.
        """
        ...

    def advise(self, run: Run, document_id: str, findings: Sequence[Finding], rejected: bool) -> None:
        """Put an 824's findings on the document it names; a rejection raises an alert."""
        ...

    def answer_interchange(self, run: Run, refusal: ReceivedGroup) -> bool:
        """Queue our TA1 to an interchange of which nothing was taken in; false where that was done before."""
        ...

    def sent_by_number(self, integration: str, set_id: str, partner: str, business_number: str) -> DocumentRow | None:
        """The delivered outbound document that an 855, 856, 810 or 824 names by its number, without its payloads."""
        ...

    def sent_by_numbers(
        self, integration: str, set_id: str, named: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], DocumentRow]:
        """The same for many (partner, business number) pairs, without their payloads; pairs that name none are left out."""
        ...

    def taken_by_numbers(
        self, integration: str, set_ids: Sequence[str], named: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], DocumentRow]:
        """For (partner, business number) pairs the newest received document of one of the sets, without its raw record.

        What is on hold counts, what was refused or dismissed does not.
        """
        ...

    def taken_for_orders(self, row: DocumentRow, numbers: Sequence[str]) -> Sequence[DocumentRow]:
        """Received documents of the row's set and partner that were taken before it and name one of these orders, without their raw
        records."""
        ...

    def sent_under(self, integration: str, envelope: Mapping[str, str], group: str, set_number: str) -> DocumentRow | None:
        """The outbound document that went out with these GS06 and ST02, without its payloads; the newest after a wrap.

        envelope: of the interchange that names them, whose receiver we are.
        """
        ...
