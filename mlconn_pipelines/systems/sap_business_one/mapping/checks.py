"""The checks that every document shares, either way: business partner, item, currency, cost assignment. In words for a clerk."""

from __future__ import annotations

import datetime as dt

from mlconn_pipelines.documents.reference import BusinessPartner, Item, ReferenceBook
from mlconn_pipelines.edi import reference_checks
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.reference_checks import ItemSentences, order_number_that_fits
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import DocumentLine

_ITEM = ItemSentences(
    missing="The line has no item number. Enter one in SAP.",
    unknown="Item {code} is not in SAP. Create it, or correct the line.",
    inactive="Item {code} ({description}) is inactive on {day}. Activate it in SAP, or use another item.",
)


def check_partner(code: str, kind: str, day: dt.date, book: ReferenceBook, notes: Checklist) -> BusinessPartner | None:
    """The business partner, known, active on that day and of the kind asked for (`customer` or `supplier`)."""
    place = "CardCode"
    held = book.partners.get(code)
    if held is None:
        notes.look_up("partner", code)
        notes.reject(
            Reason.PARTNER_UNKNOWN, f"Business partner {code!r} is not in SAP. Create it, or correct the partner's code.", place
        )
        return None
    if not held.active or not held.validity.covers(day):
        notes.look_up("partner", code)
        notes.reject(
            Reason.PARTNER_INACTIVE,
            f"Business partner {code} ({held.name}) is inactive on {day}. Activate it in SAP, or use another one.",
            place,
        )
    if held.kind != kind:
        notes.reject(
            Reason.PARTNER_TYPE_MISMATCH,
            f"Business partner {code} ({held.name}) is of type {held.kind}, but this document needs a {kind}. "
            f"Give a {kind}'s code in the partner file.",
            place,
        )
    return held


def check_item(code: str, day: dt.date, book: ReferenceBook, notes: Checklist, place: str) -> Item | None:
    """The item, known and active on that day."""
    return reference_checks.check_item(code, book, notes, place, _ITEM, day)


def iso_currency(code: str, book: ReferenceBook, notes: Checklist) -> str:
    """ISO 4217 of one of the company's currency codes; empty after a finding."""
    held = book.currencies.get(code)
    if held is None:
        notes.look_up("currency", code)
        notes.reject(
            Reason.CURRENCY_UNKNOWN, f"Currency {code!r} is not among SAP's currencies. Define it there.", "DocCurrency"
        )
        return ""
    if not held.iso:
        notes.look_up("currency", code)
        notes.reject(
            Reason.CURRENCY_WITHOUT_ISO_CODE,
            f"SAP's currency {code!r} has no ISO code. Enter it as its international code in SAP, such as USD.",
            "DocCurrency",
        )
    return held.iso


def check_costs(line: DocumentLine, day: dt.date, book: ReferenceBook, notes: Checklist, place: str) -> None:
    """Distribution rules of the line's dimensions: known, active, of that dimension, leading to active profit centres."""
    for dimension, code in line.costing_codes:
        _check_rule(dimension, code, day, book, notes, place)


def order_number(text: str, notes: Checklist, *, required: bool) -> str:
    """The customer's order number as X12 can carry it (BIG04, PRF01: 22 characters)."""
    if required and not clean(text):
        notes.reject(
            Reason.ORDER_NUMBER_MISSING, "The customer's order number (NumAtCard) is empty. Enter it in SAP.", "NumAtCard"
        )
    return order_number_that_fits(text, notes, "NumAtCard", "SAP")


def _check_rule(dimension: int, code: str, day: dt.date, book: ReferenceBook, notes: Checklist, place: str) -> None:
    held = book.dimensions.get(dimension)
    where = f"dimension {dimension} ({held.name})" if held and held.name else f"dimension {dimension}"
    if held is not None and not held.active:
        notes.look_up("dimension", str(dimension))
        notes.reject(Reason.DIMENSION_INACTIVE, f"Distribution rule {code!r} is of {where}, which is switched off.", place)
    rule = book.cost_assignments.get((dimension, code))
    if rule is None:
        notes.look_up("cost_assignment", code)
        others = sorted(number for number, name in book.cost_assignments if name == code)
        if others:
            notes.reject(
                Reason.COST_ASSIGNMENT_OF_OTHER_DIMENSION,
                f"Distribution rule {code!r} stands in {where} and belongs to dimension {others[0]}. Correct the line in SAP.",
                place,
            )
        else:
            notes.reject(
                Reason.COST_ASSIGNMENT_UNKNOWN, f"Distribution rule {code!r} of {where} is not in SAP. Correct the line.", place
            )
        return
    if not rule.active:
        notes.look_up("cost_assignment", code)
        notes.reject(
            Reason.COST_ASSIGNMENT_INACTIVE, f"Distribution rule {code!r} of {where} is inactive. Use another one.", place
        )
    for centre_code in rule.centres:
        _check_centre(code, centre_code, day, book, notes, place)


def _check_centre(rule: str, code: str, day: dt.date, book: ReferenceBook, notes: Checklist, place: str) -> None:
    centre = book.cost_centres.get(code)
    if centre is None:
        notes.look_up("cost_centre", code)
        notes.reject(
            Reason.COST_CENTRE_UNKNOWN, f"Distribution rule {rule!r} leads to no profit centre {code!r} in SAP.", place
        )
    elif not centre.active or not centre.validity.covers(day):
        notes.look_up("cost_centre", code)
        notes.reject(
            Reason.COST_CENTRE_INACTIVE,
            f"Distribution rule {rule!r} leads to profit centre {code}, which is inactive on {day}. Use another rule.",
            place,
        )
