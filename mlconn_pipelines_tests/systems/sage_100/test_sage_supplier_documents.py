"""856, 810 and 855 of a vendor against our order in Sage 100, and what they become there."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import AllowanceOrCharge, PaymentTerms, ProductId, Tax
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.documents.receiving_advice import OrderReference, QuantityInQuestion, ReceivedLine, ReceivingAdvice
from mlconn_pipelines.documents.ship_notice import ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.ports.mapping import AcknowledgmentEffect, Creation, ErpMapping
from mlconn_pipelines.systems.sage_100.mapping.mapping import mapping_of
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.records.order_parts import parts_of
from mlconn_pipelines.systems.sage_100.records.purchase_order import ORDERS
from mlconn_pipelines_tests.sage_100_agent.simulated import Kept, site_of
from mlconn_pipelines_tests.systems.sage_100.sage_rows import VENDOR, book, line, order, partner
from mlconn_simulators.sage_100.sandbox import MAIN, Sage100Sandbox
from mlconn_simulators.world.making import make_world
from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.verbs.catalogue import VERBS
from sage_100_agent.verbs.forms import check
from sage_100_agent.verbs.job import Job

DAY = dt.date(2026, 12, 10)
REFERENCE = "acme:receipts:D1"
RECORD = order(
    line(1),
    line(2, ItemCode="NUT", VendorAliasItemNo="V-NUT", WarehouseCode="001", QuantityOrdered="12", UnitCost="2", UnitOfMeasure="BX12",
         UnitOfMeasureConvFactor="12", QuantityReceived="2"),
)  # fmt: skip
BOLT, NUT = (ProductId("VP", "V-BOLT"),), (ProductId("VP", "V-NUT"),)


def mapping(**settings: Any) -> ErpMapping:
    return mapping_of(Sage100Settings(**settings))


def codes(creation: Creation | AcknowledgmentEffect) -> list[str]:
    return [finding.code for finding in creation.findings]


def notice(*orders: ShippedOrder) -> ShipNotice:
    return ShipNotice("S-1", DAY, dt.time(9), orders)


def shipped(number: str, *lines: ShippedLine) -> ShippedOrder:
    return ShippedOrder(number, lines)


def some(number: str = "1", quantity: str = "40", unit: str = "EA", ids: Any = BOLT) -> ShippedLine:
    return ShippedLine(number, Decimal(quantity), unit, ids)


def receipt(document: ShipNotice, *records: Any, reference: str = REFERENCE) -> Creation:
    receipts = mapping().receipts
    assert receipts is not None
    known = {mapping().outbound.header("x12_850", record).business_number: record for record in records or (RECORD,)}
    creation = receipts.receipt(document, known, partner(), book(), reference)
    assert creation is not None
    return creation


def charged(number: str = "1", quantity: str = "40", price: str = "1.25", ids: Any = BOLT, unit: str = "EA") -> InvoiceLine:
    return InvoiceLine(number, Decimal(quantity), unit, Decimal(price), ids)


def invoice(*lines: InvoiceLine, **changes: Any) -> Invoice:
    values = {"total": Decimal(), "lines": lines or (charged(),), "order_number": "0001234"} | changes
    found = Invoice("inv-77", DAY, "USD", **values)
    return found if "total" in changes else replace(found, total=found.counted_total.quantize(Decimal("0.01")))


def entered(document: Invoice, record: Any = RECORD, **settings: Any) -> Creation:
    invoices = mapping(**settings).supplier_invoices
    assert invoices is not None
    creation = invoices.invoice(document, record, partner(), book(), REFERENCE)
    assert creation is not None
    return creation


def confirmed(*lines: AcknowledgedLine, **changes: Any) -> OrderAcknowledgment:
    return OrderAcknowledgment("0001234", DAY, "AC", lines=lines, **changes)


def answer(number: str, date: dt.date | None, status: str = "IA", quantity: str = "100", ids: Any = BOLT) -> AcknowledgedLine:
    said = LineAnswer(status, Decimal(quantity), "EA", "067" if date else "", date)
    return AcknowledgedLine(number, Decimal(quantity), "EA", Decimal("1.25"), ids, (said,))


def effect(document: OrderAcknowledgment, record: Any = RECORD, **settings: Any) -> AcknowledgmentEffect:
    return mapping(**settings).suppliers.effect(document, record, partner(), book())


def test_an_856_is_received_into_each_lines_warehouse() -> None:
    creation = receipt(notice(shipped("0001234", some(), some("2", "5", "BX", NUT), some("1", "10"))))
    assert (creation.entity, creation.findings, creation.partner_code) == ("receipts", (), VENDOR)
    assert creation.payload == {
        "reference": "acme:D1",
        "purchase_order": "0001234",
        "date": "20261210",
        "lines": [
            {"line_key": "000001", "quantity": "50", "warehouse": "000"},
            {"line_key": "000002", "quantity": "5", "warehouse": "001"},
        ],
    }


def test_of_a_line_that_is_back_ordered_whole_nothing_is_received() -> None:
    payload = receipt(notice(shipped("0001234", some(quantity="0"), some("2", "5", "BX", NUT)))).payload
    assert payload is not None and [row["line_key"] for row in payload["lines"]] == ["000002"]


def test_parts_of_one_order_are_received_together() -> None:
    central, east = parts_of(RECORD)
    creation = receipt(notice(shipped("0001234-001", some("2", "5", "BX", NUT)), shipped("0001234-000", some())), central, east)
    assert creation.findings == () and creation.payload is not None
    assert (creation.payload["purchase_order"], [row["warehouse"] for row in creation.payload["lines"]]) == (
        "0001234",
        ["001", "000"],
    )


def test_quantities_go_back_into_the_order_lines_own_unit() -> None:
    boxes = order(line(UnitOfMeasure="BX12", UnitOfMeasureConvFactor="12", QuantityOrdered="10"))
    payload = receipt(notice(shipped("0001234", some(quantity="30"))), boxes).payload
    assert payload is not None and payload["lines"][0]["quantity"] == "2.5"
    assert codes(receipt(notice(shipped("0001234", some(unit="KG"))), boxes)) == ["unit_differs", "no_lines"]


@pytest.mark.parametrize(
    ("document", "records", "found"),
    [
        (notice(shipped("0001234", some("9", ids=(ProductId("VP", "ELSE"),)))), (), ["line_unknown", "no_lines"]),
        (notice(shipped("0009999", some())), (), ["no_lines"]),
        (notice(shipped("0001234", some("2", "11", "BX", NUT))), (), ["over_shipped"]),
        (notice(shipped("0001234", some())), (order(OrderStatus="X"),), ["order_gone"]),
        (
            notice(shipped("0001234", some()), shipped("0001235", some())),
            (RECORD, order(PurchaseOrderNo="0001235")),
            ["several_orders_shipped"],
        ),
        (notice(shipped("0001234", some(quantity="4000000000"))), (), ["value_too_long"]),
        (notice(shipped("0001234", some(quantity="-5"))), (), ["quantity_not_positive"]),
        (notice(shipped("0001234", some(quantity="0"))), (), ["no_lines"]),
    ],
)
def test_what_cannot_be_received_is_a_persons(document: ShipNotice, records: Any, found: list[str]) -> None:
    creation = receipt(document, *records)
    assert codes(creation) == found
    assert (creation.payload is None) is (found != ["over_shipped"])  # which somebody may approve


def test_a_reference_that_sage_would_cut_is_refused() -> None:
    creation = receipt(notice(shipped("0001234", some())), reference="a-very-long-integration-name-of-ours:receipts:D1")
    assert codes(creation) == ["value_too_long"] and creation.payload is None


def test_an_810_is_distributed_to_the_accounts_of_the_orders_lines() -> None:
    document = invoice(
        charged(),
        charged("2", "3", "2", NUT, "BX"),
        taxes=(Tax("ST", Decimal("4.10")),),
        allowances_and_charges=(AllowanceOrCharge("C", "D240", Decimal("7.5"), "Freight"),),
        terms=PaymentTerms(net_due_date=dt.date(2027, 1, 9)),
    )
    assert mapping().suppliers.invoice_findings(document, RECORD, partner(), book(), ()) == ()
    creation = entered(document)
    assert (creation.entity, creation.findings, creation.partner_code) == ("ap_invoices", (), VENDOR)
    assert creation.payload == {
        "reference": "acme:D1",
        "division": "01",
        "vendor": "ABC0001",
        "invoice": "INV-77",
        "date": "20261210",
        "due_date": "20270109",
        "purchase_order": "0001234",
        "amount": "67.6",
        "freight": "7.5",
        "tax": "4.1",
        "lines": [
            {"account_key": "000000003", "amount": "50", "comment": "BOLT 40 EA at 1.25"},
            {"account_key": "000000003", "amount": "6", "comment": "NUT 3 BX at 2"},
        ],
    }


def test_cents_that_rounding_leaves_go_to_the_largest_share() -> None:
    document = invoice(charged(quantity="1", price="0.335"), charged("2", "1", "0.335", NUT, "BX"), total=Decimal("0.67"))
    payload = entered(document).payload
    assert payload is not None and [row["amount"] for row in payload["lines"]] == ["0.33", "0.34"]


def test_other_charges_go_to_the_account_for_them_or_to_a_person() -> None:
    document = invoice(allowances_and_charges=(AllowanceOrCharge("C", "D500", Decimal(3), "Handling"),
                                               AllowanceOrCharge("A", "C310", Decimal(1), "Discount")))  # fmt: skip
    refused = entered(document)
    assert codes(refused) == ["charge_without_account", "charge_without_account"] and refused.payload is None
    payload = entered(document, charges_account="6500-01-00").payload
    assert payload is not None and payload["amount"] == "52"
    assert [(row["account_key"], row["amount"]) for row in payload["lines"]] == [
        ("000000003", "50"),
        ("000000009", "3"),
        ("000000009", "-1"),
    ]
    abroad = replace(document, allowances_and_charges=(AllowanceOrCharge("C", "D500", Decimal(2), "Łódź\tdepot"),))
    payload = entered(replace(abroad, total=Decimal(52)), charges_account="6500-01-00").payload
    assert payload is not None and payload["lines"][1]["comment"].endswith("?ód? depot")
    wrong = entered(document, charges_account="6500-07-00")
    assert codes(wrong) == ["dimension_value_unknown", "account_unknown"] and wrong.payload is None


@pytest.mark.parametrize(
    ("document", "record", "found"),
    [
        (invoice(charged("9", ids=(ProductId("VP", "ELSE"),))), RECORD, ["line_unknown"]),
        (invoice(), order(line(PurchasesAcctKey="")), ["account_unknown"]),
        (invoice(), order(line(PurchasesAcctKey="000000077")), ["account_unknown"]),
        (invoice(), order(line(PurchasesAcctKey="000000008")), ["account_inactive", "dimension_value_inactive"]),
        (invoice(), order(APDivisionNo="00"), ["partner_inactive"]),
        (invoice(taxes=(Tax("ST", None, Decimal(8)),)), RECORD, ["stated_without_amount"]),
        (invoice(total=Decimal(60)), RECORD, ["total_does_not_add_up"]),
    ],
)
def test_an_invoice_that_would_be_entered_wrong_is_not(document: Invoice, record: Any, found: list[str]) -> None:
    creation = entered(document, record)
    assert codes(creation) == found and creation.payload is None


@pytest.mark.parametrize(("number", "fits"), [("1" * 20, True), ("1" * 21, False), ("INV-Ł", False)])
def test_an_invoice_number_is_never_cut(number: str, fits: bool) -> None:
    held = invoice()
    creation = entered(Invoice(number, DAY, "USD", held.total, held.lines, order_number="0001234"))
    assert (creation.payload is not None) is fits and codes(creation) == ([] if fits else ["value_too_long"])


def test_confirmed_dates_are_those_on_which_open_lines_are_required() -> None:
    later = dt.date(2026, 12, 20)
    done = effect(confirmed(answer("1", later), answer("2", later, ids=NUT, quantity="12")))
    assert done.changes == {
        "number": "0001234",
        "lines": [
            {"line_key": "000001", "required_date": "20261220"},
            {"line_key": "000002", "required_date": "20261220"},
        ],
    }
    assert [row["RequiredDate"] for row in done.expected["lines"]] == ["20261220", "20261220"]
    assert [told["date"] for told in done.lines] == ["2026-12-20", "2026-12-20"]
    as_wanted = effect(confirmed(answer("1", dt.date(2026, 12, 15))))
    received = effect(confirmed(answer("1", later)), order(line(QuantityReceived="100")))
    off = effect(confirmed(answer("1", later)), confirmed_dates=False)
    assert as_wanted.changes == received.changes == off.changes == {}


def test_a_completed_order_keeps_its_dates() -> None:
    done = effect(confirmed(answer("1", dt.date(2026, 12, 20))), order(OrderStatus="X"))
    assert done.changes == {} and codes(done) == ["order_closed"]


def test_other_quantities_and_rejections_are_a_persons() -> None:
    done = effect(confirmed(answer("1", None, "IQ", "90"), answer("2", None, "IR", "12", NUT)))
    assert [finding.code for finding in done.differences] == ["quantity_differs", "unit_differs", "line_rejected"]


def received(number: str = "1", quantity: str = "100", **changes: Any) -> ReceivedLine:
    held: dict[str, Any] = {"unit": "EA", "orders": (OrderReference("0001234", line=number),)} | changes
    return ReceivedLine(
        "7", changes.get("product_ids", BOLT), Decimal(quantity), **{k: v for k, v in held.items() if k != "product_ids"}
    )


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((received(),), []),
        ((received(quantity="60"), received(quantity="40")), []),
        ((received(quantity="90"),), ["short_shipped"]),
        ((received(quantity="60"), received(quantity="41")), ["quantity_differs"]),
        ((received(quantity="95", shipped=Decimal(100)),), ["quantity_differs", "short_shipped"]),
        ((received(in_question=(QuantityInQuestion(Decimal(5), "EA", "01"),)),), ["quantity_differs"]),
        ((received(quantity_returned=Decimal(5)),), ["quantity_differs"]),
        ((received(unit="KG"),), ["unit_differs"]),
        ((received("9", product_ids=(ProductId("VP", "ELSE"),)),), ["line_unknown"]),
        ((received(orders=(OrderReference("0009999"),)),), []),  # whoever calls says that there is no such order
        ((received(orders=()),), []),
    ],
)
def test_an_861_is_compared_with_what_was_shipped_and_ordered(lines: tuple[ReceivedLine, ...], found: list[str]) -> None:
    advice = ReceivingAdvice("RA-1", DAY, (), lines)
    findings = mapping().suppliers.receiving_advice_findings(advice, {"0001234": RECORD}, partner(), book(), ())
    assert [finding.code for finding in findings] == found


def test_an_861_names_damage_in_words_and_its_only_order_for_all_lines() -> None:
    damaged = received(orders=(), in_question=(QuantityInQuestion(Decimal(5), "EA", "01"),))
    advice = ReceivingAdvice("RA-1", DAY, (), (replace(damaged, number="1"),), orders=(OrderReference("0001234"),))
    (finding,) = mapping().suppliers.receiving_advice_findings(advice, {"0001234": RECORD}, partner(), book(), ())
    assert finding.message == "Item BOLT: 5 EA damaged (RCD 01)." and finding.place == "order 0001234, line 1"


def test_what_is_switched_off_or_not_there_is_left_out() -> None:
    assert mapping().created == ("receipts", "ap_invoices")
    off = mapping(receipts=False, supplier_invoices=False)
    assert off.created == () and off.orders is None


class Sage:
    """The simulated Sage behind the agent's verbs, with an order in it."""

    def __init__(self) -> None:
        self.sandbox = Sage100Sandbox(make_world(1, 40), orders=0)
        lines: list[dict[str, str | float]] = [
            {"ItemCode$": "A1001", "QuantityOrdered": 5.0},
            {"ItemCode$": "A1002", "QuantityOrdered": 12.0, "WarehouseCode$": "001"},
        ]
        self.number = self.sandbox.people.enter_order("V10090", lines, {"WarehouseCode$": "000"})
        accounts = self.rows("gl_account.list")
        lists = {name: self.rows("ref.list", list=name) for name in ("warehouses", "terms", "tax_schedules")}
        self.book = book(vendors=self.rows("vendor.changed"), items=self.rows("item.list"), gl_accounts=accounts, **lists)
        units = {row["UnitOfMeasure"]: "EA" for row in self.order()["lines"]}
        self.partner = partner(units=units)

    def rows(self, verb: str, **params: Any) -> list[dict[str, Any]]:
        _, kept = self.do(verb, params)
        return kept.rows

    def do(self, verb: str, params: dict[str, Any], reference: str = "") -> tuple[Any, Kept]:
        check(params, VERBS[verb].form)
        site, kept = site_of(self.sandbox), Kept()
        try:
            return VERBS[verb].run(Job(verb, MAIN, params, reference), site, kept), kept
        finally:
            site.session.close()

    def order(self) -> dict[str, Any]:
        return self.do("po.get", {"number": self.number})[0]["order"]  # type: ignore[no-any-return]

    def enter(self, verb: str, creation: Creation | None) -> Any:
        assert creation is not None and creation.findings == () and creation.payload is not None
        params = dict(creation.payload)
        return self.do(verb, params, params.pop("reference"))[0]


def test_what_the_mapping_gives_is_what_the_agent_takes_and_sage_holds() -> None:
    sage, settings = Sage(), mapping()
    record = sage.order()
    ours = [row for row in record["lines"] if row["ItemType"] == "1"]
    ids = [(ProductId("BP", row["ItemCode"]),) for row in ours]
    coming = [
        ShippedLine(str(int(row["LineKey"])), Decimal(row["QuantityOrdered"]), "EA", held)
        for row, held in zip(ours, ids, strict=True)
    ]
    assert settings.receipts is not None and settings.supplier_invoices is not None
    receipt = settings.receipts.receipt(
        notice(shipped(sage.number, *coming)), {sage.number: record}, sage.partner, sage.book, "acme:receipts:D7"
    )
    told = sage.enter("receipt.enter", receipt)
    assert told["warnings"] == [] and told["posted"] is False
    came = [(row["QuantityReceived"], row["WarehouseCode$"]) for row in sage.sandbox.company["PO_ReceiptDetail"].rows.values()]
    assert came == [(5.0, "000"), (12.0, "001")]
    bill = [
        InvoiceLine(str(int(row["LineKey"])), Decimal(row["QuantityOrdered"]), "EA", Decimal(row["UnitCost"]), held)
        for row, held in zip(ours, ids, strict=True)
    ]
    document = invoice(*bill)
    creation = settings.supplier_invoices.invoice(document, record, sage.partner, sage.book, "acme:ap_invoices:D8")
    assert sage.enter("ap_invoice.enter", creation)["number"] == "INV-77"
    with pytest.raises(Refused) as again:
        sage.enter("ap_invoice.enter", creation)
    assert again.value.category is Category.DUPLICATE


def test_our_own_change_of_dates_is_known_when_it_is_read_again() -> None:
    sage, settings = Sage(), mapping()
    record = sage.order()
    dates = [
        AcknowledgedLine(str(int(row["LineKey"])), None, "", None, (ProductId("BP", row["ItemCode"]),),
                         (LineAnswer("IA", None, "", "067", dt.date(2027, 3, 1)),))
        for row in record["lines"]
    ]  # fmt: skip
    done = settings.suppliers.effect(confirmed(*dates), record, sage.partner, sage.book)
    assert done.changes and done.differences == ()
    sage.do("po.update_dates", dict(done.changes))
    hashing = settings.outbound.hashing(ORDERS)
    assert hashing.of(sage.order()) == hashing.of(done.expected) != hashing.of(record)
