"""What `mlconn link` proposes of both sides, and what a reviewed table may decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.flows.sync.linking import COLUMNS, Link, Side, decisions, propose, refusal
from mlconn_pipelines.reports.tables import read_table, write_table

ACCOUNTS = (
    Side("001A", "Northwind, Inc.", city="Seattle"),
    Side("001B", "Fabrikam", code="c2"),
    Side("001C", "Contoso", code="C99"),
    Side("001D", "Adventure Works"),
    Side("001E", "FABRIKAM", tax_number="US 12-3456789"),
)
PARTNERS = (
    Side("C1", "NORTHWIND Incorporated", "C1", city="Tacoma"),
    Side("C2", "Fabrikam Ltd", "C2"),
    Side("C3", "Else", "C3", tax_number="123456789"),
    Side("C4", "Tailspin", "C4"),
)


def test_pairs_come_first_and_what_is_linked_is_left_out() -> None:
    rows = propose(ACCOUNTS, PARTNERS)
    assert [(row.account_id, row.customer_code, row.because, row.decision) for row in rows] == [
        ("001A", "C1", "same name", ""),
        ("001E", "C2", "same name; C2 is account 'Fabrikam' already", ""),
        ("001E", "C3", "same tax number", ""),
        ("001C", "", "the ERP has no customer C99, which is its customer code", ""),
        ("001D", "", "no business partner has its name or tax number", ""),
        ("", "C4", "no account has its name or tax number", ""),
    ]
    assert (rows[0].account_city, rows[0].partner_city) == ("Seattle", "Tacoma")


def test_only_what_a_person_has_decided_is_a_link() -> None:
    rows = [row.row() for row in propose(ACCOUNTS, PARTNERS)]
    assert decisions(rows) == ([], [])
    rows[0]["decision"] = " Link "
    assert decisions(rows) == ([Link("001A", "C1")], [])
    for place, decision in enumerate(("link", "yes", "", "link")):
        rows[place]["decision"] = decision
    rows[1] |= {"account_id": "001A", "decision": "link"}
    rows[2] |= {"customer_code": "c1", "decision": "link"}
    _, problems = decisions([*rows, {"decision": "maybe"}])
    assert [problem.split(":")[0] for problem in problems] == ["row 3", "row 4", "row 5", "row 8"]


def test_a_table_that_was_begun_under_the_former_heading_is_read() -> None:
    row = {"account_id": "001A", "decision": "link"}
    assert (
        decisions([{**row, "card_code": " C1 "}]) == decisions([{**row, "customer_code": "C1"}]) == ([Link("001A", "C1")], [])
    )
    assert decisions([row])[1] == ["row 2: link needs account_id and customer_code"]


def test_a_link_is_refused_where_a_side_has_changed_meanwhile() -> None:
    account, coded, partner, link = ACCOUNTS[0], ACCOUNTS[1], PARTNERS[0], Link("001A", "C1")
    assert refusal(link, account, partner) == "" and refusal(link, Side("001A", "N", "c1"), partner) == ""
    assert "no account" in refusal(link, None, partner) and "no customer" in refusal(link, account, None)
    assert "another customer code, c2" in refusal(link, coded, partner)


@pytest.mark.parametrize("name", ["links.csv", "links.xlsx"])
def test_a_table_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    pytest.importorskip("xlsxwriter")
    rows = [row.row() for row in propose(ACCOUNTS, PARTNERS)]
    rows[0] |= {"account": 'Nörthwind; "Ltd", =1+1', "partner": "00042"}
    write_table(COLUMNS, rows, tmp_path / name)
    assert read_table(COLUMNS, tmp_path / name) == rows


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'a;b\r\n1;"x,y"\r\n', [{"a": "1", "b": "x,y"}]),
        (b"\xef\xbb\xbfa,b\n\xc3\xbc,\n,\n", [{"a": "ü", "b": ""}]),
        (b"a\tb\n\xfc\t2\n", [{"a": "ü", "b": "2"}]),
    ],
)
def test_a_table_is_read_as_other_programs_save_it(tmp_path: Path, content: bytes, rows: list[dict[str, str]]) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    assert read_table(("a", "b"), tmp_path / "t.csv") == rows
    with pytest.raises(ConfigurationError, match="no column c"):
        read_table(("a", "c"), tmp_path / "t.csv")
    (tmp_path / "t.xlsx").write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be read as a table"):
        read_table(("a", "b"), tmp_path / "t.xlsx")
