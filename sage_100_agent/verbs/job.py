"""A job, and what its verb is given to do it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from sage_100_agent.boi.objects import BoiObject
from sage_100_agent.boi.session import Session

Row = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """reference: what marks the document as this job's in Sage. number: taken for it by an attempt before, empty at first."""

    verb: str
    company: str
    params: Mapping[str, Any]
    reference: str = ""
    number: str = ""


class Steps(Protocol):
    """Told while a job is done. Each returns when it is on disk, or the page was taken; only then the next effect may follow."""

    def number_taken(self, number: str) -> None: ...

    def written(self, number: str) -> None: ...

    def page(self, rows: Sequence[Row], cursor: Sequence[str]) -> None: ...


class OutcomeUnknown(Exception):
    """Something stands under our number that may or may not be ours: a person decides."""


REFERENCE_COLUMNS = {"purchase_order": "Comment", "receipt": "Comment", "ap_invoice": "Comment"}
"""Where our reference stands, unless the site has a column of its own for it (UDF_…)."""


@dataclass
class Site:
    """The Sage server as it is set up here, with the warm session. Nothing of it comes from the platform.

    batches: which one a kind of document goes into, where a company works in batches; left out: the one that Sage chooses.
    """

    session: Session
    companies: Sequence[str]
    reference_columns: Mapping[str, str] = field(default_factory=lambda: REFERENCE_COLUMNS)
    batches: Mapping[str, str] = field(default_factory=dict)
    now: Callable[[], datetime] = datetime.now

    def today(self) -> date:
        return self.now().date()

    @staticmethod
    def today_here() -> date:
        """By this machine's clock, which a site has too unless a test gave it another."""
        return datetime.now().date()

    def reference_of(self, kind: str, record: BoiObject) -> str:
        return record.text(self.reference_columns[kind])


def day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()
