"""A won opportunity to the order that it stands for: whom it is of, which items, at which prices, in which currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from mlconn_pipelines.documents.sales_order import SalesOrder, SalesOrderLine
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import RecordHeader, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.reading import decimal_from_json
from mlconn_pipelines.systems.salesforce.mapping.settings import WonDeals
from mlconn_pipelines.systems.salesforce.records.opportunities import Opportunity, OpportunityLineItem
from mlconn_pipelines.systems.salesforce.records.reading import day_of, read
from mlconn_pipelines.systems.salesforce.records.stamps import key_of, stamp_of

ENTITY = "Opportunity"
COMPARED = ("Name", "CloseDate", "Amount", "IsWon", "StageName", "Type", "RecordTypeId")
"""What decides on a deal, and what a list of deals shows."""
ROUNDED_BY = Decimal("0.01")
"""By how much Salesforce may round the total of a line."""

_LINE = (
    *("Id", "Product2Id", "ProductCode", "Quantity", "UnitPrice", "TotalPrice", "Discount", "ServiceDate", "Description"),
    "SortOrder",
)


def hashing_of(deals: WonDeals) -> RecordHashing:
    """Over what an order is made of, and nothing of what is written back to the deal or what the sales people note on it."""
    own = (deals.customer_order_number_field,) if deals.customer_order_number_field else ()
    _, _, of_product = deals.item_code_field.rpartition("Product2.")
    product = {"Product2": Projection((of_product,))} if of_product != deals.item_code_field else {}
    header = ("Name", "AccountId", "IsWon", "CloseDate", "Amount", "CurrencyIsoCode", "Pricebook2Id", *own)
    account = Projection((deals.customer_code_field,))
    lines = Projection(_LINE, product, ordered_by="Id")
    return RecordHashing(ENTITY, Projection(header, {"Account": account, "OpportunityLineItems": lines}))


def is_wanted(record: Record, deals: WonDeals) -> bool:
    """Whether the deal is to be an order: won, and of the stages, types, record types and amount that the rule names."""
    if record.get("IsDeleted") is True or record.get("IsWon") is not True:
        return False
    names = ((deals.stages, "StageName"), (deals.types, "Type"), (deals.record_types, "RecordTypeId"))
    if any(wanted and str(record.get(field) or "") not in wanted for wanted, field in names):
        return False
    return deals.amount_min is None or (_amount(record) or Decimal()) >= deals.amount_min


def header_of(record: Record, deals: WonDeals) -> RecordHeader:
    """Read without judging: what cannot be read is left out here, and said by `order_of`. cancelled: no order, or no longer one."""
    hashing = hashing_of(deals)
    try:
        lines = _lines_of(record)
    except DocumentRejected:
        lines = ()
    try:
        code = _customer_code(record, deals)
    except DocumentRejected:
        code = ""
    account = record.get("Account")
    seen = {**record, "OpportunityLineItems": lines, "Account": account if isinstance(account, Mapping) else None}
    return RecordHeader(
        key=key_of(record),
        stamp=stamp_of(record),
        business_number=str(record.get("Name") or record["Id"]),
        date=_day(record.get("CloseDate")),
        partner_code=code,
        content_hash=hashing.of(seen),
        projection=hashing.version,
        cancelled=not is_wanted(record, deals),
        correlation_reference="",
        line_count=len(lines),
        amount=_amount(record),
        currency=str(record.get("CurrencyIsoCode") or deals.currency),
    )


def order_of(record: Record, deals: WonDeals) -> Translated:
    """The order, or findings that say what of the deal cannot be told to the ERP."""
    notes = Checklist()
    try:
        deal = read(Opportunity, record)
        lines = [read(OpportunityLineItem, line) for line in _lines_of(record)]
        code = _customer_code(record, deals)
        customer_order_number = _customer_order_number(record, deals)
        item_codes = [_text(_field(line, deals.item_code_field), deals.item_code_field) for line in _lines_of(record)]
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal))
        return Translated(None, notes.findings)
    if _field(record, "Account.IsDeleted") is True:
        notes.reject(
            Reason.ACCOUNT_DELETED,
            f"Account {_field(record, 'Account.Name')!r} of {deal.Name!r} lies in the recycle bin of Salesforce. Restore it, or give the "
            "deal another account, then reprocess this.",
            "AccountId",
        )
    elif not code and not deal.AccountId:
        notes.reject(Reason.ACCOUNT_WITHOUT_CODE, f"{deal.Name!r} has no account. Give it one in Salesforce.", "AccountId")
    elif not code:
        account = str(_field(record, "Account.Name") or deal.AccountId)
        notes.reject(
            Reason.ACCOUNT_WITHOUT_CODE,
            f"Account {account!r} of {deal.Name!r} has no customer code ({deals.customer_code_field}). Enter the code that SAP "
            "knows the customer by at the account in Salesforce, then reprocess this.",
            deals.customer_code_field,
        )
    currency = deal.CurrencyIsoCode or deals.currency
    if not currency:
        notes.reject(
            Reason.CURRENCY_UNKNOWN,
            f"{deal.Name!r} states no currency, and none is set for the flow. Set `currency` of the flow in the integration's file.",
            "CurrencyIsoCode",
        )
    if deal.CloseDate is None:
        notes.reject(Reason.RECORD_UNREADABLE, f"{deal.Name!r} has no close date. Enter one in Salesforce.", "CloseDate")
    ordered = _ordered(deal, lines, item_codes, deals, notes)
    if notes.refused or deal.CloseDate is None:
        return Translated(None, notes.findings, partner_code=code)
    order = SalesOrder(
        number=clean(deal.Name),
        date=deal.CloseDate,
        customer_code=code,
        currency=currency,
        lines=ordered,
        customer_order_number=customer_order_number,
        delivery_date=min((line.ship_date for line in ordered if line.ship_date), default=None),
    )
    return Translated(order, notes.findings, partner_code=code)


def _ordered(
    deal: Opportunity, lines: Sequence[OpportunityLineItem], item_codes: Sequence[str], deals: WonDeals, notes: Checklist
) -> tuple[SalesOrderLine, ...]:
    if not lines and deal.HasOpportunityLineItem:
        notes.reject(
            Reason.NO_LINES,
            f"{deal.Name!r} has products, and Salesforce gave out none of them. Reprocess this, to read it again.",
        )
        return ()
    if not lines and deals.item_without_lines:
        if deal.Amount is None or deal.Amount <= 0:
            notes.reject(
                Reason.NO_LINES,
                f"{deal.Name!r} has no products, and no amount that the order could have. Enter products or an amount in Salesforce.",
            )
            return ()
        return (SalesOrderLine("1", deals.item_without_lines, Decimal(1), deal.Amount, description=clean(deal.Name)),)
    if not lines:
        notes.reject(
            Reason.NO_LINES,
            f"{deal.Name!r} has no products. Add them in Salesforce, or name under `item_without_lines` the item that stands for all.",
        )
    _check_amount(deal, lines, notes)
    if len({line.Id for line in lines}) < len(lines):
        notes.reject(
            Reason.RECORD_UNREADABLE, f"Salesforce gave out a product of {deal.Name!r} twice. Reprocess this, to read it again."
        )
    pairs = sorted(
        zip(lines, item_codes, strict=True), key=lambda one: (one[0].SortOrder is None, one[0].SortOrder or 0, one[0].Id)
    )
    return tuple(_line(number, line, code, deals, notes) for number, (line, code) in enumerate(pairs, start=1))


def _line(number: int, line: OpportunityLineItem, code: str, deals: WonDeals, notes: Checklist) -> SalesOrderLine:
    place = f"line {number}"
    if not code:
        notes.reject(
            Reason.PRODUCT_WITHOUT_CODE,
            f"Product {line.Name or line.Product2Id!r} has no item code ({deals.item_code_field}). Enter the code that SAP knows "
            "the item by at the product in Salesforce, then reprocess this.",
            place,
        )
    quantity = line.Quantity or Decimal()
    if quantity <= 0:
        notes.reject(
            Reason.QUANTITY_NOT_POSITIVE,
            f"The quantity of {line.Name or code!r} is {quantity:f}; an order needs more than zero. Correct it in Salesforce.",
            place,
        )
    if line.Discount is not None and not 0 <= line.Discount <= 100:
        notes.reject(
            Reason.TOTAL_DOES_NOT_ADD_UP,
            f"The discount of {line.Name or code!r} is {line.Discount:f} %, expected between 0 and 100. Correct it in Salesforce.",
            place,
        )
    price = line.UnitPrice
    if price is None and line.TotalPrice is not None and quantity:
        price = line.TotalPrice / quantity
    if price is not None and price < 0:
        notes.reject(
            Reason.PRICE_NEGATIVE,
            f"The price of {line.Name or code!r} is {price:f}; an order takes none below zero. Give a discount on the other products "
            "in Salesforce instead, or enter the order by hand and dismiss this.",
            place,
        )
    made = SalesOrderLine(
        number=str(number),
        item_code=code,
        quantity=quantity,
        unit_price=price,
        discount_percent=(line.Discount or Decimal()) if line.UnitPrice is not None else Decimal(),
        description=clean(line.Description),
        ship_date=line.ServiceDate,
    )
    if quantity > 0:
        _check_total(made, line, notes, place)
    return made


def _check_total(made: SalesOrderLine, line: OpportunityLineItem, notes: Checklist, place: str) -> None:
    """Salesforce adds up by itself; another sum means that a price or a discount means something else than we think."""
    if line.TotalPrice is not None and abs(made.amount - line.TotalPrice) >= Decimal("0.01"):
        notes.reject(
            Reason.TOTAL_DOES_NOT_ADD_UP,
            f"{line.Name or made.item_code}: {made.quantity:f} at {made.unit_price or Decimal():f} less {made.discount_percent:f} % "
            f"is {made.amount:.2f}, and Salesforce says {line.TotalPrice:f}. Look at the product's price and discount there.",
            place,
        )


def _check_amount(deal: Opportunity, lines: Sequence[OpportunityLineItem], notes: Checklist) -> None:
    """Salesforce computes a deal's amount from its products; another sum means that some of them were not given out."""
    totals = [line.TotalPrice for line in lines if line.TotalPrice is not None]
    if not lines or deal.Amount is None or len(totals) < len(lines):
        return
    if abs(sum(totals, Decimal()) - deal.Amount) > ROUNDED_BY * len(lines):
        notes.reject(
            Reason.TOTAL_DOES_NOT_ADD_UP,
            f"The products of {deal.Name!r} add up to {sum(totals, Decimal()):.2f}, and its amount is {deal.Amount:f}. Reprocess this, "
            "to read all of them again; if it stays so, look at the deal's products in Salesforce.",
            "Amount",
        )


def _customer_code(record: Record, deals: WonDeals) -> str:
    return _text(_field(record, f"Account.{deals.customer_code_field}"), deals.customer_code_field)


def _customer_order_number(record: Record, deals: WonDeals) -> str:
    name = deals.customer_order_number_field
    return _text(record.get(name), name) if name else ""


def _text(value: Any, field: str) -> str:
    """A code as it is written. Errors: DocumentRejected for what is neither text nor a number."""
    if value is None or (isinstance(value, str | int | Decimal) and not isinstance(value, bool)):
        return clean("" if value is None else str(value))
    raise DocumentRejected(
        f"{field} is {type(value).__name__}, expected a code. Look at the field in Salesforce.", code=Reason.RECORD_UNREADABLE
    )


def _field(record: Record, path: str) -> Any:
    """A field, or one of a record that hangs on it (`Product2.ERP_Item__c`)."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _lines_of(record: Record) -> Sequence[Record]:
    """As one query gives them: a page of their own, with its records, or null where there are none."""
    lines = record.get("OpportunityLineItems") or ()
    if isinstance(lines, Mapping):
        lines = lines.get("records") or ()
    if not isinstance(lines, Sequence) or not all(isinstance(line, Mapping) for line in lines):
        raise DocumentRejected(
            "OpportunityLineItems is no list of records. Reprocess this, to read it again.", code=Reason.RECORD_UNREADABLE
        )
    return lines


def _day(value: Any) -> dt.date | None:
    """None where it cannot be read: the mapping then says what it is, and a person looks."""
    try:
        return day_of(value)
    except ValueError:
        return None


def _amount(record: Record) -> Decimal | None:
    try:
        return None if record.get("Amount") is None else decimal_from_json(record["Amount"])
    except (InvalidOperation, ValueError, TypeError):
        return None
