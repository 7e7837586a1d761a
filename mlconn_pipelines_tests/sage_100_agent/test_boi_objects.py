"""What a method's return means, one by one, and what is refused before Sage is asked."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest

from mlconn_pipelines_tests.sage_100_agent.scripted import Answer, Scripted
from sage_100_agent.boi.interface import HostFailed, Ref
from sage_100_agent.boi.objects import BoiObject, Encoding, quoted
from sage_100_agent.boi.refusals import Category, Refused, category_of

ENCODING = Encoding("Š", "cp1252")


def order(**answers: Answer) -> BoiObject:
    return BoiObject(Scripted(**answers), ENCODING, {"Comment": 30}, "PO_PurchaseOrder_bus")


def filling(text: str, fails: bool = False) -> Answer:
    def fill(*args: object) -> int:
        assert isinstance(args[-1], Ref)
        args[-1].value = text
        if fails:
            raise HostFailed("RPC call failed", -2147023170)
        return 1

    return fill


@pytest.mark.parametrize("nothing", [0, 0.0, "", None, "0"])
def test_nothing_is_a_refusal_where_zero_is_one_and_an_answer_where_it_is_none(nothing: str | float | None) -> None:
    refusing = order(nWrite=nothing, nFind=nothing, nMoveFirst=nothing, sLastErrorMsg="The record is in use by JDOE.")
    with pytest.raises(Refused) as refused:
        refusing.call("nWrite")
    assert (refused.value.category, refused.value.text) == (Category.IN_USE, "The record is in use by JDOE.")
    assert refusing.call("nFind", "0000001") == 0 and refusing.call("nMoveFirst") == 0


def test_minus_one_did_what_was_asked_and_is_told() -> None:
    warned = order(nWrite=-1, sLastErrorMsg="The order is over the vendor's credit limit.")
    assert warned.call("nWrite") == -1
    assert warned.warnings == ["The order is over the vendor's credit limit."]


def test_lines_warn_into_the_same_list_as_their_header() -> None:
    header = order(oLines=Scripted(nWrite=-1, sLastErrorMsg="Quantity on hand is short."))
    header.lines().call("nWrite")
    assert header.warnings == ["Quantity on hand is short."]


def test_a_new_record_and_an_existing_one_are_told_apart() -> None:
    assert order(nSetKey=2).set_key(PurchaseOrderNo="0000001")
    assert not order(nSetKey=1).set_key(PurchaseOrderNo="0000001")
    receipt = order(nSetKey=2)
    assert receipt.set_key(ReceiptType="G", ReceiptNo="000001")
    assert receipt.com.said == [".nSetKeyValue", ".nSetKeyValue", ".nSetKey"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("fails", [False, True])
def test_a_number_that_was_taken_is_told_even_if_the_call_then_fails(fails: bool) -> None:
    taken: list[str] = []
    with pytest.raises(HostFailed) if fails else contextlib.nullcontext():
        order(nGetNextPurchaseOrderNo=filling("0000007", fails)).next_number("nGetNextPurchaseOrderNo", taken.append)
    assert taken == ["0000007"]


def test_no_number_in_the_argument_is_a_refusal_though_the_call_returned_one() -> None:
    with pytest.raises(Refused, match="no number came back"):
        order(nGetNextPurchaseOrderNo=1).next_number("nGetNextPurchaseOrderNo", lambda number: None)


@pytest.mark.parametrize("value", ["x" * 31, "Łódź", "Šumava", "two\nlines"])
def test_what_sage_would_cut_or_lose_is_refused_before_it_is_asked(value: str) -> None:
    asked = order()
    with pytest.raises(Refused) as refused:
        asked.set_text("Comment", value)
    assert refused.value.category is Category.WIDTH and asked.com.said == []  # type: ignore[attr-defined]


def test_what_sage_cut_without_a_word_is_noticed() -> None:
    with pytest.raises(Refused, match="was cut to 'FEDEX'") as refused:
        order(nGetValue=filling("FEDEX")).set_text("ShipVia", "FEDEX GROUND")
    assert refused.value.category is Category.WIDTH
    order(nGetValue=filling("0000012")).set_text("PurchaseOrderNo", "12")  # filled with zeros is not cut


def test_numbers_go_as_doubles_and_come_back_without_loss() -> None:
    sent: list[object] = []
    order(nSetValue=lambda column, value: sent.append(value) or 1).set_number("UnitCost", Decimal("0.129999"))
    assert sent == [0.129999] and isinstance(sent[0], float)
    assert order(nGetValue=filling("1,234.560000-")).number("UnitCost") == Decimal("-1234.560000")


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("The record is in use by user JDOE on workstation WS07.", Category.IN_USE),
        ("Batch 00012 is being used by another user.", Category.BATCH_IN_USE),
        ("Period-end processing is in progress.", Category.PERIOD_END),
        ("The posting date is in a closed period.", Category.PERIOD_CLOSED),
        ("The maximum number of users has been reached.", Category.LICENCE_FULL),
        ("Your subscription has expired; the system is read-only.", Category.LAPSED_SUBSCRIPTION),
        ("You are not authorized to perform this task.", Category.NO_RIGHT),
        ("The Purchase Order module is not licensed.", Category.UNLICENSED),
        ("The Vendor 00-NONE is not on file.", Category.NOT_FOUND),
        ("The value of Comment was truncated.", Category.WIDTH),
        ("The invoice already exists.", Category.DUPLICATE),
        ("The user logon or password is not valid.", Category.SIGN_IN),
        ("Something else.", Category.OTHER),
    ],
)
def test_refusals_have_categories(text: str, category: Category) -> None:
    assert category_of(text) is category
    assert Refused(category, text, "nWrite").wait_s is None or category in {
        Category.IN_USE,
        Category.BATCH_IN_USE,
        Category.PERIOD_END,
        Category.LICENCE_FULL,
    }


def test_a_value_cannot_end_the_text_of_a_filter() -> None:
    assert quoted(['1" OR "1"="1'], "VendorNo$") == 'VendorNo$="1"" OR ""1""=""1"'


def test_rows_come_as_two_lists_and_none_is_no_refusal_without_a_reason() -> None:
    def rows(*args: object) -> int:
        assert isinstance(args[2], Ref) and isinstance(args[3], Ref)
        args[2].value, args[3].value = "0000001Š0000002Š", "aŠb"
        return 1

    assert order(nGetResultSets=rows).result_sets("PurchaseOrderNo$", "Comment$", "") == (["0000001", "0000002"], ["a", "b"])
    assert order(nGetResultSets="").result_sets("PurchaseOrderNo$", "Comment$", "") == ([], [])
    with pytest.raises(Refused):
        order(nGetResultSets=0, sLastErrorMsg="The file is in use.").result_sets("PurchaseOrderNo$", "Comment$", "")
