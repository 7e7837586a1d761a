"""A vendor's invoice, entered under the vendor's own number. No helper gives that out, so what is there already is looked for first."""

from __future__ import annotations

from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.boi.tables import INVOICE, INVOICE_ENTRY, INVOICE_LINE
from sage_100_agent.verbs.batches import select_batch
from sage_100_agent.verbs.find import look_up
from sage_100_agent.verbs.forms import number
from sage_100_agent.verbs.job import Job, Row, Site, Steps, day
from sage_100_agent.verbs.purchase_orders import new_record


def enter(job: Job, site: Site, steps: Steps) -> Row:
    """posting_date decides the period; without one it is the invoice's. Amounts that do not add up are Sage's to refuse."""
    params, marked = job.params, site.reference_columns["ap_invoice"]
    key = {"APDivisionNo": params["division"], "VendorNo": params["vendor"], "InvoiceNo": params["invoice"].upper()}
    if found := look_up(site, "ap_invoice", key):
        said = f"invoice {key['InvoiceNo']} of {key['APDivisionNo']}-{key['VendorNo']} is in Sage already ({found[0]['place']})"
        raise Refused(Category.DUPLICATE, said, "ap_invoice.enter")
    with site.session.entry(INVOICE_ENTRY, day(params.get("posting_date", params["date"])), INVOICE.texts) as invoice:
        invoice.check_text(marked, job.reference)
        batch = select_batch(invoice, site.batches.get("ap_invoice", ""))
        steps.number_taken(key["InvoiceNo"])
        new_record(invoice, job, **key)
        invoice.set_text("InvoiceDate", params["date"])
        for column, name in (("InvoiceDueDate", "due_date"), ("PurchaseOrderNo", "purchase_order")):
            if name in params:
                invoice.set_text(column, params[name])
        invoice.set_text(marked, job.reference)
        for column, name in (("InvoiceAmt", "amount"), ("FreightAmt", "freight"), ("SalesTaxAmt", "tax")):
            if name in params:
                invoice.set_number(column, number(params[name]))
        lines = invoice.lines(INVOICE_LINE.texts)
        for line in params["lines"]:
            lines.call("nAddLine")
            lines.set_text("AccountKey", line["account_key"])
            lines.set_number("DistributionAmt", number(line["amount"]))
            if "comment" in line:
                lines.set_text("CommentText", line["comment"])
            lines.call("nWrite")
        invoice.call("nWrite")
        steps.written(key["InvoiceNo"])
        return {"number": key["InvoiceNo"], "batch": batch, "posted": False, "warnings": invoice.warnings}
