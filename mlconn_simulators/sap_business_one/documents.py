"""Marketing documents: made from what was given, changed, and their base documents closed by them."""

from __future__ import annotations

from decimal import Decimal

from mlconn_simulators.sap_business_one.addresses import address_fields
from mlconn_simulators.sap_business_one.bodies import writable
from mlconn_simulators.sap_business_one.clock import date_text, time_text
from mlconn_simulators.sap_business_one.company import LOCAL_CURRENCY, RATES, Company
from mlconn_simulators.sap_business_one.down_payments import draw_down_payments
from mlconn_simulators.sap_business_one.errors import missing_reference, refused
from mlconn_simulators.sap_business_one.expenses import with_expenses
from mlconn_simulators.sap_business_one.lines import LineMaker, base_of
from mlconn_simulators.sap_business_one.schema import KINDS_BY_CODE, KINDS_BY_OBJECT, DocumentKind, Values
from mlconn_simulators.sap_business_one.store import EntitySet, Record
from mlconn_simulators.sap_business_one.totals import exact, header_amounts, money

_COPIED = ("NumAtCard", "ContactPersonCode", "ShipToCode", "PayToCode", "AddressExtension", "Address", "Address2", "Comments")
"""What a document takes from its base where nothing is given; user fields too, our reference among them."""

INVOICE, DOWN_PAYMENT = 13, 203
"""Object types of A/R invoices and down payments, which close by what is paid and credited of them and not by copies."""

CLOSED_BY_MONEY = ("Invoices", "DownPayments")


def make_document(company: Company, kind: DocumentKind, body: Values, checked: bool = True) -> Values:
    """All values of a new document but its numbers. body: as a client posts it, or the seed.

    checked False: business rules (active codes, card type, a due date) are passed over.
    Errors: 400 with -2028 for codes that do not exist, -5002 for broken rules.
    """
    given = writable(body, company.sets[kind.set_name].type) if checked else dict(body)
    given = {name: value for name, value in given.items() if value is not None}
    given_lines = given.pop("DocumentLines", None) or []
    partner = _partner(company, kind, given, checked)
    if not given_lines:
        raise refused("The document has no lines; specify at least one [DocumentLines]")
    bases = [base_of(company, kind, line, partner) for line in given_lines]
    currency = given.get("DocCurrency") or (partner["Currency"] if partner["Currency"] in RATES else LOCAL_CURRENCY)
    if currency not in RATES:
        raise missing_reference()
    if checked:
        _check_branch(company, kind, given)
    now = company.clock.now()
    day = given.get("DocDate") or date_text(now)
    if checked and kind.set_name in ("Orders", "PurchaseOrders") and not given.get("DocDueDate"):
        raise refused(f"Due date is missing [{kind.table}.DocDueDate]")
    first_base = next((base for base in bases if base is not None), None)
    copied = _copied(first_base) if first_base else {}
    given_address = given.pop("AddressExtension", {})
    addresses = address_fields(kind, partner, given)
    values = {
        "CardCode": partner["CardCode"],
        "CardName": partner["CardName"],
        "DocType": "dDocument_Items",
        "DocObjectCode": kind.object_name,
        "DocDueDate": day,
        "TaxDate": day,
        "DocTime": f"{now:%H:%M}:00",
        "CreationDate": date_text(now),
        "UpdateDate": date_text(now),
        "UpdateTime": time_text(now),
        "DocumentStatus": "bost_Open",
        "Cancelled": "tNO",
        "CancelStatus": "csNo",
        "AuthorizationStatus": "dasWithout",
        "PaidToDate": 0.0,
        "DiscountPercent": 0.0,
        "Series": kind.code,
        "SalesPersonCode": -1,
        "PaymentGroupCode": partner["PayTermsGrpCode"],
        "ContactPersonCode": partner["ContactEmployees"][0]["InternalCode"] if partner["ContactEmployees"] else None,
        "DocDate": day,
        **addresses,
        **copied,
        **given,
    }
    values["DocCurrency"] = currency
    values["AddressExtension"] = addresses["AddressExtension"] | copied.get("AddressExtension", {}) | given_address
    maker = LineMaker(company, kind, partner, currency, checked)
    values["DocRate"] = float(maker.rate)
    values["DocumentLines"] = [
        maker.make(number, line, base) for number, (line, base) in enumerate(zip(given_lines, bases, strict=True))
    ]
    for line in values["DocumentLines"]:
        line.setdefault("ShipDate", values["DocDueDate"])
    values |= header_amounts(values["DocumentLines"], values["DiscountPercent"])
    values |= with_expenses(values, values["DocRate"], currency != LOCAL_CURRENCY)
    if kind.code == DOWN_PAYMENT:
        values = {"DownPaymentType": "dptInvoice", "DownPaymentPercentage": 100.0, "DownPaymentStatus": "so_Open"} | values
        part = exact(values["DownPaymentPercentage"]) / 100
        values |= {name: money(exact(values[name]) * part) for name in ("DocTotal", "DocTotalFc", "VatSum", "VatSumFc")}
    if kind.code == INVOICE and values.get("DownPaymentsToDraw"):
        draw_down_payments(company, values)
    return values


def _check_branch(company: Company, kind: DocumentKind, given: Values) -> None:
    """With branches on, a document names one that is in use. (SAP's own words for it are not public.)"""
    if company.branches and given.get("BPL_IDAssignedToInvoice") not in company.branches:
        raise refused(f"Specify an active branch for the document [{kind.table}.BPLId]")


def close_bases(company: Company, values: Values) -> None:
    """Take a stored document's quantities off its base lines; a base whose lines are all done closes, without a stamp.

    An invoice closes by what is paid or credited of it, and not by what is copied from it.
    """
    _move_open(company, values, -1)
    for line in values["DocumentLines"]:
        if line["BaseType"] in (INVOICE, DOWN_PAYMENT) and values["DocObjectCode"] == "oCreditNotes":
            base = company.sets[kind_of_base(line)].get((line["BaseEntry"],))
            settle(company, base, exact(line["GrossTotal"]), stamped=False)


def open_bases(company: Company, values: Values) -> None:
    """Give a cancelled document's quantities back to its base lines, which opens them again, without a stamp."""
    _move_open(company, values, 1)


def settle(company: Company, invoice: Record, amount: Decimal, stamped: bool) -> None:
    """So much of a document was paid, credited or matched; what is settled in full is closed, and opened again where it is taken back."""
    paid = exact(invoice.values["PaidToDate"]) + amount
    status = "bost_Close" if paid >= exact(invoice.values["DocTotal"]) else "bost_Open"
    lines = [{**line, "LineStatus": status} for line in invoice.values["DocumentLines"]]
    changed = {"PaidToDate": money(paid), "DocumentStatus": status, "DocumentLines": lines}
    company.write(company.sets[KINDS_BY_OBJECT[invoice.values["DocObjectCode"]].set_name], invoice, changed, stamped)


def _move_open(company: Company, values: Values, sign: int) -> None:
    if values["DocObjectCode"] == "oDownPayments":
        return  # goods are still to be delivered and invoiced
    touched: dict[tuple[str, int], Record] = {}
    for line in values["DocumentLines"]:
        if line["BaseType"] == -1:
            continue
        name, entry = kind_of_base(line), line["BaseEntry"]
        base = touched[name, entry] = company.sets[name].get((entry,))
        for base_line in base.values["DocumentLines"]:
            if base_line["LineNum"] == line["BaseLine"]:
                left = exact(base_line["RemainingOpenQuantity"]) + sign * exact(line["Quantity"])
                left = min(max(left, exact(0)), exact(base_line["Quantity"]))
                base_line["RemainingOpenQuantity"] = float(left)
                if name not in CLOSED_BY_MONEY:
                    base_line["LineStatus"] = "bost_Open" if left else "bost_Close"
    for (name, _), record in touched.items():
        done = all(line["LineStatus"] == "bost_Close" for line in record.values["DocumentLines"])
        status = "bost_Close" if done else "bost_Open"
        if name not in CLOSED_BY_MONEY and record.values["DocumentStatus"] != status:
            company.write(company.sets[name], record, {"DocumentStatus": status}, stamped=False)


def change_document(
    company: Company, entities: EntitySet, kind: DocumentKind, record: Record, body: Values, replace: bool
) -> None:
    """PATCH: header values merge, lines merge by LineNum, or all lines are replaced when asked for.

    Errors: -5002 for lines of a closed or cancelled document and for another business partner.
    """
    given = writable(body, entities.type)
    old = record.values
    if given.get("CardCode", old["CardCode"]) != old["CardCode"]:
        raise refused(f"The business partner of a document cannot be changed [{kind.table}.CardCode]")
    given_lines = given.pop("DocumentLines", None)
    if given.get("AddressExtension") is not None:
        given["AddressExtension"] = (old.get("AddressExtension") or {}) | given["AddressExtension"]
    if given_lines is not None or "DiscountPercent" in given:
        if old["DocumentStatus"] == "bost_Close" or old["Cancelled"] == "tYES":
            raise refused("Lines of a closed or cancelled document cannot be changed [DocumentLines]")
        lines = _changed_lines(company, kind, old, given_lines or [], replace)
        given |= {"DocumentLines": lines, **header_amounts(lines, given.get("DiscountPercent", old["DiscountPercent"]))}
    company.write(entities, record, given)


def _changed_lines(company: Company, kind: DocumentKind, old: Values, given_lines: list[Values], replace: bool) -> list[Values]:
    partner = company.sets["BusinessPartners"].get((old["CardCode"],)).values
    maker = LineMaker(company, kind, partner, old["DocCurrency"])
    if replace:
        if not given_lines:
            raise refused("The document has no lines; specify at least one [DocumentLines]")
        return [_placed(maker.make(number, line, None), old) for number, line in enumerate(given_lines)]
    lines = {line["LineNum"]: line for line in old["DocumentLines"]}
    for given in given_lines:
        number = given.get("LineNum", max(lines) + 1)
        if number in lines:
            lines[number] = maker.change(lines[number], given)
        else:
            lines[number] = _placed(maker.make(len(lines), given | {"LineNum": number}, None), old)
    return list(lines.values())


def _placed(line: Values, document: Values) -> Values:
    return {"ShipDate": document["DocDueDate"]} | line | {"DocEntry": document["DocEntry"]}


def kind_of_base(line: Values) -> str:
    """The entity set that a line was copied from."""
    return KINDS_BY_CODE[line["BaseType"]].set_name


def _copied(base: Record) -> Values:
    names = [*_COPIED, *(name for name in base.values if name.startswith("U_"))]
    return {name: base.values[name] for name in names if base.values.get(name) is not None}


def _partner(company: Company, kind: DocumentKind, given: Values, checked: bool) -> Values:
    code = given.get("CardCode")
    if not code:
        raise refused(f"Enter a business partner code [{kind.table}.CardCode]")
    record = company.sets["BusinessPartners"].find((code,))
    if record is None:
        raise missing_reference()
    partner = record.values
    if not checked:
        return partner
    if partner["CardType"] != ("cCustomer" if kind.sales else "cSupplier"):
        raise refused(f"Invalid BP code [{kind.table}.CardCode] , '{code}'")
    if partner.get("Frozen") == "tYES" or partner.get("Valid") == "tNO":
        raise refused(f"Business partner '{code}' is inactive [{kind.table}.CardCode]")
    return partner
