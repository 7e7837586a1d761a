"""A customer's account in SAP to what the customer owes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from mlconn_pipelines.documents.account_balance import AccountBalance
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.ports.mapping import OutboundSet
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.mapping.reference import active_on
from mlconn_pipelines.systems.sap_business_one.records import receivable as sap
from mlconn_pipelines.systems.sap_business_one.records.reading import read

RECEIVABLES = OutboundSet(
    flow="receivables",
    set_id="",
    entity="JournalEntries",
    asset="receivables",
    partner_kind="customer",
    description="Customer",
    kind="account_balance",
)
"""It begins at journal entries, since nothing tells of a customer whose balance moves; a row of it is a business partner."""

NO_HASHING = RecordHashing(RECEIVABLES.entity, Projection(()))
"""A customer is no document: what differs of a row is told by its fields."""


def account_balance_of(record: Record, today: dt.date, currency: str) -> AccountBalance:
    """today: the day that something is overdue on. currency: the company's own, ISO 4217; SAP keeps balances in it.

    Errors: DocumentRejected (`record_unreadable`).
    """
    held = read(sap.Receivable, record)
    invoices, credits = (
        (*held.OpenInvoices, *held.OpenDownPayments),
        sum((one.Amount for one in held.OpenCreditNotes), Decimal()),
    )
    return AccountBalance(
        customer_code=held.CardCode,
        name=held.CardName,
        currency=currency,
        balance=held.CurrentAccountBalance,
        open_orders=held.OpenOrdersBalance,
        open_invoices=sum((one.Amount for one in invoices), Decimal()) - credits,
        overdue=sum((one.Amount for one in invoices if one.DueDate and one.DueDate < today), Decimal()),
        oldest_due_date=min((one.DueDate for one in invoices if one.DueDate and one.Amount), default=None),
        credit_limit=held.CreditLimit,
        last_payment_date=held.LastPaymentDate,
        is_blocked=not active_on(held, today),
    )
