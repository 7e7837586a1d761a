"""The ledger as people act on it: one document, one decision, and a reason that is kept."""

from __future__ import annotations

from typing import Protocol

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import Run


class Operator(Protocol):
    """Each gives the state that the document has then. Errors: LedgerError where it is none that this can be done to."""

    def reprocess(self, run: Run, document_id: str, reason: str, redeliver: bool = False) -> State:
        """Back to be checked. What was delivered needs `redeliver` and a reason, and then gets a new claim with new numbers."""
        ...

    def approve(self, run: Run, document_id: str, reason: str) -> State:
        """A document on hold goes on with its findings."""
        ...

    def dismiss(self, run: Run, document_id: str, reason: str) -> State:
        """A document on hold is left for good, or the open exception of another one is closed."""
        ...

    def release(self, run: Run, document_id: str, delivered: bool, reason: str) -> State:
        """Settle an unknown outcome by what a person found out at the other side."""
        ...

    def resend(self, run: Run, document_id: str, reason: str) -> State:
        """The claim's bytes, name and numbers once more: back to `ready` with the claim kept."""
        ...
