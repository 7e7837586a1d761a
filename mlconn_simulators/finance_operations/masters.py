"""Master data of two legal entities: vendors, customers, items, units, barcodes and the vendors' own item numbers."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Decimal

from mlconn_simulators.finance_operations.schema import Values
from mlconn_simulators.finance_operations.store import Store
from mlconn_simulators.world.items import BOX, CARTON, EACH, KILOGRAM, ODD
from mlconn_simulators.world.model import World, WorldItem, WorldPartner

MAIN, OTHER = "usmf", "demf"
"""The default company, and a second one in which the same codes name other vendors."""
UNIT_OF = {EACH: "ea", BOX: "bx12", CARTON: "ctn48", KILOGRAM: "kg", ODD: "wicker"}
STRANGERS = (("V90010", "City Power & Water"), ("V90020", "Office Plants Ltd"))
"""Vendors that are no trading partners."""
FREIGHT = "600150"
"""A main account for lines of a procurement category."""
PAYABLE, STOCK = "200100", "140200"
"""What a posted vendor invoice credits, and what its items are debited to."""
ON_HOLD = "V90090"
DIMENSIONS, SUSPENDED_CENTRE = ("BusinessUnit", "Department", "CostCenter"), "B-9"
"""The financial dimensions that lines carry, in their order, and a value that nothing is posted to any more."""
_CENT = Decimal("0.01")
_COUNTRY = {"US": "USA", "DE": "DEU", "IT": "ITA", "PL": "POL", "CA": "CAN"}


def make_masters(store: Store, world: World, dice: random.Random) -> None:
    """Everything that documents refer to. In the other company every second vendor's code belongs to somebody else."""
    for name, symbol in UNIT_OF.items():
        unit_class = "Mass" if name == KILOGRAM else "Quantity"
        store.add("Units", {"UnitSymbol": symbol, "UnitClass": unit_class, "DecimalPrecision": 2 if name == KILOGRAM else 0,
                            "NationalCode": world.unit_codes.get(name, "")})  # fmt: skip
    for account, name in (
        (PAYABLE, "Accounts payable"),
        (STOCK, "Inventory"),
        (FREIGHT, "Freight"),
        ("618160", "Office supplies"),
    ):
        store.add("MainAccounts", {"ChartOfAccounts": "Shared", "MainAccountId": account, "Name": name})
    store.add("MainAccounts", {"ChartOfAccounts": "Germany", "MainAccountId": FREIGHT, "Name": "Fracht", "IsSuspended": "Yes"})
    store.add("MainAccountLegalEntities", {"ChartOfAccounts": "Shared", "MainAccountId": FREIGHT, "LegalEntityId": MAIN})
    _dimensions(store)
    for company in (MAIN, OTHER):
        store.add("VendorParameters", {"dataAreaId": company, "IsCheckInvoiceNumberUsed": "NoDuplicate"})
        for item in world.items:
            store.add("ReleasedProductsV2", _item(company, item))
    for item in world.items:
        if item.barcode:
            store.add("ProductNumberIdentifiedBarcodes", {"ProductNumber": item.code, "Barcode": item.barcode,
                      "BarcodeSetupId": "UPC", "ProductQuantityUnitSymbol": UNIT_OF[item.stock_unit]})  # fmt: skip
    suppliers = [partner for partner in world.partners if partner.supplier_code]
    for place, partner in enumerate(suppliers):
        _add_vendor(store, MAIN, _vendor(partner, dice))
        _describe(store, world, partner)
        if place % 2:
            _add_vendor(store, OTHER, _plain_vendor(partner.supplier_code, f"Niemand {place} GmbH", "EUR"))
        else:
            _add_vendor(store, OTHER, _vendor(partner, dice) | {"CurrencyCode": "EUR"})
    for account, name in STRANGERS:
        _add_vendor(store, MAIN, _plain_vendor(account, name, "USD"))
    _add_vendor(store, MAIN, _plain_vendor(ON_HOLD, "Vendor on Hold", "USD") | {"OnHoldStatus": "All"})
    for partner in world.partners:
        if partner.customer_code:
            store.add("CustomersV3", _customer(partner))


def _dimensions(store: Store) -> None:
    """Three dimensions on lines, by values that all companies share and rules of one; a fourth is on none."""
    for name, kind, dimensions in (
        ("Default", "DataEntityDefaultDimensionFormat", DIMENSIONS),
        ("Ledger", "DataEntityLedgerDimensionFormat", ("MainAccount", *DIMENSIONS)),
    ):
        store.add("DimensionIntegrationFormats", {"DimensionFormatName": name, "DimensionFormatType": kind, "IsActive": "Yes",
                  "FinancialDimensionFormat": "-".join(dimensions)})  # fmt: skip
    store.add("DimensionIntegrationFormats", {"DimensionFormatName": "Former", "IsActive": "No", "FinancialDimensionFormat": "Fund",
              "DimensionFormatType": "DataEntityDefaultDimensionFormat"})  # fmt: skip
    store.add("DimensionParameters", {"Key": 0, "DimensionSegmentDelimiter": "Hyphen"})
    shared = [("BusinessUnit", "001", "Home"), ("BusinessUnit", "002", "Audio"), ("Department", "022", "Sales"),
              ("CostCenter", "A-7", "Plant"), ("CostCenter", SUSPENDED_CENTRE, "Closed plant"), ("Fund", "F1", "")]  # fmt: skip
    for dimension, value, name in shared:
        suspended = "Yes" if value == SUSPENDED_CENTRE else "No"
        store.add("FinancialDimensionValues", {"FinancialDimension": dimension, "DimensionValue": value, "Description": name,
                  "IsSuspended": suspended})  # fmt: skip
    store.add("FinancialDimensionValues", {"FinancialDimension": "BusinessUnit", "LegalEntityId": OTHER, "DimensionValue": "002",
              "IsSuspended": "Yes"})  # fmt: skip


def unit_codes(world: World) -> dict[str, str]:
    """This environment's unit symbols to the X12 units that everyone has agreed on; one without an agreement is left out."""
    return {UNIT_OF[unit]: code for unit, code in world.unit_codes.items()}


def _add_vendor(store: Store, company: str, values: Values) -> None:
    for set_name in ("VendorsV2", "VendorsV3"):
        store.add(set_name, {"dataAreaId": company} | values)


def _vendor(partner: WorldPartner, dice: random.Random) -> Values:
    office = partner.addresses[0]
    return {
        "VendorAccountNumber": partner.supplier_code,
        "VendorOrganizationName": partner.title,
        "VendorSearchName": partner.name[:20],
        "VendorGroupId": "10",
        "CurrencyCode": partner.currency,
        "InvoiceVendorAccountNumber": partner.supplier_code,
        "DefaultPaymentTermsName": dice.choice(("Net30", "Net14")),
        "DUNSNumber": partner.id if partner.qualifier == "01" else "",
        "PrimaryEmailAddress": partner.contact_email,
        "PrimaryPhoneNumber": partner.contact_phone,
        "AddressStreet": office.street,
        "AddressCity": office.city,
        "AddressStateId": office.state,
        "AddressZipCode": office.postal_code,
        "AddressCountryRegionId": _COUNTRY[office.country],
        "AddressCountryRegionISOCode": office.country,
        "FormattedPrimaryAddress": f"{office.street}\n{office.city}, {office.state} {office.postal_code}\n{_COUNTRY[office.country]}",
        "OnHoldStatus": "No",
        "IsChangeManagementActivated": "Yes" if partner.name == "granitform" else "No",
    }


def _plain_vendor(account: str, name: str, currency: str) -> Values:
    return {
        "VendorAccountNumber": account,
        "VendorOrganizationName": name,
        "VendorGroupId": "20",
        "CurrencyCode": currency,
        "InvoiceVendorAccountNumber": account,
        "DefaultPaymentTermsName": "Net30",
    }


def _customer(partner: WorldPartner) -> Values:
    office = partner.addresses[0]
    return {
        "dataAreaId": MAIN,
        "CustomerAccount": partner.customer_code,
        "OrganizationName": partner.title,
        "CustomerGroupId": "10",
        "SalesCurrencyCode": partner.currency,
        "InvoiceAccount": partner.customer_code,
        "AddressStreet": office.street,
        "AddressCity": office.city,
        "AddressState": office.state,
        "AddressZipCode": office.postal_code,
        "AddressCountryRegionId": _COUNTRY[office.country],
        "PrimaryContactEmail": partner.contact_email,
        "PrimaryContactPhone": partner.contact_phone,
    }


def _item(company: str, item: WorldItem) -> Values:
    # Cheap things are priced by the hundred.
    per = Decimal(100) if item.price < 5 and item.stock_unit == EACH else Decimal(1)
    cost = (item.price * Decimal("0.7") * per).quantize(_CENT, ROUND_HALF_UP)
    return {
        "dataAreaId": company,
        "ItemNumber": item.code,
        "ProductNumber": item.code,
        "SearchName": item.name[:20].strip().upper(),
        "ProductSearchName": item.name.strip()[:100],
        "ProductType": "Item",
        "ProductGroupId": "TRADE",
        "PurchaseUnitSymbol": UNIT_OF[item.stock_unit],
        "InventoryUnitSymbol": UNIT_OF[item.stock_unit],
        "SalesUnitSymbol": UNIT_OF[item.stock_unit],
        "PurchasePrice": cost,
        "PurchasePriceQuantity": per,
        "SalesPrice": item.price,
        "UnitCost": cost / per,
        "BarcodeSetupId": "UPC" if item.barcode else "",
        "ProductLifecycleStateId": "" if item.active else "Obsolete",
    }


def _describe(store: Store, world: World, partner: WorldPartner) -> None:
    for item in world.items:
        if number := item.partner_numbers.get(partner.name):
            store.add(
                "VendorProductDescriptionsV2",
                {"dataAreaId": MAIN, "ItemNumber": item.code, "VendorAccountNumber": partner.supplier_code,
                 "VendorProductNumber": number, "VendorProductDescription": item.name.strip()},
            )  # fmt: skip
