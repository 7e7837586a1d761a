"""One document line: its item, unit, price and cost assignments, from what was given and what the base document has."""

from __future__ import annotations

from decimal import Decimal

from mlconn_simulators.sap_business_one.accounting import account_of_line
from mlconn_simulators.sap_business_one.company import RATES, Company
from mlconn_simulators.sap_business_one.errors import missing_reference, refused
from mlconn_simulators.sap_business_one.schema import KINDS_BY_CODE, DocumentKind, Values
from mlconn_simulators.sap_business_one.store import Record
from mlconn_simulators.sap_business_one.totals import exact, set_line_amounts

COSTING_CODES = ("CostingCode", "CostingCode2", "CostingCode3", "CostingCode4", "CostingCode5")
"""The line's distribution rules, for dimensions 1 to 5."""
_COPIED = (
    *("ItemCode", "ItemDescription", "UnitPrice", "DiscountPercent", "UoMEntry", "UoMCode", "MeasureUnit", "UnitsOfMeasurment"),
    *(
        "VatGroup",
        "SupplierCatNum",
        "WarehouseCode",
        "ShipDate",
        "BarCode",
        "FreeText",
        "ProjectCode",
        "AccountCode",
        *COSTING_CODES,
    ),
)
_MANUAL = {"UoMEntry": -1, "UoMCode": "Manual", "UnitsOfMeasurment": 1.0}


class LineMaker:
    """Makes the lines of one document. checked False: as the seed does, codes are not looked at for being active."""

    def __init__(self, company: Company, kind: DocumentKind, partner: Values, currency: str, checked: bool = True) -> None:
        self._company, self._kind, self._partner, self._checked = company, kind, partner, checked
        self._currency = currency
        self.rate = Decimal(RATES[currency])
        self.foreign = self.rate != 1

    def make(self, number: int, given: Values, base: Record | None) -> Values:
        """number: counts from 0 and becomes LineNum where none is given. base: the document that the line is copied from."""
        copied = self._copied(given, base) if base else {}
        code = given.get("ItemCode") or copied.get("ItemCode")
        if not code:
            raise refused(f"Item number is missing; specify an item number [DocumentLines.ItemCode][line: {number + 1}]")
        item_record = self._company.sets["Items"].find((code,))
        if item_record is None:
            raise missing_reference()
        item = item_record.values
        line = self._from_item(item) | copied | {"BaseType": -1, "BaseEntry": None, "BaseLine": None} | given
        if "UoMEntry" in given:
            line |= self._unit(item, given)
        if self._checked:
            self._check(number, line, item)
        if not copied or "Price" in given or "UnitPrice" in given or "UoMEntry" in given:
            self._price(line, given, item)
        line["LineNum"] = given.get("LineNum", number)
        line["VisualOrder"] = number
        line["Currency"] = self._currency
        line["Rate"] = float(self.rate) if self.foreign else 0.0
        line.setdefault("DiscountPercent", 0.0)
        set_line_amounts(line, self.rate, self.foreign)
        line["LineStatus"] = "bost_Open"
        line["RemainingOpenQuantity"] = line["Quantity"]
        return line

    def change(self, line: Values, given: Values) -> Values:
        """A stored line with a client's changes merged in, priced again."""
        number = int(line["VisualOrder"])
        changed = line | given
        record = self._company.sets["Items"].find((changed["ItemCode"],))
        if record is None:
            raise missing_reference()
        if changed["ItemCode"] != line["ItemCode"]:
            changed = line | self._from_item(record.values) | given
        if "UoMEntry" in given:
            changed |= self._unit(record.values, given)
        self._check(number, changed, record.values)
        if "Price" in given or "UnitPrice" in given:
            self._price(changed, given, record.values)
        set_line_amounts(changed, self.rate, self.foreign)
        done = exact(line["Quantity"]) - exact(line.get("RemainingOpenQuantity") or 0)
        changed["RemainingOpenQuantity"] = float(exact(changed["Quantity"]) - done)
        return changed

    def _copied(self, given: Values, base: Record) -> Values:
        for line in base.values["DocumentLines"]:
            if line["LineNum"] == given.get("BaseLine"):
                if line["LineStatus"] == "bost_Close":
                    raise refused("One of the base documents has already been closed")
                wanted = [*_COPIED, *(name for name in line if name.startswith("U_"))]
                return {name: line[name] for name in wanted if name in line} | {"Quantity": line["RemainingOpenQuantity"]}
        raise missing_reference()

    def _from_item(self, item: Values) -> Values:
        unit = item.get("SalesUnit" if self._kind.sales else "PurchaseUnit")
        line: Values = {
            "ItemCode": item["ItemCode"],
            "ItemDescription": item["ItemName"],
            "Quantity": 1.0,
            "BarCode": item.get("BarCode"),
            "VatGroup": self._partner["VatGroup"],
            "WarehouseCode": "01",
            "AccountCode": account_of_line(self._kind, self.foreign),
            "SupplierCatNum": self._catalogue_number(item["ItemCode"]),
        }
        if item["UoMGroupEntry"] == -1:
            return line | _MANUAL | {"MeasureUnit": unit}
        return line | self._unit(item, {"UoMEntry": self._company.unit_entries[unit or item["InventoryUOM"]]})

    def _catalogue_number(self, item_code: str) -> str | None:
        return self._company.catalogue_numbers.get((self._partner["CardCode"], item_code))

    def _unit(self, item: Values, given: Values) -> Values:
        entry = given["UoMEntry"]
        if entry == -1 and item["UoMGroupEntry"] == -1:
            return _MANUAL | {"MeasureUnit": given.get("MeasureUnit", item.get("InventoryUOM"))}
        group = self._company.sets["UnitOfMeasurementGroups"].find((item["UoMGroupEntry"],))
        unit = self._company.sets["UnitOfMeasurements"].find((entry,))
        for defined in group.values["UoMGroupDefinitionCollection"] if group and unit else ():
            if unit and defined["AlternateUoM"] == entry:
                code = unit.values["Code"]
                factor = defined["BaseQuantity"] / defined["AlternateQuantity"]
                return {"UoMEntry": entry, "UoMCode": code, "MeasureUnit": unit.values["Name"], "UnitsOfMeasurment": factor}
        raise refused(f"UoM entry {entry} is not in the UoM group of item '{item['ItemCode']}' [DocumentLines.UoMEntry]")

    def _price(self, line: Values, given: Values, item: Values) -> None:
        if given.get("UnitPrice") is not None:
            line["UnitPrice"] = given["UnitPrice"]
        elif given.get("Price") is not None:  # Price is after discount: alone it leaves no discount
            line["UnitPrice"], line["DiscountPercent"] = given["Price"], given.get("DiscountPercent") or 0.0
        else:
            local = exact(item["ItemPrices"][0]["Price"]) * exact(line["UnitsOfMeasurment"])
            line["UnitPrice"] = float(round(local / self.rate, 2))

    def _check(self, number: int, line: Values, item: Values) -> None:
        if item.get("Valid") == "tNO" or item.get("Frozen") == "tYES":
            raise refused(f"Item '{item['ItemCode']}' is inactive [DocumentLines.ItemCode][line: {number + 1}]")
        if not line["Quantity"] or line["Quantity"] < 0:
            raise refused(f"Quantity must be above zero [DocumentLines.Quantity][line: {number + 1}]")
        account = self._company.sets["ChartOfAccounts"].find((line["AccountCode"],))
        if account is None:
            raise missing_reference()
        if account.values["ActiveAccount"] == "tNO" or account.values["FrozenFor"] == "tYES":
            raise refused(f"Account '{line['AccountCode']}' is inactive [DocumentLines.AccountCode][line: {number + 1}]")
        for dimension, name in enumerate(COSTING_CODES, start=1):
            if code := line.get(name):
                rule = self._company.sets["DistributionRules"].find((code,))
                if rule is None:
                    raise missing_reference()
                if rule.values["InWhichDimension"] != dimension or rule.values["Active"] != "tYES":
                    raise refused(f"Distribution rule '{code}' is inactive or of another dimension [DocumentLines.{name}]")


def base_of(company: Company, kind: DocumentKind, given: Values, partner: Values) -> Record | None:
    """The base document of a line, None for a line of its own. Errors: -2028 if it is missing, -5002 if it is another's or closed."""
    code = given.get("BaseType")
    if code in (None, -1):
        return None
    if code not in kind.bases:
        raise refused(f"Base document type {code} cannot be copied to {kind.set_name} [DocumentLines.BaseType]")
    base = company.sets[KINDS_BY_CODE[code].set_name].find((given.get("BaseEntry") or 0,))
    if base is None:
        raise missing_reference()
    if base.values["CardCode"] != partner["CardCode"]:
        raise refused("Base document card and target document card do not match.")
    if base.values["DocumentStatus"] == "bost_Close":
        raise refused("One of the base documents has already been closed")
    return base
