"""Business partners that clients make and change: numbered by a series or by hand, and never two of one code."""

from __future__ import annotations

from collections.abc import Iterable

from mlconn_simulators.sap_business_one.bodies import writable
from mlconn_simulators.sap_business_one.clock import date_text, time_text
from mlconn_simulators.sap_business_one.company import ISO_OF, LOCAL_CURRENCY, Company
from mlconn_simulators.sap_business_one.errors import ServiceLayerError, missing_reference, refused
from mlconn_simulators.sap_business_one.schema import Values
from mlconn_simulators.sap_business_one.store import EntitySet, Record

BY_HAND = 70
SERIES = {71: ("cCustomer", "C", 50_001), 72: ("cSupplier", "V", 50_001), 73: ("cLid", "L", 50_001)}
"""Numbering series: whom they are for, what their codes begin with, the first number."""
CODE_MAX = 15


def make_partner(company: Company, body: Values) -> Values:
    """All values of a new business partner. Without a series a code that is given counts, else the first series of its kind.

    Errors: 400 with -10 for a code that is taken, in whatever case; -5002 for broken rules; -2028 for an unknown currency.
    """
    partners = company.sets["BusinessPartners"]
    given = {name: value for name, value in writable(body, partners.type).items() if value is not None}
    kind = given.setdefault("CardType", "cCustomer")
    if kind not in ("cCustomer", "cSupplier", "cLid"):
        raise refused(f"'{kind}' is not a valid value for CardType [OCRD.CardType]")
    if given.setdefault("Currency", LOCAL_CURRENCY) not in (*ISO_OF, "##"):
        raise missing_reference()
    code = _code(company, given, kind)
    if code.casefold() in {str(record.key[0]).casefold() for record in partners}:
        words = f"1320000140 - Business partner code '{code}' already assigned to a business partner; enter a unique code"
        raise ServiceLayerError(400, -10, words)
    now = company.clock.now()
    return {
        "GroupCode": 100, "PayTermsGrpCode": -1, "VatGroup": "A0", "Valid": "tYES", "Frozen": "tNO",
        "BilltoDefault": _first(given, "bo_BillTo"), "ShipToDefault": _first(given, "bo_ShipTo"),
        **{name: value for name, value in given.items() if name not in company.passed_over},
        "CardCode": code,
        "ContactEmployees": numbered_people(company, given.get("ContactEmployees") or ()),
        "BPAddresses": [address | {"RowNum": row, "BPCode": code} for row, address in enumerate(given.get("BPAddresses") or ())],
        "CreateDate": date_text(now), "CreateTime": time_text(now),
        "UpdateDate": date_text(now), "UpdateTime": time_text(now),
    }  # fmt: skip


def change_partner(company: Company, entities: EntitySet, record: Record, body: Values, replace: bool) -> None:
    """PATCH: rows of collections by their keys, others added, none removed unless collections are replaced. The code stays."""
    changes = {
        name: value for name, value in writable(body, entities.type).items() if name not in {"CardCode", *company.passed_over}
    }
    if not replace:
        for name, key in (("BPAddresses", "RowNum"), ("ContactEmployees", "InternalCode")):
            if name in changes:
                changes[name] = _merged(record.values.get(name) or [], changes[name] or [], key)
    if "ContactEmployees" in changes:
        changes["ContactEmployees"] = numbered_people(company, changes["ContactEmployees"] or ())
    people = [str(row.get("Name") or "").casefold() for row in changes.get("ContactEmployees") or ()]
    if "" in people or len(people) > len(set(people)):
        raise refused("Contact person must have a name that is unique within the business partner [OCPR.Name]")
    company.write(entities, record, changes)


def numbered_people(company: Company, rows: Iterable[Values]) -> list[Values]:
    """Contact persons as the company has them: a new one gets the next number of all."""
    found = []
    for row in rows:
        if row.get("InternalCode") is None:
            company.people += 1
            row = {**row, "InternalCode": company.people}
        found.append({"Active": "tYES", **row})
    return found


def _code(company: Company, given: Values, kind: str) -> str:
    code, series = str(given.get("CardCode") or "").strip(), given.get("Series")
    if series is None:
        series = BY_HAND if code else next(number for number, (of, *_) in SERIES.items() if of == kind)
        given["Series"] = series
    if series == BY_HAND:
        if not 0 < len(code) <= CODE_MAX:
            raise refused("Enter valid code [OCRD.CardCode]")
        return code
    if series not in SERIES or SERIES[series][0] != kind or code:
        raise refused("Document series is not valid for this business partner [OCRD.Series]")
    _, begins, first = SERIES[series]
    number = company.partner_numbers[series] = company.partner_numbers.get(series, first - 1) + 1
    return f"{begins}{number}"


def _first(given: Values, address_type: str) -> str | None:
    """The name of the first address of the type, which is the default where nobody names another."""
    rows = (row for row in given.get("BPAddresses") or () if row.get("AddressType", "bo_ShipTo") == address_type)
    return next((row.get("AddressName") for row in rows), None)


def _merged(there: list[Values], given: list[Values], key: str) -> list[Values]:
    rows = [dict(row) for row in there]
    for new in given:
        same = next((row for row in rows if new.get(key) is not None and row.get(key) == new[key]), None)
        if same is not None:
            same.update(new)
        elif key == "RowNum":
            rows.append({**new, key: max((row.get(key) or 0 for row in rows), default=-1) + 1})
        else:
            rows.append({**new, key: None})
    return rows
