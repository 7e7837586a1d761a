from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from mlconn_pipelines.defs import reconciliation
from mlconn_pipelines.defs.metadata import JOURNAL_ENTRIES
from mlconn_pipelines.errors import Retryable


def test_a_journal_that_cannot_be_read_is_told_beside_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise Retryable("SAP Business One answered 403 to GET /JournalEntries")

    monkeypatch.setattr(reconciliation, "journal_entries_of_day", refused)
    pipeline: Any = SimpleNamespace(route=lambda flow: None)
    told = reconciliation._journal(pipeline, SimpleNamespace(flow="x12_810"), dt.date(2026, 11, 28))  # type: ignore[arg-type]
    assert "of 2026-11-28 could not be read: SAP Business One answered 403" in str(told[JOURNAL_ENTRIES].value)
