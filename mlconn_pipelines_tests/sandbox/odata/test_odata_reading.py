"""Filters, options and paths as the simulated OData systems read them."""

from decimal import Decimal

import pytest

from mlconn_simulators.odata.evaluation import compile_test, properties_of
from mlconn_simulators.odata.filter_parser import Dialect, FilterUnreadable, parse_filter
from mlconn_simulators.odata.json_text import dumps, loads
from mlconn_simulators.odata.narrowing import texts_wanted
from mlconn_simulators.odata.query_options import OptionUnreadable, read_options
from mlconn_simulators.odata.resource_path import PathUnreadable, read_path

FULL = Dialect(cases=True, lists=True, lambdas=True, guids=True, enums=True)
KINDS = {"name": "text", "area": "text ignoring case", "id": "guid", "qty": "number", "at": "datetime", "day": "date",
         "open": "bool", "state": "enum Status"}  # fmt: skip
ROW = {"name": "Café O'Hara", "area": "usmf", "id": "0a1b2c3d-0000-0000-0000-00000000000f", "qty": Decimal("1.50"),
       "at": "2026-01-05T10:00:00.5Z", "day": "2026-01-05", "open": True, "state": "Open"}  # fmt: skip


def symbol(kind: str, literal: str) -> str:
    assert kind == "Status"
    return literal.split("'")[1]


def matches(text: str, **options) -> bool:
    return compile_test(parse_filter(text, FULL), KINDS, symbol, **options)(ROW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name eq 'Café O''Hara' and qty eq 1.5", True),
        ("area eq 'USMF'", True),
        ("name eq 'café o''hara'", False),
        ("tolower(name) eq 'café o''hara'", True),
        ("contains(toupper(name),'HARA')", True),
        ("id eq 0A1B2C3D-0000-0000-0000-00000000000F", True),
        ("at gt 2026-01-05T10:00:00Z", True),
        ("at gt 2026-01-05T11:00:00.47+01:00", True),
        ("at ge 2026-01-05T10:00:00.51Z", False),
        ("day lt 2026-01-06 and open eq true", True),
        ("qty in (1,2)", False),
        ("qty in (1,1.5)", True),
        ("qty eq 1 or qty eq 1.50", True),
        ("qty eq 1 or qty ne 1.5", False),
        ("area eq 'dat' or area eq 'USMF'", True),
        ("id eq 0A1B2C3D-0000-0000-0000-00000000000F or id eq 0a1b2c3d-0000-0000-0000-000000000010", True),
        ("name eq 'a' or tolower(name) eq 'café o''hara'", True),
        ("state eq Some.Name.Status'Open'", True),
        ("not (state ne 'Open') or qty gt 100", True),
        ("lines/any(l:l/qty gt (3))", True),
    ],
)
def test_filters_are_understood(text, expected):
    assert matches(text) is expected
    wanted = texts_wanted(parse_filter(text, FULL), KINDS)
    assert not expected or all(ROW[name] in values for name, values in wanted.items()), "an index would miss it"


def test_a_star_is_a_wildcard_only_where_the_system_has_them():
    assert not matches("name eq '*hara*'")
    star = parse_filter("name eq 'a' or name eq '*hara*'", FULL)
    assert texts_wanted(star, KINDS, wildcards=True) == {} and texts_wanted(star, KINDS) == {"name": {"a", "*hara*"}}
    assert matches("name eq 'a' or name eq '*hara*'", wildcards=True) and not matches("name eq 'a' or name eq '*hara*'")
    assert matches("name eq '*hara*'", wildcards=True) and not matches("name ne 'caf*'", wildcards=True)


@pytest.mark.parametrize(
    "text",
    ["qty eq '1'", "at gt '2026-01-05T10:00:00Z'", "id eq '0a1b2c3d-0000-0000-0000-00000000000f'", "nothing eq 1", "state gt 'Open'",
     "name eq", "(name eq 'a'", "name like 'a'", "startswith(qty,'1')"],
)  # fmt: skip
def test_what_does_not_fit_is_refused(text):
    with pytest.raises(FilterUnreadable):
        matches(text)


def test_a_plain_dialect_knows_no_lists_cases_or_guids():
    for text in ("qty in (1)", "tolower(name) eq 'a'", "id eq 0a1b2c3d-0000-0000-0000-00000000000f"):
        with pytest.raises(FilterUnreadable):
            parse_filter(text)


def test_the_names_that_a_filter_looks_at():
    assert set(properties_of(parse_filter("a eq 1 and (not (b eq 2) or contains(c,'x'))"))) == {"a", "b", "c"}


def test_options_with_nested_expansions():
    options = read_options(
        "%24filter=name%20eq%20%27a%3Bb%27&$orderby=a desc,b&$top=3&cross-company=true&$expand=x($filter=n eq 'a;b';$select=p),y"
    )
    assert (options.filter, options.order, options.top) == ("name eq 'a;b'", (("a", True), ("b", False)), 3)
    assert [(each.name, each.options.filter, each.options.select) for each in options.expand] == [
        ("x", "n eq 'a;b'", ("p",)),
        ("y", "", ()),
    ]
    assert options.others == {"cross-company": "true"}
    for wrong in ("$top=x", "$nothing=1", "$orderby=a up"):
        with pytest.raises(OptionUnreadable):
            read_options(wrong)


def test_paths_with_composite_keys():
    (header, lines) = read_path("Heads(dataAreaId='usmf',Number='O''1,(2)',Line=3)/Lines")
    assert [(part.name, part.value, part.quoted) for part in header.key] == [
        ("dataAreaId", "usmf", True),
        ("Number", "O'1,(2)", True),
        ("Line", "3", False),
    ]
    assert lines.key is None
    for wrong in ("Heads(a='b'", "Heads()", "/Heads", "He ads"):
        with pytest.raises(PathUnreadable):
            read_path(wrong)


def test_numbers_keep_their_digits_on_both_ways():
    text = '{"a":0.1,"b":12345678901234567.89,"c":5637144576,"d":1}'
    assert dumps(loads(text)) == text
