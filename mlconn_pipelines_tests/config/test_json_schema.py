"""The schemas for editors, by an independent validator: what the program reads they let pass, and what is mistyped they mark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from mlconn_pipelines.config import json_schema
from mlconn_pipelines.config.json_schema import integration_schema, partner_schema
from mlconn_pipelines.config.samples import sample_partners
from mlconn_pipelines.config.starting import starters, write_starter
from mlconn_pipelines.config.yaml_source import read_yaml
from mlconn_pipelines_tests.config.test_companies import FIELD, written

INTEGRATION = jsonschema_rs.validator_for(integration_schema(), validate_formats=True)
PARTNER = jsonschema_rs.validator_for(partner_schema(), validate_formats=True)


def marked(validator: Any, values: Any) -> list[str]:
    """Where an editor would show a mistake."""
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(values)]


def values_of(file: Path) -> Any:
    return read_yaml(file)[0]


@pytest.mark.parametrize("erp", starters())
def test_what_init_writes_passes_and_names_its_schema(tmp_path: Path, erp: str) -> None:
    files = write_starter(tmp_path, dt.date(2026, 3, 1), erp, samples=list(sample_partners()))
    for file in files:
        validator = INTEGRATION if file.parent == tmp_path else PARTNER
        assert marked(validator, values_of(file)) == [], file.name
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (file.parent / first.partition("=")[2]).resolve().is_file()


@pytest.mark.parametrize("kind", FIELD)
def test_a_file_with_companies_passes(tmp_path: Path, kind: str) -> None:
    assert marked(INTEGRATION, values_of(written(tmp_path, kind))) == []


def without(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        *above, last = path
        for name in above:
            values = values[name]
        del values[last]

    return change


def put(value: Any, *path: Any) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        *above, last = path
        for name in above:
            values = values[name]
        values[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (without("mode"), '"mode" is a required property'),
        (without("flows"), '"flows" is a required property'),
        (without("erp", "company_db"), '"company_db" is a required property'),
        (put("live", "mdoe"), "'mdoe'"),
        (put("perhaps", "mode"), "mode:"),
        (put("sap", "erp", "kind"), "erp:"),
        (put("2026-13-01", "flows", "x12_810", "send_from"), "flows/x12_810:"),
        (put("set_asaid", "flows", "x12_810", "after_sending"), "flows/x12_810:"),
        (put(3, "flows", "inbound", "poll_every_s"), "flows/inbound:"),
        (put("25:00", "schedules"), "schedules:"),
        (put({"reconcile_at": "25:00"}, "schedules"), "schedules/reconcile_at:"),
        (put({"us": {"erp": {"url": "https://x.example"}}}, "companies"), "companies/us/erp:"),
        (put({"us": {"erp": {}, "cleo": {}}}, "companies"), "companies/us:"),
        (put({"US": {"erp": {}}}, "companies"), "companies"),
    ],
)
def test_a_mistake_in_an_integration_is_marked(tmp_path: Path, change: Any, where: str) -> None:
    write_starter(tmp_path, dt.date(2026, 3, 1))
    values = values_of(tmp_path / "acme.yaml")
    change(values)
    found = marked(INTEGRATION, values)
    assert found and any(where.replace("'", '"') in one.replace("'", '"') for one in found), found


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (put(4010, "x12", "version"), "x12/version:"),
        (put({"segment": "**"}, "x12", "separators"), "x12/separators/segment:"),
        (put(["850", "851"], "sends"), "sends:"),
        (put({"851": {}}, "x12", "sets"), "x12/sets"),
        (put([0.1], "price_tolerance"), "price_tolerance:"),
        (put(["x"], "folder"), "folder:"),
        (without("x12", "theirs"), '"theirs" is a required property'),
    ],
)
def test_a_mistake_in_a_partner_file_is_marked(tmp_path: Path, change: Any, where: str) -> None:
    write_starter(tmp_path, dt.date(2026, 3, 1))
    values = values_of(tmp_path / "partners" / "bluepeak.yaml")
    change(values)
    found = marked(PARTNER, values)
    assert found and any(where in one for one in found), found


@pytest.mark.parametrize("separator", ["~", "\n", "\\n", " "])
def test_what_the_models_read_in_several_forms_passes(tmp_path: Path, separator: str) -> None:
    write_starter(tmp_path, dt.date(2026, 3, 1))
    partner, integration = (values_of(tmp_path / name) for name in ("partners/bluepeak.yaml", "acme.yaml"))
    partner["x12"]["separators"] = {"segment": separator}
    partner["x12"]["sets"] = {"810": {"codes": {"BIG07": "DI", "IT103": ["EA", "CA"]}}}
    assert marked(PARTNER, partner) == []
    for proxy in (
        "none",
        "http://proxy.example.com:3128",
        {"url": None},
        {"url": "http://p.example:1", "credential": "x"},
        None,
    ):
        integration["erp"]["proxy"] = proxy
        assert marked(INTEGRATION, integration) == []


def test_the_schemas_are_made_once_for_all_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(json_schema, "integration_schema", lambda: made.append("integration") or {})
    json_schema._texts.cache_clear()
    try:
        first, again = (json_schema.write_schemas(tmp_path / name) for name in ("one", "two"))
        assert made == ["integration"]
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    finally:
        json_schema._texts.cache_clear()
