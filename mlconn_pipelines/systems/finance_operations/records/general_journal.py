"""The general journal, by the columns of its tables: a posted vendor invoice names its voucher, and the voucher its entries."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

_ZERO = Decimal()
_BEFORE_DIMENSIONS = re.compile(r"[A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class PostedInvoice:
    """A row of VendInvoiceJourBiEntities. SourceKey: its record id, which counts up."""

    SourceKey: int = 0
    InvoiceId: str = ""
    InvoiceAccount: str = ""
    InvoiceDate: dt.date | None = None
    LedgerVoucher: str = ""


@dataclass(frozen=True, slots=True)
class JournalHeader:
    """A row of GeneralJournalEntryBiEntities. SourceKey: what its lines name as GeneralJournalEntry."""

    SourceKey: int = 0
    AccountingDate: dt.date | None = None


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """A row of GeneralJournalAccountEntryBiEntities. AccountingCurrencyAmount: what is credited is negative.

    LedgerAccount: the main account with its dimensions.
    """

    SourceKey: int = 0
    LedgerAccount: str = ""
    IsCredit: bool = False
    AccountingCurrencyAmount: Decimal = _ZERO
    Text: str = ""


def main_account_in(shown: str) -> str:
    """The main account before its dimensions, after whichever delimiter the company has.

    >>> main_account_in("600150-001-022"), main_account_in("600150")
    ('600150', '600150')
    """
    return _BEFORE_DIMENSIONS.match(shown)[0]  # type: ignore[index]
