"""Reads what posted vendor invoices did to the general journal: the posted invoice names its voucher, and the voucher its entries.

The sets are made for reporting, and whether they are public differs by version: without that of the entries only the voucher is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from mlconn_pipelines.errors import ConnectorError, NotFound
from mlconn_pipelines.ports.journals import JournalEntry, JournalLine
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.finance_operations.api.service import DataService
from mlconn_pipelines.systems.finance_operations.records.general_journal import (
    AccountEntry,
    JournalHeader,
    PostedInvoice,
    main_account_in,
)
from mlconn_pipelines.systems.finance_operations.records.naming import INVOICES
from mlconn_pipelines.systems.finance_operations.records.reading import read
from mlconn_pipelines.transport.odata import all_of

POSTED, ENTRIES, ACCOUNT_ENTRIES = (
    "VendInvoiceJourBiEntities",
    "GeneralJournalEntryBiEntities",
    "GeneralJournalAccountEntryBiEntities",
)
_LINE = ("SourceKey", "LedgerAccount", "IsCredit", "AccountingCurrencyAmount", "Text")


def key_when_posted(entity: str, payload: Record) -> str:
    """What a vendor invoice is known by once it left the pending set, and our reference with it: vendor and number."""
    return f"{payload['InvoiceAccount']}|{payload['InvoiceNumber']}" if entity == INVOICES else ""


class JournalReader:
    """Implements Journals. keys: as of `key_when_posted`; orders and pending invoices post nothing."""

    def __init__(self, service: DataService) -> None:
        self._service = service

    def entries(self, entity: str, keys: Sequence[str]) -> Mapping[str, JournalEntry]:
        named = [(key, *key.split("|", 1)) for key in keys if entity == INVOICES and "|" in key]
        found = ((key, self._posted(account, number)) for key, account, number in named)
        return {key: self._entry(invoice) for key, invoice in found if invoice}

    def _posted(self, account: str, number: str) -> PostedInvoice | None:
        """The latest, where the company accepts a vendor's number twice."""
        compare = self._service.dialect.compare
        asked_for = {"InvoiceAccount": [account], "InvoiceId": [number]}
        where = all_of(compare("InvoiceAccount", "eq", account), compare("InvoiceId", "eq", number))
        select = ("dataAreaId", "SourceKey", "InvoiceId", "InvoiceAccount", "InvoiceDate", "LedgerVoucher")
        try:
            rows = self._service.rows(POSTED, where, select=select, order="SourceKey", asked_for=asked_for)
        except NotFound as absent:
            raise ConnectorError(
                absent.what,
                hint="This environment does not publish it. Look for the invoice among the vendor's posted invoices in F&O.",
            ) from absent
        same = [
            invoice
            for invoice in (read(PostedInvoice, row) for row in rows)
            if invoice.InvoiceId.casefold() == number.casefold()
        ]
        return same[-1] if same and same[-1].LedgerVoucher else None

    def _entry(self, invoice: PostedInvoice) -> JournalEntry:
        compare, voucher = self._service.dialect.compare, invoice.LedgerVoucher
        of_voucher = all_of(
            compare("SubledgerVoucherDataAreaId", "eq", self._service.company), compare("SubledgerVoucher", "eq", voucher)
        )
        headers = [
            read(JournalHeader, row)
            for row in self._rows(ENTRIES, of_voucher, ("SourceKey", "AccountingDate", "SubledgerVoucher"), voucher)
        ]
        lines: list[JournalLine] = []
        for header in headers:
            where = compare("GeneralJournalEntry", "eq", header.SourceKey)
            lines += (_line(read(AccountEntry, row)) for row in self._rows(ACCOUNT_ENTRIES, where, _LINE))
        day = headers[0].AccountingDate if headers else invoice.InvoiceDate
        return JournalEntry(voucher, day, lines=tuple(lines))

    def _rows(self, entity: str, where: str, select: Sequence[str], voucher: str = "") -> Iterator[Record]:
        """Sets without a company of their own; none of one that is not public."""
        asked_for = {"SubledgerVoucher": [voucher]} if voucher else {}
        try:
            yield from self._service.rows(entity, where, select=select, order="SourceKey", company=False, asked_for=asked_for)
        except NotFound:
            return


def _line(entry: AccountEntry) -> JournalLine:
    """A correction is a negative amount on the side that it takes back from."""
    amount, nothing = entry.AccountingCurrencyAmount, Decimal()
    debit, credit = (nothing, -amount) if entry.IsCredit else (amount, nothing)
    return JournalLine(main_account_in(entry.LedgerAccount), debit, credit, memo=entry.Text)
