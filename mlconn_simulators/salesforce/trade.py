"""What the org derives by itself: won stages, amounts of lines, order numbers, price books, activation."""

from __future__ import annotations

from decimal import Decimal

from mlconn_simulators.salesforce.errors import ApiError
from mlconn_simulators.salesforce.schema import Values
from mlconn_simulators.salesforce.store import Record, Store

_CENT = Decimal("0.01")


class TradeRules:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._orders = 0

    def before(self, entity: str, values: Values, record: Record | None) -> None:
        """Check and complete what is about to be written; no values where the record is about to be deleted.

        Errors: ApiError by the rule that refuses.
        """
        now = (record.values if record else {}) | values
        match entity:
            case "Contact" | "Lead":
                values["Name"] = " ".join(filter(None, (now.get("FirstName"), now.get("LastName"))))
            case "Opportunity":
                self._opportunity(values, now)
            case "OpportunityLineItem" if values:
                self._opportunity_line(values, now, creating=record is None)
            case "PricebookEntry" if record is None:
                self._price(values)
            case "PricebookEntry" if values.get("UnitPrice") is not None and now.get("UseStandardPrice"):
                raise _integrity("Unit price cannot be given for an entry that uses the standard price", "UnitPrice")
            case "Order":
                self._order(values, record)
            case "OrderItem":
                self._order_item(values, now)

    def after(self, record: Record) -> None:
        """What follows for the parents of a line that was written or deleted."""
        match record.entity:
            case "OpportunityLineItem":
                parent = self._store.find("Opportunity", record.values["OpportunityId"])
                lines = self._lines("OpportunityLineItem", "OpportunityId", parent)
                derived: Values = {"HasOpportunityLineItem": bool(lines)}
                name = "Amount"
            case "OrderItem":
                parent = self._store.find("Order", record.values["OrderId"])
                lines = self._lines("OrderItem", "OrderId", parent)
                derived, name = {}, "TotalAmount"
            case _:
                return
        if parent is not None and parent.deleted_at is None:
            self._store.write(parent, derived | {name: sum((line.values["TotalPrice"] for line in lines), Decimal(0))})

    def _lines(self, entity: str, name: str, parent: Record | None) -> list[Record]:
        return self._store.having(entity, name, parent.id) if parent else []

    def _opportunity(self, values: Values, now: Values) -> None:
        if (stage_name := values.get("StageName")) is not None:
            stages = self._store.having("OpportunityStage", "ApiName", stage_name)
            values["IsWon"] = bool(stages) and stages[0].values["IsWon"]
            values["IsClosed"] = bool(stages) and stages[0].values["IsClosed"]
        if now.get("HasOpportunityLineItem"):
            values.pop("Amount", None)  # the sum of its lines: what is given is passed over in silence

    def _opportunity_line(self, values: Values, now: Values, creating: bool) -> None:
        if values.get("UnitPrice") is not None and values.get("TotalPrice") is not None:
            raise _integrity("specify either UnitPrice or TotalPrice, not both", "UnitPrice")
        entry = self._store.find("PricebookEntry", now["PricebookEntryId"])
        opportunity = self._store.find("Opportunity", now["OpportunityId"])
        if entry is None or opportunity is None:
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        book = opportunity.values["Pricebook2Id"]
        if book is None:
            self._store.write(opportunity, {"Pricebook2Id": entry.values["Pricebook2Id"]})
        elif book != entry.values["Pricebook2Id"]:
            raise _integrity(
                "pricebook entry is in a different pricebook than the one assigned to the opportunity", "PricebookEntryId"
            )
        if entry.values["CurrencyIsoCode"] != opportunity.values["CurrencyIsoCode"]:
            raise _integrity("pricebook entry currency code does not match opportunity currency code", "PricebookEntryId")
        product = self._store.find("Product2", entry.values["Product2Id"])
        known = product.values if product else {}
        quantity = now["Quantity"]
        if values.get("TotalPrice") is not None:
            values["UnitPrice"] = (values["TotalPrice"] / quantity).quantize(_CENT) if quantity else Decimal(0)
        elif creating and values.get("UnitPrice") is None:
            raise ApiError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [UnitPrice]", ["UnitPrice"])
        price = values.get("UnitPrice", now.get("UnitPrice")) or Decimal(0)
        subtotal = (price * quantity).quantize(_CENT)
        values["TotalPrice"] = (subtotal * (100 - (now.get("Discount") or 0)) / 100).quantize(_CENT)
        values |= {"Subtotal": subtotal, "ListPrice": entry.values["UnitPrice"], "Product2Id": entry.values["Product2Id"]}
        values |= {"ProductCode": known.get("ProductCode"), "Name": known.get("Name")}
        values["CurrencyIsoCode"] = opportunity.values["CurrencyIsoCode"]

    def _price(self, values: Values) -> None:
        book = self._store.find("Pricebook2", values["Pricebook2Id"])
        product = self._store.find("Product2", values["Product2Id"])
        values["ProductCode"] = product.values["ProductCode"] if product else None
        mine = [
            (self._store.find("Pricebook2", each.values["Pricebook2Id"]), each.values["IsActive"])
            for each in self._store.having("PricebookEntry", "Product2Id", values["Product2Id"])
            if each.values["CurrencyIsoCode"] == values.get("CurrencyIsoCode")
        ]
        standard = any(of and of.values["IsStandard"] and active for of, active in mine)
        if book and not book.values["IsStandard"] and not standard:
            raise ApiError(400, "STANDARD_PRICE_NOT_DEFINED", "Before creating a custom price, create a standard price.")
        if any(of is book for of, _ in mine):
            raise ApiError(400, "DUPLICATE_VALUE", "This price definition already exists in this price book")

    def _order(self, values: Values, record: Record | None) -> None:
        if record is None:
            if values["Status"] != "Draft":
                raise ApiError(400, "FAILED_ACTIVATION", "The order must be created with the status Draft.", ["Status"])
            self._orders += 1
            values |= {"OrderNumber": f"{self._orders:08d}", "TotalAmount": Decimal(0)}
        elif values.get("Status") == "Activated" and record.values["Status"] != "Activated":
            if not self._lines("OrderItem", "OrderId", record):
                raise ApiError(400, "FAILED_ACTIVATION", "An order must have at least one product.", ["Status"])
            values["ActivatedDate"] = self._store.clock.now().replace(microsecond=0)

    def _order_item(self, values: Values, now: Values) -> None:
        order = self._store.find("Order", now["OrderId"])
        entry = self._store.find("PricebookEntry", now["PricebookEntryId"])
        if order is None or entry is None:
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if order.values["Status"] == "Activated":
            raise _integrity("unable to modify the products of an activated order", "OrderId")
        if order.values["Pricebook2Id"] != entry.values["Pricebook2Id"]:
            raise _integrity(
                "pricebook entry is in a different pricebook than the one assigned to the order", "PricebookEntryId"
            )
        values |= {"Product2Id": entry.values["Product2Id"], "TotalPrice": (now["UnitPrice"] * now["Quantity"]).quantize(_CENT)}


def _integrity(message: str, field: str) -> ApiError:
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, [field])
