"""A small simulated Sage 100 server, and a client that has logged on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mlconn_simulators.sage_100.component import Component
from mlconn_simulators.sage_100.sandbox import MAIN, PASSWORD, USER, Sage100Sandbox
from mlconn_simulators.sage_100.script import Script
from mlconn_simulators.world.making import make_world


@dataclass
class ByReference:
    """What a client passes where the call fills an argument."""

    value: Any = ""


@dataclass
class Client:
    """The steps in the order that public integrations use."""

    sandbox: Sage100Sandbox
    script: Script
    session: Component

    def module(self, module: str, task: str, date: str = "") -> None:
        """Date, module and task, as entry objects need them."""
        assert self.session.call("nSetDate", module, date or self.sandbox.clock.today()) == 1
        assert self.session.call("nSetModule", module) == 1
        assert self.session.call("nSetProgram", self.session.call("nLookupTask", task)) == 1

    def new(self, name: str) -> Component:
        made = self.script.call("NewObject", name, self.session)
        assert isinstance(made, Component)
        return made

    def order_entry(self) -> Component:
        self.module("P/O", "PO_PurchaseOrder_ui")
        return self.new("PO_PurchaseOrder_bus")

    def entered(self, lines: int = 1, **header: Any) -> str:
        """An order written by this client."""
        bus, number = self.order_entry(), ByReference()
        bus.call("nGetNextPurchaseOrderNo", number)
        assert bus.call("nSetKey", number.value) == 2
        fill_header(bus)
        for name, value in header.items():
            assert bus.call("nSetValue", name, value) != 0, bus.get("sLastErrorMsg")
        for _ in range(lines):
            add_line(bus)
        assert bus.call("nWrite") != 0, bus.get("sLastErrorMsg")
        bus.release()
        return str(number.value)


def fill_header(bus: Component) -> None:
    assert bus.call("nSetValue", "APDivisionNo$", "00") == 1
    assert bus.call("nSetValue", "VendorNo$", "V10090") == 1


def add_line(bus: Component, item: str = "A1001", quantity: float = 3.0) -> None:
    lines = bus.get("oLines")
    assert lines.call("nAddLine") >= 1
    assert lines.call("nSetValue", "ItemCode$", item) == 1
    assert lines.call("nSetValue", "QuantityOrdered", quantity) == 1
    assert lines.call("nWrite") == 1


def value(target: Component, name: str) -> Any:
    """A column as the client reads it."""
    filled = ByReference("" if name.endswith("$") else 0.0)
    assert target.call("nGetValue", name, filled) == 1, target.get("sLastErrorMsg")
    return filled.value


def log_on(sandbox: Sage100Sandbox) -> Client:
    script = sandbox.host().script()
    script.call("Init", sandbox.site.home)
    session = script.call("NewObject", "SY_Session")
    assert isinstance(session, Component)
    assert session.call("nSetUser", USER, PASSWORD) == 1
    assert session.call("nSetCompany", MAIN) == 1
    return Client(sandbox, script, session)


@pytest.fixture
def sage() -> Iterator[Sage100Sandbox]:
    """Twelve orders; the server stands in the American Midwest and it is a winter's noon there."""
    world = make_world(1, 24, dt.date(2026, 1, 30))
    sandbox = Sage100Sandbox(world, start=dt.datetime(2026, 1, 30, 18, 0, tzinfo=dt.UTC))
    yield sandbox
    sandbox.site.faults.disarm()


@pytest.fixture
def client(sage: Sage100Sandbox) -> Client:
    return log_on(sage)
