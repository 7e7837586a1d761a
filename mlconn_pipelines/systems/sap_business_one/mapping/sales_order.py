"""A sales order of our own people to an Orders record, with the company's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.sales_order import SalesOrder, SalesOrderLine
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.inbound_850 import check_decimals
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import to_scale
from mlconn_pipelines.systems.sap_business_one.mapping.checks import check_item, check_partner
from mlconn_pipelines.systems.sap_business_one.mapping.inbound_850 import COMMENTS_MAX, currency_fields
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings
from mlconn_pipelines.systems.sap_business_one.records.scales import PRICE, QUANTITY

ENTITY = "Orders"
NUM_AT_CARD_MAX = 100
COMPARED = ("DocNum", "DocDate", "DocTotal", "DocTotalFc", "VatSum", "VatSumFc", "Cancelled", "CancelStatus")
"""What `net_amount` and a list of orders need."""


@dataclass(frozen=True, slots=True)
class OrderDefaults:
    """What an order needs and a deal does not say. None: what SAP proposes for the business partner and the item."""

    tax_code: str | None = None
    tax_field: Literal["TaxCode", "VatGroup"] = "TaxCode"
    payment_terms: int | None = None
    series: int | None = None
    warehouse: str | None = None
    sales_employee: int | None = None

    def of_header(self) -> Mapping[str, Any]:
        fields = {"PaymentGroupCode": self.payment_terms, "Series": self.series, "SalesPersonCode": self.sales_employee}
        return {name: value for name, value in fields.items() if value is not None}

    def of_line(self) -> Mapping[str, Any]:
        fields = {self.tax_field: self.tax_code, "WarehouseCode": self.warehouse}
        return {name: value for name, value in fields.items() if value is not None}


def sales_order_creation(
    order: SalesOrder, defaults: OrderDefaults, book: ReferenceBook, reference: str, settings: SapSettings
) -> Creation:
    """The record to create, or findings that say why not.

    A payload comes along with findings that only a person can judge (another currency than the partner's), so that an approval
    can post it; what is not in SAP leaves none.
    """
    notes = Checklist()
    card = check_partner(order.customer_code, "customer", order.date, book, notes)
    lines = [_line(line, order, defaults, book, notes) for line in order.lines]
    header: dict[str, Any] = {
        "CardCode": order.customer_code,
        "DocDate": order.date.isoformat(),
        "TaxDate": order.date.isoformat(),
        "DocDueDate": max(order.delivery_date or order.date, order.date).isoformat(),
        settings.reference_field: reference,
        "Comments": clean(" / ".join(filter(None, (order.number, *order.notes))))[:COMMENTS_MAX],
        **settings.branch_fields(),
        **defaults.of_header(),
        **_number_at_card(order, notes),
        **currency_fields(order.currency, card, book, notes),
    }
    complete = [line for line in lines if line is not None]
    possible = card is not None and bool(complete) and len(complete) == len(lines)
    payload = header | {"DocumentLines": complete} if possible else None
    return Creation(ENTITY, payload, notes.findings, notes.missing, partner_code=order.customer_code)


def _line(
    line: SalesOrderLine, order: SalesOrder, defaults: OrderDefaults, book: ReferenceBook, notes: Checklist
) -> Mapping[str, Any] | None:
    place = f"line {line.number}"
    item = check_item(line.item_code, order.date, book, notes, place)
    if item is None:
        return None
    if not item.for_sale:
        words = f"Item {item.code} ({item.description}) is no sales item in SAP."
        notes.reject(Reason.ITEM_NOT_FOR_ORDER, words, place)
    check_decimals(line.quantity, QUANTITY, "SAP", notes, place)
    fields: dict[str, Any] = {"ItemCode": item.code, "Quantity": line.quantity, **defaults.of_line()}
    if line.unit_price is None:
        notes.note(Reason.PRICE_MISSING, f"The deal states no price for item {item.code}; SAP's price list decides.", place)
    else:
        fields["UnitPrice"] = to_scale(line.unit_price, PRICE)
        fields["DiscountPercent"] = line.discount_percent
    if line.ship_date:
        if line.ship_date < order.date:
            words = f"The deal wants item {item.code} on {line.ship_date}, before the order's date {order.date}, which is taken instead."
            notes.note(Reason.DELIVERY_DATE_BEFORE_ORDER, words, place)
        fields["ShipDate"] = max(line.ship_date, order.date).isoformat()
    return fields


def net_amount(record: Record) -> Decimal:
    """Without tax, in the order's currency: the fields of the foreign one are 0 where that is the company's."""
    foreign = Decimal(str(record.get("DocTotalFc") or 0))
    total, tax = (foreign, "VatSumFc") if foreign else (Decimal(str(record.get("DocTotal") or 0)), "VatSum")
    return total - Decimal(str(record.get(tax) or 0))


def _number_at_card(order: SalesOrder, notes: Checklist) -> dict[str, Any]:
    number = order.customer_order_number
    if len(number) > NUM_AT_CARD_MAX:
        notes.reject(
            Reason.ORDER_NUMBER_TOO_LONG,
            f"The customer's order number {number!r} has {len(number)} characters; SAP takes {NUM_AT_CARD_MAX}.",
            "NumAtCard",
        )
    return {"NumAtCard": number} if number else {}
