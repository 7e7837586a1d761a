"""Orders and draft invoices: made with their lines in one go, changed, and removed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from mlconn_simulators.business_central.amounts import redistribute, spread
from mlconn_simulators.business_central.bodies import writable
from mlconn_simulators.business_central.company import LOCAL_CURRENCY, Company, Record
from mlconn_simulators.business_central.errors import bad, refused
from mlconn_simulators.business_central.lines import change_line, make_line
from mlconn_simulators.business_central.schema import HEADER_SETS, KINDS, NO_DATE, NO_ID, DocumentKind, Values

_SIDE = {"customer": ("sell-to", "Customer"), "vendor": ("buy-from", "Vendor")}
_REFERENCES = {"paymentTermsId": ("paymentTerms", "Payment Terms"), "shipmentMethodId": ("shipmentMethods", "Shipment Method")}
_SERIES = {"salesOrders": "S-ORD", "salesInvoices": "S-INV", "purchaseOrders": "PO"}


def create_document(company: Company, kind: DocumentKind, body: Values, *, over_api: bool = False) -> Record:
    """A draft with the lines nested in the body, all or nothing. Errors: 400."""
    nested = body.get(kind.lines, [])
    if not isinstance(nested, list) or not all(isinstance(line, dict) for line in nested):
        raise bad(f"The property '{kind.lines}' must hold a collection of lines.")
    given = writable({name: value for name, value in body.items() if name != kind.lines}, kind.type)
    header = kind.type.defaults() | _from_party(company, kind, given) | {"status": "Draft"}
    header |= _currency(company, given, header)
    _check_references(company, given)
    today = company.today()
    header |= {kind.day: today, "postingDate": today, "discountAppliedBeforeTax": True} | given
    header |= _currency(company, given, header)
    if "dueDate" in header and "dueDate" not in given:
        header["dueDate"] = _due(company, header, kind)
    header["id"] = company.new_id()
    sequences: set[int] = set()
    lines = [make_line(company, kind, header, line, sequences) for line in nested]
    header |= spread(lines, header["discountAmount"])
    header["number"] = company.take_number(_SERIES[kind.set_name])
    for line in lines:
        company.add(kind.lines, line, over_api=over_api)
    return company.add(kind.set_name, header, over_api=over_api, record_id=header["id"])


def change_document(company: Company, record: Record, body: Values) -> None:
    """PATCH of a header. Errors: 400, also for posted invoices and nested lines."""
    kind = KINDS[record.set_name]
    _must_be_open(record)
    if kind.lines in body:
        raise bad(f"The property '{kind.lines}' cannot be updated with its document; update each line by a request of its own.")
    given = writable(body, kind.type)
    changes: Values = {}
    if f"{kind.party}Id" in given or f"{kind.party}Number" in given:
        changes |= _from_party(company, kind, given)
    _check_references(company, given)
    changes |= given | _currency(company, given, record.values | changes)
    company.write(record, changes)
    if "discountAmount" in given:
        redistribute(company, record)


def add_line(company: Company, record: Record, body: Values, *, over_api: bool = False) -> Record:
    """POST of one line. Errors: 400, also for posted invoices."""
    kind = KINDS[record.set_name]
    _must_be_open(record)
    taken = {line.values["sequence"] for line in company.lines_of(record)}
    line = company.add(kind.lines, make_line(company, kind, record.values, body, taken), over_api=over_api)
    redistribute(company, record)
    return line


def patch_line(company: Company, line: Record, body: Values) -> None:
    header = company.get(HEADER_SETS[line.set_name], line.values["documentId"])
    _must_be_open(header)
    if company.write(line, change_line(company, KINDS[header.set_name], header.values, line, body)):
        redistribute(company, header)


def remove_line(company: Company, line: Record) -> None:
    header = company.get(HEADER_SETS[line.set_name], line.values["documentId"])
    _must_be_open(header)
    company.remove(line)
    redistribute(company, header)


def remove_document(company: Company, record: Record) -> None:
    _must_be_open(record)
    company.remove(record)


def _must_be_open(record: Record) -> None:
    if record.posted:
        raise refused("The invoice has been posted and can no longer be modified.")


def _from_party(company: Company, kind: DocumentKind, given: Values) -> Values:
    """Everything that a header takes from its customer or vendor."""
    id_name, number_name = f"{kind.party}Id", f"{kind.party}Number"
    party_id, number = given.get(id_name, NO_ID), given.get(number_name, "")
    side, title = _SIDE[kind.party]
    if party_id == NO_ID and not number:
        raise refused(f'A "{number_name}" or a "{id_name}" must be provided.')
    parties = company.sets[kind.parties]
    record = parties.records.get(party_id) if party_id != NO_ID else parties.find("number", number)
    if record is None:
        raise refused(f"The {side} {kind.party} cannot be found.")
    party = record.values
    if number and party["number"] != number:
        raise refused(f"The {side} {kind.party} values do not match to a specific {title}.")
    prefixes = ("sellTo", "billTo", "shipTo") if kind.party == "customer" else ("buyFrom", "payTo")
    values: Values = {id_name: record.id, number_name: party["number"], f"{kind.party}Name": party["displayName"]}
    for prefix in prefixes:
        values |= _address(prefix, party)
    other = "billTo" if kind.party == "customer" else "payTo"
    values |= {f"{other}Name": party["displayName"], f"{other}{title}Id": record.id, f"{other}{title}Number": party["number"]}
    if kind.party == "customer":
        values |= {"shipToName": party["displayName"], "phoneNumber": party["phoneNumber"], "email": party["email"]}
    else:
        values |= _own_address(company)
    values |= {name: party[name] for name in ("currencyId", "currencyCode", "paymentTermsId") if name in kind.type.kinds}
    return values


def _address(prefix: str, party: Values) -> Values:
    names = {"AddressLine1": "addressLine1", "AddressLine2": "addressLine2", "City": "city", "Country": "country",
             "State": "state", "PostCode": "postalCode"}  # fmt: skip
    return {f"{prefix}{ours}": party[theirs] for ours, theirs in names.items()}


def _own_address(company: Company) -> Values:
    """Purchase orders are delivered to the company's own main location."""
    location = company.sets["locations"].find("code", "MAIN")
    if location is None:
        return {}
    return {"shipToName": company.name, **_address("shipTo", location.values)}


def _currency(company: Company, given: Values, header: Values) -> Values:
    """Local currency has no id, and its code is shown all the same."""
    currency_id, code = given.get("currencyId", NO_ID), given.get("currencyCode", "")
    currencies = company.sets["currencies"]
    if currency_id != NO_ID:
        record = currencies.records.get(currency_id)
        if record is None:
            raise refused('The "currencyId" does not match to a Currency.')
        if code and record.values["code"] != code:
            raise refused("The currency values do not match to a specific Currency.")
        return {"currencyId": record.id, "currencyCode": record.values["code"]}
    if code and code != LOCAL_CURRENCY:
        record = currencies.find("code", code)
        if record is None:
            raise refused('The "currencyCode" does not match to a Currency.')
        return {"currencyId": record.id, "currencyCode": code}
    if code:
        return {"currencyId": NO_ID, "currencyCode": LOCAL_CURRENCY}
    return {"currencyId": header["currencyId"], "currencyCode": header["currencyCode"] or LOCAL_CURRENCY}


def _check_references(company: Company, given: Values) -> None:
    for name, (set_name, title) in _REFERENCES.items():
        value: Any = given.get(name, NO_ID)
        if value != NO_ID and value not in company.sets[set_name].records:
            raise refused(f'The "{name}" does not match to a {title}.')


def _due(company: Company, header: Values, kind: DocumentKind) -> str:
    terms = company.sets["paymentTerms"].records.get(header["paymentTermsId"])
    days = int(terms.values["dueDateCalculation"].removesuffix("D") or 0) if terms else 0
    start: str = header[kind.day]
    return start if start == NO_DATE else (dt.date.fromisoformat(start) + dt.timedelta(days=days)).isoformat()
