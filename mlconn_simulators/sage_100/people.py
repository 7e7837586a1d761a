"""What people do at their screens while the agent works: enter, edit, lock, receive, invoice, close, purge."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

from mlconn_simulators.sage_100.batches import batch_table
from mlconn_simulators.sage_100.clock import decimal_hours
from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.kinds import KINDS
from mlconn_simulators.sage_100.layouts import Cell, Refused, Row
from mlconn_simulators.sage_100.posting import post_invoices, post_receipts
from mlconn_simulators.sage_100.purchase_orders import NUMBER, PurchaseOrder, add_up
from mlconn_simulators.sage_100.reading import Reader
from mlconn_simulators.sage_100.receipts import NUMBER as RECEIPT_NUMBER
from mlconn_simulators.sage_100.session import Session
from mlconn_simulators.sage_100.site import Site, User
from mlconn_simulators.sage_100.store import Company


class People:
    """A buyer at a workstation; none of it counts as a call into the host. Errors: Refused, as the screens refuse."""

    def __init__(self, site: Site, company: Company, user: User, workstation: str = "WS07") -> None:
        self._site, self._company, self._user = site, company, user
        self.name = f"{user.name} on {workstation}"
        self._session = Session(HostProcess(site))
        self._session.user, self._session.company = user, company
        self._screen = PurchaseOrder(self._session.host, self._session, KINDS["po_purchaseorder_bus"])

    def items(self) -> list[Row]:
        """The items that there are, as their screen lists them."""
        return list(self._company["CI_Item"].rows.values())

    def enter_order(self, vendor: str, lines: list[Row], header: Row | None = None, division: str = "00") -> str:
        """A new order through the screen's rules; gives its number."""
        with self._site.lock:
            number = f"{self._company.take_number(NUMBER):07}"
            with self._order(number) as order:
                order.set_value("APDivisionNo$", division)
                order.set_value("VendorNo$", vendor)
                for name, value in (header or {}).items():
                    order.set_value(name, value)
                for line in lines:
                    order.lines_in_edit.add_line()
                    for name, value in line.items():
                        order.lines_in_edit.set_value(name, value)
                    order.lines_in_edit.write()
                order.write()
            return number

    def edit_order(self, number: str, **header: Cell) -> None:
        """Change header columns. Errors: Refused, while the agent has the order in edit too."""
        with self._site.lock, self._order(number) as order:
            for name, value in header.items():
                order.set_value(_column(order, name), value)
            order.write()

    def edit_line(self, number: str, line_key: str, **values: Cell) -> None:
        """Change a line and nothing else: whether the header is stamped is the site's."""
        with self._site.lock, self._order(number) as order:
            order.lines_in_edit.edit_line(line_key)
            for name, value in values.items():
                order.lines_in_edit.set_value(_column(order.lines_in_edit, name), value)
            order.lines_in_edit.write()
            order.write()

    @contextlib.contextmanager
    def _order(self, number: str) -> Iterator[PurchaseOrder]:
        """The order in edit at the screen, and closed again whatever the screen refuses."""
        try:
            self._screen.set_key(number)
            yield self._screen
        finally:
            self._screen.drop()

    def backdate(self, number: str, seconds: float) -> None:
        """The order's save took so long: it can be read only now, and its newest stamp is of the moment when it began."""
        with self._site.lock:
            row = self._company["PO_PurchaseOrderHeader"].rows[(number,)]
            which = "Updated" if row["DateUpdated$"] else "Created"
            began = self._site.clock.local() - dt.timedelta(seconds=seconds)
            row[f"Date{which}$"], row[f"Time{which}$"] = f"{began:%Y%m%d}", decimal_hours(began.time())

    def print_order(self, number: str) -> None:
        """A new order that was printed is an open one."""
        self._change(number, OrderStatus="O")

    def receive(self, number: str, quantities: dict[str, float] | None = None, invoice: str = "") -> str:
        """Goods came, and their receipt was entered and posted; gives its type and number.

        quantities: by line key; left out: all that is open. invoice: the vendor's number, for a receipt of invoice.
        """
        kind = "I" if invoice else "G"
        done = "QuantityInvoiced" if invoice else "QuantityReceived"
        with self._site.lock:
            receipt = f"{self._company.take_number(RECEIPT_NUMBER):06}"
            order = self._company["PO_PurchaseOrderHeader"].rows[(number,)]
            kept = ("APDivisionNo$", "VendorNo$", "PurchaseName$", "WarehouseCode$", "TermsCode$")
            today = self._site.clock.today()
            head: Row = {name: order[name] for name in kept}
            head |= {"ReceiptType$": kind, "ReceiptNo$": receipt, "ReceiptDate$": today, "PurchaseOrderNo$": number, "BatchNo$": "desk",
                     "InvoiceNo$": invoice, "InvoiceDate$": today if invoice else ""}  # fmt: skip
            amount = 0.0
            for line in self._company["PO_PurchaseOrderDetail"].under(number):
                due = float(line["QuantityOrdered"]) - float(line[done])
                came = due if quantities is None else quantities.get(str(line["LineKey$"]), 0.0)
                amount += round(came * float(line["UnitCost"]), 2)
                copied = {
                    name: line[name]
                    for name in ("LineKey$", "LineSeqNo$", "ItemCode$", "ItemType$", "WarehouseCode$", "UnitCost")
                }
                self._company["PO_ReceiptDetail"].put(
                    copied | {"ReceiptType$": kind, "ReceiptNo$": receipt, "PurchaseOrderNo$": number, "OrderLineKey$": line["LineKey$"],
                              "QuantityReceived": came}
                )  # fmt: skip
            self._company["PO_ReceiptHeader"].put(head | {"ReceiptAmt": round(amount, 2)})
            post_receipts(self._company, "desk", today, self._user.key)
            return kind + receipt

    def invoice(self, number: str, invoice: str) -> str:
        """The vendor's invoice for the whole order was entered and posted."""
        return self.receive(number, invoice=invoice)

    def post_receipts(self, batch: str = "") -> list[str]:
        """Update the register of a batch, or of all: what agents leave to people."""
        with self._site.lock:
            return post_receipts(self._company, batch, self._site.clock.today(), self._user.key)

    def post_invoices(self, batch: str = "") -> list[str]:
        with self._site.lock:
            return post_invoices(self._company, batch, self._site.clock.today(), self._user.key)

    def pay(self, division: str, vendor: str, invoice: str) -> None:
        """A paid invoice leaves the open ones."""
        with self._site.lock:
            self._company["AP_OpenInvoice"].remove((division, vendor, invoice))

    def close_order(self, number: str) -> None:
        """The order is complete; it stays in the open tables until somebody purges."""
        self._change(number, OrderStatus="X", CompletionDate=self._site.clock.today())

    def purge(self) -> list[str]:
        """Completed orders leave the open tables for the history; gives their numbers."""
        with self._site.lock:
            tables = self._company.tables
            gone = [key for key, row in tables["PO_PurchaseOrderHeader"].rows.items() if row["OrderStatus$"] == "X"]
            for key in gone:
                tables["PO_PurchaseOrderHistoryHeader"].put(tables["PO_PurchaseOrderHeader"].rows[key])
                tables["PO_PurchaseOrderHeader"].remove(key)
                for line in list(tables["PO_PurchaseOrderDetail"].under(*key)):
                    tables["PO_PurchaseOrderHistoryDetail"].put(line)
                    tables["PO_PurchaseOrderDetail"].remove(tables["PO_PurchaseOrderDetail"].layout.key(line))
            return [key[0] for key in gone]

    def lock(self, table: str, *key: str, for_s: float | None = None) -> None:
        """Have a record open at the screen, for so many seconds of the server's clock, or until `unlock`."""
        until = None if for_s is None else self._site.clock.now() + dt.timedelta(seconds=for_s)
        with self._site.lock:
            if self._company.holder(table, key, self.name):
                raise Refused("The record is in use.")
            self._company.hold(table, key, self.name, until)

    def lock_batch(self, batch: str, module: str = "P/O", for_s: float | None = None) -> None:
        """Work in a batch."""
        self.lock(batch_table(module), batch, for_s=for_s)

    def lock_number(self, name: str = NUMBER, for_s: float | None = None) -> None:
        """Stand on the next-number record."""
        self.lock("SY_NextNumber", name, for_s=for_s)

    def unlock(self) -> None:
        with self._site.lock:
            self._company.let_go(self.name)

    def edit_vendor(self, number: str, division: str = "00", **values: Cell) -> None:
        """Change a vendor, or make one."""
        with self._site.lock:
            table = self._company["AP_Vendor"]
            old = table.rows.get((division, number))
            row: Row = table.layout.blank() | (old or {"APDivisionNo$": division, "VendorNo$": number, "VendorStatus$": "A"})
            for name, value in values.items():
                row[name if name in row else f"{name}$"] = self._site.ansi(value) if isinstance(value, str) else value
            self._company.stamp(row, self._user.key, old is None)
            table.put(row)

    def _change(self, number: str, **values: str) -> None:
        with self._site.lock:
            row = self._company["PO_PurchaseOrderHeader"].rows[(number,)]
            row |= {f"{name}$": value for name, value in values.items()}
            add_up(row, list(self._company["PO_PurchaseOrderDetail"].under(number)))
            self._company.stamp(row, self._user.key, False)


def _column(target: Reader, name: str) -> str:
    """Python's names have no `$`: a text column's gets it back."""
    return name if target.layout.find(name) else f"{name}$"
