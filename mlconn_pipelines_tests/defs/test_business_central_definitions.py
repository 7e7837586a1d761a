"""What Dagster is given where Business Central stands behind an integration."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.defs.integration import integration_definitions
from mlconn_pipelines.defs.reconciliation import CHECK


def definitions(folder: Path, **edits: str) -> dg.Definitions:
    write_starter(folder, dt.date(2026, 3, 1), "business_central")
    text = (folder / "acme.yaml").read_text(encoding="utf-8")
    for old, new in edits.items():
        text = text.replace(f"{old}: ", f"{new}: ")
    (folder / "acme.yaml").write_text(text, encoding="utf-8")
    return integration_definitions(load_configuration(folder), "acme")


def test_its_document_sets_and_reference_data_are_assets(tmp_path: Path) -> None:
    graph = definitions(tmp_path / "conf").resolve_asset_graph()
    names = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert names >= {f"acme/business_central/{name}" for name in ("sales_invoices", "sales_orders", "sales_orders_received")}
    assert names >= {f"acme/business_central/{name}" for name in ("customers", "vendors", "items", "units_of_measure")}
    assert {"acme/outbound/x12_810", "acme/outbound/x12_850", "acme/inbound/x12_850"} <= names


def test_only_invoices_are_compared_with_the_erp_since_orders_vanish(tmp_path: Path) -> None:
    defs = definitions(tmp_path / "conf")
    compared = [key.asset_key.to_user_string() for key in defs.resolve_asset_graph().asset_check_keys if key.name == CHECK]
    assert compared == ["acme/business_central/sales_invoices"]
    assert [schedule.name for schedule in defs.schedules or ()] == ["acme_reconciliation_schedule"]


def test_without_invoices_there_is_nothing_to_compare(tmp_path: Path) -> None:
    folder = tmp_path / "conf"
    write_starter(folder, dt.date(2026, 3, 1), "business_central")
    text = (folder / "acme.yaml").read_text(encoding="utf-8")
    start, end = text.index("  x12_810:"), text.index("  x12_850:")
    (folder / "acme.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    assert integration_definitions(load_configuration(folder), "acme").schedules == []
