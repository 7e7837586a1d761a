"""PO_Receipt_bus: goods entered against an order. Nothing moves before the register is updated, which is another object's."""

from __future__ import annotations

from typing import Any, ClassVar

from mlconn_simulators.sage_100.batches import BatchEntry, batch_table, select
from mlconn_simulators.sage_100.component import method
from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.kinds import Kind
from mlconn_simulators.sage_100.layouts import Cell, Refused, Row, check_date
from mlconn_simulators.sage_100.lines import EntryLines
from mlconn_simulators.sage_100.posting import post_receipts
from mlconn_simulators.sage_100.reading import Reader
from mlconn_simulators.sage_100.rules import Warned
from mlconn_simulators.sage_100.session import Session

NUMBER = "P/O receipt"
_FROM_ORDER = ("ItemCode$", "ItemType$", "ItemCodeDesc$", "WarehouseCode$", "UnitOfMeasure$", "PurchasesAcctKey$", "CommentText$",
               "SalesOrderNo$", "UnitCost", "QuantityOrdered")  # fmt: skip
_ADDRESS = ("Address1", "Address2", "Address3", "City", "State", "ZipCode", "CountryCode")
_FROM_HEADER = ("APDivisionNo$", "VendorNo$", "PurchaseName$", "ShipVia$", "WarehouseCode$", "TermsCode$", "TaxSchedule$",
                *(f"Purchase{part}$" for part in _ADDRESS))  # fmt: skip


class ReceiptLines(EntryLines):
    """The order's lines, there as soon as the order is set; others can be added by their items."""

    def check_header(self, header: Row) -> None:
        if not header["PurchaseOrderNo$"]:
            raise Refused("The Purchase Order Number is required.")

    def copy(self, order: str) -> None:
        lines = []
        for line in self.company["PO_PurchaseOrderDetail"].under(order):
            due = round(float(line["QuantityOrdered"]) - float(line["QuantityReceived"]), 6)
            header = self.header.row or {}
            lines.append(
                self.layout.blank()
                | {name: header[name] for name in self.header.layout.keys}
                | {name: line[name] for name in _FROM_ORDER}
                | {
                    "LineKey$": line["LineKey$"],
                    "LineSeqNo$": line["LineSeqNo$"],
                    "PurchaseOrderNo$": order,
                    "OrderLineKey$": line["LineKey$"],
                    "QuantityReceived": max(due, 0.0) if self.host.site.receipt_fills_quantities else 0.0,
                }
            )
        self.load(lines)

    def _set_item(self, row: Row, code: Cell) -> None:
        item = self.company["CI_Item"].rows.get((str(code),))
        if item is None:
            raise Refused(f"The Item {code} is not on file.")
        row |= {name: item[name] for name in ("ItemType$", "ItemCodeDesc$", "PurchasesAcctKey$")}
        row |= {"UnitOfMeasure$": item["PurchaseUnitOfMeasure$"], "WarehouseCode$": item["DefaultWarehouseCode$"]}

    def _set_received(self, row: Row, quantity: Cell) -> None:
        row["ExtensionAmt"] = round(float(quantity) * float(row["UnitCost"]), 2)
        order = self.company["PO_PurchaseOrderDetail"].rows.get((str(row["PurchaseOrderNo$"]), str(row["OrderLineKey$"])))
        if float(quantity) < 0:
            raise Refused("The quantity received is negative.")
        if order is not None and float(quantity) > float(order["QuantityOrdered"]) - float(order["QuantityReceived"]):
            raise Warned("The quantity received exceeds the quantity on order.")

    def _set_warehouse(self, row: Row, code: Cell) -> None:
        if (str(code),) not in self.company["IM_Warehouse"].rows:
            raise Refused(f"The warehouse {code} is not on file.")

    rules: ClassVar = {"itemcode$": _set_item, "quantityreceived": _set_received, "warehousecode$": _set_warehouse}


class Receipt(BatchEntry):
    """The key is the type (G goods, I invoice) and the number."""

    lines_class = ReceiptLines

    @method("nGetNextReceiptNo", 0)
    def next_receipt_no(self, number: Any) -> int:
        return self.next_number(number, NUMBER, 6)

    def start(self, row: Row) -> None:
        super().start(row)
        row["ReceiptDate$"] = self.module_date

    def _set_order(self, row: Row, number: Cell) -> None:
        order = self.company["PO_PurchaseOrderHeader"].rows.get((str(number),))
        if order is None:
            raise Refused(f"The Purchase Order {number} is not on file.")
        if order["OrderStatus$"] == "X":
            raise Refused(f"The Purchase Order {number} is completed.")
        if order["OrderType$"] not in ("S", "D", "X"):
            raise Refused(f"The Purchase Order {number} cannot be received.")
        if holder := self.company.holder("PO_PurchaseOrderHeader", (str(number),), self.session.owner):
            raise Refused(f"The Purchase Order {number} is in use by {holder}.")
        row |= {name: order[name] for name in _FROM_HEADER} | {"OrderDate$": order["PurchaseOrderDate$"]}
        assert isinstance(self.entry_lines, ReceiptLines)
        self.entry_lines.copy(str(number))

    rules: ClassVar = {"purchaseorderno$": _set_order}

    def check(self, row: Row, lines: list[Row]) -> str:
        if not row["PurchaseOrderNo$"]:
            raise Refused("The Purchase Order Number is required.")
        if row["ReceiptType$"] == "I" and not row["InvoiceNo$"]:
            raise Refused("The Invoice Number is required.")
        if not any(line["QuantityReceived"] for line in lines):
            raise Refused("There are no lines with a quantity received.")
        self.check_period(str(row["ReceiptDate$"]))
        row["ReceiptAmt"] = round(sum(float(line["ExtensionAmt"]) for line in lines), 2)
        return ""

    def save(self, row: Row, lines: list[Row]) -> None:
        super().save(row, [line for line in lines if line["QuantityReceived"]])


class ReceiptRegister(Reader):
    """PO_ReceiptRegister_upd: prints a batch's register, then posts it. Cut off halfway, Sage restarts it and rolls nothing back."""

    def __init__(self, host: HostProcess, session: Session, kind: Kind) -> None:
        super().__init__(host, session, kind.name, kind.table)
        self.batch, self._date, self._printed = "", "", False

    def drop(self) -> None:
        if self.batch and self.session.company is not None:
            self.session.company.let_go(self.session.owner, batch_table("P/O"), (self.batch,))
        self.batch, self._printed = "", False

    def cut_off(self) -> None:
        if self._printed:
            self.host.site.half_posted.append(self.batch)

    @method("nSelectBatch", 0)
    def select_batch(self, batch: Any) -> int:
        self.batch = select(self, "P/O", batch)
        return 1

    @method("nCloseBatch")
    def close_batch(self, batch: str = "") -> int:
        self.drop()
        return 1

    @method("nSetPostingDate")
    def set_posting_date(self, date: str) -> int:
        check_date(date)
        self._date = date
        return 1

    @method("nProcessReport")
    def process_report(self, how: str) -> int:
        """A register needs a printer or a path for its file."""
        if how != "PRINT":
            raise Refused(f"{how} is not valid.")
        if not self.host.site.printer:
            raise Refused("There is no printer defined for this workstation.")
        self._printed = True
        return 1

    @method("nUpdate")
    def update(self) -> int:
        self.host.site.check_writable()
        if not self._printed:
            raise Refused("The register must be printed before it is updated.")
        date = self._date or self.session.dates.get("P/O", "")
        if not self.company.open_from <= date <= self.company.open_to:
            raise Refused(f"The date {date} is not within an open period.")
        user = self.session.user.key if self.session.user else ""
        post_receipts(self.company, self.batch, date, user)
        self.drop()
        return 1
