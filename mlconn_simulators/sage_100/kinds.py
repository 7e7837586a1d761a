"""Which classes there are, in which module, and the screen's task that an entry object needs."""

from __future__ import annotations

from dataclasses import dataclass

TASKS = {
    "PO_PurchaseOrder_ui": 100101,
    "PO_Receipt_ui": 100102,
    "PO_PurchaseOrderInquiry_ui": 100103,
    "PO_ReceiptRegister_ui": 100104,
    "AP_Vendor_ui": 100201,
    "AP_Invoice_ui": 100202,
    "GL_Account_ui": 100301,
    "CI_ItemCode_ui": 100401,
    "IM_Warehouse_ui": 100402,
}
"""Names to numbers. A session looks the number up; which it is differs from site to site."""


@dataclass(frozen=True)
class Kind:
    """table, lines: what it reads and writes. task: of an entry object, empty for a service object."""

    name: str
    module: str
    table: str
    lines: str = ""
    task: str = ""


KINDS = {
    kind.name.lower(): kind
    for kind in (
        Kind("PO_PurchaseOrder_bus", "P/O", "PO_PurchaseOrderHeader", "PO_PurchaseOrderDetail", "PO_PurchaseOrder_ui"),
        Kind("PO_PurchaseOrder_svc", "P/O", "PO_PurchaseOrderHeader", "PO_PurchaseOrderDetail"),
        Kind("PO_PurchaseOrderDetail_svc", "P/O", "PO_PurchaseOrderDetail"),
        Kind("PO_PurchaseOrderHistoryInq_svc", "P/O", "PO_PurchaseOrderHistoryHeader", "PO_PurchaseOrderHistoryDetail"),
        Kind("PO_ReceiptHistory_svc", "P/O", "PO_ReceiptHistoryHeader", "PO_ReceiptHistoryDetail"),
        Kind("PO_Receipt_bus", "P/O", "PO_ReceiptHeader", "PO_ReceiptDetail", "PO_Receipt_ui"),
        Kind("PO_ReceiptRegister_upd", "P/O", "PO_ReceiptHeader", "PO_ReceiptDetail", "PO_ReceiptRegister_ui"),
        Kind("AP_Vendor_bus", "A/P", "AP_Vendor", task="AP_Vendor_ui"),
        Kind("AP_Invoice_bus", "A/P", "AP_InvoiceHeader", "AP_InvoiceDetail", "AP_Invoice_ui"),
        Kind("AP_Vendor_svc", "A/P", "AP_Vendor"),
        Kind("AP_Division_svc", "A/P", "AP_Division"),
        Kind("AP_TermsCode_svc", "A/P", "AP_TermsCode"),
        Kind("AR_TermsCode_svc", "A/R", "AR_TermsCode"),
        Kind("AP_OpenInvoice_svc", "A/P", "AP_OpenInvoice"),
        Kind("AP_InvoiceHistoryHeader_svc", "A/P", "AP_InvoiceHistoryHeader"),
        Kind("GL_Account_svc", "G/L", "GL_Account"),
        Kind("GL_MainAccount_svc", "G/L", "GL_MainAccount"),
        Kind("CI_ItemCode_svc", "C/I", "CI_Item"),
        Kind("CI_Item_svc", "C/I", "CI_Item"),
        Kind("CI_ExtendedDescription_svc", "C/I", "CI_ExtendedDescription"),
        Kind("IM_Warehouse_svc", "I/M", "IM_Warehouse"),
        Kind("IM_ItemVendor_svc", "I/M", "IM_ItemVendor"),
        Kind("SY_Company_svc", "S/Y", "SY_Company"),
        Kind("SY_SalesTaxSchedule_svc", "S/Y", "SY_SalesTaxSchedule"),
    )
}
"""By name in lower case."""
