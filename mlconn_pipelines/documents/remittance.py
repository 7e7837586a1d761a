"""A remittance advice (X12 820): which invoices a payment settles, and what was taken off."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.line import DateReference, Reference
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.documents.remainder import Received


@dataclass(frozen=True, slots=True)
class BankAccount:
    """One side of a payment. bank_qualifier, bank: BPR06/07 or BPR12/13 (`01` ABA routing number). account_kind: `DA` checking.

    account: may be empty, then there is no account_kind either.
    """

    bank_qualifier: str = ""
    bank: str = ""
    account_kind: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One ADX. amount: negative where it lessens the payment. reason: element 426 (`01` pricing error, `06` quantity ...)."""

    amount: Decimal
    reason: str
    reference_qualifier: str = ""
    reference: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaidItem:
    """One RMR. reference_qualifier, reference: what is settled (`IV` invoice, `CM` credit memo, `PO` order).

    paid: RMR04. invoiced: RMR05. discount: RMR06, taken for early payment. adjustment_reason, adjustment: RMR07 and RMR08.
    action: RMR03, element 482 (`PO` payment on account, `PI` pay item ...).
    """

    reference_qualifier: str
    reference: str
    paid: Decimal | None = None
    invoiced: Decimal | None = None
    discount: Decimal | None = None
    action: str = ""
    adjustment_reason: str = ""
    adjustment: Decimal | None = None
    notes: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[DateReference, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class RemittanceGroup:
    """One ENT. number: ENT01. role, id_qualifier, id: ENT02 to ENT04, whose items these are; all empty or all filled.

    adjustments: those that belong to no item.
    """

    number: str = ""
    role: str = ""
    id_qualifier: str = ""
    id: str = ""
    items: tuple[PaidItem, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class RemittanceAdvice(Received):
    """number: TRN02, the check or trace number, empty where none is stated. amount: BPR02, in `currency` (ISO 4217).

    date: BPR16, when the money is there. handling: BPR01 (`I` advice only, `C` advice with payment, `D` payment only).
    direction: BPR03 (`C` credit, `D` debit). method: BPR04 (`ACH`, `CHK`, `FWT` ...). payment_format: BPR05 (`CCP`, `CTX`).
    originator: BPR10, ten characters. trace_kind: TRN01 (`1` current, `3` financial reassociation). trace_originator: TRN03.
    """

    number: str
    amount: Decimal
    groups: tuple[RemittanceGroup, ...]
    date: dt.date | None = None
    handling: str = "I"
    direction: str = "C"
    method: str = "ACH"
    payment_format: str = ""
    payer_account: BankAccount = BankAccount()
    payee_account: BankAccount = BankAccount()
    originator: str = ""
    trace_kind: str = "1"
    trace_originator: str = ""
    currency: str = ""
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[DateReference, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[PaidItem, ...]:
        """What is settled, over all groups."""
        return tuple(item for group in self.groups for item in group.items)
