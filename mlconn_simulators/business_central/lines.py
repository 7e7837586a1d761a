"""One document line: what it is about, its unit, price and tax, from what a client gave and what the company knows."""

from __future__ import annotations

from decimal import Decimal

from mlconn_simulators.business_central.amounts import line_amounts
from mlconn_simulators.business_central.bodies import writable
from mlconn_simulators.business_central.company import Company, Record
from mlconn_simulators.business_central.errors import refused
from mlconn_simulators.business_central.schema import NO_DATE, NO_ID, DocumentKind, Values

STEP = 10_000
_FIXED = ("documentId", "sequence", "lineObjectNumber")


def make_line(company: Company, kind: DocumentKind, header: Values, body: Values, sequences: set[int]) -> Values:
    """All values of a new line. sequences: those taken already; the new one is added.

    Errors: 400 for unknown items or units, a sequence that is taken, a blocked party.
    """
    given = writable(body, kind.line_type)
    given.pop("documentId", None)
    _not_blocked(company, kind, header)
    line = kind.line_type.defaults() | _about(company, given)
    sequence = given.pop("sequence", max(sequences, default=0) + STEP)
    if sequence in sequences:
        raise refused("You cannot insert a line because a line already exists.")
    sequences.add(sequence)
    line |= {"documentId": header.get("id", NO_ID), "sequence": sequence, "taxPercent": _tax(company, kind, header, line)}
    _check_variant(company, line, given)
    line |= _unit(company, line, given)
    if line["lineType"] == "Item":
        line[kind.price] = _price(company, kind, line)
        line["taxCode"] = "TAXABLE" if line["taxPercent"] else "NONTAXABLE"
    wanted = header[kind.wanted] if kind.wanted else NO_DATE
    line[kind.line_day] = wanted if wanted != NO_DATE else header[kind.day]
    line |= given
    _to_do(line, given)
    return line | line_amounts(line, kind.price)


def change_line(company: Company, kind: DocumentKind, header: Values, line: Record, body: Values) -> Values:
    """The changes of a PATCH, amounts counted again. Errors: 400, also for what a line cannot change."""
    given = writable(body, kind.line_type)
    for name in _FIXED:
        if name in given and given[name] != line.values[name]:
            raise refused(f"The value for '{name}' cannot be modified.")
    changed = line.values | given
    if "itemId" in given and given["itemId"] != line.values["itemId"]:
        changed |= _about(company, given)
        changed |= _unit(company, changed, given)
        changed[kind.price] = given.get(kind.price, _price(company, kind, changed))
    elif "unitOfMeasureId" in given or "unitOfMeasureCode" in given:
        changed |= _unit(company, changed, given)
        changed[kind.price] = given.get(kind.price, _price(company, kind, changed))
    if "discountAmount" in given and "discountPercent" not in given:
        changed["discountPercent"] = Decimal(0)
    if "quantity" in given:
        _to_do(changed, given)
    return changed | line_amounts(changed, kind.price)


def _about(company: Company, given: Values) -> Values:
    """lineType and what goes with it. The number is looked up by the type that came before it."""
    item_id, account_id = given.get("itemId", NO_ID), given.get("accountId", NO_ID)
    if item_id != NO_ID and account_id != NO_ID:
        raise refused('Both "itemId" and "accountId" are specified. Specify only one of them.')
    if item_id != NO_ID:
        record = company.sets["items"].records.get(item_id)
        return _item(record)
    if account_id != NO_ID:
        return _account(company.sets["accounts"].records.get(account_id))
    number = given.get("lineObjectNumber", "")
    if not number:
        return {"lineType": given.get("lineType", "Comment")}
    names = list(given)
    known = "lineType" in given and names.index("lineType") < names.index("lineObjectNumber")
    kind = given["lineType"] if known else "Comment"
    match kind:
        case "Item":
            return _item(company.sets["items"].find("number", number))
        case "Account":
            return _account(company.sets["accounts"].find("number", number))
        case "Resource" | "Charge":
            return {"lineType": kind, "lineObjectNumber": number, "description": number}
    raise refused(f"The line object number '{number}' cannot be found for a line of type {kind}.")


def _item(record: Record | None) -> Values:
    if record is None:
        raise refused("Item does not exist.")
    item = record.values
    if item["blocked"]:
        raise refused(f"Blocked must be equal to 'No' in Item: No.={item['number']}. Current value is 'Yes'.",
                      "Application_FieldValidationException")  # fmt: skip
    return {
        "lineType": "Item",
        "itemId": item["id"],
        "lineObjectNumber": item["number"],
        "description": item["displayName"],
        "description2": item["displayName2"],
        "unitOfMeasureId": item["baseUnitOfMeasureId"],
        "unitOfMeasureCode": item["baseUnitOfMeasureCode"],
    }


def _account(record: Record | None) -> Values:
    """G/L lines: an account that people may post to."""
    if record is None:
        raise refused("Account does not exist.")
    account = record.values
    if account["blocked"] or account["accountType"] != "Posting" or not account["directPosting"]:
        raise refused(f"G/L Account {account['number']} cannot be posted to.", "Application_FieldValidationException")
    return {
        "lineType": "Account",
        "accountId": account["id"],
        "lineObjectNumber": account["number"],
        "description": account["displayName"],
    }


def _check_variant(company: Company, line: Values, given: Values) -> None:
    """A variant is one of the item's, which must have come before it."""
    variant = given.get("itemVariantId", NO_ID)
    if variant == NO_ID:
        return
    names = list(given)
    told = max((names.index(name) for name in ("itemId", "lineObjectNumber") if name in names), default=len(names))
    record = company.sets["itemVariants"].records.get(variant)
    if names.index("itemVariantId") < told or record is None or record.values["itemNumber"] != line["lineObjectNumber"]:
        raise refused('The "itemVariantId" does not match to an Item Variant.')


def _unit(company: Company, line: Values, given: Values) -> Values:
    units = company.sets["unitsOfMeasure"]
    if "unitOfMeasureId" in given and given["unitOfMeasureId"] != NO_ID:
        record = units.records.get(given["unitOfMeasureId"])
        code = record.values["code"] if record else ""
    elif given.get("unitOfMeasureCode"):
        code = given["unitOfMeasureCode"]
        record = units.find("code", code)
    else:
        return {}
    if record is None or (line["lineType"] == "Item" and code not in company.item_units[line["lineObjectNumber"]]):
        raise refused(
            f"The field Unit of Measure Code of table Line contains a value ({code}) that cannot be found in the related table "
            "(Item Unit of Measure).",
            "Internal_InvalidTableRelation",
        )
    return {"unitOfMeasureId": record.id, "unitOfMeasureCode": code}


def _price(company: Company, kind: DocumentKind, line: Values) -> Decimal:
    item = company.sets["items"].find("number", line["lineObjectNumber"])
    if item is None:
        return Decimal(0)
    price: Decimal = item.values["unitPrice" if kind.party == "customer" else "unitCost"]
    return price * company.item_units[item.values["number"]].get(line["unitOfMeasureCode"], Decimal(1))


def _tax(company: Company, kind: DocumentKind, header: Values, line: Values) -> Decimal:
    party = company.sets[kind.parties].records.get(header[f"{kind.party}Id"])
    taxed = kind.party == "customer" and party is not None and party.values["taxLiable"] and line["lineType"] == "Item"
    return Decimal(6) if taxed else Decimal(0)


def _not_blocked(company: Company, kind: DocumentKind, header: Values) -> None:
    party = company.sets[kind.parties].records.get(header[f"{kind.party}Id"])
    if party is not None and party.values["blocked"] == "All":
        number = party.values["number"]
        raise refused(f"You cannot create this type of document when {kind.party.title()} {number} is blocked with type All.")


def _to_do(line: Values, given: Values) -> None:
    """What the next posting takes, where nobody said: all that is left."""
    done = {"invoiceQuantity": "invoicedQuantity", "shipQuantity": "shippedQuantity", "receiveQuantity": "receivedQuantity"}
    for name, already in done.items():
        if name in line and name not in given:
            line[name] = line["quantity"] - line[already]
