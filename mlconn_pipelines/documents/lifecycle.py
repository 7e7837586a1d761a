"""The life of a document in the ledger: its states, and what may happen to it in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


class Delivery(StrEnum):
    """What is known of a document's way into its target."""

    NONE = ""
    UNKNOWN = "unknown"
    SENT = "sent"
    POSTED = "posted"
    NOT_NEEDED = "not_needed"


class Syntax(StrEnum):
    """What a 997, 999 or TA1 said: the partner's of what we sent, ours of what came in."""

    NONE = ""
    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    REJECTED = "rejected"


class Application(StrEnum):
    """What the receiving side made of the content: an 824, or a person. It changes no state."""

    NONE = ""
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is known of one document, from which its state follows."""

    delivery: Delivery = Delivery.NONE
    syntax: Syntax = Syntax.NONE


_S, _E = State, Event

IN_WORK = frozenset({_S.PENDING_VALIDATION, _S.BEFORE_GO_LIVE, _S.READY, _S.ON_HOLD, _S.SKIPPED, _S.DUPLICATE, _S.SUPERSEDED})
"""States of a document on which there is no verdict: how far we are with it ourselves."""

_OF_DELIVERY = {
    Delivery.UNKNOWN: _S.OUTCOME_UNKNOWN,
    Delivery.SENT: _S.SENT,
    Delivery.POSTED: _S.POSTED,
    Delivery.NOT_NEEDED: _S.PROCESSED,
}
_OF_SYNTAX = {
    Syntax.ACCEPTED: _S.ACCEPTED,
    Syntax.ACCEPTED_WITH_ERRORS: _S.ACCEPTED_WITH_ERRORS,
    Syntax.REJECTED: _S.REJECTED_BY_PARTNER,
}


def state_of(verdicts: Verdicts, in_work: State) -> State:
    """The state that follows from the verdicts; `in_work` where there is none. The ledger's CHECK says the same.

    >>> state_of(Verdicts(Delivery.SENT, Syntax.REJECTED), State.READY).value
    'rejected_by_partner'
    >>> state_of(Verdicts(syntax=Syntax.REJECTED), State.PENDING_VALIDATION).value
    'syntax_rejected'
    """
    if verdicts.syntax and not verdicts.delivery:
        return _S.SYNTAX_REJECTED
    if verdicts.syntax:
        return _OF_SYNTAX[verdicts.syntax]
    return _OF_DELIVERY.get(verdicts.delivery, in_work)


_SAYS: Mapping[Event, Verdicts] = {
    _E.SENT: Verdicts(Delivery.SENT),
    _E.POSTED: Verdicts(Delivery.POSTED),
    _E.NO_ANSWER: Verdicts(Delivery.UNKNOWN),
    _E.NO_ACTION_REQUIRED: Verdicts(Delivery.NOT_NEEDED),
    _E.SYNTAX_REFUSED: Verdicts(syntax=Syntax.REJECTED),
    _E.ACKNOWLEDGED: Verdicts(Delivery.SENT, Syntax.ACCEPTED),
    _E.ACKNOWLEDGED_WITH_ERRORS: Verdicts(Delivery.SENT, Syntax.ACCEPTED_WITH_ERRORS),
    _E.ACKNOWLEDGED_AS_REJECTED: Verdicts(Delivery.SENT, Syntax.REJECTED),
}
"""Events that give a verdict; every other one takes up the work on a document and leaves none."""

_OF_STATE = {state_of(verdicts, _S.READY): verdicts for verdicts in _SAYS.values()}


def verdicts_of(state: State) -> Verdicts:
    """The verdicts by which a document is in that state."""
    return _OF_STATE.get(state, Verdicts())


def _by(*events: Event) -> dict[Event, State]:
    return {event: state_of(_SAYS[event], _S.READY) for event in events}


_AFTER_ACKNOWLEDGMENT = _by(_E.ACKNOWLEDGED, _E.ACKNOWLEDGED_WITH_ERRORS, _E.ACKNOWLEDGED_AS_REJECTED)

TRANSITIONS: Mapping[State | None, Mapping[Event, State]] = {
    None: {_E.FETCHED: _S.PENDING_VALIDATION, _E.DATED_BEFORE_START: _S.BEFORE_GO_LIVE},
    _S.BEFORE_GO_LIVE: {_E.REPLAYED: _S.PENDING_VALIDATION},
    _S.PENDING_VALIDATION: {
        _E.CHECKED: _S.READY,
        _E.REFUSED: _S.ON_HOLD,
        _E.CANCELLED: _S.SKIPPED,
        _E.DUPLICATE_RECEIVED: _S.DUPLICATE,
        _E.REVISED: _S.SUPERSEDED,
        **_by(_E.SYNTAX_REFUSED, _E.NO_ACTION_REQUIRED),
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
        **_by(_E.SENT, _E.POSTED, _E.NO_ANSWER),
        **_AFTER_ACKNOWLEDGMENT,
    },
    _S.OUTCOME_UNKNOWN: {**_by(_E.SENT, _E.POSTED), _E.NOT_DELIVERED: _S.READY, **_AFTER_ACKNOWLEDGMENT},
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

LIVING = frozenset(State) - {_S.SUPERSEDED}
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
