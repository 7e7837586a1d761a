"""A system that is reached through an agent beside it: what its connector asks for, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Params = Mapping[str, Any]
"""As the verb's form wants them: texts, lists and objects, no numbers but whole ones."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a job. number: of the document that it wrote, or was about. category: of a refusal, a short word.

    text: what the system said. value: what the verb told besides.
    """

    outcome: Literal["ok", "refused", "retry", "unknown", "expired", "unsupported"]
    number: str = ""
    category: str = ""
    text: str = ""
    after_s: int = 0
    value: Mapping[str, Any] | None = None

    @property
    def nothing_done(self) -> bool:
        """Surely, and nothing was refused either: it may be asked for again."""
        return self.outcome in ("retry", "expired", "unsupported")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a write stands. reply: None while it has none. words: where it is then, to go on after `the job`."""

    job_id: str
    reply: Reply | None
    words: str = ""


class AgentDesk(Protocol):
    """The jobs of one agent, as a run gives them. Safe to use from several threads.

    Every method may raise TryLater where the agent has not been heard lately, or does not take the job on in time; ConfigurationError
    where there is no such agent; ConnectionStopped where it is not let in any more.
    """

    def attend(self) -> None:
        """Returns where the agent is there. Nothing is asked of it."""
        ...

    def about(self) -> Mapping[str, str]:
        """What it said of itself, for people: version, when it was heard, companies."""
        ...

    def pages(self, company: str, verb: str, params: Params) -> Iterator[Sequence[Mapping[str, Any]]]:
        """A read by pages. One that ends early is over: who stops asking gets the rest never.

        Errors: TryLater where the agent or its system could not read, or refused to; Retryable where a page is missing.
        """
        ...

    def answer(self, company: str, verb: str, params: Params) -> Reply:
        """A read that answers with one value; refusals are told in it. Errors: Retryable."""
        ...

    def write(self, company: str, verb: str, params: Params, reference: str) -> Reply:
        """A write, given once: under the reference none is given while another is open. The reply is one that is conclusive.

        reference: what marks the document as ours; empty for what is safe to repeat.
        Errors: TryLater where it was surely not begun; OutcomeUnknown where no reply came in time, or none that is conclusive.
        """
        ...

    def standing(self, company: str, verb: str, params: Params, reference: str) -> Standing | None:
        """Of the last write under the reference; None where the ledger knows of none. One that was lost on its way is given again.

        One that the agent was never given is withdrawn by this: it was surely not begun, and its reply says `expired`.
        """
        ...

    @property
    def count(self) -> int:
        """Jobs given so far by this object."""
        ...
