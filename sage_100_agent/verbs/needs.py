"""Columns without which a verb cannot do what it is asked, by what the probe found: better no job than half a document.

Reading leaves out what a site lacks, so only keys, stamps and what everything hangs on are needed; writing needs each column that it
sets. Which columns a site has is not known before it was looked at, and not of an object that does not tell its columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sage_100_agent.boi.tables import (
    GL_ACCOUNT,
    INVOICE_ENTRY,
    ITEM,
    PURCHASE_ORDER,
    PURCHASE_ORDER_ENTRY,
    RECEIPT_ENTRY,
    VENDOR,
)

Columns = Mapping[str, frozenset[str]]
"""By object, with ` line` behind the name for its lines."""

STAMPS = ("DateUpdated$", "TimeUpdated$", "DateCreated$", "TimeCreated$")


@dataclass(frozen=True)
class Need:
    """objects: names of one thing, the first that the site has counts. what: it in words. kind: whose reference column is needed too."""

    objects: tuple[str, ...]
    what: str
    columns: tuple[str, ...]
    kind: str = ""


def _lines(*objects: str) -> tuple[str, ...]:
    return tuple(f"{name} line" for name in objects)


_ORDER = (
    Need(
        PURCHASE_ORDER.objects,
        "purchase orders",
        ("PurchaseOrderNo$", "OrderType$", "PurchaseOrderDate$", "VendorNo$", *STAMPS),
    ),
    Need(_lines(*PURCHASE_ORDER.objects), "lines of purchase orders", ("LineKey$", "ItemCode$", "QuantityOrdered", "UnitCost")),
)
_ORDER_ENTRY, _RECEIPT, _INVOICE = PURCHASE_ORDER_ENTRY.name, RECEIPT_ENTRY.name, INVOICE_ENTRY.name

NEEDS: Mapping[str, Sequence[Need]] = {
    "po.changed": _ORDER,
    "po.get": _ORDER,
    "vendor.changed": (Need(VENDOR.objects, "vendors", ("APDivisionNo$", "VendorNo$", *STAMPS)),),
    "gl_account.list": (Need(GL_ACCOUNT.objects, "G/L accounts", ("AccountKey$", "Account$", "Status$")),),
    "item.list": (Need(ITEM.objects, "items", ("ItemCode$",)),),
    "po.create": (
        Need((_ORDER_ENTRY,), "purchase orders", ("APDivisionNo$", "VendorNo$", "PurchaseOrderDate$"), "purchase_order"),
        Need(_lines(_ORDER_ENTRY), "lines of purchase orders", ("LineKey$", "ItemCode$", "QuantityOrdered")),
    ),
    "po.update_dates": (
        Need((_ORDER_ENTRY,), "purchase orders", ("RequiredExpireDate$",)),
        Need(_lines(_ORDER_ENTRY), "lines of purchase orders", ("LineKey$", "RequiredDate$")),
    ),
    "receipt.enter": (
        Need((_RECEIPT,), "receipts of goods", ("ReceiptType$", "ReceiptNo$", "ReceiptDate$", "PurchaseOrderNo$"), "receipt"),
        Need(_lines(_RECEIPT), "lines of receipts", ("LineKey$", "QuantityReceived")),
    ),
    "receipt.post": (Need((_RECEIPT,), "receipts of goods", ("ReceiptNo$", "BatchNo$", "ReceiptDate$"), "receipt"),),
    "ap_invoice.enter": (
        Need(
            (_INVOICE,),
            "A/P invoices",
            ("APDivisionNo$", "VendorNo$", "InvoiceNo$", "InvoiceDate$", "InvoiceAmt"),
            "ap_invoice",
        ),
        Need(_lines(_INVOICE), "lines of A/P invoices", ("AccountKey$", "DistributionAmt")),
    ),
}


def unable(columns: Columns, references: Mapping[str, str]) -> dict[str, str]:
    """By verb, why it cannot be done here, in words that say what to do. references: our reference's column, by kind of document.

    >>> told = unable({"PO_PurchaseOrder_bus": frozenset({"RequiredExpireDate$"})}, {"purchase_order": "UDF_EDI"})
    >>> sorted(told), told["po.create"].partition(". ")[0]
    (['po.create'], 'purchase orders in Sage have no column APDivisionNo, VendorNo, PurchaseOrderDate, UDF_EDI (PO_PurchaseOrder_bus)')
    """
    said = {verb: [_lacking(need, columns, references) for need in needs] for verb, needs in NEEDS.items()}
    return {verb: " ".join(filter(None, words)) for verb, words in said.items() if any(words)}


def _lacking(need: Need, columns: Columns, references: Mapping[str, str]) -> str:
    name = next((each for each in need.objects if columns.get(each)), None)
    if name is None:
        return ""
    reference = f"{references[need.kind]}$" if need.kind else ""
    lacking = [each for each in (*need.columns, *filter(None, [reference])) if each not in columns[name]]
    if not lacking:
        return ""
    named = ", ".join(each.removesuffix("$") for each in lacking)
    said = f"{need.what} in Sage have no column {named} ({name})."
    if lacking == [reference]:
        return (
            f"{said} It is to hold our reference: add it in Custom Office, or name another one under sage.reference_columns in the "
            "agent's settings and start the agent again."
        )
    return (
        f"{said} This version of Sage, or of the agent, is another one than was expected: tell whoever looks after the agent."
    )
