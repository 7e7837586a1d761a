"""Which sales invoices are posted: drafts and posted ones lie in one set, and `Open` is a status of both.

Sure signs are the statuses that only posted ones have; else a general ledger entry under the invoice's number, which posting
writes in the same transaction. Source: fact sheet, section 4 and trap 1.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from mlconn_pipelines.connectors.business_central.client import BusinessCentralApi
from mlconn_pipelines.flows.ports.erp import Record
from mlconn_pipelines.records.business_central.reading import option
from mlconn_pipelines.records.business_central.stamps import key_of

POSTED = frozenset({"Paid", "Canceled", "Corrective"})
AMBIGUOUS = "Open"
ENTRIES = "generalLedgerEntries"
NUMBERS_AT_ONCE = 100
"""Numbers that one filter names, of at most 20 characters: below the 8,000 characters that the gateway takes."""
KNOWN_MAX = 50_000


class PostedInvoices:
    """Tells posted invoices from drafts, and remembers them: nothing posted becomes a draft again. Safe to use from several threads."""

    def __init__(self, api: BusinessCentralApi) -> None:
        self._api = api
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def among(self, rows: Sequence[Record]) -> list[Record]:
        """The posted ones, in the order given. rows: with id, number and status."""
        unsure = [row for row in rows if option(row.get("status")) == AMBIGUOUS and not self._is_known(row)]
        in_ledger = self._in_ledger({str(row.get("number") or "") for row in unsure} - {""})
        self._remember(row for row in unsure if str(row.get("number")) in in_ledger)
        return [row for row in rows if option(row.get("status")) in POSTED or self._is_posted(row)]

    def _is_posted(self, row: Record) -> bool:
        return option(row.get("status")) == AMBIGUOUS and self._is_known(row)

    def _in_ledger(self, numbers: Iterable[str]) -> set[str]:
        wanted, found = sorted(numbers), set[str]()
        for start in range(0, len(wanted), NUMBERS_AT_ONCE):
            where = self._api.dialect.one_of("documentNumber", wanted[start : start + NUMBERS_AT_ONCE])
            for rows in self._api.pages(ENTRIES, {"$select": "documentNumber,documentType", "$filter": where}):
                found.update(str(row.get("documentNumber")) for row in rows if option(row.get("documentType")) == "Invoice")
        return found

    def _is_known(self, row: Record) -> bool:
        with self._lock:
            return _named(row) in self._known

    def _remember(self, rows: Iterable[Record]) -> None:
        with self._lock:
            for row in rows:
                self._known[_named(row)] = None
            while len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)


def _named(row: Record) -> tuple[str, str]:
    """Posting keeps the id and gives another number, so a draft's pair is never a posted one's."""
    return key_of(row), str(row.get("number") or "")
