"""AP_Invoice_bus: invoices under the vendor's own number, distributed to accounts, entered and not posted."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from mlconn_simulators.sage_100.batches import BatchEntry
from mlconn_simulators.sage_100.component import method
from mlconn_simulators.sage_100.layouts import Cell, Refused, Row
from mlconn_simulators.sage_100.lines import EntryLines
from mlconn_simulators.sage_100.purchase_orders import check_account, vendor_of
from mlconn_simulators.sage_100.rules import Warned
from mlconn_simulators.sage_100.store import Key


class ApInvoiceLines(EntryLines):
    """Distributions: an account and an amount."""

    first = "AccountKey$"

    def _set_account(self, row: Row, key: Cell) -> None:
        check_account(self.company, key, str((self.header.row or {})["InvoiceDate$"]))

    rules: ClassVar = {"accountkey$": _set_account}


class ApInvoice(BatchEntry):
    lines_class = ApInvoiceLines

    @method("nSetKey")
    def set_key(self, key: str = "") -> int:
        """-1 for a number that was posted before, where the site only warns of it."""
        answer = super().set_key(key)
        if self.host.site.duplicate_invoices == "warn" and self.row is not None and self._posted(self.layout.key(self.row)):
            self.last_error = "The invoice number has already been used for this vendor."
            return -1
        return int(answer)

    def check_key(self, key: Key, stored: Row | None) -> None:
        super().check_key(key, stored)
        vendor_of(self.company, dict(zip(self.layout.keys, key, strict=True)))
        if self.host.site.duplicate_invoices == "refuse" and self._posted(key):
            raise Refused("The invoice number has already been used for this vendor.")

    def _posted(self, key: Key) -> bool:
        history = any(True for _ in self.company["AP_InvoiceHistoryHeader"].under(*key))
        return history or key in self.company["AP_OpenInvoice"].rows

    def start(self, row: Row) -> None:
        super().start(row)
        vendor = vendor_of(self.company, row)
        row |= {"InvoiceDate$": self.module_date, "TermsCode$": vendor["TermsCode$"], "TaxSchedule$": vendor["TaxSchedule$"]}
        self._set_due(row, "")

    def _set_due(self, row: Row, _: Cell) -> None:
        terms = self.company["AP_TermsCode"].rows.get((str(row["TermsCode$"]),))
        if terms is None:
            raise Refused(f"The terms code {row['TermsCode$']} is not on file.")
        issued = dt.datetime.strptime(str(row["InvoiceDate$"]), "%Y%m%d")
        row["InvoiceDueDate$"] = f"{issued + dt.timedelta(days=float(terms['DaysBeforeDue'])):%Y%m%d}"

    def _set_order(self, row: Row, number: Cell) -> None:
        if number and (str(number),) not in self.company["PO_PurchaseOrderHeader"].rows:
            raise Warned(f"The Purchase Order {number} is not on file.")

    rules: ClassVar = {"invoicedate$": _set_due, "termscode$": _set_due, "purchaseorderno$": _set_order}

    def check(self, row: Row, lines: list[Row]) -> str:
        self.check_period(self.module_date)
        told = float(row["InvoiceAmt"])
        spread = sum(float(line["DistributionAmt"]) for line in lines) + float(row["FreightAmt"]) + float(row["SalesTaxAmt"])
        if round(told - spread, 2):
            raise Refused(f"The invoice is out of balance by {told - spread:.2f}.")
        row["NonTaxableAmt"] = round(sum(float(line["DistributionAmt"]) for line in lines), 2)
        return ""
