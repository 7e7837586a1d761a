"""Frames of documents and acknowledgments, the scorecard, and their files."""

from __future__ import annotations

import csv
import datetime as dt
import io
import sys
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.reports import frames
from mlconn_pipelines.reports.files import WRITERS, write_csv

NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 1, 5)


def row(**more: Any) -> dict[str, Any]:
    """A document as the ledger's query gives it."""
    return {
        "document": "D1",
        "integration": "acme",
        "flow": "x12_810",
        "direction": "outbound",
        "set": "810",
        "number": "000123",
        "date": DAY,
        "day": DAY,
        "partner": "bluepeak",
        "partner_code": "C20020",
        "state": "accepted",
        "lines": 3,
        "amount": Decimal("12345678901234.560000"),
        "currency": "USD",
        "code": "",
        "reason": "",
        "file": "a.edi",
        "destination": "to_bluepeak",
        "interchange_number": 17,
        "sent_at": NOON,
        "acknowledgment": "accepted",
        "acknowledged_at": NOON + dt.timedelta(hours=2),
        "within_h": 24.0,
        "first_seen_at": NOON,
        "changed_at": NOON,
        **more,
    }


UNSENT = {"interchange_number": None, "sent_at": None, "acknowledgment": "", "acknowledged_at": None, "within_h": None}


@pytest.mark.parametrize(
    ("frame", "schema"),
    [
        (frames.documents([]), frames.DOCUMENTS),
        (frames.documents([row(), row(**UNSENT, amount=None, date=None)]), frames.DOCUMENTS),
        (frames.acknowledgments([]), frames.ACKNOWLEDGMENTS),
        (frames.scorecard([]), frames.SCORECARD),
        (frames.scorecard([row()]), frames.SCORECARD),
    ],
)
def test_a_frame_has_the_columns_and_types_of_its_schema_whatever_the_rows_are(frame: Any, schema: frames.Schema) -> None:
    assert list(frame.columns) == list(schema)
    types = {
        "text": "string",
        "date": "datetime64[ns]",
        "moment": "datetime64[ns, UTC]",
        "count": "Int64",
        "hours": "Float64",
        "amount": "object",
    }
    assert {name: str(frame[name].dtype) for name in frame} == {name: types[kind] for name, kind in schema.items()}


def test_a_scorecard_counts_what_a_partner_did_on_a_day() -> None:
    slow = row(acknowledged_at=NOON + dt.timedelta(hours=30))
    frame = frames.scorecard(
        [
            row(),
            slow,
            row(state="rejected_by_partner", acknowledgment="rejected"),
            row(state="sent", acknowledgment="overdue", acknowledged_at=None),
            row(state="on_hold", **UNSENT),
            row(state="outcome_unknown", **UNSENT),
            row(partner="cedarmill", direction="inbound", set="850", state="posted", **UNSENT),
            row(partner="cedarmill", direction="inbound", set="850", state="duplicate", **UNSENT),
        ]
    )
    first, second = frame.to_dict("records")
    assert (first["partner"], first["documents"], first["delivered"]) == ("bluepeak", 6, 4)
    assert (first["on_hold"], first["outcome_unknown"], first["rejected"], first["overdue"]) == (1, 1, 1, 1)
    assert (first["acknowledged"], first["acknowledged_in_time"]) == (3, 2)
    assert (first["acknowledgment_hours_median"], first["acknowledgment_hours_max"]) == (2.0, 30.0)
    assert (second["partner"], second["documents"], second["delivered"], second["duplicates"]) == ("cedarmill", 2, 1, 1)
    assert second["acknowledged"] == 0


def test_what_may_take_as_long_as_it_likes_is_in_time() -> None:
    [only] = frames.scorecard([row(within_h=None, acknowledged_at=NOON + dt.timedelta(days=40))]).to_dict("records")
    assert only["acknowledged_in_time"] == 1


def test_csv_keeps_every_digit_and_leading_zeros() -> None:
    text = io.StringIO()
    write_csv(frames.documents([row(reason="no such item\x1b[31m")]), text)
    [read] = csv.DictReader(io.StringIO(text.getvalue()))
    assert (read["amount"], read["number"], read["day"]) == ("12345678901234.560000", "000123", "2026-01-05")
    assert (read["sent_at"], read["acknowledgment_hours"]) == ("2026-01-05T12:00:00Z", "2.0")
    assert read["reason"] == r"no such item\x1b[31m"


def test_a_workbook_takes_no_text_of_a_partner_for_a_formula_or_a_number(tmp_path: Path) -> None:
    WRITERS["xlsx"](frames.documents([row(number="=1+1"), row(number="000123")]), tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        sheet, strings = (book.read(f"xl/{name}").decode() for name in ("worksheets/sheet1.xml", "sharedStrings.xml"))
    assert "<f>" not in sheet
    assert "<t>=1+1</t>" in strings and "<t>000123</t>" in strings and "<t>sent_at_utc</t>" in strings


def test_parquet_gives_back_what_was_written(tmp_path: Path) -> None:
    import pandas as pd

    frame = frames.documents([row(), row(**UNSENT, amount=None, date=None)])
    WRITERS["parquet"](frame, tmp_path / "a.parquet")
    read = pd.read_parquet(tmp_path / "a.parquet")
    assert list(read.columns) == list(frame.columns)
    assert read["amount"][0] == Decimal("12345678901234.560000") and pd.isna(read["amount"][1])
    assert read["sent_at"][0] == pd.Timestamp(NOON) and read["number"][0] == "000123"


@pytest.mark.parametrize(("form", "library"), [("xlsx", "xlsxwriter"), ("parquet", "pyarrow")])
def test_a_library_that_is_missing_is_named(form: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=rf"{library}.*mlconn-pipelines\[reports\]"):
        WRITERS[form](frames.documents([row()]), tmp_path / f"a.{form}")
