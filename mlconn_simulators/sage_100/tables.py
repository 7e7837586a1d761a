"""The tables of purchasing, payables, general ledger and inventory that integrations look at."""

from __future__ import annotations

from mlconn_simulators.sage_100.layouts import Layout, layout

_ADDRESS = """{0}Address1$ 40 text, {0}Address2$ 40 text, {0}Address3$ 40 text,
    {0}City$ 30 text, {0}State$ 2 key, {0}ZipCode$ 10 text, {0}CountryCode$ 3 key"""
_ORDER_HEADER = f"""
    PurchaseOrderNo$ 7 zero, PurchaseOrderDate$ 8 date, OrderType$ 1 =SDMRXQ, MasterRepeatingOrderNo$ 7 zero,
    RequiredExpireDate$ 8 date, APDivisionNo$ 2 key, VendorNo$ 7 key, PurchaseName$ 50 text, {_ADDRESS.format("Purchase")},
    PurchaseAddressCode$ 4 key, ShipToCode$ 4 key, ShipToName$ 50 text, {_ADDRESS.format("ShipTo")}, OrderStatus$ 1 =NOBCX,
    UseTax$ flag, OnHold$ flag, EmailAddress$ 250 text, CompletionDate$ 8 date, ShipVia$ 15 text, FOB$ 15 text, WarehouseCode$ 3 key,
    ConfirmTo$ 50 text, Comment$ 30 text, ARDivisionNo$ 2 key, CustomerNo$ 20 key, TermsCode$ 2 key, LastInvoiceDate$ 8 date,
    LastInvoiceNo$ 20 key, LastReceiptDate$ 8 date, LastReceiptNo$ 7 key, TaxSchedule$ 9 key, SalesOrderNo$ 7 zero, BatchNo$ 5 key,
    RequisitorName$ 50 text, RequisitorDepartment$ 30 text, PrepaidAmt money, TaxableAmt money, NonTaxableAmt money,
    SalesTaxAmt money, FreightAmt money, PrepaidFreightAmt money, InvoicedAmt money, ReceivedAmt money, BackOrderLostAmt money
"""
_ORDER_LINE = """
    PurchaseOrderNo$ 7 zero, LineKey$ 6 zero, LineSeqNo$ 14 zero, ItemCode$ 30 key, ItemType$ 1 =12345, ItemCodeDesc$ 30 text,
    ExtendedDescriptionKey$ 10 zero, UseTax$ flag, RequiredDate$ 8 date, VendorPriceCode$ 4 key, PurchasesAcctKey$ 9 zero,
    Valuation$ 1 =123456, UnitOfMeasure$ 4 key, WarehouseCode$ 3 key, ProductLine$ 4 key, MasterLineKey$ 6 zero, JobNo$ 7 key,
    CostCode$ 9 key, CostType$ 1 key, ReceiptOfGoodsUpdated$ flag, VendorAliasItemNo$ 30 key, TaxClass$ 2 key,
    CommentText$ 2048 text, Weight$ 10 text, QuantityOrdered quantity, QuantityReceived quantity, QuantityBackordered quantity,
    QuantityInvoiced quantity, UnitCost quantity, OriginalUnitCost quantity, ExtensionAmt money, ReceivedAmt money,
    InvoicedAmt money, UnitOfMeasureConvFactor factor, SalesOrderNo$ 7 zero, CustomerPONo$ 30 text
"""
_RECEIPT_HEADER = f"""
    ReceiptType$ 1 =GI, ReceiptNo$ 6 zero, BatchNo$ 5 zero, ReceiptDate$ 8 date, PurchaseOrderNo$ 7 zero, APDivisionNo$ 2 key,
    VendorNo$ 7 key, PurchaseName$ 50 text, {_ADDRESS.format("Purchase")}, InvoiceNo$ 20 key, InvoiceDate$ 8 date, OrderDate$ 8 date,
    ShipVia$ 15 text, WarehouseCode$ 3 key, TermsCode$ 2 key, TaxSchedule$ 9 key, Comment$ 30 text, ReceiptAmt money,
    InvoiceAmt money, FreightAmt money, SalesTaxAmt money
"""
_RECEIPT_LINE = """
    ReceiptType$ 1 =GI, ReceiptNo$ 6 zero, LineKey$ 6 zero, LineSeqNo$ 14 zero, PurchaseOrderNo$ 7 zero, OrderLineKey$ 6 zero,
    ItemCode$ 30 key, ItemType$ 1 =12345, ItemCodeDesc$ 30 text, WarehouseCode$ 3 key, UnitOfMeasure$ 4 key,
    PurchasesAcctKey$ 9 zero, CommentText$ 2048 text, SalesOrderNo$ 7 zero, QuantityOrdered quantity, QuantityReceived quantity,
    QuantityInvoiced quantity, UnitCost quantity, ExtensionAmt money
"""
_INVOICE_HEADER = """
    APDivisionNo$ 2 key, VendorNo$ 7 key, InvoiceNo$ 20 key, BatchNo$ 5 zero, InvoiceDate$ 8 date, InvoiceDueDate$ 8 date,
    InvoiceDiscountDate$ 8 date, TermsCode$ 2 key, PurchaseOrderNo$ 7 zero, Comment$ 30 text, HoldPayment$ flag, TaxSchedule$ 9 key,
    InvoiceAmt money, DiscountAmt money, TaxableAmt money, NonTaxableAmt money, FreightAmt money, SalesTaxAmt money
"""
_INVOICE_LINE = """
    APDivisionNo$ 2 key, VendorNo$ 7 key, InvoiceNo$ 20 key, LineKey$ 6 zero, LineSeqNo$ 14 zero, AccountKey$ 9 zero,
    ItemCodeDesc$ 30 text, PurchaseOrderNo$ 7 zero, CommentText$ 2048 text, DistributionAmt money
"""

LAYOUTS: dict[str, Layout] = {
    each.table: each
    for each in (
        layout("PO_PurchaseOrderHeader", "PurchaseOrderNo$", _ORDER_HEADER, stamped=True),
        layout("PO_PurchaseOrderDetail", "PurchaseOrderNo$ LineKey$", _ORDER_LINE),
        layout("PO_PurchaseOrderHistoryHeader", "PurchaseOrderNo$", _ORDER_HEADER, stamped=True),
        layout("PO_PurchaseOrderHistoryDetail", "PurchaseOrderNo$ LineKey$", _ORDER_LINE),
        layout("PO_ReceiptHeader", "ReceiptType$ ReceiptNo$", _RECEIPT_HEADER, stamped=True),
        layout("PO_ReceiptDetail", "ReceiptType$ ReceiptNo$ LineKey$", _RECEIPT_LINE),
        layout("PO_ReceiptHistoryHeader", "PurchaseOrderNo$ ReceiptType$ ReceiptNo$ HeaderSeqNo$",
               f"HeaderSeqNo$ 6 zero, TransactionDate$ 8 date, {_RECEIPT_HEADER}", stamped=True),
        layout("PO_ReceiptHistoryDetail", "PurchaseOrderNo$ ReceiptType$ ReceiptNo$ HeaderSeqNo$ LineKey$",
               f"HeaderSeqNo$ 6 zero, {_RECEIPT_LINE}"),
        layout("AP_Vendor", "APDivisionNo$ VendorNo$",
               """APDivisionNo$ 2 key, VendorNo$ 7 key, VendorName$ 50 text, AddressLine1$ 40 text, AddressLine2$ 40 text,
               AddressLine3$ 40 text, City$ 30 text, State$ 2 key, ZipCode$ 10 text, CountryCode$ 3 key, TelephoneNo$ 17 text,
               EmailAddress$ 250 text, TermsCode$ 2 key, VendorStatus$ 1 =AIT, HoldPayment$ flag, TaxSchedule$ 9 key,
               AccountKey$ 9 zero, Reference$ 15 text, CurrentBalance money""", stamped=True),
        layout("AP_OpenInvoice", "APDivisionNo$ VendorNo$ InvoiceNo$",
               """APDivisionNo$ 2 key, VendorNo$ 7 key, InvoiceNo$ 20 key, InvoiceDate$ 8 date, InvoiceDueDate$ 8 date,
               PurchaseOrderNo$ 7 zero, Comment$ 30 text, InvoiceAmt money, DiscountAmt money, Balance money""", stamped=True),
        layout("AP_InvoiceHistoryHeader", "APDivisionNo$ VendorNo$ InvoiceNo$ HeaderSeqNo$",
               """APDivisionNo$ 2 key, VendorNo$ 7 key, InvoiceNo$ 20 key, HeaderSeqNo$ 6 zero, InvoiceType$ 2 key,
               InvoiceDate$ 8 date, InvoiceDueDate$ 8 date, TransactionDate$ 8 date, PurchaseOrderNo$ 7 zero, ReceiptNo$ 7 key,
               Comment$ 30 text, InvoiceAmt money, NonTaxableAmt money, FreightAmt money, SalesTaxAmt money""", stamped=True),
        layout("AP_InvoiceHeader", "APDivisionNo$ VendorNo$ InvoiceNo$", _INVOICE_HEADER, stamped=True),
        layout("AP_InvoiceDetail", "APDivisionNo$ VendorNo$ InvoiceNo$ LineKey$", _INVOICE_LINE),
        layout("AP_TermsCode", "TermsCode$", "TermsCode$ 2 key, TermsCodeDesc$ 30 text, DaysBeforeDue count, DiscountRate quantity",
               stamped=True),
        layout("AR_TermsCode", "TermsCode$", "TermsCode$ 2 key, TermsCodeDesc$ 30 text, DaysBeforeDue count", stamped=True),
        layout("SY_SalesTaxSchedule", "TaxSchedule$", "TaxSchedule$ 9 key, TaxScheduleDesc$ 30 text", stamped=True),
        layout("SY_Company", "CompanyCode$", "CompanyCode$ 3 key, CompanyName$ 50 text"),
        layout("AP_Division", "APDivisionNo$", "APDivisionNo$ 2 key, APDivisionDesc$ 30 text, AccountsPayableAcctKey$ 9 zero"),
        layout("GL_Account", "AccountKey$",
               """AccountKey$ 9 zero, AccountDesc$ 50 text, Account$ 32 key, RawAccount$ 32 key, MainAccountCode$ 15 key,
               DateStart$ 8 date, DateEnd$ 8 date, Status$ 1 =AID, ClearBalance$ flag, AccountType$ 2 zero, CashFlowsType$ 1 =CFINO,
               AccountGroup$ 15 key, AccountCategory$ 15 key, RollupCode1$ 15 key""", stamped=True),
        layout("GL_MainAccount", "SegmentNo$ MainAccountCode$",
               "SegmentNo$ 2 zero, MainAccountCode$ 15 key, MainAccountDesc$ 50 text, MainAccountShortDesc$ 15 text", stamped=True),
        layout("CI_Item", "ItemCode$",
               """ItemCode$ 30 key, ItemType$ 1 =12345, ItemCodeDesc$ 30 text, ExtendedDescriptionKey$ 10 zero, UseInPO$ flag,
               UseInSO$ flag, UseInAR$ flag, ProductLine$ 4 key, ProductType$ 1 key, Valuation$ 1 =123456, DefaultWarehouseCode$ 3 key,
               PurchaseUnitOfMeasure$ 4 key, StandardUnitOfMeasure$ 4 key, SalesUnitOfMeasure$ 4 key, PurchaseUMConvFctr factor,
               StandardUnitCost quantity, LastTotalUnitCost quantity, PrimaryAPDivisionNo$ 2 key, PrimaryVendorNo$ 7 key,
               PurchasesTaxClass$ 2 key, PurchasesAcctKey$ 9 zero, InactiveItem$ flag""", stamped=True),
        layout("CI_ExtendedDescription", "ExtendedDescriptionKey$", "ExtendedDescriptionKey$ 10 zero, ExtendedDescriptionText$ 2048 text"),
        layout("IM_Warehouse", "WarehouseCode$",
               """WarehouseCode$ 3 key, WarehouseDesc$ 30 text, WarehouseName$ 30 text, WarehouseAddress1$ 30 text,
               WarehouseAddress2$ 30 text, WarehouseAddress3$ 30 text, WarehouseCity$ 30 text, WarehouseState$ 2 key,
               WarehouseZipCode$ 10 text, WarehouseCountryCode$ 3 key, WarehouseStatus$ 1 =AI, WarehousePhone$ 17 text""",
               stamped=True),
        layout("IM_ItemVendor", "ItemCode$ APDivisionNo$ VendorNo$",
               "ItemCode$ 30 key, APDivisionNo$ 2 key, VendorNo$ 7 key, VendorAliasItemNo$ 30 key, LastReceiptPurchaseOrderNo$ 7 zero"),
    )
}  # fmt: skip
