"""ProvideX.Script: the way in. It makes objects by their names, and would run any code, which nobody may ever ask it to."""

from __future__ import annotations

from typing import Any

from mlconn_simulators.sage_100.ap_invoices import ApInvoice
from mlconn_simulators.sage_100.component import ComError, Component, method, prop
from mlconn_simulators.sage_100.entry import EntryObject
from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.kinds import KINDS, TASKS, Kind
from mlconn_simulators.sage_100.purchase_orders import PurchaseOrder
from mlconn_simulators.sage_100.reading import ServiceObject
from mlconn_simulators.sage_100.receipts import Receipt, ReceiptRegister
from mlconn_simulators.sage_100.session import Session
from mlconn_simulators.sage_100.vendors import Vendor

ENTRIES: dict[str, type[EntryObject] | type[ReceiptRegister]] = {
    "PO_PurchaseOrder_bus": PurchaseOrder,
    "PO_Receipt_bus": Receipt,
    "PO_ReceiptRegister_upd": ReceiptRegister,
    "AP_Vendor_bus": Vendor,
    "AP_Invoice_bus": ApInvoice,
}


class Script(Component):
    def __init__(self, host: HostProcess) -> None:
        super().__init__(host, "ProvideX.Script")
        self._ready = False
        host.adopt(self)

    @method("Init")
    def init(self, home: str = "") -> int:
        if home.rstrip("\\/").lower() != self.host.site.home.rstrip("\\/").lower():
            raise ComError("Error: 12 in Method INIT")
        self._ready = True
        return 1

    @prop("State")
    def state(self) -> int:
        return int(self._ready)

    @method("NewObject")
    def new_object(self, name: str, session: Any = None) -> Component:
        """Error 90: no such class, no licence of its module, no right. Error 200: the session is not ready for it."""
        if not self._ready:
            raise ComError("The object has not been initialised.")
        made = self._make(self.host.site.official(name), session)
        self.host.adopt(made)
        return made

    def _make(self, name: str, session: Any) -> Component:
        if name.lower() == "sy_session":
            return Session(self.host)
        kind = KINDS.get(name.lower())
        if kind is None or self.host.site.is_absent(kind.name):
            raise ComError(f"NewObject Error 90 {name}")
        if not isinstance(session, Session) or session.user is None or session.company is None or session.released:
            raise ComError(f"NewObject Error 200 {name}")
        if kind.module not in session.company.modules:
            raise ComError(f"NewObject Error 90 {name}")
        if not kind.task:
            return ServiceObject(self.host, session, kind)
        return self._make_entry(kind, session)

    def _make_entry(self, kind: Kind, session: Session) -> Component:
        """The task decides on rights, and it has to be this object's; so has the module."""
        if not session.program or session.module != kind.module or not session.dates.get(kind.module):
            raise ComError(f"NewObject Error 200 {kind.name}")
        task_allowed = session.user is not None and (session.user.tasks is None or kind.task in session.user.tasks)
        if session.program != TASKS[kind.task] or not task_allowed:
            raise ComError(f"NewObject Error 90 {kind.name}")
        return ENTRIES[kind.name](self.host, session, kind)

    @method("Execute")
    def execute(self, statement: str) -> int:
        return self._alarm("Execute", statement)

    @method("Evaluate")
    def evaluate(self, expression: str) -> int:
        return self._alarm("Evaluate", expression)

    @method("Run")
    def run_program(self, program: str) -> int:
        return self._alarm("Run", program)

    @method("Reset")
    def reset(self) -> int:
        return self._alarm("Reset", "")

    def _alarm(self, name: str, code: str) -> int:
        self.host.site.alarms.append(f"{name} {code}".strip())
        return 1
