"""What the partners answer, and when: every answer is a promise until it lies in the outlet."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mlconn_simulators.partner import replies
from mlconn_simulators.partner.acknowledgment import acknowledgment_of
from mlconn_simulators.partner.document_facts import DocumentFacts
from mlconn_simulators.partner.findings import Fault
from mlconn_simulators.partner.habits import Plan
from mlconn_simulators.partner.outbox import Outbox, Sending
from mlconn_simulators.partner.x12_text import Group, TransactionSet, element
from mlconn_simulators.timetable import Timetable
from mlconn_simulators.world.model import World, WorldPartner


class Answering:
    """Promises answers, and keeps them on the partners' thread. promised: by number, what is still owed."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        self.promised: dict[int, dict[str, Any]] = {}
        self.work = Timetable("trading-partners")
        self._world, self._outbox = world, outbox
        self._numbers = itertools.count(1)
        self._business_numbers: Counter[str] = Counter()
        self._lock = threading.RLock()

    def owed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(promise) for promise in self.promised.values()]

    def do(self, what: str, about: str, delay_s: float, act: Callable[[], object], *, partner: str = "") -> None:
        """Do something later; until it is done it is owed. what: a set id, or `check`."""
        due = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=delay_s)
        with self._lock:
            number = next(self._numbers)
            self.promised[number] = {"partner": partner, "set_id": what, "answers": about, "due": due.isoformat()}
        self.work.after(delay_s, lambda: self._keep(number, act))

    def _keep(self, number: int, act: Callable[[], object]) -> None:
        try:
            act()
        finally:
            with self._lock:
                self.promised.pop(number, None)

    def acknowledge(
        self, partner: WorldPartner, group: Group, around: list[Fault], found: list[list[Fault]], plan: Plan, about: str
    ) -> None:
        """One 997 for the group, when the plan of the group's first document says; about: that document's number."""
        if plan.acknowledged_after_s is None:
            return
        segments = acknowledgment_of(group, partner.version, around, found)
        number = f"{group.header[1]} {group.control}"
        self._later(partner, plan.acknowledged_after_s, "997", about, lambda: Sending("997", segments, number, answers=about))

    def reply(self, partner: WorldPartner, group: Group, document: TransactionSet, facts: DocumentFacts, plan: Plan) -> None:
        if document.id == "850" and facts.purpose == "00":
            self._fulfil(partner, facts, plan)
        elif document.id == "810" and plan.advice:
            place = (group.control, document.control, document.id)
            parties = (element(group.header, 2), element(group.header, 3))

            def advice() -> Sending:
                number = self._next_number(partner, "AD")
                segments = replies.application_advice(facts, plan, number, dt.datetime.now(dt.UTC), place, parties)
                meant = "rejection" if plan.advice == "TR" else "clean"
                return Sending("824", segments, number, meant, answers=facts.business_number)

            self._later(partner, plan.advised_after_s, "824", facts.business_number, advice)

    def _fulfil(self, partner: WorldPartner, facts: DocumentFacts, plan: Plan) -> None:
        """855, then 856, then 810; all promised at once, so that `announced` never says nothing is left too early."""
        order = replies.take_order(partner, self._world, facts, plan, self._next_number(partner, "SO"))
        number = facts.business_number

        def confirmed() -> Sending:
            lines = [_told(line, line.accepted, line.price) for line in order.lines]
            return Sending("855", replies.order_acknowledgment(order), number, order.meant["855"], lines, answers=number)

        def shipped() -> Sending:
            shipment, serial = self._next_number(partner, "SH"), next(self._numbers)
            segments = replies.ship_notice(order, shipment, dt.datetime.now(dt.UTC), serial)
            lines = [_told(line, line.shipped, None) for line in order.lines]
            return Sending("856", segments, shipment, order.meant["856"], lines, answers=number)

        def invoiced() -> Sending:
            invoice_number = self._next_number(partner, "IN")
            segments, total = replies.invoice(order, invoice_number)
            lines = [_told(line, line.shipped, line.invoiced_price) for line in order.lines]
            return Sending("810", segments, invoice_number, order.meant["810"], lines, total, number)

        self._later(partner, plan.order_acknowledged_after_s, "855", number, confirmed)
        if not order.refused:
            self._later(partner, plan.shipped_after_s, "856", number, shipped)
            self._later(partner, plan.invoiced_after_s, "810", number, invoiced)

    def _later(self, partner: WorldPartner, delay_s: float, set_id: str, about: str, made: Callable[[], Sending]) -> None:
        self.do(set_id, about, delay_s, lambda: self._outbox.send(partner, [made()]), partner=partner.name)

    def _next_number(self, partner: WorldPartner, kind: str) -> str:
        with self._lock:
            self._business_numbers[partner.name + kind] += 1
            return (
                f"{kind}{partner.name[:3].upper()}{self._world.seed % 100:02}{self._business_numbers[partner.name + kind]:06}"
            )


def _told(line: replies.OrderLine, quantity: Decimal, price: Decimal | None) -> dict[str, Any]:
    """A line of a reply for the list of things sent."""
    received = line.received
    return {"number": received.number, "item": received.item, "ids": received.ids, "unit": received.unit,
            "quantity": format(quantity, "f"), "ordered": format(line.ordered, "f"),
            "price": None if price is None else format(price, "f"), "answer": line.answer, "date": line.date.isoformat()}  # fmt: skip
