"""Uploads that Cleo answers with errors: the document's fault is told from the connection's, and nothing is sent twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, cast

import pytest

from mlconn_pipelines.config.integration import OutboundFlow
from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.flows.outlet import Destination, Outlet
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow
from mlconn_pipelines.flows.recovering import recover_outcomes
from mlconn_pipelines.flows.route import System
from mlconn_pipelines.flows.sending import send_ready
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.systems.cleo.api.exchange import CleoExchange
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.ledger.workbench import RUN, FakeBench
from mlconn_pipelines_tests.systems.cleo.cleo_tenant import Tenant, cleo_tenant
from mlconn_pipelines_tests.x12.guides import guide_of

FEW = 2
"""Error answers about one document before it is on hold."""
RESENT = OutboundFlow(send_from=dt.date(2020, 1, 1), unknown_delivery="resend_identical")


@dataclass
class Outgoing:
    """Invoices of two partners on their way to a simulated Cleo, from the fake ledger."""

    tenant: Tenant
    exchange: CleoExchange
    bench: FakeBench = field(default_factory=FakeBench)

    def invoice(self, number: str, partner: str = "northwind") -> DocumentRow:
        line = InvoiceLine("1", Decimal(10), "EA", Decimal("12.5"), (ProductId("VP", "A100"),))
        made = Invoice(number=number, date=RUN.partition, currency="USD", total=Decimal(125), lines=(line,), order_number="PO1")
        document = self.bench.seen(number)
        checked = Checked(document.id, State.READY, canonical=to_json(made), partner=partner, business_number=number)
        self.bench.queue.store_checked(RUN, [checked])
        return document

    def run(self, flow: OutboundFlow = RESENT) -> None:
        """What was left open is looked for, then what is ready is sent."""
        engine = engine_on(self.bench, hold_after_failures=FEW)
        partners = [Partner(name, name, (), (), replace(guide_of(), partner=name), name) for name in ("northwind", "kestrel")]
        places = {one.name: Destination(self.exchange.folder(one.name), lambda content, _: content) for one in partners}
        outlet, nothing = Outlet(Partners(partners), places, 2), cast(Any, None)
        recover_outcomes(System(engine, nothing, nothing), outlet, RUN, flow.unknown_delivery == "resend_identical")
        send_ready(engine, outlet, RUN)

    def hours(self, rounds: int, until: Callable[[], bool] = lambda: False, flow: OutboundFlow = RESENT) -> None:
        """Run after run, with all waits over in between."""
        for _ in range(rounds):
            self.run(flow)
            if until():
                return
            self.bench.put("document", next_attempt_at=0)
            self.bench.put("claim", expires_at=0, next_check_at=0, absence_proves_at=0)

    def held(self) -> list[DocumentRow]:
        return [row for row in self.bench.all() if row.state == State.ON_HOLD]

    def alerts(self) -> list[str]:
        return [one.text for one in self.bench.watch.open_alerts()]


@contextmanager
def outgoing() -> Iterator[Outgoing]:
    with cleo_tenant("northwind", "kestrel") as tenant:
        yield Outgoing(tenant, tenant.exchange())


@pytest.mark.parametrize(("fault", "words"), [("423", "locked"), ("500", "Internal error")])
def test_one_poisoned_file_among_others_is_held_with_cleos_words(fault: str, words: str) -> None:
    """A 500 to an upload may have arrived; only where the partner takes it again is it sent again at all."""
    with outgoing() as here:
        poisoned, *_ = [here.invoice(f"INV-{number}") for number in range(4)]
        here.tenant.sandbox.faults.arm(fault, "/files", None, method="POST", holding="INV-0")
        here.hours(10, lambda: bool(here.held()))
        (row,) = here.held()
        assert (row.id, row.reason_code) == (poisoned.id, "failed_repeatedly")
        assert f"{FEW} tries" in row.reason and words in row.reason
        assert here.alerts() == [f"On hold: {row.reason}"]
        assert here.tenant.sandbox.faults.given[fault] == FEW
        assert [one.state for one in here.bench.all() if one.id != row.id] == [State.SENT] * 3


def test_an_upload_that_gets_500_stays_unknown_and_is_made_once() -> None:
    with outgoing() as here:
        document = here.invoice("INV-1")
        here.tenant.sandbox.faults.arm("500", "/files", None, method="POST")
        here.hours(5, flow=RESENT.model_copy(update={"unknown_delivery": "hold"}))
        assert here.bench.now(document).state == State.OUTCOME_UNKNOWN
        assert here.tenant.sandbox.faults.given["500"] == 1


def test_a_vanished_folder_holds_nobody() -> None:
    with outgoing() as here:
        lost, fine = here.invoice("INV-1", "kestrel"), here.invoice("INV-2")
        here.tenant.sandbox.drop_folder("kestrel")
        here.hours(5)
        assert [here.bench.now(one).state for one in (lost, fine)] == [State.READY, State.SENT]
        assert here.alerts() == []
