"""Which objects, tables and columns the agent knows, with their widths. Nothing else of Sage is ever named in a call."""

from __future__ import annotations

from dataclasses import dataclass

from sage_100_agent.boi.session import Entry


@dataclass(frozen=True)
class Table:
    """objects: names under which sites have it, in the order of trying. key: its columns, texts all. texts: with their widths.

    A record is told under the columns' names without the $, its numbers as text, so that no digit is lost.
    """

    module: str
    objects: tuple[str, ...]
    key: tuple[str, ...]
    texts: dict[str, int]
    numbers: tuple[str, ...] = ()


def _texts(told: str) -> dict[str, int]:
    return {name: int(width) for name, width in (each.split() for each in told.split(","))}


def _address(prefix: str) -> str:
    lines = ", ".join(f"{prefix}Address{n} 40" for n in (1, 2, 3))
    return f"{lines}, {prefix}City 30, {prefix}State 2, {prefix}ZipCode 10, {prefix}CountryCode 3"


_STAMPS = "DateCreated 8, TimeCreated 8, UserCreatedKey 10, DateUpdated 8, TimeUpdated 8, UserUpdatedKey 10"

PURCHASE_ORDER = Table(
    "P/O",
    ("PO_PurchaseOrder_svc", "PO_PurchaseOrder_bus"),
    ("PurchaseOrderNo",),
    _texts(
        f"""PurchaseOrderNo 7, PurchaseOrderDate 8, OrderType 1, MasterRepeatingOrderNo 7, RequiredExpireDate 8, APDivisionNo 2,
        VendorNo 7, PurchaseName 50, {_address("Purchase")}, PurchaseAddressCode 4, ShipToCode 4, ShipToName 50,
        {_address("ShipTo")}, OrderStatus 1, OnHold 1, CompletionDate 8, ShipVia 15, FOB 15, WarehouseCode 3, ConfirmTo 50,
        Comment 30, TermsCode 2, LastInvoiceDate 8, LastInvoiceNo 20, LastReceiptDate 8, LastReceiptNo 7, TaxSchedule 9,
        SalesOrderNo 7, {_STAMPS}"""
    ),
    ("TaxableAmt", "NonTaxableAmt", "SalesTaxAmt", "FreightAmt", "PrepaidAmt", "InvoicedAmt", "ReceivedAmt"),
)
PURCHASE_ORDER_LINE = Table(
    "P/O",
    PURCHASE_ORDER.objects,
    ("PurchaseOrderNo", "LineKey"),
    _texts(
        """PurchaseOrderNo 7, LineKey 6, LineSeqNo 14, ItemCode 30, ItemType 1, ItemCodeDesc 30, RequiredDate 8, UnitOfMeasure 4,
        WarehouseCode 3, PurchasesAcctKey 9, VendorAliasItemNo 30, CommentText 2048, SalesOrderNo 7, CustomerPONo 30"""
    ),
    ("QuantityOrdered", "QuantityReceived", "QuantityBackordered", "QuantityInvoiced", "UnitCost", "ExtensionAmt",
     "UnitOfMeasureConvFactor"),
)  # fmt: skip
VENDOR = Table(
    "A/P",
    ("AP_Vendor_svc", "AP_Vendor_bus"),
    ("APDivisionNo", "VendorNo"),
    _texts(
        f"""APDivisionNo 2, VendorNo 7, VendorName 50, AddressLine1 40, AddressLine2 40, AddressLine3 40, City 30, State 2,
        ZipCode 10, CountryCode 3, TelephoneNo 17, EmailAddress 250, TermsCode 2, VendorStatus 1, Status 1, {_STAMPS}"""
    ),
)
GL_ACCOUNT = Table(
    "G/L",
    ("GL_Account_svc", "GL_Account_bus"),
    ("AccountKey",),
    _texts(
        "AccountKey 9, Account 32, RawAccount 32, AccountDesc 60, MainAccountCode 30, Status 1, DateStart 8, DateEnd 8, AccountType 2"
    ),
)
MAIN_ACCOUNT = Table(
    "G/L",
    ("GL_MainAccount_svc",),
    ("SegmentNo", "MainAccountCode"),
    _texts("SegmentNo 2, MainAccountCode 30, MainAccountDesc 60"),
)
ITEM = Table(
    "I/M",
    ("CI_ItemCode_svc", "CI_Item_svc", "CI_ItemCode_bus"),
    ("ItemCode",),
    _texts(
        f"""ItemCode 30, ItemType 1, ItemCodeDesc 30, UseInPO 1, ProductLine 4, Valuation 1, DefaultWarehouseCode 3,
        PurchaseUnitOfMeasure 4, StandardUnitOfMeasure 4, PrimaryAPDivisionNo 2, PrimaryVendorNo 7, InactiveItem 1, {_STAMPS}"""
    ),
    ("PurchaseUMConvFctr", "StandardUnitCost"),
)
WAREHOUSE = Table(
    "I/M",
    ("IM_Warehouse_svc",),
    ("WarehouseCode",),
    _texts(
        f"""WarehouseCode 3, WarehouseDesc 30, WarehouseName 30, WarehouseStatus 1, {_address("Warehouse")},
        AddressLine1 40, AddressLine2 40, AddressLine3 40, City 30, State 2, ZipCode 10, CountryCode 3"""
    ),
)
TERMS = Table(
    "A/P", ("AP_TermsCode_svc", "AR_TermsCode_svc"), ("TermsCode",), _texts("TermsCode 2, TermsCodeDesc 30"), ("DaysBeforeDue",)
)
TAX_SCHEDULE = Table("A/P", ("SY_SalesTaxSchedule_svc",), ("TaxSchedule",), _texts("TaxSchedule 9, TaxScheduleDesc 30"))
COMPANY = Table("A/P", ("SY_Company_svc",), ("CompanyCode",), _texts("CompanyCode 3, CompanyName 50"))

RECEIPT = Table(
    "P/O",
    ("PO_Receipt_svc", "PO_Receipt_bus"),
    ("ReceiptType", "ReceiptNo"),
    _texts("ReceiptType 1, ReceiptNo 6, BatchNo 5, ReceiptDate 8, PurchaseOrderNo 7, APDivisionNo 2, VendorNo 7, Comment 30"),
)
RECEIPT_LINE = Table(
    "P/O",
    RECEIPT.objects,
    ("ReceiptType", "ReceiptNo", "LineKey"),
    _texts("ReceiptType 1, ReceiptNo 6, LineKey 6, OrderLineKey 6, ItemCode 30, WarehouseCode 3, LotSerialNo 15"),
    ("QuantityReceived",),
)
RECEIPT_HISTORY = Table(
    "P/O",
    ("PO_ReceiptHistory_svc",),
    ("PurchaseOrderNo", "ReceiptType", "ReceiptNo", "HeaderSeqNo"),
    _texts("PurchaseOrderNo 7, ReceiptType 1, ReceiptNo 6, HeaderSeqNo 6, ReceiptDate 8, Comment 30"),
)
INVOICE = Table(
    "A/P",
    ("AP_Invoice_svc", "AP_Invoice_bus"),
    ("APDivisionNo", "VendorNo", "InvoiceNo"),
    _texts(
        """APDivisionNo 2, VendorNo 7, InvoiceNo 20, BatchNo 5, InvoiceDate 8, InvoiceDueDate 8, TermsCode 2, PurchaseOrderNo 7,
        Comment 30"""
    ),
    ("InvoiceAmt", "FreightAmt", "SalesTaxAmt"),
)
INVOICE_LINE = Table(
    "A/P",
    INVOICE.objects,
    (*INVOICE.key, "LineKey"),
    _texts("LineKey 6, AccountKey 9, ItemCodeDesc 30, PurchaseOrderNo 7, CommentText 2048"),
    ("DistributionAmt",),
)
OPEN_INVOICE = Table(
    "A/P",
    ("AP_OpenInvoice_svc",),
    ("APDivisionNo", "VendorNo", "InvoiceNo"),
    _texts("APDivisionNo 2, VendorNo 7, InvoiceNo 20, InvoiceDate 8, InvoiceDueDate 8, Comment 30"),
    ("InvoiceAmt", "Balance"),
)
INVOICE_HISTORY = Table(
    "A/P",
    ("AP_InvoiceHistoryHeader_svc",),
    ("APDivisionNo", "VendorNo", "InvoiceNo", "HeaderSeqNo"),
    _texts("APDivisionNo 2, VendorNo 7, InvoiceNo 20, HeaderSeqNo 6, InvoiceDate 8, PurchaseOrderNo 7, Comment 30"),
    ("InvoiceAmt",),
)

PURCHASE_ORDER_ENTRY = Entry("PO_PurchaseOrder_bus", "PO_PurchaseOrder_ui", "P/O")
RECEIPT_ENTRY = Entry("PO_Receipt_bus", "PO_Receipt_ui", "P/O")
RECEIPT_REGISTER = Entry("PO_ReceiptRegister_upd", "PO_ReceiptRegister_ui", "P/O")
INVOICE_ENTRY = Entry("AP_Invoice_bus", "AP_Invoice_ui", "A/P")

TABLES = (PURCHASE_ORDER, VENDOR, GL_ACCOUNT, MAIN_ACCOUNT, ITEM, WAREHOUSE, TERMS, TAX_SCHEDULE, COMPANY, RECEIPT,
          RECEIPT_HISTORY, INVOICE, OPEN_INVOICE, INVOICE_HISTORY)  # fmt: skip
