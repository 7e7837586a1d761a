"""A receipt's register updated, which is what posts it: stock and the ledger move, and nothing takes that back."""

from __future__ import annotations

from sage_100_agent.boi.interface import HostFailed, Ref
from sage_100_agent.boi.objects import literal
from sage_100_agent.boi.refusals import Category, Refused, category_of
from sage_100_agent.boi.tables import RECEIPT_REGISTER
from sage_100_agent.verbs.find import PLACES, RECEIPT_OF_GOODS, known_of, look_up, opened
from sage_100_agent.verbs.job import Job, OutcomeUnknown, Row, Site, Steps, day
from sage_100_agent.verbs.rows import JOINT, joined

ENTERED = PLACES["receipt"][0]
NAMED_MAX = 5


def post_receipt(job: Job, site: Site, steps: Steps) -> Row:
    """Post a batch that holds this receipt of ours and nothing else, into the period of the receipt's own date.

    The batch is held before it is looked through, so that nobody can add to it any more. From the told number on only the answer of
    nUpdate says what became of it. Errors: OutcomeUnknown where there was none.
    """
    number = job.params["number"]
    if _is_posted(job, site, number):
        return {"number": number, "posted": True, "warnings": [], "settled": True}
    batch = _batch_of(site, number)
    with site.session.entry(RECEIPT_REGISTER, site.today(), {}) as register:
        if register.call("nSelectBatch", Ref(batch)) == 0:
            text = register.last_error()
            register.com.call("nCloseBatch", batch)
            raise Refused(category_of(text), text, f"{register.name} nSelectBatch")
        date = _date_of_the_only(job, site, number, batch)
        site.session.module(RECEIPT_REGISTER.module, day(date))
        register.call("nSetPostingDate", date)
        register.call("nProcessReport", "PRINT")
        steps.number_taken(number)
        try:
            register.call("nUpdate")
        except HostFailed as failed:
            said = f"Sage's host failed while it posted receipt {number} of batch {batch} ({failed.text})"
            raise OutcomeUnknown(f"{said}: look whether Sage wants its register restarted") from failed
        steps.written(number)
        return {"number": number, "posted": True, "warnings": register.warnings}


def _is_posted(job: Job, site: Site, number: str) -> bool:
    """A person may have been first. Errors: Refused where no receipt of ours is there at all."""
    found = look_up(site, "receipt", known_of("receipt", job.params, number))
    places = {row["place"] for row in found if row["reference"] == job.reference}
    if not places:
        raise Refused(Category.NOT_FOUND, f"there is no receipt {number} with our reference {job.reference}", "receipt.post")
    return ENTERED.name not in places


def _batch_of(site: Site, number: str) -> str:
    """Errors: Refused where there is none: that register posts what everybody entered."""
    this = f'ReceiptType$="{RECEIPT_OF_GOODS}" AND ReceiptNo$="{literal(number)}"'
    with opened(site, ENTERED) as receipts:
        _, batches = receipts.result_sets("ReceiptNo$", joined(["BatchNo$"]), this)
    batch = batches[0].split(JOINT)[0].strip() if batches else ""
    if not batch:
        said = f"receipt {number} was entered without a batch, and its register posts what others entered too: post it in Sage"
        raise Refused(Category.BATCH_SHARED, said, "receipt.post")
    return batch


def _date_of_the_only(job: Job, site: Site, number: str, batch: str) -> str:
    """Errors: Refused where the batch holds anything else, of whatever type."""
    marked = site.reference_columns["receipt"]
    with opened(site, ENTERED) as receipts:
        keys, values = receipts.result_sets(
            joined(["ReceiptType$", "ReceiptNo$"]), joined(["ReceiptDate$", f"{marked}$"]), f'BatchNo$="{literal(batch)}"'
        )
    held = {tuple(key.split(JOINT)[:2]): value.split(JOINT) for key, value in zip(keys, values, strict=True)}
    ours = held.get((RECEIPT_OF_GOODS, number))
    if len(held) == 1 and ours is not None and ours[1].strip() == job.reference:
        return ours[0].strip()
    names = ", ".join("".join(key) for key in sorted(held)[:NAMED_MAX]) + (" …" if len(held) > NAMED_MAX else "")
    said = f"batch {batch} holds {names or 'nothing'}, and only a batch that holds receipt {number} alone is posted from here"
    raise Refused(Category.BATCH_SHARED, f"{said}: post it in Sage", "receipt.post")
