from __future__ import annotations

import pytest

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.ports.records import Connector, Record
from mlconn_pipelines.systems.sap_business_one.api.entities import REFERENCE_ENTITIES
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import NOON, sap_company


def read(connector: Connector, name: str, since: str | None = None) -> list[Record]:
    return [record for page in connector.reference.items(name, since) for record in page]


@pytest.mark.parametrize("name", sorted(REFERENCE_ENTITIES))
def test_every_set_is_read_whole(name: str) -> None:
    with sap_company() as company:
        declared = REFERENCE_ENTITIES[name]
        held = company.sandbox.company.sets[declared.entity]
        rows = read(company.connector(page_size=max(1, len(held) // 4)), name)
        keys = [tuple(str(row[part]) for part in declared.key.split(",")) for row in rows]
        assert sorted(keys) == sorted(tuple(map(str, record.key)) for record in held) and keys


@pytest.mark.parametrize(
    ("name", "entity", "field"), [("items", "Items", "ItemName"), ("business_partners", "BusinessPartners", "CardName")]
)
def test_partners_and_items_are_read_by_what_changed(name: str, entity: str, field: str) -> None:
    with sap_company() as company:
        connector = company.connector()
        rows = read(connector, name)
        since = connector.reference.newest(name, rows, None)
        assert since
        company.sandbox.set_clock(NOON)
        untouched = connector.reference.newest(name, read(connector, name, "2026-11-20T12:00:00"), "2026-11-20T12:00:00")
        assert untouched == "2026-11-20T12:00:00"
        key = rows[0][REFERENCE_ENTITIES[name].key]
        company.sandbox.change(entity, key, **{field: "changed"})
        later = read(connector, name, "2026-11-20T12:00:00")
        assert [row[REFERENCE_ENTITIES[name].key] for row in later] == [key]
        assert str(connector.reference.newest(name, later, since)) >= "2026-11-20T12:00"


def test_a_record_that_was_never_changed_is_found_by_its_creation() -> None:
    with sap_company() as company:
        held = next(iter(company.sandbox.company.sets["Items"]))
        held.values |= {"UpdateDate": None, "UpdateTime": None, "CreateDate": "2026-11-20T00:00:00Z"}
        connector = company.connector()
        rows = read(connector, "items", "2026-11-20T11:00:00")
        assert held.values["ItemCode"] in [row["ItemCode"] for row in rows]
        assert connector.reference.newest("items", rows, None)


def test_sets_without_stamps_have_no_watermark() -> None:
    with sap_company() as company:
        connector = company.connector()
        assert connector.reference.newest("currencies", read(connector, "currencies"), None) is None
        assert len(read(connector, "currencies", "2026-11-20T11:00:00")) == len(read(connector, "currencies"))


def test_single_records_come_by_key_with_odd_names() -> None:
    with sap_company() as company:
        connector = company.connector()
        codes = [item.code for item in company.sandbox.world.items]
        found = {record["ItemCode"] for record in connector.reference.records("items", [*codes, "no such", ""])}
        assert found == set(codes)
        assert list(connector.reference.records("items", [])) == []
        assert len(list(connector.reference.records("units_of_measure", ["1", "x"]))) == 1


def test_a_catalogue_number_is_looked_up_by_itself() -> None:
    with sap_company() as company:
        connector = company.connector(page_size=100)
        row = next(iter(connector.reference.items("alternate_catalogue_numbers", None)))[0]
        found = list(connector.reference.records("alternate_catalogue_numbers", [row["Substitute"]]))
        assert any(each["CardCode"] == row["CardCode"] for each in found)


def test_an_unknown_set_names_those_that_there_are() -> None:
    with sap_company() as company, pytest.raises(ConfigurationError, match="business_partners"):
        company.connector().reference.items("partners", None)


def test_check_reads_a_record_and_proves_the_reference_field() -> None:
    with sap_company() as company:
        reports = company.connector().check()
        assert [report.ok for report in reports] == [True, True, True]
        assert "U_MLConnRef" in reports[2].detail


def test_check_names_a_reference_field_that_is_missing_or_short() -> None:
    with sap_company() as company:
        missing = company.connector(reference_field="U_Nowhere").check()[-1]
        assert not missing.ok and "U_Nowhere does not exist" in missing.detail
        for record in company.sandbox.company.sets["UserFieldsMD"]:
            record.values |= {"Size": 20, "EditSize": 20}
        short = company.connector().check()[-1]
        assert not short.ok and "takes 20 characters" in short.detail


def test_check_of_a_standard_field_reads_it() -> None:
    with sap_company() as company:
        assert company.connector(reference_field="NumAtCard").check()[-1].ok
        wrong = company.connector(reference_field="NumAtCrad").check()[-1]
        assert not wrong.ok and "NumAtCrad" in wrong.detail


def test_check_with_a_wrong_password_stops_at_the_sign_in() -> None:
    with sap_company(password="Planted-Wrong") as company:
        (report,) = company.connector().check()
        assert not report.ok and "wrong user name or password" in report.detail and "Planted-Wrong" not in report.detail
