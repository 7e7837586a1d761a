"""What a backtest found, added up: bounded in size however many documents there were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from mlconn_pipelines.documents.kinds import Summary
from mlconn_pipelines.flows.backtesting.causes import Change
from mlconn_pipelines.flows.ports.entries import DocumentRow

EXAMPLES_MAX = 3
DOCUMENTS_MAX = 1_000
"""Documents named one by one; of more, only counts are kept."""


@dataclass(frozen=True, slots=True)
class Example:
    """document: its id. before, after: of the element, or the words of a refusal."""

    document: str
    number: str
    before: str
    after: str


@dataclass(slots=True)
class Group:
    """Differences, refusals or findings of one kind, place and cause. documents: in how many."""

    flow: str
    kind: str
    place: str
    cause: str
    documents: int = 0
    partners: dict[str, int] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)

    def add(self, row: DocumentRow, partner: str, before: str, after: str) -> None:
        self.documents += 1
        self.partners[partner] = self.partners.get(partner, 0) + 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(Example(row.id, row.business_number, before, after))


@dataclass(slots=True)
class FlowSum:
    """One flow in one currency. before, after: amounts of all its documents as delivered and as they would be; a refused one
    counts nothing afterwards."""

    flow: str
    currency: str
    documents: int = 0
    identical: int = 0
    differing: int = 0
    refused: int = 0
    before: Decimal = Decimal()
    after: Decimal = Decimal()

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(slots=True)
class BacktestReport:
    """groups: by kind (`changed`, `added`, `removed`, `refused`, `finding`), place and cause. differing: ids, the first ones."""

    integration: str
    first: dt.date
    last: dt.date | None
    configuration: str
    documents: int = 0
    identical: int = 0
    refused: int = 0
    sums: dict[tuple[str, str], FlowSum] = field(default_factory=dict)
    groups: dict[tuple[str, str, str, str], Group] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def differs(self) -> bool:
        return self.identical < self.documents

    @property
    def changed(self) -> int:
        """Documents that would change."""
        return self.documents - self.identical - self.refused

    def count(self, row: DocumentRow, before: Summary, after: Summary | None, outcome: str) -> None:
        """outcome: `identical`, `differing` or `refused`. after: None for a document that would not be."""
        currency = before.currency if before.amount is not None else ""
        flow = self.sums.setdefault((row.flow, currency), FlowSum(row.flow, currency))
        flow.documents += 1
        self.documents += 1
        flow.before += before.amount or Decimal()
        flow.after += (after.amount if after else None) or Decimal()
        match outcome:
            case "identical":
                self.identical += 1
                flow.identical += 1
            case "refused":
                self.refused += 1
                flow.refused += 1
            case _:
                flow.differing += 1
        if outcome != "identical" and len(self.differing) < DOCUMENTS_MAX:
            self.differing.append(row.id)

    def add(self, row: DocumentRow, partner: str, changes: Iterable[Change]) -> None:
        """One document's changes; several of one kind, place and cause count as one, shown by the first."""
        seen = set()
        for change in changes:
            key = (row.flow, change.kind, change.place, change.cause)
            if key not in seen:
                seen.add(key)
                group = self.groups.setdefault(key, Group(*key))
                group.add(row, partner, change.before, change.after)

    @property
    def by_size(self) -> list[Group]:
        """Refusals first, then by number of documents."""
        return sorted(self.groups.values(), key=lambda group: (group.kind != "refused", -group.documents, group.place))
