"""The ship-to and bill-to of a document, from the business partner's addresses and the company's own warehouse."""

from __future__ import annotations

from mlconn_simulators.sap_business_one.errors import missing_reference
from mlconn_simulators.sap_business_one.schema import DocumentKind, Values

WAREHOUSE = {
    "Street": "2500 Distribution Way",
    "City": "Louisville",
    "ZipCode": "40213",
    "State": "KY",
    "Country": "US",
}
"""Where goods that the company buys are shipped to."""
_FIELDS = ("Street", "City", "ZipCode", "State", "Country", "GlobalLocationNumber")


def address_fields(kind: DocumentKind, partner: Values, given: Values) -> Values:
    """ShipToCode, PayToCode, AddressExtension and the two free texts, by the codes given or the partner's defaults.

    Errors: -2028 for an address name that the business partner does not have.
    """
    ship_to = given.get("ShipToCode") or (partner["ShipToDefault"] if kind.sales else None)
    pay_to = given.get("PayToCode") or partner["BilltoDefault"]
    shipped = _address(partner, ship_to, "bo_ShipTo") if ship_to else {} if kind.sales else WAREHOUSE
    billed = _address(partner, pay_to, "bo_BillTo") if pay_to else {}
    extension = {f"ShipTo{name}": shipped.get(name) for name in _FIELDS} | {
        f"BillTo{name}": billed.get(name) for name in _FIELDS
    }
    return {
        "ShipToCode": ship_to,
        "PayToCode": pay_to,
        "AddressExtension": extension,
        "Address": _text(billed),
        "Address2": _text(shipped),
    }


def _address(partner: Values, name: str, kind: str) -> Values:
    for address in partner["BPAddresses"]:
        if address["AddressName"] == name and address["AddressType"] == kind:
            return dict(address)
    raise missing_reference()


def _text(address: Values) -> str:
    if not address:
        return ""
    street, city, state, code, country = (address.get(name) or "" for name in ("Street", "City", "State", "ZipCode", "Country"))
    return f"{street}\r{city} {state}  {code}\r{country}"
