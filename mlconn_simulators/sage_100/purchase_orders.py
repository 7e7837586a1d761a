"""PO_PurchaseOrder_bus: the vendor fills the header, the item fills the line; what was set before its key field is overwritten."""

from __future__ import annotations

from typing import Any, ClassVar

from mlconn_simulators.sage_100.component import method
from mlconn_simulators.sage_100.entry import EntryObject
from mlconn_simulators.sage_100.layouts import Cell, Refused, Row
from mlconn_simulators.sage_100.lines import EntryLines
from mlconn_simulators.sage_100.rules import Warned
from mlconn_simulators.sage_100.store import Company, Key

NUMBER = "P/O purchase order"


def item_row(company: Company, code: Cell) -> Row | None:
    return company["CI_Item"].rows.get((str(code),))


def fill_ship_to(company: Company, row: Row) -> None:
    """A warehouse's address is where the goods go."""
    warehouse = company["IM_Warehouse"].rows.get((str(row["WarehouseCode$"]),))
    if warehouse is None:
        raise Refused(f"The warehouse {row['WarehouseCode$']} is not on file.")
    row["ShipToName$"] = warehouse["WarehouseName$"]
    for part in ("Address1", "Address2", "Address3", "City", "State", "ZipCode", "CountryCode"):
        row[f"ShipTo{part}$"] = warehouse[f"Warehouse{part}$"]


def vendor_of(company: Company, row: Row) -> Row:
    """Errors: Refused where the division has no such vendor."""
    key = (str(row["APDivisionNo$"]), str(row["VendorNo$"]))
    vendor = company["AP_Vendor"].rows.get(key)
    if vendor is None:
        raise Refused(f"The Vendor {'-'.join(key)} is not on file.")
    return vendor


class PurchaseOrderLines(EntryLines):
    def check_header(self, header: Row) -> None:
        if not header["VendorNo$"]:
            raise Refused("The Vendor Number is required.")

    def _set_item(self, row: Row, code: Cell) -> None:
        company, header = self.company, self.header.row or {}
        kept = {name: row[name] for name in (*self.layout.keys, "LineSeqNo$")}
        row.clear()
        row.update(self.layout.blank() | kept | {"ItemCode$": code, "RequiredDate$": header["RequiredExpireDate$"]})
        if code in ("/C", "/M"):
            row["ItemType$"] = "4" if code == "/C" else "5"
            return
        item = item_row(company, code)
        if item is None:
            raise Refused(f"The Item {code} is not on file.")
        if item["UseInPO$"] != "Y" and item["ItemType$"] == "1":
            raise Refused(f"The Item {code} is not used in Purchase Order.")
        alias = company["IM_ItemVendor"].rows.get((str(code), str(header["APDivisionNo$"]), str(header["VendorNo$"])))
        row |= {
            "ItemType$": item["ItemType$"],
            "ItemCodeDesc$": item["ItemCodeDesc$"],
            "ExtendedDescriptionKey$": item["ExtendedDescriptionKey$"],
            "UnitOfMeasure$": item["PurchaseUnitOfMeasure$"],
            "UnitOfMeasureConvFactor": item["PurchaseUMConvFctr"] or 1.0,
            "WarehouseCode$": header["WarehouseCode$"] or item["DefaultWarehouseCode$"],
            "UnitCost": round(float(item["StandardUnitCost"]) * (float(item["PurchaseUMConvFctr"]) or 1.0), 6),
            "OriginalUnitCost": item["StandardUnitCost"],
            "PurchasesAcctKey$": item["PurchasesAcctKey$"],
            "ProductLine$": item["ProductLine$"],
            "Valuation$": item["Valuation$"],
            "VendorAliasItemNo$": alias["VendorAliasItemNo$"] if alias else "",
        }
        if item["InactiveItem$"] == "Y":
            raise Warned(f"The Item {code} is inactive.")

    def _extend(self, row: Row, _: Cell) -> None:
        row["ExtensionAmt"] = round(float(row["QuantityOrdered"]) * float(row["UnitCost"]), 2)

    def _set_quantity(self, row: Row, quantity: Cell) -> None:
        if float(quantity) < float(row["QuantityReceived"]):
            raise Refused("The quantity ordered is less than the quantity received.")
        self._extend(row, quantity)

    def _set_warehouse(self, row: Row, code: Cell) -> None:
        if (str(code),) not in self.company["IM_Warehouse"].rows:
            raise Refused(f"The warehouse {code} is not on file.")

    def _set_account(self, row: Row, key: Cell) -> None:
        check_account(self.company, key, str((self.header.row or {})["PurchaseOrderDate$"]))

    def _set_unit(self, row: Row, unit: Cell) -> None:
        item = item_row(self.company, row["ItemCode$"])
        if item and unit not in (item["PurchaseUnitOfMeasure$"], item["StandardUnitOfMeasure$"], item["SalesUnitOfMeasure$"]):
            raise Refused(f"The unit of measure {unit} is not valid for this item.")
        if item:
            row["UnitOfMeasureConvFactor"] = item["PurchaseUMConvFctr"] if unit == item["PurchaseUnitOfMeasure$"] else 1.0

    rules: ClassVar = {
        "itemcode$": _set_item,
        "quantityordered": _set_quantity,
        "unitcost": _extend,
        "warehousecode$": _set_warehouse,
        "purchasesacctkey$": _set_account,
        "unitofmeasure$": _set_unit,
    }

    def check(self, row: Row) -> str:
        if row["ItemType$"] in ("1", "2") and not row["QuantityOrdered"]:
            return "The quantity ordered is zero."
        return ""


def check_account(company: Company, key: Cell, date: str) -> None:
    """Errors: Refused for an account that is none, is not active, or not at that date."""
    account = company["GL_Account"].rows.get((str(key),))
    if account is None:
        raise Refused(f"The account key {key} is not on file.")
    if account["Status$"] != "A":
        raise Refused(f"The account {account['Account$']} is not active.")
    if (account["DateStart$"] and date < str(account["DateStart$"])) or (
        account["DateEnd$"] and date > str(account["DateEnd$"])
    ):
        raise Refused(f"The account {account['Account$']} is not valid at {date}.")


class PurchaseOrder(EntryObject):
    lines_class = PurchaseOrderLines

    @method("nGetNextPurchaseOrderNo", 0)
    def next_purchase_order_no(self, number: Any) -> int:
        return self.next_number(number, NUMBER, 7)

    def start(self, row: Row) -> None:
        row |= {"OrderType$": "S", "OrderStatus$": "N", "PurchaseOrderDate$": self.module_date}
        if len(self.company["AP_Division"].rows) < 2:
            row["APDivisionNo$"] = "00"

    def _set_division(self, row: Row, division: Cell) -> None:
        if (str(division),) not in self.company["AP_Division"].rows:
            raise Refused(f"The division {division} is not on file.")
        row["VendorNo$"] = ""

    def _set_vendor(self, row: Row, number: Cell) -> None:
        vendor = vendor_of(self.company, row)
        row |= {
            "PurchaseName$": vendor["VendorName$"],
            "PurchaseAddress1$": vendor["AddressLine1$"],
            "PurchaseAddress2$": vendor["AddressLine2$"],
            "PurchaseAddress3$": vendor["AddressLine3$"],
            "PurchaseCity$": vendor["City$"],
            "PurchaseState$": vendor["State$"],
            "PurchaseZipCode$": vendor["ZipCode$"],
            "PurchaseCountryCode$": vendor["CountryCode$"],
            "EmailAddress$": vendor["EmailAddress$"],
            "TermsCode$": vendor["TermsCode$"],
            "TaxSchedule$": vendor["TaxSchedule$"],
            "Comment$": "",
            "ShipVia$": "",
        }
        if vendor.get("VendorStatus$", vendor.get("Status$")) == "I":
            raise Warned(f"The Vendor {number} is inactive.")
        if vendor["HoldPayment$"] == "Y":
            raise Warned(f"The Vendor {number} is on hold.")

    def _set_warehouse(self, row: Row, _: Cell) -> None:
        fill_ship_to(self.company, row)

    def _set_terms(self, row: Row, code: Cell) -> None:
        if (str(code),) not in self.company["AP_TermsCode"].rows:
            raise Refused(f"The terms code {code} is not on file.")

    def _set_tax(self, row: Row, code: Cell) -> None:
        if (str(code),) not in self.company["SY_SalesTaxSchedule"].rows:
            raise Refused(f"The tax schedule {code} is not on file.")

    rules: ClassVar = {
        "apdivisionno$": _set_division,
        "vendorno$": _set_vendor,
        "warehousecode$": _set_warehouse,
        "termscode$": _set_terms,
        "taxschedule$": _set_tax,
    }

    def check_key(self, key: Key, stored: Row | None) -> None:
        if stored is not None and stored["OrderStatus$"] == "X":
            raise Refused(f"The purchase order {key[0]} is completed.")

    def check(self, row: Row, lines: list[Row]) -> str:
        if not row["VendorNo$"]:
            raise Refused("The Vendor Number is required.")
        if not row["PurchaseOrderDate$"]:
            raise Refused("The Purchase Order Date is required.")
        self.check_period(str(row["PurchaseOrderDate$"]))
        add_up(row, lines)
        return "" if lines else "The purchase order has no lines."

    def check_delete(self, row: Row) -> None:
        raise Refused("A cancellation reason code is required.")


def add_up(row: Row, lines: list[Row]) -> None:
    """There is no total of the order: what is taxed and what is not stand apart."""
    amounts = {"TaxableAmt": 0.0, "NonTaxableAmt": 0.0}
    for line in lines:
        amounts["TaxableAmt" if line["TaxClass$"] == "TX" else "NonTaxableAmt"] += float(line["ExtensionAmt"])
    row |= {name: round(amount, 2) for name, amount in amounts.items()}
