"""Whether a document is in Sage: under its number, or with our reference. This decides what a crash left open."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sage_100_agent.boi.objects import BoiObject, literal
from sage_100_agent.boi.refusals import Refused
from sage_100_agent.boi.session import Entry
from sage_100_agent.boi.tables import (
    INVOICE,
    INVOICE_ENTRY,
    INVOICE_HISTORY,
    OPEN_INVOICE,
    PURCHASE_ORDER,
    RECEIPT,
    RECEIPT_ENTRY,
    RECEIPT_HISTORY,
    Table,
)
from sage_100_agent.verbs.job import Job, Row, Site, Steps
from sage_100_agent.verbs.rows import JOINT, joined

RECEIPT_OF_GOODS = "G"


@dataclass(frozen=True)
class Place:
    """Where documents of a kind may stand: entered, or in what posting makes of them. entry: how it is opened where no _svc reads it."""

    name: str
    table: Table
    entry: Entry | None = None


PLACES = {
    "purchase_order": (Place("open", PURCHASE_ORDER),),
    "receipt": (Place("entered", RECEIPT, RECEIPT_ENTRY), Place("history", RECEIPT_HISTORY)),
    "ap_invoice": (
        Place("entered", INVOICE, INVOICE_ENTRY),
        Place("open", OPEN_INVOICE),
        Place("history", INVOICE_HISTORY),
    ),
}
NUMBER_COLUMNS = {"purchase_order": "PurchaseOrderNo", "receipt": "ReceiptNo", "ap_invoice": "InvoiceNo"}


@contextlib.contextmanager
def opened(site: Site, place: Place) -> Iterator[BoiObject]:
    """For reading. An entry file that no service object reads is read through the entry object, which locks nothing until it has a key."""
    with contextlib.ExitStack() as stack:
        services = [name for name in place.table.objects if name.endswith("_svc")]
        try:
            made = stack.enter_context(site.session.service(place.table.module, site.today(), *services))
        except Refused:
            if place.entry is None:
                raise
            made = stack.enter_context(site.session.entry(place.entry, site.today(), {}))
        yield made


def look_up(site: Site, kind: str, known: dict[str, str], reference: str = "") -> list[Row]:
    """known: key columns with their values. Everything that fits them, or that has our reference where one is given."""
    found = []
    for place in PLACES[kind]:
        with opened(site, place) as records:
            for row in _search(site, kind, place, records, known, reference):
                found.append(row)
    return found


def _search(site: Site, kind: str, place: Place, records: BoiObject, known: dict[str, str], reference: str) -> Iterator[Row]:
    number, marked = NUMBER_COLUMNS[kind], site.reference_columns[kind]
    there = records.columns()
    has_reference = not there or f"{marked}$" in there
    conditions = {name: value for name, value in known.items() if not there or f"{name}$" in there}
    if reference and not has_reference:
        return
    if reference:
        conditions[marked] = reference
    wanted = " AND ".join(f'{name}$="{literal(value)}"' for name, value in conditions.items())
    columns = [number, *([marked] if has_reference else [])]
    keys, values = records.result_sets(
        joined([f"{name}$" for name in place.table.key]), joined([f"{c}$" for c in columns]), wanted
    )
    for key, value in zip(keys, values, strict=True):
        told = value.split(JOINT)
        yield {
            "number": told[0].strip(),
            "reference": told[1].strip() if has_reference else "",
            "place": place.name,
            "key": [part.strip() for part in key.split(JOINT)[:-1]],
        }


def known_of(kind: str, params: Any, number: str) -> dict[str, str]:
    """The columns that say which document it is, of the parameters of a job of this kind."""
    known: dict[str, str] = {}
    if kind == "receipt":
        known["ReceiptType"] = RECEIPT_OF_GOODS
    if kind == "ap_invoice":
        known |= {"APDivisionNo": params["division"], "VendorNo": params["vendor"]} if "vendor" in params else {}
    if number:
        known[NUMBER_COLUMNS[kind]] = number
    return known


def find(job: Job, site: Site, steps: Steps) -> Row:
    kind, params = job.params["kind"], job.params
    known = known_of(kind, params, params.get("number", ""))
    found: Sequence[Row] = look_up(site, kind, known, params.get("reference", ""))
    return {"found": list(found)}
