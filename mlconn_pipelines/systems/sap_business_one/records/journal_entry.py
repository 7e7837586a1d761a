"""The journal entry that a document made (JournalEntries). Amounts: in the company's own currency."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

_ZERO = Decimal()


@dataclass(frozen=True, slots=True)
class JournalEntryLine:
    """ShortName: the business partner's code on their lines, else the account's. AccountCode: SAP's own code."""

    AccountCode: str = ""
    ShortName: str = ""
    Debit: Decimal = _ZERO
    Credit: Decimal = _ZERO
    LineMemo: str = ""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    JdtNum: int = 0
    Number: int = 0
    ReferenceDate: dt.date | None = None
    Memo: str = ""
    JournalEntryLines: tuple[JournalEntryLine, ...] = ()
