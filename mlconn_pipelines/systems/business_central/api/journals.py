"""Reads what posted invoices did to the general ledger: its entries name the invoice's number, and no journal has one of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mlconn_pipelines.ports.journals import JournalEntry, JournalLine
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.business_central.api.client import BusinessCentralApi, has_id
from mlconn_pipelines.systems.business_central.api.entities import SALES_INVOICES
from mlconn_pipelines.systems.business_central.api.posted import ENTRIES
from mlconn_pipelines.systems.business_central.api.reading import KEYS_AT_ONCE
from mlconn_pipelines.systems.business_central.records.general_ledger import GeneralLedgerEntry
from mlconn_pipelines.systems.business_central.records.reading import day_of, option, read
from mlconn_pipelines.systems.business_central.records.stamps import key_of


class JournalReader:
    """Implements Journals; only invoices post. Entries of another invoice that bears the number are told by their posting date, so
    those of a purchase invoice of the same number and day are shown with them."""

    def __init__(self, api: BusinessCentralApi) -> None:
        self._api = api

    def entries(self, entity: str, keys: Sequence[str]) -> Mapping[str, JournalEntry]:
        if entity != SALES_INVOICES:
            return {}
        found: dict[str, JournalEntry] = {}
        for start in range(0, len(keys), KEYS_AT_ONCE):
            asked = {"$select": "id,number,postingDate", "$filter": has_id(keys[start : start + KEYS_AT_ONCE])}
            invoices = [row for rows in self._api.pages(SALES_INVOICES, asked) for row in rows]
            booked = self._booked(sorted({str(row["number"]) for row in invoices if row.get("number")}))
            for row in invoices:
                day = day_of(row.get("postingDate"))
                lines = tuple(_line(entry) for entry in booked[str(row.get("number"))] if entry.postingDate == day)
                if lines:
                    found[key_of(row)] = JournalEntry(str(row["number"]), day, lines=lines)
        return found

    def _booked(self, numbers: Sequence[str]) -> Mapping[str, list[GeneralLedgerEntry]]:
        found: defaultdict[str, list[GeneralLedgerEntry]] = defaultdict(list)
        if numbers:
            asked = {"$filter": self._api.dialect.one_of("documentNumber", numbers)}
            for row in (row for rows in self._api.pages(ENTRIES, asked) for row in rows if _is_of_invoice(row)):
                entry = read(GeneralLedgerEntry, row)
                found[entry.documentNumber].append(entry)
        return {number: sorted(found[number], key=lambda entry: entry.entryNumber) for number in numbers}


def _is_of_invoice(row: Record) -> bool:
    return option(row.get("documentType")) == "Invoice"


def _line(entry: GeneralLedgerEntry) -> JournalLine:
    return JournalLine(entry.accountNumber, entry.debitAmount, entry.creditAmount, memo=entry.description)
