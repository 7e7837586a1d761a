"""What reading received originals again found, added up by partner and reason; bounded in size however many there were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mlconn_pipelines.reasons import reason_named

EXAMPLES_MAX = 3
COLUMNS = ("partner", "set", "today", "reason", "then", "documents", "for example")
_ORDER = ("held", "refused", "answered", "taken")
_TODAY = {
    "held": "held",
    "refused": "refused by our 997",
    "answered": "answered otherwise",
    "taken": "taken in",
}


@dataclass(frozen=True, slots=True)
class ReceivedExample:
    """document: its id, empty of a file that was held as a whole. words: the sentence that a clerk would read."""

    document: str
    number: str
    file: str
    words: str


@dataclass(slots=True)
class ReceivedGroup:
    """Documents, or whole files, of one partner that today's rules treat otherwise for one reason.

    today: `held`, `refused` (by our 997 or 999), `answered` (by another 997, TA1 or 824) or `taken`. then: what became of them.
    """

    partner: str
    set_id: str
    today: str
    code: str
    then: str
    documents: int = 0
    examples: list[ReceivedExample] = field(default_factory=list)

    @property
    def meaning(self) -> str:
        """Of a reason of ours; the X12 engine's findings say it in the example."""
        reason = reason_named(self.code)
        return reason.meaning if reason else ""


@dataclass(slots=True)
class ReceivedReport:
    """originals: interchanges, and files held as a whole. unknown: documents that the ledger does not hold as they were read now."""

    integration: str
    start: dt.datetime
    configuration: str
    originals: int = 0
    documents: int = 0
    unknown: int = 0
    groups: dict[tuple[str, ...], ReceivedGroup] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def differs(self) -> bool:
        return bool(self.groups)

    def add(self, partner: str, set_id: str, today: str, code: str, then: str, example: ReceivedExample) -> None:
        key = (partner, set_id, today, code, then)
        group = self.groups.setdefault(key, ReceivedGroup(*key))
        group.documents += 1
        if len(group.examples) < EXAMPLES_MAX:
            group.examples.append(example)

    @property
    def in_order(self) -> list[ReceivedGroup]:
        """By partner; what would be held first, then what is refused, answered otherwise, taken in."""
        return sorted(
            self.groups.values(), key=lambda one: (one.partner, _ORDER.index(one.today), -one.documents, one.code, one.set_id)
        )


def verdict(report: ReceivedReport) -> str:
    """The whole in one sentence."""
    read = (
        f"{report.originals} originals of {report.integration} with {report.documents} documents, received since {report.start}"
    )
    if not report.differs:
        return f"{read}: today's rules treat all of them as they were."
    count = sum(group.documents for group in report.groups.values())
    return f"{read}: today's rules would treat {count} otherwise. Nothing was written, sent or posted."


def rows(report: ReceivedReport) -> Iterator[Sequence[str]]:
    """Rows for COLUMNS."""
    for group in report.in_order:
        first = group.examples[0]
        named = f"{first.number} ({first.document or first.file}): {first.words}"
        yield (
            group.partner,
            group.set_id,
            _TODAY[group.today],
            group.code,
            group.then,
            str(group.documents),
            named,
        )
