"""Several companies of one system in one file: each an integration of its own, and mistakes that stop only whose they are."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.config.loading import check_configuration, load_configuration
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.errors import ConfigurationError

FIELD = {"sap_business_one": "company_db", "business_central": "company", "finance_operations": "company"}
NAMES = {
    "sap_business_one": ("SBOUS", "SBOFR"),
    "business_central": ("CRONUS US", "CRONUS FR"),
    "finance_operations": ("usmf", "frrt"),
}


def written(folder: Path, kind: str, **changes: Any) -> Path:
    """The first configuration of that ERP, made one of two companies: `us` as it was, `fr` in preview with folders of its own."""
    write_starter(folder, dt.date(2026, 3, 1), kind)
    file = folder / "acme.yaml"
    whole = yaml.safe_load(file.read_text())
    partners, flows, own = whole.pop("partners"), whole.pop("flows"), whole["erp"].pop(FIELD[kind]) and FIELD[kind]
    inbound = {**flows["inbound"], "folders": ["inbox_fr"]}
    first, second = ({own: name} for name in NAMES[kind])
    if kind == "sap_business_one":
        second["credential"] = "sap_fr"
    whole["companies"] = {
        "us": {"erp": first, "partners": partners, "flows": flows},
        "fr": {
            "erp": second,
            "mode": "preview",
            "time_zone": "Europe/Paris",
            "partners": partners[:1],
            "flows": {**flows, "inbound": inbound},
        },
    }
    whole["mode"] = "live"
    for company, own_changes in changes.items():
        merge(whole["companies"][company] if company != "whole" else whole, own_changes)
    file.write_text(yaml.safe_dump(whole, sort_keys=False))
    return file


def merge(into: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            merge(into[name], value)
        else:
            into[name] = value


def line_of(file: Path, text: str, nth: int = 1) -> int:
    found = [number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line]
    return found[nth - 1]


@pytest.mark.parametrize("kind", FIELD)
def test_each_company_is_an_integration_over_the_one_connection(tmp_path: Path, kind: str) -> None:
    written(tmp_path, kind)
    configuration = check_configuration(tmp_path)
    us, fr = (configuration.integration(name) for name in ("acme_us", "acme_fr"))
    assert [getattr(one.erp, FIELD[kind]) for one in (us, fr)] == list(NAMES[kind])
    assert (us.mode, fr.mode, fr.time_zone) == ("live", "preview", "Europe/Paris")
    assert us.erp.url == fr.erp.url and us.cleo == fr.cleo
    assert (us.erp.session_of == fr.erp.session_of) is (kind != "sap_business_one"), "a session of SAP is one database's"
    assert [len(configuration.partners_of(one.integration)) for one in (us, fr)] == [len(us.partners), 1]
    assert configuration.hash_of("acme_us") != configuration.hash_of("acme_fr")


def test_a_file_without_companies_is_read_as_it_is(tmp_path: Path) -> None:
    write_starter(tmp_path, dt.date(2026, 3, 1))
    assert list(check_configuration(tmp_path).integrations) == ["acme"]


def test_who_names_the_file_is_told_its_companies(tmp_path: Path) -> None:
    written(tmp_path, "finance_operations")
    with pytest.raises(ConfigurationError, match="Name one of its companies: acme_us, acme_fr"):
        load_configuration(tmp_path).integration("acme")


@pytest.mark.parametrize(
    ("company", "change", "at", "says"),
    [
        ("fr", {"mode": "perhaps"}, "perhaps", "mode is 'perhaps'"),
        ("fr", {"erp": {"calls_in_flight": 2}}, "calls_in_flight: 2", "erp.calls_in_flight stands once for all companies"),
        ("fr", {"cleo": {"credential": "x"}}, "    cleo:", "cleo stands once for all companies"),
        ("fr", {"erp": {"company": "USMF"}}, "company: USMF", "acme_fr and acme_us are the same company, USMF"),
        ("fr", {"flows": {"inbound": {"folders": ["Inbox"]}}}, "- Inbox", "is watched for acme_us and for acme_fr"),
        ("fr", {"erp": {"comapny": "x"}}, "comapny", "unknown setting 'comapny' in erp"),
        ("fr", {"partners": ["nobody"]}, "- nobody", "there is no trading partner 'nobody'"),
    ],
)
def test_a_mistake_in_one_section_stops_that_company_alone(
    tmp_path: Path, company: str, change: dict[str, Any], at: str, says: str
) -> None:
    file = written(tmp_path, "finance_operations", **{company: change})
    configuration = load_configuration(tmp_path)
    assert list(configuration.integrations) == ["acme_us"]
    (mistake,) = configuration.stopped_integrations["acme_fr"].mistakes
    assert says in str(mistake)
    assert (mistake.file, mistake.line) == (str(file), line_of(file, at))
    with pytest.raises(ConfigurationError, match="line|" + says[:10]):
        check_configuration(tmp_path)


def test_a_mistake_above_the_sections_stops_all_and_is_said_once(tmp_path: Path) -> None:
    written(tmp_path, "finance_operations", whole={"owner": 7})
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(tmp_path)
    assert str(caught.value).count("owner") == 1


@pytest.mark.parametrize("name", ["US", "1us", "us-1"])
def test_a_company_needs_a_name_that_keys_can_have(tmp_path: Path, name: str) -> None:
    file = written(tmp_path, "finance_operations")
    file.write_text(file.read_text().replace("  us:\n", f"  {name}:\n"))
    with pytest.raises(ConfigurationError, match="cannot be a company's short name"):
        check_configuration(tmp_path)
    assert list(load_configuration(tmp_path).integrations) == ["acme_fr"]


def test_companies_that_are_none_are_a_mistake(tmp_path: Path) -> None:
    file = written(tmp_path, "finance_operations")
    whole = yaml.safe_load(file.read_text())
    for nothing in ({}, [], None):
        file.write_text(yaml.safe_dump({**whole, "companies": nothing}))
        with pytest.raises(ConfigurationError, match="companies names none"):
            load_configuration(tmp_path)


def test_a_company_cannot_be_called_like_another_integration(tmp_path: Path) -> None:
    written(tmp_path, "finance_operations")
    other = yaml.safe_load((tmp_path / "acme.yaml").read_text())
    whole = {**other, **other.pop("companies")["us"], "integration": "acme_us"}
    whole["erp"] = {**other["erp"], "company": "usmf"}
    whole.pop("companies")
    (tmp_path / "second.yaml").write_text(yaml.safe_dump(whole))
    with pytest.raises(ConfigurationError, match="'acme_us' is also the name of"):
        check_configuration(tmp_path)


def test_two_databases_of_sap_need_a_user_each(tmp_path: Path) -> None:
    written(tmp_path, "sap_business_one", fr={"erp": {"credential": "sap_acme"}})
    with pytest.raises(ConfigurationError, match="another system or another company database"):
        check_configuration(tmp_path)


def test_no_integration_is_without_its_two_systems() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Integration(integration="acme", mode="preview")  # type: ignore[abstract]
