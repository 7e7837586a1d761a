"""Every exception of ours, grouped by what happens next. The type says what the program does, the text what to do."""

from __future__ import annotations

from typing import Literal

from mlconn_pipelines.reasons import Reason

Answered = Literal["", "gateway", "system"]
"""Who answered a write with an error: nobody, something before the system that cannot reach it (502, 503, 504), the system itself."""


class MlconnError(Exception):
    """what: what was received and what was expected. hint: what a person can do about it."""

    def __init__(self, what: str, hint: str = "") -> None:
        self.what = what.rstrip(". ")
        self.hint = hint
        super().__init__(f"{self.what}. {hint}" if hint else self.what)


class ConfigurationError(MlconnError):
    """The configuration or the command is wrong; nothing was done. Exit code 2.

    file, line: where it is written, line counted from 1; None where no file is concerned. also: other files that it is about
    just as much. since: the release that brought the rule, empty for rules that everybody knows. within: the integrations in which
    alone a partner's file is at fault, empty where it is so everywhere.
    """

    within: tuple[str, ...] = ()

    def __init__(
        self,
        what: str,
        hint: str = "",
        file: str | None = None,
        line: int | None = None,
        also: tuple[str, ...] = (),
        since: str = "",
    ) -> None:
        self.file, self.line, self.also, self.since = file, line, also, since
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(place + what, hint)


class ConnectorError(MlconnError):
    """A system outside answered something that the run cannot go on with."""


class Retryable(ConnectorError):
    """The server surely did nothing; wait, then try again: 429, a locked record, a failed read.

    retry_after_s: what the server asked for, None where it did not say. answered: who answered the write with an error.
    """

    def __init__(self, what: str, hint: str = "", retry_after_s: float | None = None, answered: Answered = "") -> None:
        self.retry_after_s, self.answered = retry_after_s, answered
        super().__init__(what, hint)


class TryLater(Retryable):
    """The wait would be longer than a run should hold its place; end cleanly, the documents stay ready.

    shared: whose quota is used up, by `session_of` of the connection: all who wait for it have one alert; empty for other waits.
    """

    shared: str = ""


class NotFound(ConnectorError):
    """The record, folder or file is not there (any more)."""


class TooLarge(ConnectorError):
    """What was asked for has more bytes than may be taken into memory; it was not read to its end."""


class CredentialRefused(ConnectorError):
    """Stop this connection until a person acts: a wrong password tried again locks the account."""


class ConnectionStopped(ConnectorError):
    """An earlier refusal stopped this connection; `mlconn credentials set` or `connection resume` clears it."""


class OutcomeUnknown(ConnectorError):
    """The write may have arrived (5xx or time-out on a write). Look for it before sending again.

    answered: who answered the write with an error; silence, and an answer that says nothing, are none.
    """

    def __init__(self, what: str, hint: str = "", answered: Answered = "") -> None:
        self.answered = answered
        super().__init__(what, hint)


class PartiallyDone(OutcomeUnknown):
    """The first requests of an act of several were stored, a later one was not."""


class DocumentRejected(ConnectorError):
    """Set this document aside with its reason; the others go on.

    code: a member of `Reason`, or the code of what the X12 engine found.
    """

    def __init__(self, what: str, hint: str = "", code: str = Reason.REFUSED) -> None:
        self.code = code
        super().__init__(what, hint)


class DatabaseUnavailable(MlconnError):
    """Our database cannot do it now: away, full, locked, out of connections. Nothing is lost; end, and try again. Exit code 2.

    sqlstate: PostgreSQL's five characters, empty where no connection came about.
    """

    def __init__(self, what: str, hint: str = "", sqlstate: str = "") -> None:
        self.sqlstate = sqlstate
        super().__init__(what, hint)


class InternalError(MlconnError):
    """A mistake of this program. what: the exception's kind and place. number: finds its traceback in the log. Exit code 2."""

    def __init__(self, what: str, hint: str = "", number: str = "") -> None:
        self.number = number
        super().__init__(what, hint)


class LedgerError(MlconnError):
    """The ledger refuses: a transition that its table does not list, a claim that is no longer ours."""


class TransitionRefused(LedgerError):
    """No such transition from the document's present state."""


class NotStorable(LedgerError):
    """The database refuses a value of one document for what it is; the others can be stored. Never for the database's own sake."""


class ClaimLost(LedgerError):
    """Another process has taken this claim over; its fencing number is higher than ours."""


class VaultError(MlconnError):
    """No key, a wrong key, or no such entry."""
