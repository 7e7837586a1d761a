"""The right to act once: who acts, on what, and how it ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import DocumentRejected, OutcomeUnknown, Retryable
from mlconn_pipelines.flows.ports.entries import Channel, DocumentRow, FailedAct, Render
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.records import Stored


class Claim(Protocol):
    """The right to act once on one document. Every method is one short transaction and raises ClaimLost when fenced off."""

    @property
    def id(self) -> str: ...
    @property
    def document_id(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def file_name(self) -> str: ...
    @property
    def destination(self) -> str: ...
    @property
    def correlation_reference(self) -> str:
        """`INTEGRATION:ENTITY:DOCUMENT-ID`, what a created record carries; empty where the act is repeatable."""
        ...

    def sending(self) -> None:
        """Commit that the request is about to leave; the very next thing is the request."""
        ...

    @property
    def too_late(self) -> bool:
        """Whether more time has passed since `sending` than a request may take: others may have looked for it in vain by now."""
        ...

    def complete(self, receipt: Receipt | Stored) -> State: ...

    def refuse(self, refusal: DocumentRejected) -> State: ...

    def retry_later(self, busy: Retryable) -> State:
        """The server surely stored nothing: same claim, bytes and numbers next time, after a back-off that grows by attempts."""
        ...

    def unknown(self, lost: OutcomeUnknown) -> State: ...


class Owner(Protocol):
    """One process that acts. It holds a session advisory lock on a connection of its own while it lives."""

    def claim(
        self, document: DocumentRow, channel: Channel | None, render: Render, entity: str = "", repeatable: bool = False
    ) -> Claim | None:
        """None when another live owner has it, it is not ready any more, or its newest revision is another.

        An open `claimed` claim of a dead owner, or one that a retry left, is taken over with a higher fencing number and its
        own bytes; `render` is then not called. channel: None for posts to an ERP, which have no control numbers.
        entity: ERP entity of a post, the middle of our reference. repeatable: nothing is ever looked for, so it has no reference.
        """
        ...

    def judge(self, answered: Collection[str], failed: Sequence[FailedAct], hold_after: int) -> int:
        """At the end of a step. answered: systems that took or refused something. Returns how many documents were put on hold.

        An error answer counts towards `hold_after` where the system answered others about that time, or where the document was
        the only one; else it is the connection that is in trouble, and no document's fault.
        """
        ...
