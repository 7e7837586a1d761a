from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import AllowanceOrCharge, ProductId, Reference, Tax
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_change import OrderChange
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.x12.guide import DatedRules, Delimiters, SetRules
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.rendering import RenderedInterchange, render_interchange
from mlconn_pipelines_tests.x12.guides import AT, guide_of, only_set, rendered

INVOICE = Invoice(
    number="90001",
    date=dt.date(2026, 3, 1),
    currency="USD",
    total=Decimal("144.00"),
    lines=(
        InvoiceLine("1", Decimal(48), "EA", Decimal("3"), (ProductId("VP", "A-1"), ProductId("UP", "012345678905")), "Widget"),
    ),
    order_number="4500012345",
    order_date=dt.date(2026, 2, 1),
    parties=(Party("ST", "Store 12", "92", "0012"), Party("BT", "Head office", street=("1 Main",), city="Springfield")),
    taxes=(Tax("ST", Decimal("1.25"), Decimal("8.25")),),
    allowances_and_charges=(AllowanceOrCharge("C", "D240", Decimal("10.5"), "Freight"),),
)

SEMICOLONS = Delimiters("|", ";", "^", "'")


def codes(made: RenderedInterchange) -> list[str]:
    return [f.code for f in made.findings if f.severity == "reject"]


def lines(made: RenderedInterchange) -> list[str]:
    return made.content.decode().split("~")


def test_an_invoice_becomes_these_bytes() -> None:
    made = rendered(INVOICE, number=42)
    assert lines(made) == [
        "ISA*00*          *00*          *ZZ*OURCOMPANY     *01*123456789      *260304*0506*U*00401*000000042*0*P*>",
        "GS*IN*OURGROUP*THEIRGROUP*20260304*0506*42*X*004010",
        "ST*810*0042",
        "BIG*20260301*90001*20260201*4500012345",
        "CUR*SE*USD",
        "N1*ST*Store 12*92*0012",
        "N1*BT*Head office",
        "N3*1 Main",
        "N4*Springfield",
        "IT1*1*48*EA*3**VP*A-1*UP*012345678905",
        "PID*F****Widget",
        "TDS*14400",
        "TXI*ST*1.25*8.25",
        "SAC*C*D240***1050**********Freight",
        "CTT*1",
        "SE*14*0042",
        "GE*1*42",
        "IEA*1*000000042",
        "",
    ]
    assert made.can_be_sent and made.findings == ()
    assert made.envelope == {
        "sender": "ZZ:OURCOMPANY",
        "receiver": "01:123456789",
        "usage": "P",
        "functional_id": "IN",
        "interchange": "000000042",
        "group": "42",
        "set_id": "810",
        "set": "0042",
    }


@pytest.mark.parametrize("version", ["003060", "004030", "004060"])
def test_an_invoice_is_written_and_read_in_each_release(version: str) -> None:
    made = rendered(INVOICE, guide_of(version=version))
    assert codes(made) == []
    begins = "BIG*260301*90001*260201*" if version < "004010" else "BIG*20260301*90001*20260201*"
    assert any(line.startswith(begins) for line in lines(made))
    assert lines(made)[1].split("*")[4] == ("260304" if version < "004010" else "20260304")
    assert parse_document(only_set(made.content)) == (INVOICE, ())


@pytest.mark.parametrize(("version", "segment"), [("004010", "MSG*Ring first"), ("004030", "MTX**Ring first")])
def test_a_note_of_an_order_stands_where_its_release_has_it(version: str, segment: str) -> None:
    order = PurchaseOrder(
        number="PO-1",
        date=dt.date(2026, 3, 1),
        lines=(OrderLine("1", Decimal(1), "EA", Decimal(2), (ProductId("VP", "A-1"),)),),
        notes=("Ring first",),
    )
    made = rendered(order, guide_of(version=version))
    assert codes(made) == []
    assert segment in lines(made)


def test_the_separators_version_and_usage_of_the_guide_are_used() -> None:
    guide = guide_of(
        delimiters=Delimiters("|", ":", "^", "'", line_break=True), version="005010", usage="T", our_qualifier="12"
    )
    made = rendered(INVOICE, guide)
    assert made.can_be_sent
    text = made.content.decode()
    assert text.startswith("ISA|00|") and text.endswith("IEA|1|000000001'\n")
    assert "|^|00501|000000001|0|T|:'\nGS|IN|OURGROUP|THEIRGROUP|20260304|0506|1|X|005010'\n" in text


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_a_forbidden_loop_goes_with_all_its_segments(version: str) -> None:
    bill_to = Party("BT", "Northwind", city="Springfield", references=(Reference("VR", "9"),), contacts=(Contact("Lee"),))
    change = OrderChange("PO1", dt.date(2026, 1, 5), (), notes=("Ring the bell",), parties=(bill_to, Party("ST", "Store 12")))
    guide = guide_of(version=version, sets={"860": SetRules(forbidden=("N1_BT", "N9"))})
    made = rendered(change, guide)
    assert made.can_be_sent
    assert lines(made)[3:-4] == ["BCH*04*SA*PO1***20260105", "N1*ST*Store 12", "CTT*0"]


def test_what_the_guide_fixes_forbids_and_orders_is_done() -> None:
    rules = SetRules(
        required=("BIG07", "N1_ST", "CTT02"),
        forbidden=("PID", "CUR", "N1_BT", "BIG03"),
        fixed={"BIG07": "DI", "N1_ST.03": "91"},
        product_id_qualifiers=("UP",),
    )
    made = rendered(INVOICE, guide_of(sets={"810": rules}))
    assert made.can_be_sent
    body = lines(made)[3:-4]
    assert body == [
        "BIG*20260301*90001**4500012345***DI",
        "N1*ST*Store 12*91*0012",
        "IT1*1*48*EA*3**UP*012345678905",
        "TDS*14400",
        "TXI*ST*1.25*8.25",
        "SAC*C*D240***1050**********Freight",
        "CTT*1*48",
    ]


def test_what_the_guide_requires_and_the_document_lacks_stops_it() -> None:
    made = rendered(INVOICE, guide_of(sets={"810": SetRules(required=("BIG05", "REF_IA"))}))
    assert not made.can_be_sent
    assert codes(made) == ["guide_element_missing", "guide_segment_missing"]
    assert "northwind wants REF_IA" in made.findings[-1].message


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "X" * 23}, "element_long"),
        ({"number": ""}, "element_missing"),
        ({"total": Decimal("1.005")}, "element_implied_point"),
        ({"total": Decimal("NaN")}, "element_number"),
        ({"parties": (Party("ST"),)}, "element_conditional"),
        ({"parties": (Party("ST", "X" * 61),)}, "element_long"),
    ],
)
def test_a_document_that_does_not_fit_is_refused_by_the_second_reading(changes: dict[str, object], code: str) -> None:
    made = rendered(replace(INVOICE, **changes))  # type: ignore[arg-type]
    assert not made.can_be_sent
    assert code in codes(made)


@pytest.mark.parametrize(
    ("name", "policy", "characters", "written"),
    [
        ("Café Zoë 2½ €5 ®", "transliterate", "extended", "Cafe Zoe 2 1/2 EUR5 (R)"),
        ("Café Zoë", "transliterate", "basic", "CAFE ZOE"),
        ("Straße “A” – B", "transliterate", "extended", 'Strasse "A" - B'),
        ("Café", "substitute", "extended", "Caf?"),
        ("a*b~c>d", "transliterate", "extended", "a?b?c?d"),
        ("line\r\nbreak\tand tab", "transliterate", "extended", "line break and tab"),
        ("Café", "transliterate", "any", "Café"),
        ("東京", "transliterate", "extended", "??"),
    ],
)
def test_characters_that_a_partner_cannot_read_are_replaced(name: str, policy: str, characters: str, written: str) -> None:
    guide = guide_of(unsupported_characters=policy, characters=characters, substitute="?")
    document = replace(INVOICE, parties=(Party("ST", name),))
    made = rendered(document, guide)
    assert made.can_be_sent
    parsed, _ = parse_document(only_set(made.content))
    assert isinstance(parsed, Invoice)
    assert parsed.parties[0].name == written
    if name != written and "\r" not in name:
        assert {f.code for f in made.findings if f.code.startswith("character")} == {"character_replaced"}


IDENTIFIED = [
    ({"number": "INV\u00c9-1"}, "BIG02"),
    ({"number": "A*1"}, "BIG02"),
    ({"order_number": "PO~7"}, "BIG04"),
    ({"order_number": "PO>7"}, "BIG04"),
    ({"order_number": "PO\u20137"}, "BIG04"),
    ({"references": (Reference("DP", "0\u00bd"),)}, "REF02"),
    ({"parties": (Party("ST", "Store", "92", "Nº 7"),)}, "N104"),
    ({"lines": (replace(INVOICE.lines[0], product_ids=(ProductId("VP", "K\u00f6lsch"),)),)}, "IT107"),
    ({"lines": (replace(INVOICE.lines[0], number="1\t2"),)}, "IT101"),
]


@pytest.mark.parametrize(("changes", "place"), IDENTIFIED)
@pytest.mark.parametrize("policy", ["transliterate", "substitute", "refuse"])
def test_an_identifier_is_never_changed_to_fit_a_partner(changes: dict[str, Any], place: str, policy: str) -> None:
    made = rendered(replace(INVOICE, **changes), guide_of(unsupported_characters=policy))
    assert not made.can_be_sent
    (fault,) = [fault for fault in made.findings if fault.code == "character_refused"]
    assert fault.place == place
    assert f"{place} identifies something, so that it is never changed" in fault.message


def test_an_identifier_in_small_letters_is_refused_where_the_partner_reads_capitals_only() -> None:
    made = rendered(replace(INVOICE, number="inv-1"), guide_of(characters="basic"))
    assert not made.can_be_sent
    assert {fault.place for fault in made.findings if fault.code == "character_refused"} == {"BIG02"}


def test_an_identifier_with_a_separator_goes_out_with_others() -> None:
    document = replace(INVOICE, number="A*1", references=(Reference("DP", "x~y"),))
    made = rendered(document, guide_of(other_delimiters=(SEMICOLONS,)))
    assert made.can_be_sent
    parsed, _ = parse_document(only_set(made.content))
    assert isinstance(parsed, Invoice)
    assert (parsed.number, parsed.references[0].id) == ("A*1", "x~y")


@pytest.mark.parametrize("version", ["004010", "005010", "006030"])
def test_names_are_still_written_as_the_partner_reads_them(version: str) -> None:
    document = replace(INVOICE, parties=(Party("ST", "Café*Bar", "92", "0100"),))
    made = rendered(document, guide_of(version=version))
    assert b"N1*ST*Cafe Bar*92*0100" in made.content
    assert not [fault for fault in made.findings if fault.code == "character_refused"]


def test_a_partner_may_refuse_what_it_cannot_read() -> None:
    for name in ("Café", "a*b"):
        made = rendered(replace(INVOICE, parties=(Party("ST", name),)), guide_of(unsupported_characters="refuse"))
        assert "character_refused" in codes(made)


def test_a_separator_within_data_never_makes_another_document() -> None:
    nasty = "A~SE*1*1~IEA*1>2^3"
    document = replace(INVOICE, number="1", parties=(Party("ST", nasty),), notes=(nasty,))
    for version in ("004010", "005010"):
        made = rendered(document, guide_of(version=version))
        assert made.can_be_sent
        parsed, _ = parse_document(only_set(made.content))
        assert isinstance(parsed, Invoice)
        assert parsed.lines == INVOICE.lines and len(parsed.parties) == 1


@pytest.mark.parametrize(
    "delimiters",
    [
        Delimiters(element="~"),
        Delimiters(component="*"),
        Delimiters(segment="A"),
        Delimiters(element=" "),
        Delimiters(segment="5"),
    ],
)
def test_separators_that_cannot_be_told_apart_are_refused(delimiters: Delimiters) -> None:
    assert codes(rendered(INVOICE, guide_of(delimiters=delimiters)))[0] == "separator_conflict"


@pytest.mark.parametrize("changes", [{"our_id": "X" * 16}, {"our_id": ""}, {"their_group_id": "A*B"}])
def test_ids_that_do_not_fit_the_envelope_are_refused(changes: dict[str, str]) -> None:
    assert "envelope_invalid" in codes(rendered(INVOICE, guide_of(**changes)))


@pytest.mark.parametrize("number", [0, -1, 1_000_000_000])
def test_control_numbers_out_of_range_are_refused(number: int) -> None:
    assert "envelope_invalid" in codes(rendered(INVOICE, number=number))


def test_a_long_description_is_split_to_the_partners_length_and_joined_again() -> None:
    guide = guide_of(sets={"810": SetRules(lengths_max={"PID05": 20})})
    text = "a description of many words, and ALONGWORDTHATFITSNOWHERE in it"
    document = replace(INVOICE, lines=(replace(INVOICE.lines[0], description=text),))
    made = rendered(document, guide)
    assert made.can_be_sent
    assert all(len(line.split("*")[5]) <= 20 for line in lines(made) if line.startswith("PID"))
    parsed, _ = parse_document(only_set(made.content), "004010", guide)
    assert isinstance(parsed, Invoice)
    assert parsed.lines[0].description == text


def test_the_second_opinion_is_asked_only_when_wanted() -> None:
    numbers = {"interchange_number": 1, "group_number": 1, "set_number": 1}
    assert render_interchange(INVOICE, guide_of(), **numbers, at=AT).second_opinion is None
    assert render_interchange(INVOICE, guide_of(), **numbers, at=AT, second_opinion=True).second_opinion == ()


def test_a_text_that_holds_a_separator_makes_the_interchange_take_others() -> None:
    document = replace(INVOICE, parties=(Party("ST", "A*B ~ C>D & Co."),))
    guide = guide_of(other_delimiters=(Delimiters("~", ">", "^", "'"), SEMICOLONS), unsupported_characters="refuse")
    made = rendered(document, guide)
    assert made.can_be_sent and [f.code for f in made.findings] == ["other_separators"]
    assert "* ~ >" in made.findings[0].message
    assert made.content.startswith(b"ISA|") and b"N1|ST|A*B ~ C>D & Co.'" in made.content
    parsed, _ = parse_document(only_set(made.content))
    assert isinstance(parsed, Invoice) and parsed.parties[0].name == "A*B ~ C>D & Co."


def test_the_usual_separators_stay_where_no_text_holds_them() -> None:
    assert rendered(INVOICE, guide_of(other_delimiters=(SEMICOLONS,))).content == rendered(INVOICE).content


def test_where_every_choice_meets_a_text_the_usual_separators_stay_and_the_policy_decides() -> None:
    document = replace(INVOICE, parties=(Party("ST", "A*B|C"),))
    made = rendered(document, guide_of(other_delimiters=(SEMICOLONS,), substitute="-", unsupported_characters="substitute"))
    assert made.can_be_sent and b"N1*ST*A-B|C~" in made.content
    assert [f.code for f in made.findings] == ["character_replaced"]
    refused = rendered(document, guide_of(other_delimiters=(SEMICOLONS,), unsupported_characters="refuse"))
    assert codes(refused) == ["character_refused"]


def test_separators_that_an_id_holds_are_not_taken() -> None:
    document = replace(INVOICE, parties=(Party("ST", "A*B"),))
    made = rendered(document, guide_of(their_group_id="X|Y", other_delimiters=(SEMICOLONS, Delimiters("!", ";", "^", "'"))))
    assert made.can_be_sent and made.content.startswith(b"ISA!")


def test_references_dates_and_parties_that_a_partner_does_not_take_are_left_out() -> None:
    rules = SetRules(qualifiers={"N1": ("ST",), "SAC": ("A",)})
    made = rendered(INVOICE, guide_of(sets={"810": rules}))
    assert not any(line.startswith(("N1*BT", "N3", "N4")) for line in lines(made)) and "N1*ST*Store 12*92*0012" in lines(made)
    assert codes(made) == ["guide_qualifier"]  # a charge cannot be left out: the total would be another


def test_the_date_of_the_document_chooses_the_rules_it_is_written_by() -> None:
    rules = SetRules(forbidden=("PID",), dated=(DatedRules(SetRules(fixed={"BIG07": "DI"}), dt.date(2026, 3, 1)),))
    guide = guide_of(sets={"810": rules})
    assert "BIG*20260301*90001*20260201*4500012345***DI" in lines(rendered(INVOICE, guide))
    assert "PID*F****Widget" in lines(rendered(INVOICE, guide))
    before = lines(rendered(replace(INVOICE, date=dt.date(2026, 2, 28)), guide))
    assert "BIG*20260228*90001*20260201*4500012345" in before and "PID*F****Widget" not in before


def test_lines_and_amounts_are_refused_and_not_left_out() -> None:
    made = rendered(INVOICE, guide_of(sets={"810": SetRules(forbidden=("IT1_VP", "SAC", "CUR"))}))
    assert codes(made) == ["guide_segment_forbidden", "guide_segment_forbidden"]
    assert "IT1*1*48*EA*3**VP*A-1*UP*012345678905" in lines(made) and "CUR*SE*USD" not in lines(made)
