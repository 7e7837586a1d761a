"""The simulated org's SOQL: whatever tree a query has, its text is read back into the same tree."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_simulators.salesforce.errors import ApiError
from mlconn_simulators.salesforce.soql import All, AnyOf, Comparison, Condition, Literal, Not, Order, Path, Query, parse

NAMES = st.sampled_from(["Id", "Name", "SystemModstamp", "ERP_Code__c", "Notes", "Inn", "Orders"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
LITERALS: st.SearchStrategy[Literal] = st.one_of(
    st.none(),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-10_000, max_value=10_000),
    st.dates(dt.date(1800, 1, 1)),
    st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(3000, 1, 1), timezones=st.just(dt.UTC)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
)
COMPARISONS = st.one_of(
    st.builds(Comparison, PATHS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), LITERALS),
    st.builds(Comparison, PATHS, st.sampled_from(["IN", "NOT IN"]), st.lists(LITERALS, min_size=1, max_size=3).map(tuple)),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


def queries(fields: st.SearchStrategy[tuple[Path | Query, ...]]) -> st.SearchStrategy[Query]:
    return st.builds(
        Query,
        fields,
        st.sampled_from(["Account", "Order", "OpportunityLineItems"]),
        st.none() | CONDITIONS,
        st.lists(st.builds(Order, PATHS, st.booleans(), st.booleans()), max_size=2).map(tuple),
        st.none() | st.integers(0, 50_000),
        st.integers(0, 2_000),
        st.booleans(),
    )


CHILDREN = queries(st.lists(PATHS, min_size=1, max_size=3).map(tuple))
WHOLE = queries(st.lists(PATHS | CHILDREN, max_size=4).map(tuple))


def text_of(query: Query, dice: random.Random) -> str:
    """The query as text, with keywords and spaces as different people write them."""

    def word(text: str) -> str:
        space = dice.choice([" ", "\n", "  \t"])
        return space + dice.choice([text, text.lower(), text.title()]) + space

    def literal(value: Literal) -> str:
        match value:
            case None | bool():
                return word(str(value).upper().replace("NONE", "NULL"))
            case str():
                return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
            case dt.datetime():
                return value.replace(tzinfo=None).isoformat() + dice.choice(["Z", ".000Z", "+00:00", ".000+0000"])
        return str(value)

    def condition(of: Condition) -> str:
        match of:
            case Not(part):
                return word("NOT") + f"({condition(part)})"
            case All(parts):
                return word("AND").join(f"({condition(part)})" for part in parts)
            case AnyOf(parts):
                return word("OR").join(f"({condition(part)})" for part in parts)
            case Comparison(path, operator, tuple() as values):
                return ".".join(path) + word(operator) + f"({', '.join(map(literal, values))})"
            case Comparison(path, operator, value):
                assert not isinstance(value, tuple)
                return ".".join(path) + operator + literal(value)

    def order(by: Order) -> str:
        return (
            ".".join(by.path) + (word("DESC") if by.descending else word("ASC")) + (word("NULLS LAST") if by.nulls_last else "")
        )

    fields = [f"({text_of(field, dice)})" if isinstance(field, Query) else ".".join(field) for field in query.fields]
    return "".join(
        (
            word("SELECT") + (",".join(fields) or "COUNT()"),
            word("FROM") + query.entity,
            word("WHERE") + condition(query.where) if query.where else "",
            word("ORDER BY") + ", ".join(map(order, query.order)) if query.order else "",
            word("LIMIT") + str(query.limit) if query.limit is not None else "",
            word("OFFSET") + str(query.offset) if query.offset else "",
            word("ALL ROWS") if query.all_rows else "",
        )
    )


@settings(max_examples=60, deadline=None)
@given(WHOLE, st.randoms(use_true_random=False))
def test_the_text_of_a_query_is_read_back_into_its_tree(query: Query, dice: random.Random) -> None:
    assert parse(text_of(query, dice)) == query


@settings(max_examples=100, deadline=None)
@given(st.text("SELCTFROMWHId,()'=<>%\\ 0129-T:Z.", max_size=60))
def test_any_other_text_is_refused_in_salesforces_words(text: str) -> None:
    try:
        parse("SELECT Id FROM Account WHERE " + text)
    except ApiError as error:
        assert error.status == 400 and error.code in ("MALFORMED_QUERY", "NUMBER_OUTSIDE_VALID_RANGE")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT Id", "<EOF>"),
        ("SELECT FROM Account", "FROM"),
        ("SELECT Id, FROM Account", "FROM"),
        ("SELECT * FROM Account", "*"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Id = 'b' OR Id = 'c'", "OR"),
        ("SELECT Id FROM Account WHERE Name = 'a", "'"),
        ("SELECT Id FROM Account WHERE Name = '\\x'", "\\x"),
        ("SELECT Id FROM Account WHERE Name LIKE 5", "5"),
        ("SELECT Id FROM Account WHERE CloseDate = 2026-02-30", "2026-02-30"),
        ('SELECT Id FROM Account WHERE Name = "a"', '"'),
        ("SELECT Id FROM Account GROUP BY Name", "GROUP"),
        ("SELECT Id FROM Account LIMIT 1.5", "1.5"),
        ("SELECT Id FROM Account OFFSET 2001", "2000"),
        ("SELECT Id FROM Account ORDER Name", "ORDER"),
    ],
)
def test_what_is_no_query_is_named(text: str, names: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse(text)
    assert names in refused.value.message


def test_signs_escaped_in_a_like_stay_apart_from_its_wildcards() -> None:
    where = parse(r"SELECT Id FROM Account WHERE Name LIKE '10\%\_\\ %\'s_'").where
    assert where == Comparison(("Name",), "LIKE", r"10\%\_\\ %'s_")
    numbers = parse("SELECT Id FROM Order WHERE TotalAmount IN (-1, +2.50)").where
    assert numbers == Comparison(("TotalAmount",), "IN", (Decimal(-1), Decimal("2.50")))
