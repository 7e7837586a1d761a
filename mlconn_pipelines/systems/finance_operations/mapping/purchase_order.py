"""Confirmed purchase order to X12 850."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.reference import BusinessPartner, ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.party_fitting import ASSIGNED_BY_BUYER, AddressParts, party, us
from mlconn_pipelines.edi.text_fitting import clean, fit_name, fit_street
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.finance_operations.mapping.checks import check_currency, check_vendor
from mlconn_pipelines.systems.finance_operations.mapping.order_lines import FoLine, mapped_lines
from mlconn_pipelines.systems.finance_operations.records import purchase_order as fo

DELIVERY_REQUESTED = "002"
DISCOUNT, OTHER = "C310", "F050"
"""X12 element 1300: discount, other."""


def purchase_order_from_fo(
    order: fo.PurchaseOrder, day: dt.date, partner: Partner, book: ReferenceBook, notes: Checklist
) -> PurchaseOrder:
    """The order with everything that was found about it in `notes`; day: of its first confirmation."""
    vendor = check_vendor(order.OrderVendorAccountNumber, book, notes, "OrderVendorAccountNumber")
    lines = mapped_lines(order, partner, book, "850", notes)
    buyer = Contact(clean(order.AttentionInformation), function="BD")  # the order's Email is the vendor's
    wanted = order.RequestedDeliveryDate
    return PurchaseOrder(
        number=order.PurchaseOrderNumber,
        date=day,
        lines=tuple(map(_line, lines)),
        currency=check_currency(order.CurrencyCode, notes),
        parties=(us("BY", "", partner), _ship_to(order, notes), _vendor(order, vendor)),
        contacts=(buyer,) if buyer.name else (),
        dates=(DateReference(DELIVERY_REQUESTED, wanted),) if wanted else (),
        allowances_and_charges=_extras(order),
    )


def _line(line: FoLine) -> OrderLine:
    wanted = line.source.RequestedDeliveryDate
    return OrderLine(
        number=line.number,
        quantity=line.measure.quantity,
        unit=line.measure.unit,
        unit_price=line.measure.unit_price or Decimal(),
        product_ids=line.product_ids,
        description=line.description,
        dates=(DateReference(DELIVERY_REQUESTED, wanted),) if wanted else (),
    )


def _extras(order: fo.PurchaseOrder) -> tuple[AllowanceOrCharge, ...]:
    """Discount and charges of the whole order; those of lines are in their prices."""
    amounts = ((-order.TotalDiscountAmount, DISCOUNT, "Discount"), (order.TotalChargeAmount, OTHER, "Charges"))
    return tuple(
        AllowanceOrCharge("C" if amount > 0 else "A", code, abs(amount), words) for amount, code, words in amounts if amount
    )


def _ship_to(order: fo.PurchaseOrder, notes: Checklist) -> Party:
    """Where the goods go, under our warehouse's id where all lines name one warehouse."""
    place = "delivery address"
    parts = AddressParts(
        street=order.DeliveryAddressStreet,
        street_no=order.DeliveryAddressStreetNumber,
        city=order.DeliveryAddressCity,
        postal_code=order.DeliveryAddressZipCode,
        state=order.DeliveryAddressStateId,
        country=order.DeliveryAddressCountryRegionISOCode or order.DeliveryAddressCountryRegionId,
    )
    found = party("ST", order.DeliveryAddressName, parts, notes, place)
    street = found.street
    if parts.empty and clean(order.FormattedDeliveryAddress):
        street, lost = fit_street(*filter(None, map(clean, order.FormattedDeliveryAddress.split("\n"))))
        left_out = f" Left out: {lost!r}." if lost else ""
        notes.note(
            Reason.ADDRESS_UNSTRUCTURED, f"Only the delivery address's free text is known; it is sent as such.{left_out}", place
        )
    warehouses = {line.ReceivingWarehouseId for line in order.lines}
    warehouse = warehouses.pop() if len(warehouses) == 1 else ""
    code = clean(warehouse or order.DefaultReceivingWarehouseId)
    return Party(
        role="ST",
        name=found.name,
        name_2=found.name_2,
        id_qualifier=ASSIGNED_BY_BUYER if code else "",
        id=code,
        street=street,
        city=found.city,
        state=found.state,
        postal_code=found.postal_code,
        country=found.country,
    )


def _vendor(order: fo.PurchaseOrder, vendor: BusinessPartner | None) -> Party:
    """The vendor under our number for them, with the address that F&O keeps."""
    known = next(iter(vendor.bill_to.values()), Party("VN")) if vendor else Party("VN")
    name, name_2, _ = fit_name(order.PurchaseOrderName or (vendor.name if vendor else ""))
    return Party(
        role="VN",
        name=name,
        name_2=name_2,
        id_qualifier=ASSIGNED_BY_BUYER,
        id=order.OrderVendorAccountNumber,
        street=known.street,
        city=known.city,
        state=known.state,
        postal_code=known.postal_code,
        country=known.country,
        contacts=tuple(vendor.contacts.values()) if vendor else (),
    )
