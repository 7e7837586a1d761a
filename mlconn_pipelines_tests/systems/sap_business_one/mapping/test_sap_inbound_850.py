import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, ProductId
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines_tests.systems.sap_business_one.mapping.sap_records import book, card, codes, guide, item, mapping, partner

BOOK = book()
DAY = dt.date(2026, 1, 5)
REFERENCE = "acme:Orders:D1"


def order_line(**changes: Any) -> OrderLine:
    values: dict[str, Any] = {
        "number": "1",
        "quantity": Decimal(10),
        "unit": "EA",
        "unit_price": Decimal("12.50"),
        "product_ids": (ProductId("BP", "MT-1"),),
    }
    return OrderLine(**(values | changes))


def order(*lines: OrderLine, **changes: Any) -> PurchaseOrder:
    values: dict[str, Any] = {
        "number": "PO-9",
        "date": DAY,
        "lines": lines or (order_line(),),
        "currency": "USD",
        "dates": (DateReference("002", dt.date(2026, 1, 20)),),
    }
    return PurchaseOrder(**(values | changes))


def created(document: PurchaseOrder, known: Any = BOOK, target: str = "Orders", **changes: Any) -> Creation:
    return mapping(order_target=target).orders.order(document, partner(**changes), known, REFERENCE)


def line_of(creation: Creation) -> dict[str, Any]:
    assert creation.payload is not None, creation.findings
    (line,) = creation.payload["DocumentLines"]
    return dict(line)


def test_an_order_becomes_a_sales_order_with_our_reference():
    creation = created(order())
    assert creation.findings == () and creation.entity == "Orders" and creation.partner_code == "C20000"
    assert creation.payload == {
        "CardCode": "C20000",
        "NumAtCard": "PO-9",
        "DocDate": "2026-01-05",
        "TaxDate": "2026-01-05",
        "DocDueDate": "2026-01-20",
        "DocCurrency": "$",
        "U_MLConnRef": REFERENCE,
        "Comments": "X12 850 PO-9 of Maxi-Teq Inc.",
        "DocumentLines": [{"ItemCode": "A00001", "Quantity": Decimal(10), "UnitPrice": Decimal("12.50")}],
    }


def test_an_order_is_of_the_branch_that_the_setting_names():
    assert "BPL_IDAssignedToInvoice" not in (created(order()).payload or {})
    creation = mapping(order_target="Orders", branch=3).orders.order(order(), partner(), BOOK, REFERENCE)
    assert creation.payload is not None and creation.payload["BPL_IDAssignedToInvoice"] == 3


def test_with_the_default_target_it_becomes_a_purchase_order_of_the_partners_supplier_code():
    creation = created(order(order_line(product_ids=(ProductId("VP", "SUP-2"),))), target="PurchaseOrders")
    assert creation.entity == "PurchaseOrders" and creation.partner_code == "V10000"
    assert line_of(creation)["ItemCode"] == "A00002"


@pytest.mark.parametrize(
    ("changes", "of_line", "code"),
    [
        ({"kind": "BK"}, {}, "order_type_not_firm"),
        ({}, {"price_basis": "PP"}, "price_basis"),
        ({}, {"unread": ("SLN",)}, "has_components"),
        ({}, {"parties": (Party("ST", "B", "92", "2"),)}, "line_ship_to"),
    ],
)
@pytest.mark.parametrize("target", ["Orders", "PurchaseOrders"])
def test_what_is_more_than_an_order_can_hold_waits_for_approval(changes, of_line, code, target):
    ids = (ProductId("BP", "MT-1"),) if target == "Orders" else (ProductId("VP", "SUP-2"),)
    creation = created(order(order_line(**{"product_ids": ids, **of_line}), **changes), target=target)
    assert codes(creation.findings) == [code]
    assert creation.payload is not None


@pytest.mark.parametrize("role", ["BS", "DA"])
def test_a_place_to_deliver_to_is_taken_under_any_of_its_names(role):
    stated = Party(role, "Yard", street=("5 Far Rd",), city="Reno")
    payload = created(order(parties=(stated,))).payload
    assert payload is not None
    assert payload["AddressExtension"]["ShipToCity"] == "Reno"


def test_a_partner_without_a_fitting_code_is_told_which_target_would_do():
    creation = created(order(), target="PurchaseOrders", supplier_codes=())
    assert creation.payload is None
    (finding,) = creation.findings
    assert finding.code == "partner_code_missing" and "order_target Orders" in finding.message


@pytest.mark.parametrize(
    ("ids", "items", "expected"),
    [
        ((("BP", "MT-1"),), {}, "A00001"),
        ((("VP", "A00002"),), {}, "A00002"),
        ((("UP", "614141000036"),), {}, "A00003"),
        ((("UK", "00614141000036"),), {}, "A00003"),
        ((("XX", "MT-1"),), {}, "A00001"),
        ((("BP", "MT-1"),), {"MT-1": "A00004"}, "A00004"),
        ((("VP", "gone"), ("BP", "MT-1")), {}, "A00001"),
        ((("BP", "TWICE"),), {"TWICE": "A00002"}, "A00002"),
    ],
)
def test_items_are_found_by_partner_file_catalogue_own_code_and_barcode(ids, items, expected):
    products = tuple(ProductId(*pair) for pair in ids)
    assert line_of(created(order(order_line(product_ids=products)), items=items))["ItemCode"] == expected


@pytest.mark.parametrize(("wanted", "expected"), [(("VP", "BP"), "A00002"), (("BP", "VP"), "A00001")])
def test_the_guides_qualifier_order_decides_and_the_disagreement_is_said(wanted, expected):
    products = (ProductId("BP", "MT-1"), ProductId("VP", "A00002"))
    creation = created(order(order_line(product_ids=products)), guide=guide(product_id_qualifiers=wanted))
    assert line_of(creation)["ItemCode"] == expected
    assert codes(creation.findings, "accept_with_error") == ["item_numbers_disagree"]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"product_ids": (ProductId("BP", "TWICE"),)}, "item_ambiguous", "A00002, A00003"),
        ({"product_ids": (ProductId("BP", "A00001"),)}, "item_unknown", "BP A00001"),
        ({"product_ids": ()}, "item_unknown", "no product number"),
        ({"unit": "PL"}, "unit_unknown", "'PL'"),
        ({"quantity": Decimal(0)}, "quantity_not_positive", "0"),
    ],
)
def test_a_line_that_cannot_be_resolved_leaves_no_payload(changes, code, words):
    creation = created(order(order_line(**changes)))
    assert creation.payload is None
    (finding,) = creation.findings
    assert finding.code == code and words in finding.message and finding.place == "line 1"


def test_an_unknown_item_is_named_for_a_live_look_up():
    missing = created(order(order_line(product_ids=(ProductId("VP", "NEW"),)))).missing
    assert set(missing) == {("item", "NEW"), ("cross_reference", "NEW")}


def test_an_inactive_item_is_refused_and_so_is_one_that_is_not_for_sale():
    known = book(items=[item(Valid="tNO", SalesItem="tNO")])
    assert codes(created(order(), known).findings) == ["item_inactive", "item_not_for_order"]


def test_a_unit_of_the_items_group_is_named_and_quantity_and_price_stay():
    line = line_of(created(order(order_line(unit="BX", unit_price=Decimal("14.00")))))
    assert (line["Quantity"], line["UnitPrice"], line["UoMEntry"]) == (10, Decimal("14.00"), 2)


def test_a_unit_outside_any_group_is_converted_by_the_partners_factor():
    known = book(items=[item(UoMGroupEntry=-1, DefaultSalesUoMEntry=-1)])
    line = line_of(created(order(order_line(unit="CA", unit_price=Decimal("24"))), known, unit_factors={"CA": Decimal(48)}))
    assert (line["Quantity"], line["UnitPrice"]) == (480, Decimal("0.5")) and "UoMEntry" not in line


def test_a_quantity_that_no_default_unit_can_hold_is_ordered_in_stock_units():
    known = book(items=[item(UoMGroupEntry=-1, DefaultSalesUoMEntry=-1, SalesUnit="Crate", SalesItemsPerUnit=7.0)])
    line = line_of(created(order(order_line(quantity=Decimal(3))), known))
    assert (line["Quantity"], line["UnitPrice"], line["UseBaseUnits"]) == (3, Decimal("12.50"), "tYES")


def test_a_quantity_that_sap_cannot_hold_exactly_is_refused():
    fine = order_line(quantity=Decimal("0.123456"), unit_price=Decimal("1.23456789"))
    assert line_of(created(order(fine)))["UnitPrice"] == Decimal("1.234568")
    assert codes(created(order(order_line(quantity=Decimal("0.1234567")))).findings, "reject") == ["quantity_not_exact"]


def test_a_price_that_sap_cannot_hold_exactly_is_said():
    known = book(items=[item(UoMGroupEntry=-1, DefaultSalesUoMEntry=-1)])
    big = order_line(unit="CA", quantity=Decimal(90_000), unit_price=Decimal("1"))
    creation = created(order(big), known, unit_factors={"CA": Decimal(7)})
    assert line_of(creation)["UnitPrice"] == Decimal("0.142857")
    assert codes(creation.findings, "accept_with_error") == ["price_rounded"]


def test_an_order_without_a_price_leaves_it_to_sap():
    creation = created(order(order_line(unit_price=None)))
    assert "UnitPrice" not in line_of(creation)
    assert codes(creation.findings, "accept_with_error") == ["price_missing"]


@pytest.mark.parametrize("purpose", ["01", "04", "05", "06", "07"])
def test_only_originals_create(purpose):
    creation = created(order(purpose=purpose))
    assert creation.payload is None and codes(creation.findings) == ["purpose_not_supported"]


@pytest.mark.parametrize(
    ("header", "of_line", "due", "note"),
    [
        ((), (("010", "2026-01-12"), ("002", "2026-01-15")), "2026-01-15", "other_dates"),
        ((("010", "2026-01-12"),), (), "2026-01-12", None),
        ((("004", "2026-01-01"),), (), "2026-01-05", "delivery_date_missing"),
        ((("002", "2025-12-24"),), (), "2026-01-05", "delivery_date_before_order"),
    ],
)
def test_the_delivery_date_comes_from_the_header_or_the_lines(header, of_line, due, note):
    def stated(pairs):
        return tuple(DateReference(qualifier, dt.date.fromisoformat(day)) for qualifier, day in pairs)

    creation = created(order(order_line(dates=stated(of_line)), dates=stated(header)))
    assert creation.payload is not None and creation.payload["DocDueDate"] == due
    assert codes(creation.findings, "accept_with_error") == ([note] if note else [])
    assert line_of(creation).get("ShipDate") == ("2026-01-15" if of_line else None)


@pytest.mark.parametrize(
    ("party", "fields", "code"),
    [
        (Party("ST", id_qualifier="92", id="0042"), {"ShipToCode": "DC Reno"}, None),
        (Party("ST", id_qualifier="UL", id="0614141000012"), {"ShipToCode": "Store 12"}, None),
        (Party("ST", id_qualifier="92", id="0614141000012"), {"ShipToCode": "Store 12"}, None),
        (Party("ST", id_qualifier="92", id="Store 12"), {"ShipToCode": "Store 12"}, None),
        (Party("ST", id_qualifier="92", id="9999"), None, "ship_to_unknown"),
        (Party("ST", id_qualifier="92", id="0666"), None, "ship_to_unknown"),
        (
            Party("ST", "Pop-up store", "92", "9999", street=("1 Pier", "Hall 2"), city="Oslo", postal_code="0150", country="NO"),
            {
                "AddressExtension": {
                    "ShipToStreet": "1 Pier", "ShipToBlock": "Hall 2", "ShipToCity": "Oslo", "ShipToZipCode": "0150",
                    "ShipToCountry": "NO", "ShipToAddress2": "Pop-up store",
                }
            },
            None,
        ),
    ],
)  # fmt: skip
def test_the_ship_to_is_a_known_address_or_the_stated_one(party, fields, code):
    creation = created(order(parties=(party,)), ship_to={"0042": "DC Reno", "0666": "Burnt down"})
    assert codes(creation.findings) == ([code] if code else [])
    if fields is not None:
        assert creation.payload is not None
        assert {name: creation.payload.get(name) for name in fields} == fields


def test_the_currency_is_written_as_the_company_writes_it_and_must_be_known():
    assert codes(created(order(currency="GBP")).findings) == ["currency_unknown"]
    creation = created(order(currency=""))
    assert creation.payload is not None and "DocCurrency" not in creation.payload


def test_another_currency_than_the_partners_waits_for_approval_with_its_payload():
    creation = created(order(currency="EUR"), book(business_partners=[card(Currency="$")]))
    assert codes(creation.findings) == ["currency_differs"]
    assert creation.payload is not None and creation.payload["DocCurrency"] == "EUR"


def test_charges_and_notes_stand_in_the_remarks_and_nothing_is_lost_silently():
    extras = (AllowanceOrCharge("C", "D240", Decimal("15.00"), "Freight"),)
    creation = created(order(allowances_and_charges=extras, notes=("Leave at gate", "x" * 300)))
    assert creation.payload is not None
    assert creation.payload["Comments"].startswith(
        "X12 850 PO-9 of Maxi-Teq Inc. / Charge D240 15.00 Freight / Leave at gate / xx"
    )
    assert len(creation.payload["Comments"]) == 254
    assert codes(creation.findings, "accept_with_error") == ["allowance_not_posted", "notes_shortened"]


def test_the_contact_person_is_found_by_mail_or_name():
    creation = created(order(contacts=(Contact("Someone", email="MAX@maxi-teq.example"),)))
    assert creation.payload is not None and creation.payload["ContactPersonCode"] == 7


@pytest.mark.parametrize(
    ("changes", "code"), [({"Frozen": "tYES"}, "partner_inactive"), ({"CardType": "cSupplier"}, "partner_type_mismatch")]
)
def test_the_business_partner_must_fit(changes, code):
    assert codes(created(order(), book(business_partners=[card(**changes)])).findings) == [code]
