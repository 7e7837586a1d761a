"""Prices of SAP's price lists to entries of Salesforce's price books, against both simulated systems and a real database."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.flows.sync.edited import are_edited
from mlconn_pipelines.flows.sync.pipeline import compare
from mlconn_pipelines.systems.salesforce.api.price_book_entries import PricedProducts
from mlconn_pipelines_tests.integration.sync_scene import ABSENCE_S, FLOWS, SyncScene, sync_scene

pytestmark = pytest.mark.database

Stage = Callable[..., SyncScene]
STANDARD, DEALERS = ("Standard Price Book", "USD"), ("Dealers", "USD")
BASE: dict[str, Any] = {"price_list": 1, "currency": "USD"}
OF_DEALERS: dict[str, Any] = {"price_list": 2, "price_book": "Dealers", "currency": "USD"}


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Stage]:
    with ExitStack() as stack:

        def opened(
            *rows: dict[str, Any], profile: str = "sales_cloud", prices: bool = True, ownership: dict[str, Any] | None = None
        ) -> SyncScene:
            flow: dict[str, Any] = {"to": "products", **({"prices": {"lists": list(rows)}} if prices else {})}
            flows = {**FLOWS, "sales_items": flow}
            more = {"field_ownership": ownership} if ownership else {}
            scene = stack.enter_context(sync_scene(tmp_path, ledger_database, profile=profile, flows=flows, **more))
            scene.org.add("Pricebook2", {"Name": "Dealers", "IsActive": True})
            return scene

        yield opened


def entries(scene: SyncScene, code: str) -> dict[tuple[str, str], tuple[Decimal, bool]]:
    """Price and whether it is active, by price book and currency; two of one place fail."""
    with scene.org.lock:
        store = scene.org.store
        rows = [dict(row.values) for row in store.all("PricebookEntry") if row.values["ProductCode"] == code]
        names = {row.id: row.values["Name"] for row in store.all("Pricebook2")}
    places = [(names[row["Pricebook2Id"]], row["CurrencyIsoCode"] or "USD") for row in rows]
    assert len(places) == len(set(places)), places
    return {place: (row["UnitPrice"], row["IsActive"]) for place, row in zip(places, rows, strict=True)}


def entry_id(scene: SyncScene, code: str) -> str:
    with scene.org.lock:
        return next(row.id for row in scene.org.store.all("PricebookEntry") if row.values["ProductCode"] == code)


def an_item(scene: SyncScene, code: str, **prices: tuple[float, str]) -> None:
    """Another item, entered now. prices: by `list_` and number."""
    with scene.erp.lock:
        items = scene.erp.company.sets["Items"]
        like = next(one for one in items if one.values["Valid"] == "tYES").values
        items.add(
            {**like, "ItemCode": code, "ItemName": f"Item {code}", "ItemPrices": _rows(prices), **scene.erp.company.stamp()}
        )


def priced(scene: SyncScene, code: str, stamped: bool = True, **prices: tuple[float, str]) -> None:
    """stamped False: in the window of price lists, which leaves the item's stamp as it is."""
    scene.erp.move_clock(dt.timedelta(seconds=2))
    if stamped:
        scene.erp.change("Items", code, ItemPrices=_rows(prices))
        return
    with scene.erp.lock:
        next(one for one in scene.erp.company.sets["Items"] if one.values["ItemCode"] == code).values["ItemPrices"] = _rows(
            prices
        )


def _rows(prices: dict[str, tuple[float, str]]) -> list[dict[str, Any]]:
    stated = {int(name.removeprefix("list_")): one for name, one in prices.items()}
    unpriced = (0.0, "")
    return [{"PriceList": n, "Price": stated.get(n, unpriced)[0], "Currency": stated.get(n, unpriced)[1]} for n in (1, 2, 3)]


def the_hold(scene: SyncScene) -> Any:
    (held,) = [row for row in scene.documents("sales_items") if row.state == "on_hold"]
    return held


def test_an_entry_that_is_there_is_changed_and_one_that_is_not_is_made_standard_first(stage: Stage) -> None:
    scene = stage(OF_DEALERS, BASE)
    code = next(row.values["ItemCode"] for row in scene.erp.company.sets["Items"] if row.values["Valid"] == "tYES")
    priced(scene, code, list_1=(12.5, "$"), list_2=(9.0, "$"))
    an_item(scene, "NEW-1", list_1=(3.0, "$"), list_2=(0.0, "$"))
    an_item(scene, "NEW-2", list_2=(5.0, ""))
    scene.run("sales_items")
    assert entries(scene, code) == {STANDARD: (Decimal("12.50"), True), DEALERS: (Decimal("9.00"), True)}
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.00"), True), DEALERS: (Decimal("0.00"), True)}  # 0 is a price
    assert the_hold(scene).source_key == "NEW-2"  # a price without a currency


def test_an_entry_whose_price_or_item_is_gone_is_deactivated_and_comes_back(stage: Stage) -> None:
    scene = stage(BASE)
    an_item(scene, "NEW-1", list_1=(3.0, "$"))
    scene.run("sales_items")
    priced(scene, "NEW-1")
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.00"), False)}
    priced(scene, "NEW-1", list_1=(4.0, "$"))
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("4.00"), True)}
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("Items", "NEW-1", Frozen="tYES", Valid="tNO")
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("4.00"), False)}
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("Items", "NEW-1", Frozen="tNO", Valid="tYES")
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("4.00"), True)}


def test_an_item_that_is_no_sales_item_any_more_is_told_once_and_never_begins(stage: Stage) -> None:
    scene = stage(BASE)
    an_item(scene, "NEW-1", list_1=(3.0, "$"))
    an_item(scene, "PARTS", list_1=(3.0, "$"))
    scene.erp.change("Items", "PARTS", SalesItem="tNO")
    scene.run("sales_items")
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("Items", "NEW-1", SalesItem="tNO")
    scene.org.faults.arm("cut_before", "/composite/sobjects", 1, method="PATCH")  # what waits to be written is not taken back
    scene.run("sales_items")
    with scene.pipeline() as pipeline:
        compare(pipeline, "sales_items", "night")
    time.sleep(ABSENCE_S)
    for _ in range(2):
        scene.hours_pass()
        scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.00"), False)} and entries(scene, "PARTS") == {}
    assert set(scene.states("sales_items")) <= {"posted", "processed"}
    assert not [row for row in scene.documents("sales_items") if row.source_key == "PARTS"]
    scene.org.edit("PricebookEntry", entry_id(scene, "NEW-1"), {"IsActive": True})
    with scene.pipeline() as pipeline:
        compare(pipeline, "sales_items", "night")
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.00"), False)}


def test_the_night_finds_a_price_that_no_stamp_told_and_one_that_somebody_overwrote(stage: Stage) -> None:
    scene = stage(BASE)
    an_item(scene, "NEW-1", list_1=(3.005, "$"))
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.01"), True)}
    with scene.pipeline() as pipeline:
        assert compare(pipeline, "sales_items", "night").words().endswith("are there.")
    scene.org.edit("PricebookEntry", entry_id(scene, "NEW-1"), {"UnitPrice": 99, "IsActive": False})
    with scene.pipeline() as pipeline:
        assert compare(pipeline, "sales_items", "night").written_again == ["NEW-1"]
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.01"), True)}
    priced(scene, "NEW-1", stamped=False, list_1=(7.0, "$"))
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.01"), True)}
    with scene.pipeline() as pipeline:
        compare(pipeline, "sales_items", "night")
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("7.00"), True)}


def test_a_price_in_another_currency_holds_the_item_until_it_is_right(stage: Stage) -> None:
    scene = stage(BASE)
    an_item(scene, "NEW-1", list_1=(3.0, "EUR"))
    scene.run("sales_items")
    held = the_hold(scene)
    assert (held.source_key, held.reason_code) == ("NEW-1", "currency_differs") and "in EUR" in held.reason
    assert entries(scene, "NEW-1") == {}
    priced(scene, "NEW-1", list_1=(3.0, "$"))
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.00"), True)}


def test_a_price_that_the_org_would_keep_as_0_holds_the_item(stage: Stage) -> None:
    scene = stage(BASE)
    an_item(scene, "SCREW", list_1=(0.004, "$"))
    scene.run("sales_items")
    held = the_hold(scene)
    assert held.reason_code == "price_too_small" and "would be 0: the org keeps 2 decimals" in held.reason
    assert entries(scene, "SCREW") == {}
    priced(scene, "SCREW", list_1=(0.005, "$"))
    scene.run("sales_items")
    assert entries(scene, "SCREW") == {STANDARD: (Decimal("0.01"), True)}
    priced(scene, "SCREW", list_1=(0.004, "$"))
    scene.run("sales_items")
    assert the_hold(scene).reason_code == "price_too_small" and entries(scene, "SCREW") == {STANDARD: (Decimal("0.01"), True)}


def test_an_org_with_several_currencies_has_an_entry_for_each(stage: Stage) -> None:
    euros = {"price_list": 3, "price_book": "Standard", "currency": "EUR"}
    scene = stage(BASE, euros, {**OF_DEALERS, "currency": "EUR"}, profile="multi_currency")
    an_item(scene, "NEW-1", list_1=(3.0, "$"), list_2=(2.0, "EUR"), list_3=(2.5, "EUR"))
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {
        STANDARD: (Decimal("3.00"), True),
        ("Standard Price Book", "EUR"): (Decimal("2.50"), True),
        ("Dealers", "EUR"): (Decimal("2.00"), True),
    }


def test_an_org_with_one_currency_takes_no_price_of_another(stage: Stage) -> None:
    scene = stage(BASE, {"price_list": 3, "price_book": "Dealers", "currency": "EUR"})
    with scene.pipeline() as pipeline:
        (told,) = pipeline.route("sales_items").masters.check(())
    assert not told.ok and "keeps prices in USD alone" in told.detail
    an_item(scene, "NEW-1", list_1=(3.0, "$"), list_3=(2.5, "EUR"))
    scene.run("sales_items")
    assert the_hold(scene).source_key == "NEW-1" and ("Dealers", "USD") not in entries(scene, "NEW-1")


def test_what_uses_the_standard_price_gets_its_own_and_a_repeat_writes_nothing(stage: Stage) -> None:
    scene = stage(BASE, OF_DEALERS)
    an_item(scene, "NEW-1", list_1=(3.0, "$"), list_2=(2.0, "$"))
    scene.run("sales_items")
    with scene.org.lock:
        of_dealers = next(
            row
            for row in scene.org.store.all("PricebookEntry")
            if row.values["UnitPrice"] == 2 and row.values["ProductCode"] == "NEW-1"
        )
    scene.org.edit("PricebookEntry", of_dealers.id, {"UseStandardPrice": True})
    priced(scene, "NEW-1", list_1=(3.0, "$"), list_2=(1.5, "$"))
    scene.run("sales_items")
    assert entries(scene, "NEW-1")[DEALERS] == (Decimal("1.50"), True) and not of_dealers.values["UseStandardPrice"]
    stamp = of_dealers.values["SystemModstamp"]
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("Items", "NEW-1", ItemName="Another name")
    scene.run("sales_items")
    assert of_dealers.values["SystemModstamp"] == stamp


def test_prices_that_are_switched_on_later_are_told_of_all_items(stage: Stage, tmp_path: Path) -> None:
    scene = stage(prices=False)
    an_item(scene, "NEW-1", list_1=(3.0, "$"))
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {}
    file = next((tmp_path / "config").glob("*.yaml"))
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("to: products", "to: products\n    prices: {lists: [{price_list: 1, currency: USD}]}"), encoding="utf-8"
    )
    assert file.read_text(encoding="utf-8") != text
    with scene.pipeline() as pipeline:
        compare(pipeline, "sales_items", "night")
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.00"), True)}


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_entries_whose_answer_is_lost_are_made_once(stage: Stage, fault: str) -> None:
    scene = stage(BASE, OF_DEALERS)
    scene.run("sales_items")
    scene.erp.move_clock(dt.timedelta(seconds=2))
    an_item(scene, "NEW-1", list_1=(3.0, "$"), list_2=(2.0, "$"))
    scene.org.faults.arm(fault, "/composite/sobjects/PricebookEntry", 1, method="PATCH")
    scene.run("sales_items")
    time.sleep(ABSENCE_S)
    for _ in range(3):
        scene.hours_pass()
        scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.00"), True), DEALERS: (Decimal("2.00"), True)}
    assert set(scene.states("sales_items")) <= {"posted", "processed"}


def test_an_entry_that_somebody_makes_at_the_same_moment_is_changed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage(BASE)
    scene.run("sales_items")
    an_item(scene, "NEW-1", list_1=(3.0, "$"))
    real, made = PricedProducts._upsert, list[str]()

    def after_another(self: PricedProducts, rows: Any, by: str) -> None:
        if rows and not made:
            place = {name: rows[0][name] for name in ("Pricebook2Id", "Product2Id")}
            made.append(scene.org.add("PricebookEntry", {**place, "UnitPrice": 1, "IsActive": True}))
        real(self, rows, by)

    monkeypatch.setattr(PricedProducts, "_upsert", after_another)
    scene.run("sales_items")
    assert made and entries(scene, "NEW-1") == {STANDARD: (Decimal("3.00"), True)}
    assert "on_hold" not in scene.states("sales_items")


def test_what_salesforce_refuses_holds_the_item_in_its_words(stage: Stage) -> None:
    scene = stage(OF_DEALERS)
    an_item(scene, "NEW-1", list_2=(3.0, "$"))
    scene.run("sales_items")
    held = the_hold(scene)
    assert held.source_key == "NEW-1" and "create a standard price" in held.reason
    with scene.org.lock:
        (product,) = [row.id for row in scene.org.store.all("Product2") if row.values["ProductCode"] == "NEW-1"]
        (book,) = scene.org.store.having("Pricebook2", "IsStandard", True)
    scene.org.add("PricebookEntry", {"Pricebook2Id": book.id, "Product2Id": product, "UnitPrice": 4, "IsActive": True})
    with scene.pipeline() as pipeline:
        pipeline.operator.reprocess(pipeline.run("sales_items", "by hand", held.partition), held.id, "it has a standard price")
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("4.00"), True), DEALERS: (Decimal("3.00"), True)}


def test_a_price_that_somebody_edits_is_written_again_before_the_night(stage: Stage) -> None:
    scene = stage(BASE)
    an_item(scene, "NEW-1", list_1=(3.0, "$"))
    scene.run("sales_items")
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.edit("PricebookEntry", entry_id(scene, "NEW-1"), {"UnitPrice": 99})
    with scene.pipeline() as pipeline:
        assert are_edited(replace(pipeline.route("sales_items"), edits_every_s=0)) == 1
    scene.run("sales_items")
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("3.00"), True)}


def test_what_people_changed_of_a_price_may_ask_a_person(stage: Stage) -> None:
    scene = stage(BASE, ownership={"product": {"price": {"owner": "erp", "changed_elsewhere": "hold"}}})
    an_item(scene, "NEW-1", list_1=(3.0, "$"))
    scene.run("sales_items")
    scene.org.edit("PricebookEntry", entry_id(scene, "NEW-1"), {"UnitPrice": 99})
    with scene.pipeline() as pipeline:
        compare(pipeline, "sales_items", "night")
    scene.run("sales_items")
    assert the_hold(scene).reason_code == "field_changed_elsewhere"
    assert entries(scene, "NEW-1") == {STANDARD: (Decimal("99.00"), True)}


def test_check_names_the_price_list_and_the_price_book_that_are_missing(stage: Stage) -> None:
    scene = stage({**BASE, "price_list": 9}, {**OF_DEALERS, "price_book": "Nobody's"})
    with scene.pipeline() as pipeline:
        route = pipeline.route("sales_items")
        assert route.check is not None
        lists, (book,) = route.check(), route.masters.check(())
    assert [(one.ok, one.detail.partition(";")[0]) for one in lists] == [
        (True, "price list 2 Dealers"),
        (False, "there is no price list 9"),
    ]
    assert not book.ok and 'no price book "Nobody\'s"' in book.detail and "'Dealers'" in book.detail
    scene.org.access.hidden_objects.add("Pricebook2")
    scene.org.access.hidden.add(("PricebookEntry", "ERP_Price__c"))
    scene.org.access.protected.add(("PricebookEntry", "UnitPrice"))
    with scene.pipeline() as pipeline:
        told = "; ".join(one.detail for one in pipeline.connectors["salesforce"].check() if not one.ok)
    assert "Pricebook2 is not available" in told and "PricebookEntry.ERP_Price__c is not there" in told
    assert "PricebookEntry.UnitPrice may not be written" in told


def test_check_wants_the_standard_price_book_called_so(stage: Stage) -> None:
    scene = stage({**BASE, "price_book": "Standard price book"})
    with scene.pipeline() as pipeline:
        (told,) = pipeline.route("sales_items").masters.check(())
    assert not told.ok and "Write `price_book: Standard`" in told.detail


def test_check_says_what_it_writes_into_and_whether_it_may(stage: Stage) -> None:
    scene = stage(BASE, OF_DEALERS)
    with scene.pipeline() as pipeline:
        (told,) = pipeline.route("sales_items").masters.check(())
    assert told.ok and "Standard (01s" in told.detail and "Dealers (01s" in told.detail
    scene.org.access.protected.add(("PricebookEntry", "Pricebook2Id"))
    with scene.pipeline() as pipeline:
        (told,) = pipeline.route("sales_items").masters.check(())
    assert not told.ok and "Pricebook2Id may not be given" in told.detail
