"""Accounts to business partners while one answer in twenty is none, wrong or late: one customer each, its code, its orders."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from mlconn_pipelines_tests.integration.sync_scene import ACCOUNT_FLOWS, FLOWS, sync_scene
from mlconn_pipelines_tests.resilience.sync_rounds import arm, run_each, scene_options, settle

pytestmark = [pytest.mark.database, pytest.mark.slow]

ALL_FLOWS = {
    **FLOWS,
    **ACCOUNT_FLOWS,
    "contacts": {"to": "contact_employees"},
    "contact_employees": {"to": "contacts"},
    "sales_items": {
        "to": "products",
        "prices": {
            "lists": [
                {"price_list": 1, "currency": "USD"},
                {"price_list": 1, "price_book": "Dealers", "currency": "USD"},
            ]
        },
    },
}


@pytest.mark.parametrize(("customers", "seed"), [(6, 5), pytest.param(150, 7, marks=pytest.mark.nightly)])
def test_every_account_becomes_one_customer_or_has_its_reason(
    tmp_path: Path, ledger_database: str, customers: int, seed: int
) -> None:
    with sync_scene(tmp_path, ledger_database, flows=ALL_FLOWS, **scene_options(1)) as scene:
        scene.org.add("Pricebook2", {"Name": "Dealers", "IsActive": True})
        items = [one.values["ItemCode"] for one in scene.erp.company.sets["Items"] if one.values["Valid"] == "tYES"]
        for code in items[1:]:  # priced while the answers are bad
            scene.erp.change("Items", code, ItemPrices=[])
        scene.run()
        products = len(list(scene.org.store.all("Product2")))
        contacts = len(list(scene.org.store.all("Contact")))
        arm(scene, seed)
        made = {}
        for number in range(customers):
            key = scene.org.add("Account", {"Name": f"Customer {number:03d}", "Type": "Customer"})
            scene.org.add("Contact", {"AccountId": key, "FirstName": "Ann", "LastName": f"Lee {number}"})
            scene.org.edit("Opportunity", scene.org.win(1)[0]["Id"], {"AccountId": key})
            made[key] = f"Customer {number:03d}"
            price = {"PriceList": 1, "Price": float(number + 1), "Currency": "$"}
            scene.erp.move_clock(dt.timedelta(seconds=2))
            scene.erp.change("Items", items[number % len(items)], ItemPrices=[price])
            if number % 4 == 3:
                run_each(scene)
        settle(scene)
        partners = scene.partners()
        assert max(Counter(one["CardName"] for one in partners).values()) == 1
        assert max(Counter(order["CardCode"] for order in scene.made()).values()) == 1
        codes = {one["CardName"]: one["CardCode"] for one in partners}
        states = {row.source_key: row for row in scene.documents("accounts")}
        for key, name in made.items():
            if states[key].state in ("on_hold", "outcome_unknown"):
                continue
            assert scene.account(key)["AccountNumber"] == codes[name], states[key]
            people = scene.erp.record("BusinessPartners", codes[name])["ContactEmployees"]
            assert len(people) <= 1
        assert sum(scene.account(key)["AccountNumber"] is not None for key in made) > 0.8 * customers
        assert len(scene.made()) > 0.8 * customers
        assert len(list(scene.org.store.all("Product2"))) == products
        assert len(list(scene.org.store.all("Contact"))) == contacts + customers, "none comes back as another one"
        wanted = {code: scene.erp.record("Items", code)["ItemPrices"] for code in items}
        for code in items:
            rows = [one.values for one in scene.org.store.all("PricebookEntry") if one.values["ProductCode"] == code]
            assert max(Counter(one["Pricebook2Id"] for one in rows).values()) == 1, "one for each price book"
            active = [one["UnitPrice"] for one in rows if one["IsActive"]]
            assert active == ([Decimal(str(wanted[code][0]["Price"]))] * 2 if wanted[code] else []), code
        assert scene.org.faults.given["random"] + scene.erp.faults.given["random"] > customers / 2
