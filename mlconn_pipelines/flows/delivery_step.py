"""The one shape of every act on the outside world: wait, claim, sending, act, complete. Several at once, on threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NoReturn

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import (
    ClaimLost,
    ConnectionStopped,
    CredentialRefused,
    DocumentRejected,
    NotFound,
    NotStorable,
    OutcomeUnknown,
    Retryable,
    TryLater,
)
from mlconn_pipelines.flows.internal_errors import LOOKED_FOR, of_document
from mlconn_pipelines.flows.ports.claims import Claim, Owner
from mlconn_pipelines.flows.ports.entries import Channel, DocumentRow, Render
from mlconn_pipelines.flows.step_answers import StepAnswers
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.records import Stored


@dataclass(frozen=True, slots=True)
class DeliveryStep:
    """What is to be done with one document.

    channel: what control numbers are counted by, None for an ERP. entity: of a post. wait: limiter and session, before the claim.
    perform: one attempt at the outside world. system: what it acts on; `erp`, `folder`, or an endpoint's address.
    repeatable: made twice it leaves what it leaves made once (an update of named fields, an upsert by an external id), so that an
    unknown outcome is made again instead of looked up.
    """

    document: DocumentRow
    channel: Channel | None
    entity: str
    render: Render
    wait: Callable[[], None]
    perform: Callable[[Claim], Receipt | Stored]
    system: str = "erp"
    repeatable: bool = False


def refusal(row: DocumentRow, reason: DocumentRejected) -> DeliveryStep:
    """An act that its claim refuses: the way for a ready document that turned out impossible to be put on hold with its reason."""

    def refuse(*_: Any) -> NoReturn:
        raise reason

    return DeliveryStep(row, None, "", refuse, wait=lambda: None, perform=refuse)


def perform_all(
    owner: Owner,
    documents: Callable[[str], Sequence[DocumentRow]],
    prepare: Callable[[DocumentRow], DeliveryStep | None],
    at_once: int,
    hold_after: int,
    tally: Tally,
) -> None:
    """DeliveryStep on every document that is offered until none is; one that fails leaves the others alone.

    At the end it is judged which failures were about their documents, and which were the connection's.

    documents: some of them behind an id, in the order of ids; empty text for the first.
    prepare: None where the document was dealt with otherwise. at_once: acts in flight. hold_after: error answers that count.
    """
    answers = StepAnswers()
    with ThreadPoolExecutor(at_once, thread_name_prefix="act") as threads:
        after = ""
        while not tally.stopped and (batch := documents(after)):
            for _ in threads.map(lambda row: _act(owner, row, prepare, answers, tally), batch):
                pass
            after = batch[-1].id
    tally.add(State.ON_HOLD, owner.judge(answers.answered, answers.failures(), hold_after))


def _act(
    owner: Owner, row: DocumentRow, prepare: Callable[[DocumentRow], DeliveryStep | None], answers: StepAnswers, tally: Tally
) -> None:
    """One that the code falls over before its claim is `sending` is on hold; afterwards its outcome is unknown."""
    if tally.stopped:
        return
    act = None
    try:
        if (act := prepare(row)) is None:
            return
        act.wait()  # nothing is claimed while waiting
        claim = owner.claim(row, act.channel, act.render, act.entity, act.repeatable)
        if claim is None:
            tally.add("left_to_others")
            return
        tally.add(_perform(claim, act, answers, tally))
    except DocumentRejected:  # by the claim: nothing was taken, and the ledger has set the document aside
        tally.add(State.ON_HOLD)
    except (TryLater, ConnectionStopped, CredentialRefused) as later:
        tally.stop(str(later))
    except ClaimLost as lost:
        tally.add("lost_to_others")
        tally.problem(f"{row.id}: {lost}")
    except Retryable as busy:
        tally.add("try_later")
        tally.problem(f"{row.id}: {busy}")
        if act is not None:
            answers.failed(act.system, "", busy, tally)
    except Exception as trouble:
        _hold(owner, row, of_document(trouble, row), tally)


def _hold(owner: Owner, row: DocumentRow, finding: Finding, tally: Tally) -> None:
    tally.problem(f"{row.id}: {finding.message}")
    reason = DocumentRejected(finding.message, code=finding.code)
    try:
        claim = owner.claim(row, None, refusal(row, reason).render, "")
        tally.add("left_to_others" if claim is None else claim.refuse(reason))  # a claim: one of a run before, taken over
    except DocumentRejected:
        tally.add(State.ON_HOLD)
    except ClaimLost as lost:
        tally.add("lost_to_others")
        tally.problem(f"{row.id}: {lost}")


def _perform(claim: Claim, act: DeliveryStep, answers: StepAnswers, tally: Tally) -> State:
    claim.sending()  # committed; the very next thing is the request
    if claim.too_late:  # frozen meanwhile: others may have looked for what was never sent, and sent it themselves
        return claim.retry_later(Retryable("The process stood still before the request could be made", "It is tried again."))
    try:
        receipt = act.perform(claim)  # one attempt, never retried inside
    except OutcomeUnknown as lost:
        if act.repeatable:
            again = Retryable(lost.what, "It is safe to repeat, and is made again.", answered=lost.answered)
            answers.failed(act.system, claim.id, again, tally)
            return claim.retry_later(again)
        answers.failed(act.system, claim.id, lost, tally)
        return claim.unknown(lost)  # never sent again without a look
    except DocumentRejected as refusal:
        answers.took(act.system)
        return claim.refuse(refusal)
    except (CredentialRefused, ConnectionStopped) as refused:  # the server let nobody in, so nothing was stored
        tally.stop(str(refused))
        return claim.retry_later(Retryable(refused.what, refused.hint))
    except NotFound as gone:  # a folder that vanished: nothing was stored, and it may come back
        tally.problem(str(gone))
        return claim.retry_later(Retryable(gone.what, gone.hint))
    except Retryable as busy:  # surely not stored: same claim, bytes and numbers next time
        answers.failed(act.system, claim.id, busy, tally)
        return claim.retry_later(busy)
    except Exception as trouble:  # the request may have left: what became of it is to be looked for, as after any lost answer
        return _unknown(claim, act, of_document(trouble, act.document, LOOKED_FOR), answers, tally)
    answers.took(act.system)
    tally.delivered(claim.destination, len(claim.content))
    try:
        return claim.complete(receipt)
    except NotStorable as trouble:
        return _unknown(claim, act, of_document(trouble, act.document, LOOKED_FOR), answers, tally)


def _unknown(claim: Claim, act: DeliveryStep, finding: Finding, answers: StepAnswers, tally: Tally) -> State:
    """What trips our own code is about this document as surely as an error of the other side's."""
    tally.problem(f"{claim.document_id}: {finding.message}")
    lost = OutcomeUnknown(finding.message, answered="system")
    answers.failed(act.system, claim.id, lost, tally, ours=True)
    return claim.unknown(lost)
