"""The right to act once: who acts, on what, how it ended; and what a lost process or a lost answer left open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import DocumentRejected, OutcomeUnknown, Retryable
from mlconn_pipelines.flows.ports.entries import Channel, DocumentRow, FailedAct, OpenClaim, Render, Run, TwinLook
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


class Claims(Protocol):
    """Safe to use from several threads."""

    def owner(self, run: Run, time_out_s: float, absence_proves_after_s: float | None = None) -> AbstractContextManager[Owner]:
        """time_out_s: the request time-out plus a margin, after which a dead owner's claims may be taken over.

        absence_proves_after_s: so long after an attempt what is not there was surely not stored; None where that is never sure.
        """
        ...

    def open_claims(self, integration: str, flow: str = "") -> list[OpenClaim]:
        """Claims of dead owners left in `sending` after the time-out, and documents in `unknown`."""
        ...

    def settle(
        self, run: Run, claim_id: str, outcome: Receipt | Stored | None, evidence: str, hold_after: int | None = None
    ) -> State:
        """outcome given: delivered. None: surely not stored, the claim acts again (`ready`), after waits that grow from the
        second time on, or is on hold after so many error answers about this document. evidence: in words.

        ClaimLost when the claim went on since `open_claims` named it, or when it is too early for absence to prove anything.
        """
        ...

    def keep_unknown(
        self, run: Run, claim_id: str, evidence: str, *, tried_again: bool = False, absence_proves_after_s: float | None = None
    ) -> State:
        """Nothing conclusive; the next look comes later than this one, or when absence begins to prove something.

        tried_again: the look itself wrote something whose outcome is open, so that absence counts anew from now.
        """
        ...

    def twin_looks(self, integration: str, flow: str = "") -> Sequence[TwinLook]:
        """Settled claims whose outcome had been unknown and whose time has come to be looked for once more."""
        ...

    def twin_looked(self, look: TwinLook) -> None: ...

    def twin_look_later(self, look: TwinLook) -> None: ...

    def stored_twice(self, run: Run, document_id: str, words: str) -> bool:
        """An alert, and an exception on the document until somebody dismisses it; true when it is news."""
        ...

    def attempt_left_open(self, integration: str, what: str, absence_proves_after_s: float) -> None:
        """Something beside documents was to be made, and nobody knows whether it was: for so long its absence proves nothing."""
        ...

    def attempt_is_open(self, integration: str, what: str) -> bool: ...
