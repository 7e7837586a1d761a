"""The business documents with which a partner answers: 855, 856 and 810 to an order, 824 to an invoice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from mlconn_simulators.partner.document_facts import DocumentFacts, LineFacts
from mlconn_simulators.partner.element_check import date_of
from mlconn_simulators.partner.habits import Plan
from mlconn_simulators.partner.set_check import with_check_digit
from mlconn_simulators.partner.x12_text import Segment, plain
from mlconn_simulators.world.model import World, WorldPartner

_CENT = Decimal("0.01")
_LINES_PER_PACKAGE = 3
_LEAD_TIME = dt.timedelta(days=7)
_ADVICE_REASONS = (
    ("129", "Price differs from our order"),
    ("133", "Item is not on our order"),
    ("011", "Total does not match"),
)


@dataclass
class OrderLine:
    """A line as the partner will fulfil it. accepted, shipped: quantities. invoiced_price: what their 810 asks for."""

    received: LineFacts
    ordered: Decimal
    accepted: Decimal
    shipped: Decimal
    price: Decimal
    invoiced_price: Decimal
    date: dt.date
    answer: str = "IA"


@dataclass
class OrderInWork:
    """A company's order at a supplier, with what they decided to do about it.

    number, date: of the order. seller_reference: the supplier's own number for it. meant: what the plan made of each answer,
    by set id: `clean` or the name of the oddity.
    """

    partner: WorldPartner
    world: World
    facts: DocumentFacts
    lines: list[OrderLine]
    seller_reference: str
    refused: bool
    meant: dict[str, str]


def take_order(partner: WorldPartner, world: World, facts: DocumentFacts, plan: Plan, seller_reference: str) -> OrderInWork:
    """Decide once what will be confirmed, shipped and invoiced, so that the three documents tell one story."""
    wanted = date_of(facts.dates.get("002", "") or facts.dates.get("010", "")) or world.today + _LEAD_TIME
    lines = []
    for line in facts.lines:
        quantity, price = line.quantity or Decimal(1), line.price if line.price is not None else Decimal("1.00")
        lines.append(OrderLine(line, quantity, quantity, quantity, price, price, wanted))
    order = OrderInWork(
        partner, world, facts, lines, seller_reference, plan.refuses_order, {"855": "clean", "856": "clean", "810": "clean"}
    )
    if plan.refuses_order:
        order.meant["855"] = "order_refused"
    elif lines:
        _change(order, lines[plan.line % len(lines)], plan)
    return order


def _change(order: OrderInWork, line: OrderLine, plan: Plan) -> None:
    match plan.change:
        case "quantity" if line.ordered > 1:
            line.accepted = line.shipped = max(Decimal(1), (line.ordered * Decimal("0.8")).to_integral_value())
            line.answer = "IQ"
        case "price":
            line.price = line.invoiced_price = _raised(line.price, "1.04")
            line.answer = "IP"
        case "date":
            for each in order.lines:
                each.date += dt.timedelta(days=5)
                each.answer = "DR"
    if line.answer != "IA":
        order.meant["855"] = f"{plan.change}_changed"
    if plan.short and line.shipped > 1:
        line.shipped -= 1
        order.meant["856"] = "short_shipment"
    if plan.wrong_price:
        line.invoiced_price = _raised(line.invoiced_price, "1.05")
        order.meant["810"] = "wrong_price"


def _raised(price: Decimal, factor: str) -> Decimal:
    return max((price * Decimal(factor)).quantize(_CENT, ROUND_HALF_UP), price + _CENT)


def order_acknowledgment(order: OrderInWork) -> list[Segment]:
    """855. PO1 repeats the order's line, ACK says what becomes of it; BAK02 is AD, AC where something changed, RJ refused."""
    facts, today = order.facts, f"{order.world.today:%Y%m%d}"
    changed = any(line.answer != "IA" for line in order.lines)
    kind = "RJ" if order.refused else "AC" if changed else "AD"
    head = ["BAK", "00", kind, facts.business_number, facts.date or today, "", "", "", order.seller_reference, today]
    segments: list[Segment] = [head, *_parties(order)]
    if order.refused:
        return segments
    for line in order.lines:
        segments.append(_repeated("PO1", line.received, line.ordered, line.price))
        segments.append(["ACK", line.answer, _number(line.accepted), line.received.unit, "068", f"{line.date:%Y%m%d}"])
    return [*segments, ["CTT", str(len(order.lines))]]


def ship_notice(order: OrderInWork, number: str, at: dt.datetime, serial: int) -> list[Segment]:
    """856, shipment, order, packages, items. number: BSN02. serial: makes the SSCCs unique."""
    packages = [order.lines[i : i + _LINES_PER_PACKAGE] for i in range(0, len(order.lines), _LINES_PER_PACKAGE)]
    today = f"{order.world.today:%Y%m%d}"
    segments: list[Segment] = [
        ["BSN", "00", number, today, f"{at:%H%M}", "0001"],
        ["HL", "1", "", "S"],
        ["TD1", "CTN25", str(len(packages)), "", "", "", "G", str(5 * len(order.lines)), "LB"],
        ["TD5", "", "2", "RDWY", "M"],
        ["REF", "BM", f"B{number}"],
        ["REF", "CN", f"1Z{number}"],
        ["DTM", "011", today],
        *_parties(order)[:1],
        ["N1", "ST", plain(order.world.company_title, 60), "92", "01"],
        ["HL", "2", "1", "O"],
        ["PRF", order.facts.business_number, "", "", order.facts.date],
    ]
    level = 2
    for place, package in enumerate(packages):
        level += 1
        parent = str(level)
        segments.append(["HL", parent, "2", "P"])
        segments.append(["MAN", "GM", with_check_digit(f"0061414{(serial * 100 + place) % 10**10:010}")])
        for line in package:
            level += 1
            segments.append(["HL", str(level), parent, "I"])
            segments.append(["LIN", line.received.number, *line.received.raw[6:]])
            segments.append(
                ["SN1", "", _number(line.shipped), line.received.unit, "", _number(line.ordered), line.received.unit]
            )
    return [*segments, ["CTT", str(level)]]


def invoice(order: OrderInWork, number: str) -> tuple[list[Segment], Decimal]:
    """810 over what was shipped, and its total. number: BIG02."""
    today = f"{order.world.today:%Y%m%d}"
    segments: list[Segment] = [
        ["BIG", today, number, order.facts.date, order.facts.business_number],
        ["CUR", "SE", order.facts.currency or order.partner.currency],
        *_parties(order),
        ["ITD", "01", "3", "", "", "", "", "30"],
    ]
    total = Decimal()
    for line in order.lines:
        segments.append(_repeated("IT1", line.received, line.shipped, line.invoiced_price))
        if line.received.description:
            segments.append(["PID", "F", "", "", "", line.received.description[:80]])
        total += line.shipped * line.invoiced_price
    total = total.quantize(_CENT, ROUND_HALF_UP)
    return [*segments, ["TDS", str(int(total * 100))], ["CTT", str(len(order.lines))]], total


def application_advice(
    facts: DocumentFacts, plan: Plan, number: str, at: dt.datetime, place: tuple[str, str, str], parties: tuple[str, str]
) -> list[Segment]:
    """824 about an invoice. place: its GS06, ST02 and ST01. parties: its GS02 and GS03."""
    stamp = [f"{at:%Y%m%d}", f"{at:%H%M}"]
    group, control, set_id = place
    segments: list[Segment] = [
        ["BGN", "11", number, *stamp],
        ["OTI", plan.advice, "IV", facts.business_number, *parties, *stamp, group, control, set_id],
    ]
    if facts.total is not None:
        segments.append(["AMT", "TT", str(facts.total)])
    if plan.advice == "TR":
        code, words = _ADVICE_REASONS[plan.line % len(_ADVICE_REASONS)]
        segments.append(["TED", code, words])
    return segments


def _parties(order: OrderInWork) -> list[Segment]:
    place = order.partner.addresses[0]
    return [
        ["N1", "SF", plain(order.partner.title, 60), "92", place.location_number],
        ["N1", "BY", plain(order.world.company_title, 60)],
    ]


def _repeated(name: str, line: LineFacts, quantity: Decimal, price: Decimal) -> Segment:
    return [name, line.number, _number(quantity), line.unit, _number(price), "", *line.raw[6:]]


def _number(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
