"""What Dagster is given where Business Central stands behind an integration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
import yaml

from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.definitions import defs
from mlconn_pipelines.defs.reconciliation import CHECK


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dg.Definitions]:
    """The definitions of what `mlconn init --erp business_central` writes, less the flow that is named."""
    monkeypatch.setenv("MLCONN_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("MLCONN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLCONN_DATABASE_URL", raising=False)

    def write(without: str = "") -> dg.Definitions:
        write_starter(tmp_path / "config", dt.date(2026, 3, 1), "business_central")
        file = tmp_path / "config" / "acme.yaml"
        text = file.read_text(encoding="utf-8")
        if without:
            start = text.index(f"  {without}:")
            text = text[:start] + text[text.index("\n  x12_850:", start) + 1 :]
        file.write_text(text, encoding="utf-8")
        return defs()

    return write


def test_its_document_sets_and_reference_data_are_assets_and_all_of_it_is_compared(
    starter: Callable[[str], dg.Definitions],
) -> None:
    definitions = starter("")
    dg.Definitions.validate_loadable(definitions)
    names = {key.to_user_string() for key in definitions.resolve_all_asset_keys()}
    assert names >= {f"acme/business_central/{name}" for name in ("sales_invoices", "sales_orders", "sales_orders_received")}
    assert names >= {f"acme/business_central/{name}" for name in ("customers", "vendors", "items", "units_of_measure")}
    assert {"acme/outbound/x12_810", "acme/outbound/x12_850", "acme/inbound/x12_850"} <= names
    checks = definitions.resolve_asset_graph().asset_check_keys
    compared = [key.asset_key.to_user_string() for key in checks if key.name == CHECK]
    assert sorted(compared) == ["acme/business_central/sales_invoices", "acme/business_central/sales_orders"]


def test_without_invoices_orders_are_compared_as_far_as_they_are_there(starter: Callable[[str], dg.Definitions]) -> None:
    definitions = starter("x12_810")
    dg.Definitions.validate_loadable(definitions)
    [check] = [key for key in definitions.resolve_asset_graph().asset_check_keys if key.name == CHECK]
    assert check.asset_key.to_user_string() == "acme/business_central/sales_orders"


def test_schedules_and_intervals_are_settings(starter: Callable[[str], dg.Definitions], tmp_path: Path) -> None:
    usual = starter("").get_repository_def()
    assert {schedule.name: schedule.cron_schedule for schedule in usual.schedule_defs} == {
        "acme_reconciliation_schedule": "40 2 * * *"
    }
    file = tmp_path / "config" / "acme.yaml"
    chosen = "schedules: {watch_every_s: 60, reference_look_every_s: 90, reconcile_at: 23:05}\n"
    file.write_text(file.read_text(encoding="utf-8") + chosen, encoding="utf-8")
    changed = defs().get_repository_def()
    assert [schedule.cron_schedule for schedule in changed.schedule_defs] == ["5 23 * * *"]

    def intervals(repository: dg.RepositoryDefinition) -> dict[str, int | None]:
        return {sensor.name: sensor.minimum_interval_seconds for sensor in repository.sensor_defs}

    before, after = intervals(usual), intervals(changed)
    assert {name: (before[name], after[name]) for name in after if before[name] != after[name]} == {
        "acme_watch_sensor": (30, 60),
        "acme_reference_sensor": (15, 90),
    }


def test_companies_are_in_keys_and_names(starter: Callable[[str], dg.Definitions], tmp_path: Path) -> None:
    starter("")
    file = tmp_path / "config" / "acme.yaml"
    whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    partners, flows = whole.pop("partners"), whole.pop("flows")
    of_fr = {**flows, "inbound": {**flows["inbound"], "folders": ["inbox_fr"]}}
    whole["companies"] = {
        "us": {"erp": {"company": whole["erp"].pop("company")}, "partners": partners, "flows": flows},
        "fr": {"erp": {"company": "CRONUS FR"}, "partners": partners, "flows": of_fr, "time_zone": "Europe/Paris"},
    }
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    definitions = defs()
    dg.Definitions.validate_loadable(definitions)
    keys = [key.path for key in definitions.resolve_all_asset_keys()]
    first, second = ({tuple(path[1:]) for path in keys if path[0] == name} for name in ("acme_us", "acme_fr"))
    assert first == second and len(first) + len(second) == len(keys)
    repository = definitions.get_repository_def()
    assert {name.split("_")[1] for name in repository.job_names if not name.startswith("__")} == {"us", "fr"}
    assert {schedule.execution_timezone for schedule in repository.schedule_defs} == {whole["time_zone"], "Europe/Paris"}
