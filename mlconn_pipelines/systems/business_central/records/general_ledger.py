"""The chart of accounts, values of dimensions and the general ledger's entries (API v2.0 `accounts`, `dimensionValues`,
`generalLedgerEntries`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

_ZERO = Decimal()
POSTING = "Posting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """accountType: `Posting`; `Heading`, `Total`, `Begin Total` and `End Total` are posted to by nothing."""

    number: str = ""
    displayName: str = ""
    blocked: bool = False
    accountType: str = POSTING


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionValue:
    """Whether a value is blocked, or a total, API v2.0 does not say."""

    id: str = ""
    code: str = ""
    dimensionId: str = ""
    displayName: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralLedgerEntry:
    """Amounts: in the company's own currency."""

    entryNumber: int = 0
    postingDate: dt.date | None = None
    documentNumber: str = ""
    accountNumber: str = ""
    description: str = ""
    debitAmount: Decimal = _ZERO
    creditAmount: Decimal = _ZERO
