"""Entity sets of API v2.0: property names, kinds and lengths, who may set them, and what leads from one record to another.

An exclamation mark: a client may set it. `code` is stored trimmed and in upper case, `text` as it came; the number behind is
the greatest length. Source: the fact sheet's section 3; sets that it names without properties have the ones a reader needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_simulators.odata.metadata import DescribedType, metadata_text

Values = dict[str, Any]
NO_ID = "00000000-0000-0000-0000-000000000000"
NO_DATE = "0001-01-01"
BLANK = "_x0020_"

_EMPTY: dict[str, Any] = {
    "text": "", "code": "", "guid": NO_ID, "date": NO_DATE, "datetime": "0001-01-01T00:00:00Z", "number": Decimal(0), "int": 0,
    "bool": False, "option": BLANK,
}  # fmt: skip
_DECLARED = re.compile(r"(?P<name>\w+):(?P<kind>[a-z]+)(?P<length>\d*)(?P<own>!?)")


@dataclass(frozen=True)
class EntityType:
    """kinds: property to text, code, guid, date, datetime, number, int, bool or option. lengths: of texts and codes, 0 any."""

    name: str
    kinds: dict[str, str]
    lengths: dict[str, int]
    writable: frozenset[str]

    def defaults(self) -> Values:
        """What a record holds where nothing was written; nothing is ever null."""
        return {name: _EMPTY[kind] for name, kind in self.kinds.items()}

    def filter_kinds(self) -> dict[str, str]:
        """Kinds as filters know them."""
        return {name: {"code": "text", "option": "enum option"}.get(kind, kind) for name, kind in self.kinds.items()}


def _address(prefix: str, own: str = "!") -> str:
    sizes = (("AddressLine1", 100), ("AddressLine2", 50), ("City", 30), ("Country", 10), ("State", 30), ("PostCode", 20))
    return " ".join(f"{prefix}{name}:{'code' if name == 'Country' else 'text'}{size}{own}" for name, size in sizes)


_DIMENSIONS = "shortcutDimension1Code:code20! shortcutDimension2Code:code20!"
_CURRENCY = "currencyId:guid! currencyCode:code10!"
_TERMS = "paymentTermsId:guid! shipmentMethodId:guid!"
_TOTALS = (
    "discountAmount:number! discountAppliedBeforeTax:bool totalAmountExcludingTax:number totalTaxAmount:number "
    "totalAmountIncludingTax:number"
)
_SELL_TO = "customerId:guid! customerNumber:code20! customerName:text100"
_BILL_TO = "billToName:text100 billToCustomerId:guid! billToCustomerNumber:code20!"
_SHIP_TO = "shipToName:text100! shipToContact:text100!"
_SALES_ADDRESSES = f"{_address('sellTo')} {_address('billTo', '')} {_address('shipTo')}"
_LINE = (
    "id:guid documentId:guid! sequence:int! itemId:guid! accountId:guid! lineType:option! lineObjectNumber:code20! "
    "description:text100! description2:text50! unitOfMeasureId:guid! unitOfMeasureCode:code10! quantity:number! "
    "discountAmount:number! discountPercent:number! discountAppliedBeforeTax:bool amountExcludingTax:number taxCode:code20! "
    "taxPercent:number totalTaxAmount:number amountIncludingTax:number invoiceDiscountAllocation:number netAmount:number "
    "netTaxAmount:number netAmountIncludingTax:number itemVariantId:guid! locationId:guid!"
)
_COMPANY_FRAME = (
    "id:guid number:code20! displayName:text100! addressLine1:text100! addressLine2:text50! city:text30! state:text30! "
    "country:code10! postalCode:code20! phoneNumber:text30! email:text80! website:text80! taxRegistrationNumber:text20! "
    "currencyId:guid! currencyCode:code10! paymentTermsId:guid! paymentMethodId:guid! taxLiable:bool! blocked:option!"
)
_STAMP = "lastModifiedDateTime:datetime"

_DECLARATIONS = {
    "salesOrder": f"""id:guid number:code20 externalDocumentNumber:code35! orderDate:date! postingDate:date! {_SELL_TO} {_BILL_TO}
        {_SHIP_TO} {_SALES_ADDRESSES} {_DIMENSIONS} {_CURRENCY} pricesIncludeTax:bool! {_TERMS} salesperson:code20!
        partialShipping:bool! requestedDeliveryDate:date! {_TOTALS} fullyShipped:bool status:option {_STAMP} phoneNumber:text30!
        email:text80!""",
    "salesInvoice": f"""id:guid number:code20 externalDocumentNumber:code35! invoiceDate:date! postingDate:date! dueDate:date!
        promisedPayDate:date! customerPurchaseOrderReference:text35! {_SELL_TO} {_BILL_TO} {_SHIP_TO} {_SALES_ADDRESSES}
        {_DIMENSIONS} {_CURRENCY} orderId:guid orderNumber:code20 {_TERMS} salesperson:code20! disputeStatusId:guid!
        disputeStatus:code10! pricesIncludeTax:bool remainingAmount:number {_TOTALS} status:option {_STAMP} phoneNumber:text30!
        email:text80!""",
    "purchaseOrder": f"""id:guid number:code20 orderDate:date! postingDate:date! vendorId:guid! vendorNumber:code20!
        vendorName:text100 payToName:text100 payToVendorId:guid! payToVendorNumber:code20! {_SHIP_TO} {_address('buyFrom')}
        {_address('payTo', '')} {_address('shipTo')} {_DIMENSIONS} {_CURRENCY} pricesIncludeTax:bool! {_TERMS}
        purchaser:code20! requestedReceiptDate:date! {_TOTALS} fullyReceived:bool status:option {_STAMP}""",
    "purchaseInvoice": f"""id:guid number:code20 vendorInvoiceNumber:code35! invoiceDate:date! postingDate:date! dueDate:date!
        vendorId:guid! vendorNumber:code20! vendorName:text100 {_CURRENCY} orderId:guid orderNumber:code20 {_TOTALS} status:option
        {_STAMP}""",
    "salesOrderLine": f"""{_LINE} unitPrice:number! shipmentDate:date! shippedQuantity:number invoicedQuantity:number
        invoiceQuantity:number! shipQuantity:number!""",
    "salesInvoiceLine": f"{_LINE} unitPrice:number! shipmentDate:date!",
    "purchaseOrderLine": f"""{_LINE} directUnitCost:number! expectedReceiptDate:date! receivedQuantity:number
        invoicedQuantity:number invoiceQuantity:number! receiveQuantity:number!""",
    "salesShipment": f"""id:guid number:code20 externalDocumentNumber:code35 postingDate:date dueDate:date
        customerPurchaseOrderReference:text35 customerNumber:code20 customerName:text100 billToName:text100
        billToCustomerNumber:code20 shipToName:text100 shipToContact:text100 {_address('sellTo', '')} {_address('billTo', '')}
        {_address('shipTo', '')} currencyCode:code10 orderNumber:code20 salesperson:code20 pricesIncludeTax:bool {_STAMP}""",
    "salesShipmentLine": """id:guid documentId:guid documentNo:code20 sequence:int lineType:option lineObjectNumber:code20
        description:text100 unitOfMeasureCode:code10 unitPrice:number quantity:number discountPercent:number taxPercent:number
        shipmentDate:date""",
    "salesCreditMemo": f"""id:guid number:code20 externalDocumentNumber:code35 creditMemoDate:date postingDate:date
        customerId:guid customerNumber:code20 customerName:text100 currencyId:guid currencyCode:code10
        totalAmountExcludingTax:number totalTaxAmount:number totalAmountIncludingTax:number status:option {_STAMP}
        invoiceId:guid invoiceNumber:code20""",
    "customer": f"""{_COMPANY_FRAME} type:option! salespersonCode:code20! balanceDue:number creditLimit:number! taxAreaId:guid!
        taxAreaDisplayName:text100 shipmentMethodId:guid! {_STAMP}""",
    "vendor": f"{_COMPANY_FRAME} irs1099Code:code10! balance:number {_STAMP}",
    "item": f"""id:guid number:code20! displayName:text100! displayName2:text50! type:option! itemCategoryId:guid!
        itemCategoryCode:code20! blocked:bool! gtin:code14! inventory:number unitPrice:number! priceIncludesTax:bool!
        unitCost:number! taxGroupId:guid! taxGroupCode:code20! baseUnitOfMeasureId:guid! baseUnitOfMeasureCode:code10!
        generalProductPostingGroupId:guid! generalProductPostingGroupCode:code20! inventoryPostingGroupId:guid!
        inventoryPostingGroupCode:code20! {_STAMP}""",
    "itemVariant": f"id:guid itemId:guid itemNumber:code20 code:code10 description:text100 {_STAMP}",
    "unitOfMeasure": f"id:guid code:code10 displayName:text50 internationalStandardCode:code10 symbol:text10 {_STAMP}",
    "paymentTerm": f"""id:guid code:code10 displayName:text100 dueDateCalculation:text20 discountDateCalculation:text20
        discountPercent:number calculateDiscountOnCreditMemos:bool {_STAMP}""",
    "shipmentMethod": f"id:guid code:code10 displayName:text100 {_STAMP}",
    "currency": f"""id:guid code:code10 displayName:text100 symbol:text10 amountDecimalPlaces:text10
        amountRoundingPrecision:number {_STAMP}""",
    "location": f"""id:guid code:code10 displayName:text100 contact:text100 addressLine1:text100 addressLine2:text50
        city:text30 state:text30 country:code10 postalCode:code20 phoneNumber:text30 email:text80 {_STAMP}""",
    "taxGroup": f"id:guid code:code20 displayName:text100 taxType:text20 {_STAMP}",
    "account": f"""id:guid number:code20 displayName:text100 category:option subCategory:text80 blocked:bool accountType:option
        directPosting:bool netChange:number {_STAMP}""",
    "dimension": f"id:guid code:code20 displayName:text30 consolidationCode:code20 {_STAMP}",
    "dimensionValue": f"id:guid code:code20 dimensionId:guid displayName:text50 consolidationCode:code20 {_STAMP}",
    "dimensionSetLine": """id:guid code:code20 parentId:guid parentType:option displayName:text30 valueId:guid valueCode:code20
        valueDisplayName:text50""",
    "generalLedgerEntry": f"""id:guid entryNumber:int postingDate:date documentNumber:code20 documentType:option
        accountId:guid accountNumber:code20 description:text100 debitAmount:number creditAmount:number {_STAMP}""",
}  # fmt: skip


def _declared(name: str, declaration: str) -> EntityType:
    found = list(_DECLARED.finditer(declaration))
    return EntityType(
        name,
        {each["name"]: each["kind"] for each in found},
        {each["name"]: int(each["length"] or 0) for each in found},
        frozenset(each["name"] for each in found if each["own"]),
    )


TYPES = {name: _declared(name, declaration) for name, declaration in _DECLARATIONS.items()}
SETS = {
    "salesOrders": "salesOrder",
    "salesInvoices": "salesInvoice",
    "purchaseOrders": "purchaseOrder",
    "salesOrderLines": "salesOrderLine",
    "salesInvoiceLines": "salesInvoiceLine",
    "purchaseOrderLines": "purchaseOrderLine",
    "salesShipments": "salesShipment",
    "salesShipmentLines": "salesShipmentLine",
    "salesCreditMemos": "salesCreditMemo",
    "purchaseInvoices": "purchaseInvoice",
    "customers": "customer",
    "vendors": "vendor",
    "items": "item",
    "itemVariants": "itemVariant",
    "unitsOfMeasure": "unitOfMeasure",
    "paymentTerms": "paymentTerm",
    "shipmentMethods": "shipmentMethod",
    "currencies": "currency",
    "locations": "location",
    "taxGroups": "taxGroup",
    "accounts": "account",
    "dimensions": "dimension",
    "dimensionValues": "dimensionValue",
    "dimensionSetLines": "dimensionSetLine",
    "generalLedgerEntries": "generalLedgerEntry",
}
LINE_SETS = {
    "salesOrders": "salesOrderLines",
    "salesInvoices": "salesInvoiceLines",
    "purchaseOrders": "purchaseOrderLines",
    "salesShipments": "salesShipmentLines",
}
"""A document set to its lines', which is a navigation property of the same name."""
DIMENSION_LINES = "dimensionSetLines"
"""Below documents and their lines; keyed by the dimension's id, which tells one only under its parent."""
HEADER_SETS = {lines: headers for headers, lines in LINE_SETS.items()}
NAVIGATION = {
    "customer": ("customers", "customerId"),
    "vendor": ("vendors", "vendorId"),
    "currency": ("currencies", "currencyId"),
    "paymentTerm": ("paymentTerms", "paymentTermsId"),
    "shipmentMethod": ("shipmentMethods", "shipmentMethodId"),
    "item": ("items", "itemId"),
    "unitOfMeasure": ("unitsOfMeasure", "unitOfMeasureId"),
    "location": ("locations", "locationId"),
}
"""To one record: its set, and the property that holds its id."""
OPTIONS = {
    "lineType": ("Comment", "Account", "Item", "Resource", "Fixed_x0020_Asset", "Charge", "Allocation_x0020_Account"),
    "type": ("Inventory", "Service", "Non-Inventory", "Company", "Person"),
    "blocked": (BLANK, "Ship", "Invoice", "Payment", "All"),
}
WEBHOOK_SETS = (
    "accounts", "companyInformation", "countriesRegions", "currencies", "customerPaymentJournals", "customers", "dimensions",
    "employees", "generalLedgerEntries", "itemCategories", "items", "journals", "paymentMethods", "paymentTerms",
    "purchaseInvoices", "salesCreditMemos", "salesInvoices", "salesOrders", "salesQuotes", "shipmentMethods", "unitsOfMeasure",
    "vendors",
)  # fmt: skip
"""Sets that can be subscribed to; purchase orders, shipments and all lines cannot."""


@dataclass(frozen=True)
class DocumentKind:
    """Documents that clients may make. party: customer or vendor. price: the line's price property. day: the document's date.

    line_day: the line's own date. wanted: the header property that it is filled from, empty for none.
    """

    set_name: str
    party: str
    price: str
    day: str
    line_day: str
    wanted: str

    @property
    def parties(self) -> str:
        return f"{self.party}s"

    @property
    def lines(self) -> str:
        return LINE_SETS[self.set_name]

    @property
    def type(self) -> EntityType:
        return TYPES[SETS[self.set_name]]

    @property
    def line_type(self) -> EntityType:
        return TYPES[SETS[self.lines]]


KINDS = {
    kind.set_name: kind
    for kind in (
        DocumentKind("salesOrders", "customer", "unitPrice", "orderDate", "shipmentDate", "requestedDeliveryDate"),
        DocumentKind("salesInvoices", "customer", "unitPrice", "invoiceDate", "shipmentDate", ""),
        DocumentKind("purchaseOrders", "vendor", "directUnitCost", "orderDate", "expectedReceiptDate", "requestedReceiptDate"),
    )
}


def metadata() -> str:
    """What `$metadata` of the API answers. Options are shown as texts."""
    edm = {"guid": "Edm.Guid", "date": "Edm.Date", "datetime": "Edm.DateTimeOffset", "number": "Edm.Decimal", "int": "Edm.Int32",
           "bool": "Edm.Boolean"}  # fmt: skip
    types = []
    for set_name, type_name in SETS.items():
        kind = TYPES[type_name]
        links = {
            name: f"Microsoft.NAV.{SETS[target]}" for name, (target, id_name) in NAVIGATION.items() if id_name in kind.kinds
        }
        if set_name in LINE_SETS:
            links[LINE_SETS[set_name]] = f"Collection(Microsoft.NAV.{SETS[LINE_SETS[set_name]]})"
        if set_name in LINE_SETS or set_name in HEADER_SETS:
            links[DIMENSION_LINES] = "Collection(Microsoft.NAV.dimensionSetLine)"
        properties = {name: edm.get(each, "Edm.String") for name, each in kind.kinds.items()}
        types.append(DescribedType(type_name, ("id",), properties, kind.lengths, links))
    return metadata_text("Microsoft.NAV", types, SETS, {})
