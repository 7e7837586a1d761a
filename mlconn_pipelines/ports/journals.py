"""Journal entries of a system: what its posted documents did to its general ledger. They are read and shown, never written or sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class JournalLine:
    """account: its code in the system. partner: the business partner's code where the line is on their account.

    debit, credit: in the company's own currency.
    """

    account: str
    debit: Decimal
    credit: Decimal
    partner: str = ""
    memo: str = ""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """number: what people call it. lines: none where the system shows no more of it than its number."""

    number: str
    day: dt.date | None
    memo: str = ""
    lines: tuple[JournalLine, ...] = ()


class Journals(Protocol):
    """Reads only."""

    def entries(self, entity: str, keys: Sequence[str]) -> Mapping[str, JournalEntry]:
        """By the record's key, of those records of the entity that have one: what is gone or posts nothing is left out."""
        ...
