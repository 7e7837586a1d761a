"""What people do at their screens while the agent works: enter, edit, lock, receive, invoice, close, purge."""

from __future__ import annotations

import datetime as dt

from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.kinds import KINDS
from mlconn_simulators.sage_100.layouts import Cell, Refused, Row
from mlconn_simulators.sage_100.purchase_orders import NUMBER, PurchaseOrder, add_up
from mlconn_simulators.sage_100.reading import Reader
from mlconn_simulators.sage_100.session import Session
from mlconn_simulators.sage_100.site import Site, User
from mlconn_simulators.sage_100.store import Company


class People:
    """A buyer at a workstation; none of it counts as a call into the host. Errors: Refused, as the screens refuse."""

    def __init__(self, site: Site, company: Company, user: User, workstation: str = "WS07") -> None:
        self._site, self._company, self._user = site, company, user
        self.name = f"{user.name} on {workstation}"
        self._session = Session(HostProcess(site, 0))
        self._session.user, self._session.company = user, company

    def enter_order(self, vendor: str, lines: list[Row], header: Row | None = None, division: str = "00") -> str:
        """A new order through the screen's rules; gives its number."""
        with self._site.lock:
            number = f"{self._company.take_number(NUMBER):07}"
            order = self._order(number)
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
        with self._site.lock:
            order = self._order(number)
            for name, value in header.items():
                order.set_value(_column(order, name), value)
            order.write()

    def edit_line(self, number: str, line_key: str, **values: Cell) -> None:
        """Change a line and nothing else: whether the header is stamped is the site's."""
        with self._site.lock:
            order = self._order(number)
            order.lines_in_edit.edit_line(line_key)
            for name, value in values.items():
                order.lines_in_edit.set_value(_column(order.lines_in_edit, name), value)
            order.lines_in_edit.write()
            order.write()

    def _order(self, number: str) -> PurchaseOrder:
        order = PurchaseOrder(self._session.host, self._session, KINDS["po_purchaseorder_bus"])
        order.set_key(number)
        return order

    def print_order(self, number: str) -> None:
        """A new order that was printed is an open one."""
        self._change(number, OrderStatus="O")

    def receive(self, number: str, quantities: dict[str, float] | None = None) -> None:
        """Goods came and their receipt was posted. quantities: by line key; left out: all that is open."""
        with self._site.lock:
            for line in self._company["PO_PurchaseOrderDetail"].under(number):
                due = float(line["QuantityOrdered"]) - float(line["QuantityReceived"])
                came = due if quantities is None else quantities.get(str(line["LineKey$"]), 0.0)
                line["QuantityReceived"] = float(line["QuantityReceived"]) + came
                line["QuantityBackordered"] = max(float(line["QuantityOrdered"]) - float(line["QuantityReceived"]), 0.0)
                line["ReceiptOfGoodsUpdated$"] = "Y"
            self._change(number, LastReceiptDate=self._site.clock.today(), OrderStatus="O")

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
                row[name if name in row else f"{name}$"] = value
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
