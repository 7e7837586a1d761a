"""What a fetched record means for what the ledger already holds of it. Pure: design.md section 4, rules 2, 3, 4 and 6.

A revision of a document that is `seen` or `ready` is a row of its own (the older one is `superseded`); a revision of one that
is `on_hold` takes the same row up again, as the state table says, so that the name a clerk knows stays. Where the table
lists no way on (`before_go_live`, `skipped`), see `_ended`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto

from mlconn_pipelines.documents.lifecycle import DELIVERED, State
from mlconn_pipelines.flows.ports.entries import FetchedRecord, FetchRules, Run
from mlconn_pipelines.ledger.rows import Row
from mlconn_pipelines.ports.mapping import Finding, RecordHeader
from mlconn_pipelines.reasons import Reason


class Step(Enum):
    NEW = auto()
    """A row of its own, first revision."""
    TAKE_OVER = auto()
    """The row that a preview left becomes a document, or a preview looks again."""
    SUPERSEDE = auto()
    """A new revision in a row of its own; the older one is superseded."""
    REVIVE = auto()
    """The same row with the new record, `seen` again."""
    FOLLOW = auto()
    """A new revision in a row of its own beside one that ended."""
    CHANGE = auto()
    """A change set in a row of its own; what was sent goes on standing."""
    REFRESH = auto()
    """The same row with the new record, its state unchanged."""
    CANCEL = auto()
    EXCEPTION = auto()
    """State unchanged, but a person has to look."""
    STAMP = auto()
    """Nothing but the stamp."""
    OURS = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """code, reason: of an exception or of what sets the new row aside at once. counted: the field of FetchCounts."""

    step: Step
    counted: str
    code: str = ""
    reason: str = ""


_UNCHANGED = Decision(Step.STAMP, "unchanged")
_AFTER_SENDING = DELIVERED | {State.OUTCOME_UNKNOWN}
_PARTNER_HAS_IT = frozenset({State.SENT, State.ACCEPTED, State.ACCEPTED_WITH_ERRORS, State.PROCESSED})
"""States in which what is changed further goes out as a change set. A recorded change set had nothing to say."""


def decide(
    run: Run, rules: FetchRules, record: FetchedRecord, row: Row | None, open_claim: str, our_hashes: Collection[str]
) -> Decision:
    """row: the newest revision, None when there is none. open_claim: state of its open claim, empty when there is none.

    our_hashes: content hashes that updates of ours left in that record.
    """
    facts = record.facts
    if record.ours:
        return Decision(Step.OURS, "ours")
    if record.problem is not None:
        return _unreadable(run, record, record.problem, row, open_claim)
    counted = "before_go_live" if is_early(facts, rules) else "cancelled" if facts.cancelled else "new"
    if row is None:
        left = facts.content_hash in our_hashes or (facts.cancelled and rules.leaves_cancelled) or not facts.begins
        return Decision(Step.OURS, "ours") if left else Decision(Step.NEW, counted)
    if run.preview and not row["preview"]:
        # The stamp stays as it is too: the live run must still find the change.
        return Decision(Step.NOTHING, "unchanged")
    if row["preview"]:
        if run.preview and row["content_hash"] == facts.content_hash and not facts.cancelled:
            return _UNCHANGED
        return Decision(Step.TAKE_OVER, counted)
    if facts.content_hash in our_hashes and not facts.cancelled:
        return Decision(Step.STAMP, "ours")
    return _revision(rules, record, row, open_claim)


def is_early(facts: RecordHeader, rules: FetchRules) -> bool:
    """Whether it is dated before the flow's start. One without a date that can be read is not: a person must see it."""
    return facts.date is not None and facts.date < rules.send_from


def _unreadable(run: Run, record: FetchedRecord, problem: Finding, row: Row | None, open_claim: str) -> Decision:
    """What could not be read is held with its reason. Of what was sent or ended before, a person is told once a stamp."""
    code, words = problem.code, problem.message
    if row is None:
        return Decision(Step.NEW, "unreadable", code, words)
    if run.preview and not row["preview"]:
        return Decision(Step.NOTHING, "unchanged")
    if row["latest_hash"] == record.facts.content_hash and (run.preview or not row["preview"]):
        return _UNCHANGED
    if row["preview"]:
        return Decision(Step.TAKE_OVER, "unreadable", code, words)
    state = State(row["state"])
    if state in (State.PENDING_VALIDATION, State.ON_HOLD) or (
        state is State.READY and open_claim not in ("sending", "outcome_unknown")
    ):
        return Decision(Step.REFRESH if state is State.ON_HOLD else Step.SUPERSEDE, "unreadable", code, words)
    if state is State.READY:
        return Decision(Step.NOTHING, "unchanged")
    return Decision(Step.EXCEPTION, "unreadable", code, words)


def _revision(rules: FetchRules, record: FetchedRecord, row: Row, open_claim: str) -> Decision:
    facts, state = record.facts, State(row["state"])
    if state in _AFTER_SENDING or (state is State.READY and open_claim in ("sending", "outcome_unknown")):
        return _after_sending(rules, record, row, open_claim)
    if state in (State.PENDING_VALIDATION, State.READY, State.ON_HOLD) and facts.cancelled:
        if row["set_id"] == rules.set_id:
            return Decision(Step.CANCEL, "cancelled")
        # Nothing is left to change, but the partner has the document that was to be changed.
        return Decision(Step.CANCEL, "cancelled", Reason.CANCELLED_AFTER_SENDING, _cancelled_words(row))
    # A date that could be read before, or can be now: not every hash holds it.
    changed = row["content_hash"] != facts.content_hash or (row["document_date"] is None) != (facts.date is None)
    if state in (State.PENDING_VALIDATION, State.READY):
        return Decision(Step.SUPERSEDE, "revised") if changed else _UNCHANGED
    if state is State.ON_HOLD:
        if changed and is_early(facts, rules) and row["set_id"] == rules.set_id:
            words = (
                f"now dated {facts.date}, before this flow's start on {rules.send_from}; reprocess it to send it all the same"
            )
            return Decision(Step.REFRESH, "before_go_live", Reason.BEFORE_START, words)
        return Decision(Step.REVIVE, "revised") if changed else _UNCHANGED
    return _ended(record, row, changed)


def _ended(record: FetchedRecord, row: Row, changed: bool) -> Decision:
    """Revisions of rows that leave their state only by a person's word, or never."""
    facts, state = record.facts, State(row["state"])
    if state is State.BEFORE_GO_LIVE:
        # Leaves only when named; a replay fetches again anyway, the row just shows the record as it is now.
        return Decision(Step.REFRESH, "before_go_live") if changed else _UNCHANGED
    if state is State.SKIPPED and not facts.cancelled:
        if row["reason_code"] == Reason.CANCELLED:
            return Decision(Step.FOLLOW, "revised")
        if changed:
            words = f"changed in the source after {row['id']} was dismissed ({row['reason']})"
            return Decision(Step.FOLLOW, "revised", Reason.CHANGED_AFTER_DISMISSAL, words)
    return _UNCHANGED


def _after_sending(rules: FetchRules, record: FetchedRecord, row: Row, open_claim: str) -> Decision:
    facts = record.facts
    if (
        row["state"] == State.READY
        and open_claim == "sending"
        and (facts.cancelled or row["content_hash"] != facts.content_hash)
    ):
        # The request is on its way. Leave the stamp, so that the next poll asks again once its outcome is known: a claim
        # that surely stored nothing must not go out with an old revision.
        return Decision(Step.NOTHING, "unchanged")
    if facts.cancelled:
        words = _left_words(row, facts.cancelled_by) if rules.kind else _cancelled_words(row)
        if row["exception_code"] == Reason.CANCELLED_AFTER_SENDING or row["latest_hash"] == f"cancelled:{facts.content_hash}":
            return _UNCHANGED
        return Decision(Step.EXCEPTION, "cancelled", Reason.CANCELLED_AFTER_SENDING, words)
    if rules.change_set and row["content_hash"] == facts.content_hash:
        return _UNCHANGED
    if rules.change_set and State(row["state"]) in _PARTNER_HAS_IT:
        return Decision(Step.CHANGE, "revised")
    if row["latest_hash"] == facts.content_hash:
        return _UNCHANGED
    if rules.after_sending == "ignore":
        return Decision(Step.STAMP, "changed_after_sending")
    if rules.after_sending == "again":
        # While nobody knows whether the one before arrived, the stamp is left, so that it is read once more afterwards.
        return Decision(Step.FOLLOW, "revised") if row["state"] in DELIVERED else Decision(Step.NOTHING, "unchanged")
    if rules.kind:
        return Decision(Step.EXCEPTION, "changed_after_sending", Reason.CHANGED_AFTER_SENDING, _changed_words(row))
    what_to_do = "reprocess it with --redeliver, or dismiss this"
    if rules.change_set and row["state"] == State.OUTCOME_UNKNOWN:
        what_to_do = f"find out whether it arrived and release or resend it, then reprocess it: the change leaves as an {rules.change_set}"
    words = (
        f"{row['business_number'] or row['source_key']} was changed in the source after it had been sent to "
        f"{row['partner'] or 'the partner'}; nothing was sent again: {what_to_do}"
    )
    return Decision(Step.EXCEPTION, "changed_after_sending", Reason.CHANGED_AFTER_SENDING, words)


def _cancelled_words(row: Row) -> str:
    return (
        f"{row['business_number'] or row['source_key']} was cancelled in the source after it had been sent to "
        f"{row['partner'] or 'the partner'}; tell them or send a correction, then dismiss this"
    )


def _changed_words(row: Row) -> str:
    return (
        f"{row['business_number'] or row['source_key']} was changed at its source after it had become a record of the other system, "
        "which was left as it is: change that by hand if it is meant, then dismiss this"
    )


def _left_words(row: Row, cancelled_by: str) -> str:
    return (
        f"{row['business_number'] or row['source_key']} {cancelled_by or 'was opened again or deleted at its source'} after it had become "
        "a record of the other system, which was left as it is: cancel or block that by hand if it is meant, then dismiss this"
    )
