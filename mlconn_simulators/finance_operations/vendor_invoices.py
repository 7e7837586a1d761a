"""Pending vendor invoices: a header first, then its lines; posted ones leave the pending set."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconn_simulators.finance_operations import errors
from mlconn_simulators.finance_operations.bodies import noon
from mlconn_simulators.finance_operations.business_events import BusinessEvents
from mlconn_simulators.finance_operations.masters import FREIGHT, PAYABLE, STOCK
from mlconn_simulators.finance_operations.schema import ENTITIES, NO_DAY, Values
from mlconn_simulators.finance_operations.store import Record, Store
from mlconn_simulators.utc_clock import UtcClock

HEADERS, LINES = "VendorInvoiceHeaders", "VendorInvoiceLines"
_HEADER, _LINE = ENTITIES[HEADERS].name, ENTITIES[LINES].name
RATES = {"USD": Decimal(1), "EUR": Decimal("1.1"), "CAD": Decimal("0.75")}
"""What one of each is worth in the currency that the ledgers are kept in."""
CURRENCIES = tuple(RATES)


class VendorInvoices:
    """What can be done with pending invoices.

    pending_counts: whether the company's rule about duplicate numbers bites on pending invoices too, or only at posting, as it
    does where numbers in use can be recovered. posted: headers and lines of what left the pending set.
    """

    def __init__(self, store: Store, clock: UtcClock, events: BusinessEvents) -> None:
        self.pending_counts = False
        self.posted: list[dict[str, Any]] = []
        self._store, self._clock, self._events = store, clock, events
        self._next = 0

    def lines(self, company: str, reference: str) -> list[Record]:
        return self._store.sets[LINES].beginning_with(company, reference)

    def create(self, company: str, given: Values, *, over_api: bool = False) -> Record:
        """A header. Errors: WriteRefused."""
        for name, label in (("InvoiceNumber", "Invoice number"), ("InvoiceAccount", "Invoice account")):
            if not given.get(name):
                raise errors.refused(_HEADER, f"Field '{label}' must be filled in.")
        account, number = given["InvoiceAccount"], given["InvoiceNumber"]
        vendor = self._store.sets["VendorsV2"].find(company, account)
        if vendor is None:
            raise errors.not_related(_HEADER, account, "Invoice account", "Vendors")
        if vendor.values["OnHoldStatus"] in ("All", "Invoice"):
            raise errors.refused(_HEADER, f"Vendor account {account} is on hold for invoices.")
        if given.get("Currency") and given["Currency"] not in CURRENCIES:
            raise errors.not_related(_HEADER, given["Currency"], "Currency", "Currencies")
        order = given.get("PurchaseOrderNumber", "")
        if order and self._store.sets["PurchaseOrderHeadersV2"].find(company, order) is None:
            raise errors.not_related(_HEADER, order, "Purchase order", "Purchase orders")
        reference = given.get("HeaderReference") or self._take_reference()
        if self._store.sets[HEADERS].find(company, reference):
            raise errors.exists("VendorInvoiceHeaderStaging", "Vendor invoice header", f"Header reference: {reference}")
        self._check_number(company, account, number, given.get("InvoiceDate", NO_DAY), pending=self.pending_counts)
        values: Values = {
            "VendorAccount": account,
            "VendorName": vendor.values["VendorOrganizationName"],
            "Currency": vendor.values["CurrencyCode"],
            "TermsOfPayment": vendor.values["DefaultPaymentTermsName"],
            "Date": noon(self._clock.now().date()),
        }
        values |= given | {"dataAreaId": company, "HeaderReference": reference}
        return self._store.add(HEADERS, values, over_api=over_api)

    def add_line(self, company: str, given: Values, *, over_api: bool = False) -> Record:
        """A line of a header that is there. Errors: WriteRefused."""
        reference = given.get("HeaderReference", "")
        header = self._store.sets[HEADERS].find(company, reference)
        if header is None:
            raise errors.not_related(_LINE, reference, "Header reference", "Vendor invoice header")
        self._check_line(company, given)
        taken = [line.values["InvoiceLineNumber"] for line in self.lines(company, reference)]
        number = given.get("InvoiceLineNumber") or max(taken, default=Decimal(0)) + 1
        if number in taken:
            raise errors.exists("VendorInvoiceLineStaging", "Vendor invoice line", f"{reference}, {number}")
        values: Values = {name: header.values[name] for name in ("InvoiceAccount", "VendorAccount", "SalesTaxGroup")}
        values |= {
            "PriceUnit": Decimal(1),
            "LineNumber": len(taken) + 1,
            "DimensionDisplayValue": header.values["DimensionDisplayValue"],
        }
        if item := self._store.sets["ReleasedProductsV2"].find(company, given.get("ItemNumber", "")):
            values |= {"Unit": item.values["PurchaseUnitSymbol"], "ItemName": item.values["ProductSearchName"]}
        values |= given | {"dataAreaId": company, "InvoiceLineNumber": number}
        if "NetAmount" not in given:
            values["NetAmount"] = _net(ENTITIES[LINES].defaults() | values)
        return self._store.add(LINES, values, over_api=over_api)

    def change_header(self, record: Record, given: Values) -> None:
        company, _ = record.key
        if given.get("InvoiceNumber", record.values["InvoiceNumber"]) != record.values["InvoiceNumber"]:
            account = record.values["InvoiceAccount"]
            self._check_number(company, account, given["InvoiceNumber"], NO_DAY, pending=self.pending_counts)
        self._store.write(record, given)

    def change_line(self, record: Record, given: Values) -> None:
        company = record.values["dataAreaId"]
        self._check_line(company, record.values | given)
        changes = dict(given)
        if "NetAmount" not in given and {"ReceiveNow", "UnitPrice", "PriceUnit", "Discount", "DiscountPercent"} & set(given):
            changes["NetAmount"] = _net(record.values | given)
        self._store.write(record, changes)

    def remove_header(self, record: Record) -> None:
        """Errors: WriteRefused while there are lines."""
        if self.lines(*record.key):
            raise errors.refused(
                _HEADER,
                "Vendor invoice header cannot be deleted while dependent Vendor invoice lines exist. Delete dependent Vendor invoice "
                "lines and try again.",
            )
        self._store.remove(HEADERS, record)

    def remove_line(self, record: Record) -> None:
        self._store.remove(LINES, record)

    def post(self, company: str, reference: str) -> None:
        """Post a pending invoice as a clerk does: it leaves the set. Errors: WriteRefused for a duplicate number."""
        header = self._store.sets[HEADERS].get(company, reference)
        values = header.values
        self._check_number(company, values["InvoiceAccount"], values["InvoiceNumber"], values["InvoiceDate"], pending=False)
        lines = self.lines(company, reference)
        self.posted.append(
            {"header": dict(values), "lines": [dict(line.values) for line in lines], "over_api": header.over_api}
        )
        for line in lines:
            self._store.remove(LINES, line)
        self._store.remove(HEADERS, header)
        self._book(company, values, [line.values for line in lines])
        fields = {"InvoiceAccount": values["InvoiceAccount"], "InvoiceId": values["InvoiceNumber"],
                  "PurchaseOrderNumber": values["PurchaseOrderNumber"]}  # fmt: skip
        self._events.raise_event("VendorInvoicePostedBusinessEvent", company, fields)

    def _book(self, company: str, header: Values, lines: list[Values]) -> None:
        """The posted invoice, and its general journal: each line debited to an account, the whole credited to the vendor's."""
        number = len(self._store.sets["VendInvoiceJourBiEntities"]) + 1
        key, voucher = 22_565_420_928 + number, f"APIN-{number:06}"
        currency, total = header["Currency"], sum((line["NetAmount"] for line in lines), Decimal())
        rate = RATES[currency]
        self._store.add("VendInvoiceJourBiEntities", {
            "dataAreaId": company, "SourceKey": 5_637_144_576 + number, "InvoiceId": header["InvoiceNumber"],
            "InvoiceDate": header["InvoiceDate"],
            "InvoiceAccount": header["InvoiceAccount"], "OrderAccount": header["VendorAccount"], "LedgerVoucher": voucher,
            "PurchId": header["PurchaseOrderNumber"], "CurrencyCode": currency, "InvoiceAmount": total,
            "InvoiceAmountMst": _booked(total, rate),
        })  # fmt: skip
        self._store.add("GeneralJournalEntryBiEntities", {
            "JournalNumber": f"{number:010}", "FiscalCalendarYear": 1, "Ledger": 1, "SourceKey": key, "AccountingDate": header["Date"],
            "DocumentDate": header["InvoiceDate"], "DocumentNumber": header["InvoiceNumber"], "SubledgerVoucher": voucher,
            "SubledgerVoucherDataAreaId": company,
        })  # fmt: skip
        sides = [(STOCK if line["ItemNumber"] else FREIGHT, line["NetAmount"], line["DimensionDisplayValue"]) for line in lines]
        for account, amount, dimensions in (*sides, (PAYABLE, -total, header["DimensionDisplayValue"])):
            self._store.add("GeneralJournalAccountEntryBiEntities", {
                "SourceKey": 68_719_476_736 + len(self._store.sets["GeneralJournalAccountEntryBiEntities"]),
                "GeneralJournalEntry": key, "LedgerAccount": f"{account}-{dimensions}" if dimensions else account,
                "IsCredit": "Yes" if amount < 0 else "No", "Text": header["InvoiceDescription"],
                "AccountingCurrencyAmount": _booked(amount, rate), "TransactionCurrencyAmount": amount,
                "TransactionCurrencyCode": currency,
            })  # fmt: skip

    def _check_number(self, company: str, account: str, number: str, day: str, *, pending: bool) -> None:
        policy = self._store.sets["VendorParameters"].get(company).values["IsCheckInvoiceNumberUsed"]
        if policy in ("AcceptDuplicate", "WarnDuplicate"):
            return
        known = [entry["header"] for entry in self.posted]
        if pending:
            known += [record.values for record in self._store.sets[HEADERS].beginning_with(company)]
        for other in known:
            same = (other["dataAreaId"], other["InvoiceAccount"], other["InvoiceNumber"]) == (company, account, number)
            if same and (policy == "NoDuplicate" or _year(other["InvoiceDate"]) == _year(day)):
                raise errors.refused(_HEADER, f"Invoice number {number} is already used for vendor account {account}.")

    def _check_line(self, company: str, given: Values) -> None:
        item = given.get("ItemNumber", "")
        if not item and not given.get("ProcurementCategoryName") and not given.get("MainAccountDisplayValue"):
            raise errors.refused(_LINE, "Field 'Item number' must be filled in.")
        if not given.get("Currency"):
            raise errors.refused(_LINE, "Field 'Currency' must be filled in.")
        if given["Currency"] not in CURRENCIES:
            raise errors.not_related(_LINE, given["Currency"], "Currency", "Currencies")
        if item:
            record = self._store.sets["ReleasedProductsV2"].find(company, item)
            if record is None:
                raise errors.not_related(_LINE, item, "Item number", "Items")
            if record.values["ProductLifecycleStateId"] == "Obsolete":
                raise errors.refused(_LINE, f"Item '{item}' is blocked for 'Purchase order'.", table="PurchLine")
        if given.get("Unit") and self._store.sets["Units"].find(given["Unit"]) is None:
            raise errors.not_related(_LINE, given["Unit"], "Unit", "Units")
        order, line_number = given.get("PurchaseOrder", ""), given.get("PurchLineNumber", 0)
        if bool(order) != bool(line_number):
            raise errors.refused(_LINE, "Both the purchase order and the purchase order line number must be filled in.")
        if order:
            line = self._store.sets["PurchaseOrderLinesV2"].find(company, order, line_number)
            if line is None:
                raise errors.not_related(_LINE, f"{order}, {line_number}", "Purchase order line", "Purchase order lines")
            if item and line.values["ItemNumber"] != item:
                raise errors.refused(_LINE, f"Item '{item}' is not the item of line {line_number} of purchase order {order}.")

    def _take_reference(self) -> str:
        self._next += 1
        return f"VIH-{self._next:08}"


def _net(line: Values) -> Decimal:
    per = line["PriceUnit"] or Decimal(1)
    gross: Decimal = line["ReceiveNow"] * (line["UnitPrice"] / per - line["Discount"])
    net: Decimal = gross * (1 - line["DiscountPercent"] / 100)
    return net.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _booked(amount: Decimal, rate: Decimal) -> Decimal:
    return (amount * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _year(day: str) -> int:
    return dt.date.fromisoformat(day[:10]).year
