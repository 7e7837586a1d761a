"""The life of a document in the ledger: its states, and what may happen to it in each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a document stands."""

    PENDING_VALIDATION = "pending_validation"
    BEFORE_GO_LIVE = "before_go_live"
    READY = "ready"
    ON_HOLD = "on_hold"
    SKIPPED = "skipped"
    SYNTAX_REJECTED = "syntax_rejected"
    DUPLICATE = "duplicate"
    PROCESSED = "processed"
    SUPERSEDED = "superseded"
    OUTCOME_UNKNOWN = "outcome_unknown"
    SENT = "sent"
    POSTED = "posted"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    REJECTED_BY_PARTNER = "rejected_by_partner"


class Event(StrEnum):
    """What happens to a document."""

    FETCHED = "fetched"
    DATED_BEFORE_START = "dated_before_start"
    REPLAYED = "replayed"
    REDELIVERED = "redelivered"
    CHECKED = "checked"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    SYNTAX_REFUSED = "syntax_refused"
    DUPLICATE_RECEIVED = "duplicate_received"
    NO_ACTION_REQUIRED = "no_action_required"
    REVALIDATED = "revalidated"
    APPROVED = "approved"
    DISMISSED = "dismissed"
    REVISED = "revised"
    TRY_LATER = "try_later"
    SENT = "sent"
    POSTED = "posted"
    NO_ANSWER = "no_answer"
    NOT_DELIVERED = "not_delivered"
    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGED_WITH_ERRORS = "acknowledged_with_errors"
    ACKNOWLEDGED_AS_REJECTED = "acknowledged_as_rejected"


_S, _E = State, Event

_AFTER_ACKNOWLEDGMENT = {
    _E.ACKNOWLEDGED: _S.ACCEPTED,
    _E.ACKNOWLEDGED_WITH_ERRORS: _S.ACCEPTED_WITH_ERRORS,
    _E.ACKNOWLEDGED_AS_REJECTED: _S.REJECTED_BY_PARTNER,
}

TRANSITIONS: Mapping[State | None, Mapping[Event, State]] = {
    None: {_E.FETCHED: _S.PENDING_VALIDATION, _E.DATED_BEFORE_START: _S.BEFORE_GO_LIVE},
    _S.BEFORE_GO_LIVE: {_E.REPLAYED: _S.PENDING_VALIDATION},
    _S.PENDING_VALIDATION: {
        _E.CHECKED: _S.READY,
        _E.REFUSED: _S.ON_HOLD,
        _E.CANCELLED: _S.SKIPPED,
        _E.SYNTAX_REFUSED: _S.SYNTAX_REJECTED,
        _E.DUPLICATE_RECEIVED: _S.DUPLICATE,
        _E.NO_ACTION_REQUIRED: _S.PROCESSED,
        _E.REVISED: _S.SUPERSEDED,
    },
    _S.ON_HOLD: {
        _E.REVISED: _S.PENDING_VALIDATION,
        _E.REVALIDATED: _S.PENDING_VALIDATION,
        _E.REPLAYED: _S.PENDING_VALIDATION,
        _E.APPROVED: _S.READY,
        _E.DISMISSED: _S.SKIPPED,
        _E.CANCELLED: _S.SKIPPED,
    },
    _S.READY: {
        _E.REFUSED: _S.ON_HOLD,
        _E.CANCELLED: _S.SKIPPED,
        _E.REVISED: _S.SUPERSEDED,
        _E.TRY_LATER: _S.READY,
        _E.SENT: _S.SENT,
        _E.POSTED: _S.POSTED,
        _E.NO_ANSWER: _S.OUTCOME_UNKNOWN,
        **_AFTER_ACKNOWLEDGMENT,
    },
    _S.OUTCOME_UNKNOWN: {_E.SENT: _S.SENT, _E.POSTED: _S.POSTED, _E.NOT_DELIVERED: _S.READY, **_AFTER_ACKNOWLEDGMENT},
    _S.SENT: dict(_AFTER_ACKNOWLEDGMENT),
    _S.REJECTED_BY_PARTNER: {_E.REDELIVERED: _S.PENDING_VALIDATION},
    _S.ACCEPTED: {},
    _S.ACCEPTED_WITH_ERRORS: {},
    _S.POSTED: {},
    _S.PROCESSED: {},
    _S.SKIPPED: {},
    _S.SYNTAX_REJECTED: {},
    _S.DUPLICATE: {},
    _S.SUPERSEDED: {},
}

DELIVERED = frozenset({_S.SENT, _S.ACCEPTED, _S.ACCEPTED_WITH_ERRORS, _S.REJECTED_BY_PARTNER, _S.POSTED, _S.PROCESSED})
"""States of a document that reached its target; none of them is ever sent again by itself."""


def after(state: State | None, event: Event) -> State | None:
    """The state that follows, or None where the table lists no such transition. A document not yet in the ledger has no state."""
    return TRANSITIONS[state].get(event)


FORMER_WORDS: Mapping[str, str] = {
    "seen": _S.PENDING_VALIDATION,
    "set_aside": _S.ON_HOLD,
    "recorded": _S.PROCESSED,
    "unknown": _S.OUTCOME_UNKNOWN,
    "refused": _S.SYNTAX_REJECTED,
    "before_start": _S.BEFORE_GO_LIVE,
    "void": "cancelled",
}
"""States of documents, and of their attempts, as they were called until schema 0008. The sealed audit keeps these words; options
and configurations may say them."""

FORMER_EVENTS: Mapping[str, str] = {
    "circumstances_changed": _E.REVALIDATED,
    "same_bytes_again": _E.DUPLICATE_RECEIVED,
    "needs_no_create": _E.NO_ACTION_REQUIRED,
}
_BEFORE = {str(now): before for before, now in FORMER_WORDS.items()}


def state_word(word: str) -> str:
    """A state by the name that it has now, whichever it is given by."""
    return FORMER_WORDS.get(word, word)


def former_state_word(word: str) -> str:
    """A state by the name that it had until schema 0008."""
    return _BEFORE.get(word, word)
