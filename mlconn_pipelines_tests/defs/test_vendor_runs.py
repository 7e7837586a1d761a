"""Vendors of Sage 100 as Dagster runs them: records, files, the folder that takes them, and the nightly look through all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from mlconn_pipelines_tests.defs.conftest import Dagster
from mlconn_pipelines_tests.systems.all_systems import SAGE

pytestmark = [pytest.mark.database, pytest.mark.slow]
RECORDS, FILES = "acme/sage_100/vendor_records", "acme/outbound/vendors"


def test_vendors_are_shown_by_day_and_looked_through_at_night(dagster: Callable[..., Dagster]) -> None:
    go_live = dt.date.today() - dt.timedelta(days=3)
    it = dagster(
        system=SAGE,
        only=["ferrolux"],
        partners={"ferrolux": {"vendors": "csv"}},
        flows={"vendors": {"send_from": go_live}},
        reconcile_days_back=2,
    )
    it.run("reference")
    assert it.run("vendors").success
    sent = len(it.scene.uploads("vendor_"))
    assert sent > 5 and it.metadata(RECORDS, it.today)["dagster/row_count"] == sent
    shown = it.metadata(FILES, it.today)
    assert (shown["mlconn/run_sent"], shown["mlconn/partition_sent"]) == (sent, sent)

    job = it.definitions.resolve_job_def("acme_reconciliation")

    def looked_through() -> tuple[bool, str]:
        job.execute_in_process(instance=it.instance)
        return it.checks()[f"{RECORDS}:counts_and_amounts_equal_the_erp"]

    passed, words = looked_through()
    assert passed and words.startswith("All days since")
    it.scene.rows("UPDATE watermark SET value = '20991231 23.00000' WHERE name = 'vendors'")
    it.scene.system.sandbox.people.edit_vendor(it.scene.partner_named("ferrolux").supplier_code, City="Troy")  # type: ignore[attr-defined]
    passed, words = looked_through()
    assert passed and words == "1 records were found that no poll had brought."
    assert it.run("vendors").success and len(it.scene.uploads("vendor_")) == sent + 1
