"""Purchase orders entered, and their dates changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sage_100_agent.boi.objects import BoiObject
from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.boi.tables import PURCHASE_ORDER, PURCHASE_ORDER_ENTRY, PURCHASE_ORDER_LINE
from sage_100_agent.verbs.forms import number
from sage_100_agent.verbs.job import Job, OutcomeUnknown, Row, Site, Steps, day


def create(job: Job, site: Site, steps: Steps) -> Row:
    """Division before vendor, vendor before everything else, item before quantity and cost: each fills in what belongs to it."""
    params, marked = job.params, site.reference_columns["purchase_order"]
    with site.session.entry(PURCHASE_ORDER_ENTRY, day(params["date"]), PURCHASE_ORDER.texts) as order:
        order.check_text(marked, job.reference)
        taken = job.number or order.next_number("nGetNextPurchaseOrderNo", steps.number_taken)
        new_record(order, job, PurchaseOrderNo=taken)
        order.set_text("APDivisionNo", params["division"])
        order.set_text("VendorNo", params["vendor"])
        order.set_text("PurchaseOrderDate", params["date"])
        _set_texts(order, params, RequiredExpireDate="required_date", WarehouseCode="warehouse", ShipVia="ship_via")
        order.set_text(marked, job.reference)
        lines = order.lines(PURCHASE_ORDER_LINE.texts)
        keys = [_add_line(lines, line) for line in params["lines"]]
        order.call("nWrite")
        steps.written(taken)
        return {"number": taken, "lines": keys, "warnings": order.warnings}


def new_record(record: BoiObject, job: Job, **key: str) -> None:
    """Position on a key that must be free. Under a number of an attempt before, something that was not there just now is for a person."""
    if record.set_key(**key):
        return
    said = f"{' '.join(key.values())} is in Sage already"
    if job.number:
        raise OutcomeUnknown(said)
    raise Refused(Category.DUPLICATE, said, f"{record.name} nSetKey")


def _add_line(lines: BoiObject, line: Mapping[str, Any]) -> str:
    """The line's key is read before it is written: the cursor moves by that."""
    lines.call("nAddLine")
    lines.set_text("ItemCode", line["item"])
    _set_texts(lines, line, UnitOfMeasure="unit", WarehouseCode="warehouse", RequiredDate="required_date")
    lines.set_number("QuantityOrdered", number(line["quantity"]))
    if "unit_cost" in line:
        lines.set_number("UnitCost", number(line["unit_cost"]))
    key = lines.text("LineKey")
    lines.call("nWrite")
    return key


def _set_texts(record: BoiObject, params: Mapping[str, Any], **columns: str) -> None:
    for column, name in columns.items():
        if name in params:
            record.set_text(column, params[name])


def update_dates(job: Job, site: Site, steps: Steps) -> Row:
    """Dates are set as they are to be, so that doing it twice changes nothing more."""
    params = job.params
    with site.session.entry(PURCHASE_ORDER_ENTRY, site.today(), PURCHASE_ORDER.texts) as order:
        if order.set_key(PurchaseOrderNo=params["number"]):
            raise Refused(Category.NOT_FOUND, f"there is no open purchase order {params['number']}", "po.update_dates")
        steps.number_taken(params["number"])
        _set_texts(order, params, RequiredExpireDate="required_date")
        lines = order.lines(PURCHASE_ORDER_LINE.texts)
        for line in params.get("lines", ()):
            lines.call("nEditLine", line["line_key"])
            lines.set_text("RequiredDate", line["required_date"])
            lines.call("nWrite")
        order.call("nWrite")
        steps.written(params["number"])
        return {"number": params["number"], "warnings": order.warnings}
