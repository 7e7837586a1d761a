"""The life of a document in the ledger: its states, and what may happen to it in each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a document stands."""

    SEEN = "seen"
    BEFORE_START = "before_start"
    READY = "ready"
    SET_ASIDE = "set_aside"
    SKIPPED = "skipped"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    RECORDED = "recorded"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"
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
    SAME_BYTES_AGAIN = "same_bytes_again"
    NEEDS_NO_CREATE = "needs_no_create"
    CIRCUMSTANCES_CHANGED = "circumstances_changed"
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
    None: {_E.FETCHED: _S.SEEN, _E.DATED_BEFORE_START: _S.BEFORE_START},
    _S.BEFORE_START: {_E.REPLAYED: _S.SEEN},
    _S.SEEN: {
        _E.CHECKED: _S.READY,
        _E.REFUSED: _S.SET_ASIDE,
        _E.CANCELLED: _S.SKIPPED,
        _E.SYNTAX_REFUSED: _S.REFUSED,
        _E.SAME_BYTES_AGAIN: _S.DUPLICATE,
        _E.NEEDS_NO_CREATE: _S.RECORDED,
        _E.REVISED: _S.SUPERSEDED,
    },
    _S.SET_ASIDE: {
        _E.REVISED: _S.SEEN,
        _E.CIRCUMSTANCES_CHANGED: _S.SEEN,
        _E.REPLAYED: _S.SEEN,
        _E.APPROVED: _S.READY,
        _E.DISMISSED: _S.SKIPPED,
        _E.CANCELLED: _S.SKIPPED,
    },
    _S.READY: {
        _E.REFUSED: _S.SET_ASIDE,
        _E.CANCELLED: _S.SKIPPED,
        _E.REVISED: _S.SUPERSEDED,
        _E.TRY_LATER: _S.READY,
        _E.SENT: _S.SENT,
        _E.POSTED: _S.POSTED,
        _E.NO_ANSWER: _S.UNKNOWN,
        **_AFTER_ACKNOWLEDGMENT,
    },
    _S.UNKNOWN: {_E.SENT: _S.SENT, _E.POSTED: _S.POSTED, _E.NOT_DELIVERED: _S.READY, **_AFTER_ACKNOWLEDGMENT},
    _S.SENT: dict(_AFTER_ACKNOWLEDGMENT),
    _S.REJECTED_BY_PARTNER: {_E.REDELIVERED: _S.SEEN},
    _S.ACCEPTED: {},
    _S.ACCEPTED_WITH_ERRORS: {},
    _S.POSTED: {},
    _S.RECORDED: {},
    _S.SKIPPED: {},
    _S.REFUSED: {},
    _S.DUPLICATE: {},
    _S.SUPERSEDED: {},
}

DELIVERED = frozenset({_S.SENT, _S.ACCEPTED, _S.ACCEPTED_WITH_ERRORS, _S.REJECTED_BY_PARTNER, _S.POSTED, _S.RECORDED})
"""States of a document that reached its target; none of them is ever sent again by itself."""


def after(state: State | None, event: Event) -> State | None:
    """The state that follows, or None where the table lists no such transition. A document not yet in the ledger has no state."""
    return TRANSITIONS[state].get(event)
