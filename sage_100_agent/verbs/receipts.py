"""Goods received against an order, entered into the receipt file. Stock moves when somebody updates the register, not by this."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sage_100_agent.boi.objects import BoiObject
from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.boi.tables import RECEIPT, RECEIPT_ENTRY, RECEIPT_LINE
from sage_100_agent.verbs.batches import select_batch
from sage_100_agent.verbs.find import RECEIPT_OF_GOODS
from sage_100_agent.verbs.forms import number
from sage_100_agent.verbs.job import Job, Row, Site, Steps, day
from sage_100_agent.verbs.purchase_orders import new_record


def enter(job: Job, site: Site, steps: Steps) -> Row:
    """Setting the order brings its lines, at some sites with all that is due: each is set, to 0 where nothing came."""
    params, marked = job.params, site.reference_columns["receipt"]
    with site.session.entry(RECEIPT_ENTRY, day(params["date"]), RECEIPT.texts) as receipt:
        receipt.check_text(marked, job.reference)
        batch = select_batch(receipt, site.batches.get("receipt", ""))
        taken = job.number or receipt.next_number("nGetNextReceiptNo", steps.number_taken)
        new_record(receipt, job, ReceiptType=RECEIPT_OF_GOODS, ReceiptNo=taken)
        receipt.set_text("ReceiptDate", params["date"])
        receipt.set_text("PurchaseOrderNo", params["purchase_order"])
        receipt.set_text(marked, job.reference)
        _set_quantities(receipt.lines(RECEIPT_LINE.texts), {line["line_key"].zfill(6): line for line in params["lines"]})
        receipt.call("nWrite")
        steps.written(taken)
        return {"number": taken, "batch": batch, "posted": False, "warnings": receipt.warnings}


def _set_quantities(lines: BoiObject, came: Mapping[str, Mapping[str, Any]]) -> None:
    """Keys first: the cursor moves when a line is written."""
    of_order = "OrderLineKey" if "OrderLineKey$" in lines.columns() else "LineKey"
    keys: dict[str, str] = {}
    on_a_line = lines.call("nMoveFirst")
    while on_a_line:
        keys[lines.text(of_order)] = lines.text("LineKey")
        on_a_line = lines.call("nMoveNext")
    if unknown := sorted(came.keys() - keys.keys()):
        raise Refused(Category.NOT_FOUND, f"the order has no line {', '.join(unknown)}", "receipt.enter")
    for order_key, key in keys.items():
        line = came.get(order_key)
        lines.call("nEditLine", key)
        lines.set_number("QuantityReceived", number(line["quantity"]) if line else Decimal(0))
        if line and "warehouse" in line:
            lines.set_text("WarehouseCode", line["warehouse"])
        lines.call("nWrite")
