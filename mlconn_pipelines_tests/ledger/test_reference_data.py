"""Reference data: versions, the books made of them, and the documents that new versions bring back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.reference import BusinessPartner, CrossReference, Item
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.ledger.intake import PostgresIntake
from mlconn_pipelines_tests.ledger.workbench import RUN, Workbench, on_both


def items(*codes: str, active: bool = True) -> dict[str, Item]:
    return {
        code: Item(code, f"Item {code}", active, unit_factors={"CA": Decimal("12.0")}, barcodes=("4006381",)) for code in codes
    }


@pytest.mark.database
def test_every_version_can_be_read_again(bench: Workbench) -> None:
    store = bench.intake.store_reference
    assert bench.intake.reference_book("acme").version == 0
    assert store(RUN, "Items", "item", items("A", "B"), True, "mark-1") == 1
    assert store(RUN, "Items", "item", items("A", "B"), True, "mark-2") == 1, "nothing differs"
    assert store(RUN, "Items", "item", items("B", active=False), False, None) == 2
    assert store(RUN, "Items", "item", items("C"), True, None) == 3
    assert store(RUN, "Partners", "partner", {"P": BusinessPartner("P", "Shop", "customer")}, False, None) == 4
    assert bench.queue.watermark("acme", "Items") == "mark-2"
    books = [bench.intake.reference_book("acme", version) for version in (1, 2, 3, 4)]
    assert [sorted(book.items) for book in books] == [["A", "B"], ["A", "B"], ["C"], ["C"]]
    assert [books[0].items["B"].active, books[1].items["B"].active] == [True, False]
    assert books[0].items["A"] == items("A")["A"]
    assert books[0].items_by_barcode["4006381"] == ("A", "B")
    fresh = PostgresIntake(bench.engine)
    assert [fresh.reference_book("acme", version) for version in (4, 3, 2, 1)] == books[::-1], "whatever is cached"
    with pytest.raises(LedgerError):
        bench.intake.reference_book("acme", 9)


@on_both
def test_an_ambiguous_cross_reference_keeps_all_its_items(bench: Workbench) -> None:
    found = {f"C1|X|{code}": CrossReference("C1", "X", code) for code in ("A", "B")}
    bench.intake.store_reference(RUN, "Catalogue", "cross_reference", found, True, None)
    book = bench.intake.reference_book("acme")
    assert sorted(book.cross_references["C1", "X"]) == ["A", "B"]
    assert book.partner_items["C1", "B"] == ("X",)


@on_both
def test_a_new_version_brings_back_only_what_reference_data_refused(bench: Workbench) -> None:
    bench.intake.store_reference(RUN, "Items", "item", items("A"), True, None)
    cured = ("item_unknown", "product_id_missing", "ship_to_unknown", "guide_element_missing", "code_of_another_release")
    others = ("business_duplicate", "price_differs", "purpose_not_supported")
    rows = {code: bench.check(bench.seen(), State.ON_HOLD, reason_code=code, reference_version=1) for code in (*cured, *others)}
    bench.intake.store_reference(RUN, "Items", "item", items("A", "B"), True, None)
    assert {code for code, row in rows.items() if bench.now(row).state == State.PENDING_VALIDATION} == set(cured)
    assert bench.trail(rows["item_unknown"])[-1] == "revalidated"


@on_both
def test_another_configuration_brings_back_what_a_check_refused(bench: Workbench) -> None:
    row = bench.check(bench.seen(), State.ON_HOLD, reason_code="partner_unknown")
    for_a_person = bench.check(bench.seen(), State.ON_HOLD, reason_code="business_duplicate")
    assert bench.queue.configuration_changed("acme", RUN.config_hash) == 0
    assert bench.queue.configuration_changed("acme", "config-2") == 1
    assert bench.now(row).state == State.PENDING_VALIDATION
    assert bench.now(for_a_person).state == State.ON_HOLD


@pytest.mark.database
def test_ten_thousand_items_take_a_new_one_in_by_what_changed(bench: Workbench) -> None:
    many = {
        f"I{n:05}": Item(f"I{n:05}", "Some item of average length", unit_factors={"CA": Decimal(12)}) for n in range(10_000)
    }
    bench.intake.store_reference(RUN, "Items", "item", many, True, None)
    first = bench.intake.reference_book("acme")
    assert len(first.items) == 10_000
    bench.intake.store_reference(RUN, "Items", "item", items("NEW"), False, None)
    second = bench.intake.reference_book("acme")
    assert len(second.items) == 10_001
    assert second.version > first.version
    assert bench.intake.reference_book("acme") is second
