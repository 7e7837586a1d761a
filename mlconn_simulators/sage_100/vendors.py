"""AP_Vendor_bus: vendors made and changed through the interface; integrations only read them, people here may do more."""

from __future__ import annotations

from typing import ClassVar

from mlconn_simulators.sage_100.entry import EntryObject
from mlconn_simulators.sage_100.layouts import Cell, Refused, Row
from mlconn_simulators.sage_100.store import Key


class Vendor(EntryObject):
    def check_key(self, key: Key, stored: Row | None) -> None:
        if (key[0],) not in self.company["AP_Division"].rows:
            raise Refused(f"The division {key[0]} is not on file.")

    def start(self, row: Row) -> None:
        row |= {"VendorStatus$": "A", "TermsCode$": "00"}

    def _set_terms(self, row: Row, code: Cell) -> None:
        if (str(code),) not in self.company["AP_TermsCode"].rows:
            raise Refused(f"The terms code {code} is not on file.")

    rules: ClassVar = {"termscode$": _set_terms}

    def check(self, row: Row, lines: list[Row]) -> str:
        if not row["VendorName$"]:
            raise Refused("The Vendor Name is required.")
        return ""

    def check_delete(self, row: Row) -> None:
        key = (str(row["APDivisionNo$"]), str(row["VendorNo$"]))
        if any(True for _ in self.company["AP_OpenInvoice"].under(*key)):
            raise Refused("The vendor has open invoices.")
