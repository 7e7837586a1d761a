"""Where an order's goods go: our warehouses, under the numbers that the partner knows them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mlconn_pipelines.documents.line import StoreQuantity
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.documents.reference import ReferenceBook, Warehouse
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.party_fitting import ASSIGNED_BY_BUYER, AddressParts, party
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sage_100.mapping.order_lines import SageLine
from mlconn_pipelines.systems.sage_100.mapping.settings import SeveralWarehouses
from mlconn_pipelines.systems.sage_100.records.purchase_order import DROP_SHIP, PurchaseOrder


def warehouses_of(order: PurchaseOrder) -> tuple[str, ...]:
    """Those that its lines go to, in their order."""
    return tuple(dict.fromkeys(order.warehouse_of(line) for line in order.ordered))


def ship_to(order: PurchaseOrder, partner: Partner, book: ReferenceBook, notes: Checklist) -> Party:
    """Of the whole order: the warehouse that all lines go to, else the order's own; of a drop shipment the customer's address on it.

    The address that a buyer sees on the order counts for the order's own warehouse.
    """
    stated = AddressParts(
        street=order.ShipToAddress1,
        block=order.ShipToAddress2,
        building=order.ShipToAddress3,
        city=order.ShipToCity,
        state=order.ShipToState,
        postal_code=order.ShipToZipCode,
        country=order.ShipToCountryCode,
    )
    on_order = party("ST", order.ShipToName, stated, notes, "ship-to address")
    if order.OrderType == DROP_SHIP:
        return on_order
    all_lines = warehouses_of(order)
    code = order.OfWarehouse or (all_lines[0] if len(all_lines) == 1 else order.WarehouseCode)
    if code == order.WarehouseCode and not stated.empty:
        _check_active(book.warehouses.get(code), notes, "WarehouseCode")
        return replace(on_order, id_qualifier=ASSIGNED_BY_BUYER if code else "", id=location_of(code, partner))
    return warehouse(code, partner, book, notes, "WarehouseCode")


def warehouse(code: str, partner: Partner, book: ReferenceBook, notes: Checklist, place: str) -> Party:
    """One of our warehouses, with its address and the partner's number for it."""
    held = book.warehouses.get(code)
    if held is None:
        notes.look_up("warehouse", code)
        said = (
            f"Warehouse {code!r} is not in Sage. Correct the order."
            if code
            else "The order names no warehouse. Enter one in Sage."
        )
        notes.reject(Reason.SHIP_TO_UNKNOWN, said, place)
    _check_active(held, notes, place)
    address = held.address if held else Party("ST")
    return replace(address, id_qualifier=ASSIGNED_BY_BUYER if code else "", id=location_of(code, partner))


def _check_active(held: Warehouse | None, notes: Checklist, place: str) -> None:
    if held is not None and not held.active:
        notes.look_up("warehouse", held.code)
        said = f"Warehouse {held.code} is inactive in Sage, and goods are ordered for it. Activate it, or correct the order."
        notes.reject(Reason.WAREHOUSE_INACTIVE, said, place)


def location_of(code: str, partner: Partner) -> str:
    """What the partner calls a warehouse of ours (`ship_to` of its file): our own code where nothing else is agreed."""
    return next((number for number, ours in partner.ship_to.items() if ours == code), code)


def line_destinations(
    order: PurchaseOrder,
    lines: tuple[SageLine, ...],
    way: SeveralWarehouses,
    partner: Partner,
    book: ReferenceBook,
    notes: Checklist,
) -> tuple[Mapping[int, tuple[Party, ...]], Mapping[int, tuple[StoreQuantity, ...]]]:
    """By the lines' keys: whom a line goes to and what of it, where an order goes to several warehouses; else nothing."""
    if order.OrderType == DROP_SHIP or len(warehouses_of(order)) < 2:
        return {}, {}
    parties: dict[int, tuple[Party, ...]] = {}
    stores: dict[int, tuple[StoreQuantity, ...]] = {}
    for line in lines:
        place = warehouse(order.warehouse_of(line.source), partner, book, notes, f"line {line.number}")
        parties[line.source.LineKey] = (place,)
        stores[line.source.LineKey] = (StoreQuantity(place.id, line.measure.quantity, line.measure.unit),)
    return ({}, stores) if way == "store_quantities" else (parties, {})
