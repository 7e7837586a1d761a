"""What people do in a scene: clerks in SAP Business One, and the trading partners' own people with their X12."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlconn_pipelines_tests.systems.system import Written
from mlconn_simulators.partner import replies
from mlconn_simulators.partner.habits import PROMPT, Advice, Change, plan_for
from mlconn_simulators.partner.orders import DraftOrder
from mlconn_simulators.partner.outbox import Sending, Sent
from mlconn_simulators.partner.x12_text import Envelope, Segment, write
from mlconn_simulators.world.items import EACH, ODD
from mlconn_simulators.world.model import WorldItem

if TYPE_CHECKING:
    from mlconn_pipelines_tests.scenario import Scene


def sound_items(scene: Scene, partner: str, count: int = 2) -> list[WorldItem]:
    """Items that documents with this partner may name without a catch, in single units."""
    found = [
        item
        for item in scene.world.items
        if item.active
        and item.stock_unit == EACH
        and ODD not in item.units
        and item.barcode
        and item.code.startswith("A1")
        and item.name.isascii()
        and item.name.isprintable()
        and len(item.name) < 40
        and partner in item.partner_numbers
    ]
    return found[:count]


def invoice(scene: Scene, partner: str = "northwind", **fields: Any) -> Written:
    """An A/R invoice over two items, or what `fields` say."""
    return _document(scene, "Invoices", scene.partner_named(partner).customer_code, partner, fields)


def delivery(scene: Scene, partner: str = "northwind", **fields: Any) -> Written:
    return _document(scene, "DeliveryNotes", scene.partner_named(partner).customer_code, partner, fields)


def purchase_order(scene: Scene, partner: str = "ferrolux", **fields: Any) -> Written:
    return _document(scene, "PurchaseOrders", scene.partner_named(partner).supplier_code, partner, fields)


def _document(scene: Scene, entity: str, code: str, partner: str, fields: dict[str, Any]) -> Written:
    lines = [
        {"ItemCode": item.code, "Quantity": 10.0 + place, "UnitPrice": 12.5 + place}
        for place, item in enumerate(sound_items(scene, partner))
    ]
    given = {"CardCode": code, "NumAtCard": f"PO-{partner[:4]}", "DocumentLines": lines} | fields
    entry = scene.erp.add_document(entity, **given)
    return Written(entry, str(scene.erp.record(entity, entry)["DocNum"]))


def copied(scene: Scene, entity: str, base_code: int, base: dict[str, Any]) -> Written:
    """A document copied from a base document, line by line, as SAP's `Copy to` does. base_code: object type of the base."""
    lines = [
        {"BaseType": base_code, "BaseEntry": base["DocEntry"], "BaseLine": line["LineNum"]} for line in base["DocumentLines"]
    ]
    entry = scene.erp.add_document(entity, CardCode=base["CardCode"], DocumentLines=lines)
    return Written(entry, str(scene.erp.record(entity, entry)["DocNum"]))


def switch_item(scene: Scene, code: str, active: bool) -> None:
    """Activate or deactivate an item."""
    scene.erp.change("Items", code, Valid="tYES" if active else "tNO", Frozen="tNO" if active else "tYES")


def answer_order(
    scene: Scene,
    partner: str,
    number: str,
    set_id: str,
    *,
    change: Change = "",
    wrong_price: bool = False,
    short: bool = False,
    refused: bool = False,
    named: str = "",
) -> Sent:
    """The supplier's 855, 856 or 810 to our purchase order, as their people decide it here. named: another number of their own.

    Scenes with late_max_s of an hour keep the simulated partner from answering by itself.
    """
    (got,) = scene.received("850", number, partner)
    assert got.facts is not None
    plan = plan_for(PROMPT, scene.world.seed, scene.partner.late_max_s, partner, "850", number)
    plan = replace(plan, change=change, wrong_price=wrong_price, short=short, refuses_order=refused, line=0)
    order = replies.take_order(scene.partner_named(partner), scene.world, got.facts, plan, f"SO-{number}")
    match set_id:
        case "855":
            segments, name = replies.order_acknowledgment(order), number
        case "856":
            name = named or f"SH{number}"
            segments = replies.ship_notice(order, name, dt.datetime.now(dt.UTC), 7)
        case _:
            name = named or f"IN{number}"
            segments = replies.invoice(order, name)[0]
    return send_set(scene, partner, set_id, segments, name)


def advise(scene: Scene, partner: str, number: str, verdict: Advice) -> Sent:
    """The partner's 824 about our invoice: TA or TR."""
    (got,) = scene.received("810", number, partner)
    assert got.facts is not None
    plan = replace(plan_for(PROMPT, 1, 0.0, partner, "810", number), advice=verdict, line=0)
    place = (got.group, got.set_control, "810")
    parties = (scene.world.company_id, scene.partner_named(partner).group_id)
    segments = replies.application_advice(got.facts, plan, f"AD{number}", dt.datetime.now(dt.UTC), place, parties)
    return send_set(scene, partner, "824", segments, f"AD{number}")


def send_set(scene: Scene, partner: str, set_id: str, segments: Sequence[Segment], number: str) -> Sent:
    """One set in a file of its own, under the partner's next control number."""
    return scene.partner.outbox.send(scene.partner_named(partner), [Sending(set_id, segments, number)])[0]


def an_order(scene: Scene, partner: str = "northwind") -> DraftOrder:
    """A sound order that is not sent yet."""
    return scene.partner.orders.clean(1, partner=partner)[0].orders[0]


def order_file(scene: Scene, orders: Sequence[DraftOrder], control: int, partner: str = "northwind", usage: str = "P") -> bytes:
    """An interchange with these orders under a control number of the test's choice."""
    envelope = Envelope(
        scene.partner_named(partner),
        scene.world.company_qualifier,
        scene.world.company_id,
        control,
        control,
        dt.datetime.now(dt.UTC),
        usage,
    )
    return write(envelope, "PO", [("850", f"{place:04}", order.segments) for place, order in enumerate(orders, start=1)])


def put(scene: Scene, content: bytes, name: str, partner: str = "northwind", **options: Any) -> None:
    """Lay a file where the partner's files land."""
    scene.cleo.put(scene.partner_named(partner).outlet, name, content, **options)
