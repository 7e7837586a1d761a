"""What the company holds at the start: repeatable, mostly plain, with every catch in it."""

import datetime as dt
from collections import Counter

import pytest

from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.world.making import make_world

TODAY = dt.date(2026, 11, 20)
SETS = ("Invoices", "PurchaseOrders", "DeliveryNotes")


def sandbox_of(documents: int = 500, seed: int = 1) -> SapBusinessOneSandbox:
    world = make_world(seed, documents, TODAY)
    return SapBusinessOneSandbox(
        world, user="u", password="p", company_db="DB", zone_clock=lambda: dt.datetime.combine(TODAY, dt.time(12))
    )


@pytest.fixture(scope="module")
def sandbox():
    return sandbox_of()


@pytest.fixture(scope="module")
def documents(sandbox):
    return [(name, record.values) for name in SETS for record in sandbox.company.sets[name]]


def test_the_same_seed_gives_the_same_records():
    first, second = sandbox_of(), sandbox_of()
    for name in first.company.sets:
        assert [r.values for r in first.company.sets[name]] == [r.values for r in second.company.sets[name]], name
    assert sandbox_of(seed=2).state()["source"] != first.state()["source"]


def test_counts_follow_the_worlds_shares(documents):
    originals = Counter(name for name, values in documents if values["CancelStatus"] != "csCancellation")
    assert originals == {"Invoices": 200, "PurchaseOrders": 100, "DeliveryNotes": 100}


def test_a_month_of_documents_in_three_currencies_none_from_the_future(documents):
    days = {values["DocDate"][:10] for _, values in documents}
    assert len(days) >= 30 and max(days) < f"{TODAY}" and min(days) >= f"{TODAY - dt.timedelta(days=30)}"
    assert {values["DocCurrency"] for _, values in documents} == {"$", "EUR", "CAD"}
    assert all(values["UpdateDate"][:10] >= values["DocDate"][:10] for _, values in documents)
    assert any(values["DocTotalFc"] for _, values in documents)


def test_every_catch_is_there_and_nine_in_ten_have_none(sandbox, documents):
    codes = {code for p in sandbox.world.partners for code in (p.customer_code, p.supplier_code) if code}
    inactive = {item.code for item in sandbox.world.items if not item.active}
    caught: Counter[str] = Counter()
    clean = 0
    for name, values in documents:
        lines = values["DocumentLines"]
        catches = {
            "cancelled": values["CancelStatus"] == "csYes",
            "reversal": values["CancelStatus"] == "csCancellation",
            "odd unit": any(line["UoMCode"] == "Wicker Basket" for line in lines),
            "stranger": values["CardCode"] not in codes,
            "inactive item": any(line["ItemCode"] in inactive for line in lines),
            "inactive rule": any(line.get("CostingCode") == "R-OLD" for line in lines),
            "inactive centre": any(line.get("CostingCode") == "R-CLOSED" for line in lines),
            "long number": len(values["NumAtCard"]) > 22,
            "long name": len(values["CardName"]) > 60,
            "long description": any(len(line["ItemDescription"]) > 80 for line in lines),
        }
        caught.update(catch for catch, there in catches.items() if there)
        clean += not any(catches.values())
        caught["address missing"] += values["AddressExtension"] is None
        caught["gap in lines"] += [line["LineNum"] for line in lines] != list(range(len(lines)))
        caught["non-ASCII"] += any(not line["ItemDescription"].isascii() for line in lines)
        caught["no unit"] += any(line["UoMEntry"] == -1 and line["MeasureUnit"] is None for line in lines)
        caught[f"{name} from a base"] += any(line["BaseType"] != -1 for line in lines)
        caught["discount"] += any(line["DiscountPercent"] for line in lines)
    assert 0.85 < clean / len(documents) < 0.96, clean / len(documents)
    assert not [catch for catch, times in caught.items() if times == 0 and catch != "PurchaseOrders from a base"], caught


def test_totals_are_the_sum_of_the_lines(documents):
    for _, values in documents:
        net = sum(line["RowTotalFC"] or line["LineTotal"] for line in values["DocumentLines"])
        total = (values["DocTotalFc"] or values["DocTotal"]) - (values["VatSumFc"] or values["VatSum"])
        assert abs(net - total) < 0.005
        for line in values["DocumentLines"]:
            assert abs(line["Quantity"] * line["Price"] - (line["RowTotalFC"] or line["LineTotal"])) < 0.006


def test_the_state_lists_the_source_in_document_currency(sandbox):
    told = sandbox.state()
    assert {name: len(rows) for name, rows in told["source"].items()} == {name: told["records"][name] for name in SETS}
    euro = next(row for row in told["source"]["Invoices"] if row["iso"] == "EUR")
    record = sandbox.record("Invoices", euro["DocEntry"])
    assert euro["total"] == record["DocTotalFc"] and euro["lines"] == len(record["DocumentLines"])
    assert sum(row["reversal"] for row in told["source"]["Invoices"]) == sum(
        row["cancelled"] and not row["reversal"] for row in told["source"]["Invoices"]
    )


def test_small_and_empty_companies_work():
    assert sandbox_of(documents=0).state()["records"]["Invoices"] == 0
    assert sandbox_of(documents=1).state()["records"]["Invoices"] == 1


def test_what_is_posted_has_a_journal_entry_that_balances(sandbox, documents):
    journal = sandbox.company.sets["JournalEntries"]
    for name, values in documents:
        if name == "PurchaseOrders":
            assert values["TransNum"] is None
            continue
        entry = journal.get((values["TransNum"],)).values
        assert entry["Original"] == values["DocEntry"]
        rows = entry["JournalEntryLines"]
        assert round(sum(row["Debit"] - row["Credit"] for row in rows), 2) == 0
        if name == "Invoices":
            side = "Credit" if values["CancelStatus"] == "csCancellation" else "Debit"
            assert [row[side] for row in rows if row["ShortName"] == values["CardCode"]] == [values["DocTotal"]]


def test_lines_name_accounts_that_are_posted_to(sandbox, documents):
    chart = {record.key[0]: record.values for record in sandbox.company.sets["ChartOfAccounts"]}
    used = {chart[line["AccountCode"]]["ActiveAccount"] for _, values in documents for line in values["DocumentLines"]}
    assert used == {"tYES"} and "tNO" in {account["ActiveAccount"] for account in chart.values()}
