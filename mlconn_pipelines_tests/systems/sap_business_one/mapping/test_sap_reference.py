import datetime as dt
from decimal import Decimal

import pytest

from mlconn_pipelines.documents.reference import KINDS, book_of
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines_tests.systems.sap_business_one.mapping.sap_records import (
    REFERENCE_RECORDS,
    as_read,
    book,
    card,
    item,
    mapping,
)

MAPPING = mapping()


def test_every_set_gives_values_of_its_declared_kind_that_survive_storage():
    for declared in MAPPING.reference.sets:
        for record in REFERENCE_RECORDS[declared.name]:
            for key, value in MAPPING.reference.item(declared.name, record):
                assert key and type(value) is KINDS[declared.kind]
                assert from_json(KINDS[declared.kind], to_json(value)) == value


def test_a_business_partner_with_addresses_and_contact():
    ((key, value),) = MAPPING.reference.item("business_partners", card())
    assert (key, value.kind, value.currency, value.default_contact) == ("C20000", "customer", "", "7")
    assert value.ship_to["Store 12"].id == "0614141000012" and value.ship_to["DC Reno"].city == "Reno"
    assert value.contacts["7"].name == "Max Teq" and set(value.bill_to) == {"Bill to"}


def test_a_lead_is_neither_customer_nor_supplier():
    ((_, value),) = MAPPING.reference.item("business_partners", card(CardType="cLid"))
    assert value.kind == "other"


def test_an_items_units_and_barcodes():
    record = item(
        PurchaseUnit="Carton", PurchaseItemsPerUnit=48.0, BarCode="111", UoMGroupEntry=-1,
        ItemBarCodeCollection=[{"AbsEntry": 1, "UoMEntry": 2, "Barcode": "222"}, {"AbsEntry": 2, "UoMEntry": 1, "Barcode": "111"}],
    )  # fmt: skip
    ((_, value),) = MAPPING.reference.item("items", record)
    assert value.unit_factors == {"Each": 1, "Carton": 48} and value.unit_group == ""
    assert value.barcodes == ("111", "222")


@pytest.mark.parametrize(
    ("record", "iso", "decimals"),
    [
        ({"Code": "$", "InternationalDescription": "USD", "DocumentsCode": "US Dollar"}, "USD", 2),
        ({"Code": "$", "InternationalDescription": "Dollar", "DocumentsCode": "USD", "Decimals": "cd4Digits"}, "USD", 4),
        ({"Code": "JPY", "InternationalDescription": None, "DocumentsCode": "", "Decimals": "cdNoDecimals"}, "JPY", 0),
        ({"Code": "PTS", "InternationalDescription": "points"}, "", 2),
    ],
)
def test_iso_codes_are_found_where_companies_write_them(record, iso, decimals):
    ((_, value),) = MAPPING.reference.item("currencies", as_read(record))
    assert (value.iso, value.decimals) == (iso, decimals)


def test_a_rule_without_lines_leads_to_the_centre_of_its_own_code():
    ((_, value),) = MAPPING.reference.item("distribution_rules", as_read({"FactorCode": "X1", "Active": "tYES"}))
    assert (value.centres, value.dimension) == (("X1",), 1)


def test_a_profit_centres_period_is_kept():
    record = as_read({"CenterCode": "A", "Active": "tYES", "EffectiveFrom": "2026-01-01", "EffectiveTo": "2026-06-30"})
    ((_, value),) = MAPPING.reference.item("profit_centers", record)
    assert value.validity.covers(dt.date(2026, 6, 30)) and not value.validity.covers(dt.date(2026, 7, 1))


def test_an_account_is_called_by_its_number_and_found_by_its_code():
    revenues, income, closed = (book().accounts[code][0] for code in ("_SYS01", "_SYS02", "590000"))
    assert (revenues.number, revenues.postable, revenues.active) == ("410000", True, True)
    assert (income.postable, closed.number, closed.active) == (False, "590000", False)


def test_the_book_is_ordered_for_look_ups():
    found = book()
    assert found.cross_references["C20000", "TWICE"] == ("A00002", "A00003")
    assert found.partner_items["V10000", "A00001"] == ("SUP-1",)
    assert found.items_by_barcode["614141000036"] == ("A00003",)
    assert (1, "SALES") in found.cost_assignments and found.dimensions[2].name == "Region"
    assert found.unit_factors["1"] == {"Each": 1, "Box 12": 12, "Box of 12": 12}
    assert found.units["Box of 12"].id == "2"


def test_the_book_does_not_depend_on_the_order_of_its_rows():
    mapping_kinds = {declared.name: declared.kind for declared in MAPPING.reference.sets}
    kinds = {
        mapping_kinds[name]: [pair for record in records for pair in MAPPING.reference.item(name, record)]
        for name, records in REFERENCE_RECORDS.items()
    }
    forwards = book_of(3, {kind: dict(pairs) for kind, pairs in kinds.items()})
    backwards = book_of(3, {kind: dict(reversed(pairs)) for kind, pairs in kinds.items()})
    assert forwards == backwards and forwards.version == 3


def test_an_empty_book_is_empty():
    assert book_of(0, {}).items == {}


def test_the_factor_of_a_unit_group_is_base_quantity_over_alternate_quantity():
    rows = [{"AlternateUoM": 5, "AlternateQuantity": 2.0, "BaseQuantity": 5.0}]
    record = as_read({"AbsEntry": 9, "Code": "G", "BaseUoM": 4, "UoMGroupDefinitionCollection": rows})
    ((_, value),) = MAPPING.reference.item("unit_groups", record)
    assert value.factors == {"5": Decimal("2.5"), "4": 1}
