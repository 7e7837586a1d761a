"""Business partners by our connector against a simulated company: made once, changed, compared with what SAP kept, read by what changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from mlconn_pipelines.errors import DocumentRejected, OutcomeUnknown
from mlconn_pipelines.ports.records import Condition, MasterRecords
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import Company, sap_company

ENTITY, BEGINS = "BusinessPartners", "acme_sf:BusinessPartners:"
NEW = {"CardName": "Northwind, Inc.", "CardType": "cCustomer", "Phone1": "1", "U_MLConnRef": f"{BEGINS}1", "Series": 71}


@pytest.fixture
def company() -> Iterator[Company]:
    with sap_company() as made:
        yield made


def masters_of(company: Company) -> MasterRecords:
    masters = company.connector().masters
    assert masters is not None
    return masters


def test_one_is_created_found_by_its_reference_and_changed(company: Company) -> None:
    masters = masters_of(company)
    masters.reserve()
    made = masters.create(ENTITY, NEW)
    assert (made.key, made.number, made.entity) == ("C50001", "C50001", ENTITY)
    assert masters.find(ENTITY, NEW["U_MLConnRef"]) == made and masters.find(ENTITY, f"{BEGINS}12") is None
    assert [one.key for one in masters.under_reference(ENTITY, NEW["U_MLConnRef"])] == ["C50001"]
    read = masters.update(ENTITY, "C50001", {"CardName": "Northwind Ltd"})
    assert read["CardName"] == "Northwind Ltd" and read["Phone1"] == "1"


def test_a_code_that_is_taken_is_a_refusal_and_our_own_is_no_second_one(company: Company) -> None:
    masters = masters_of(company)
    with pytest.raises(DocumentRejected, match="already assigned") as refusal:
        masters.create(ENTITY, {**NEW, "Series": 70, "CardCode": "c90010"})
    assert refusal.value.code == "record_exists"
    by_hand = {**NEW, "Series": 70, "CardCode": "SF1"}
    company.sandbox.faults.arm("cut_after", "/BusinessPartners", 1, method="POST")
    with pytest.raises(OutcomeUnknown):
        masters.create(ENTITY, by_hand)
    assert masters.create(ENTITY, by_hand).key == "SF1"  # -10, and it is the one that was given up for lost
    assert len(company.sandbox.state()["partners"]) == 1


def test_a_field_that_sap_passes_over_is_told(company: Company) -> None:
    masters = masters_of(company)
    company.sandbox.company.passed_over.add("Phone1")
    with pytest.raises(DocumentRejected, match="C50001 was created, but SAP did not take Phone1") as told:
        masters.create(ENTITY, NEW)
    assert told.value.code == "value_not_taken" and masters.find(ENTITY, NEW["U_MLConnRef"])
    with pytest.raises(DocumentRejected, match="C50001 was changed, but SAP did not take Phone1"):
        masters.update(ENTITY, "C50001", {"Phone1": "2", "CardName": "N"})


def test_a_search_gives_whatever_meets_one_of_the_conditions(company: Company) -> None:
    masters = masters_of(company)
    company.sandbox.add_partner(CardName="NORTHWIND Incorporated", FederalTaxID="12-3456789")
    conditions = (
        Condition("CardCode", "eq", "C90010"),
        Condition("CardName", "startswith", "NORTH"),
        Condition("FederalTaxID", "endswith", "789"),
    )
    found = [row for rows in masters.search(ENTITY, conditions, ("CardCode", "CardName")) for row in rows]
    assert [row["CardCode"] for row in found] == ["C50001", "C90010"] and "FederalTaxID" not in found[0]
    many = (*conditions, *(Condition("CardCode", "eq", f"X{number}") for number in range(60)), *conditions, conditions[0])
    twice = (*many, Condition("CardName", "startswith", "NORTHWIND"))
    assert [row["CardCode"] for rows in masters.search(ENTITY, twice) for row in rows].count("C50001") == 1
    everyone = [row for rows in masters.search(ENTITY, (), ("CardCode",)) for row in rows]
    assert len(everyone) == len(company.sandbox.company.sets[ENTITY])


def test_those_of_ours_are_read_by_what_changed(company: Company) -> None:
    masters = masters_of(company)
    for number in (1, 2):
        masters.create(ENTITY, {**NEW, "U_MLConnRef": f"{BEGINS}{number}"})
    source = masters.ours(ENTITY, BEGINS)
    listed = [one for page in source.changed(ENTITY, None, dt.date.min) for one in page]
    assert [one.key for one in listed] == ["C50001", "C50002"]
    since = source.newest(listed, None)
    company.sandbox.move_clock(dt.timedelta(days=2))
    company.sandbox.change(ENTITY, "C50002", Phone1="9")
    company.sandbox.change(ENTITY, "C90010", Phone1="9")
    later = [one for page in source.changed(ENTITY, since, dt.date.min) for one in page]
    assert [one.key for one in later] == ["C50001", "C50002"] and later[1].stamp > str(since)
    (whole,) = source.records(ENTITY, ["C50002"])
    assert whole["Phone1"] == "9" and whole["BPAddresses"] == []
    latest = source.latest(ENTITY, dt.date.min, str(source.newest(later, since)))
    assert {one.key for one in latest} == {"C50001", "C50002"}
    day = company.sandbox.clock.now().date()
    assert [one.key for page in source.dated(ENTITY, day - dt.timedelta(days=2), day) for one in page] == ["C50001", "C50002"]
