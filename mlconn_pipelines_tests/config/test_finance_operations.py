"""The starter of Finance & Operations, and what it refuses."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from mlconn_pipelines.config.loading import check_configuration, load_configuration
from mlconn_pipelines.config.starting import starters, write_starter
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.systems.finance_operations.connection import FinanceOperationsConnection
from mlconn_pipelines.wiring.systems import mapping_of, system_of

GO_LIVE = dt.date(2026, 3, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter(tmp_path / "conf", GO_LIVE, "finance_operations")
    return tmp_path / "conf"


def refusal(folder: Path, file: str, old: str, new: str) -> str:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        check_configuration(folder)
    return str(raised.value)


def test_the_starter_loads_and_makes_a_mapping(folder: Path) -> None:
    integration = load_configuration(folder).integration("acme")
    connection = integration.erp
    assert isinstance(connection, FinanceOperationsConnection)
    assert list(integration.flows.outbound()) == ["x12_850"] == list(connection.outbound_partner_kinds)
    mapping = mapping_of(connection)
    assert mapping.system == connection.kind and list(mapping.outbound.sets) == ["x12_850"]
    assert mapping.created == ("VendorInvoiceHeaders",)
    assert system_of(connection).title == "Dynamics 365 Finance & Operations"


def test_every_starter_loads(tmp_path: Path) -> None:
    for kind in starters():
        write_starter(tmp_path / kind, GO_LIVE, kind)
        assert load_configuration(tmp_path / kind).integration("acme").erp.kind == kind
    with pytest.raises(ConfigurationError, match="finance_operations"):
        write_starter(tmp_path / "other", GO_LIVE, "baan")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  company: usmf  ", "  # ", "'company' is missing in erp"),
        ("company: usmf", "company: contoso", "erp.company is 'contoso'"),
        ("  # reread_days", "  company_db: X\n  # reread_days", "unknown setting 'company_db' in erp"),
        ("  # reread_days: 1", "  reread_day: 1", "Did you mean 'reread_days'?"),
        ("https://ORG.", "https://me:secret@ORG.", "holds a user name or password"),
        ("flows:\n", "flows:\n  x12_810: {send_from: 2026-01-01}\n", "finance_operations has no flow x12_810"),
        ("credential: cleo_acme  ", "credential: fo_acme #", "another system"),
    ],
)
def test_a_mistake_is_told_by_this_systems_own_settings(folder: Path, old: str, new: str, says: str) -> None:
    assert says in refusal(folder, "acme.yaml", old, new)


def test_a_vendor_who_sends_orders_is_a_mistake(folder: Path) -> None:
    said = refusal(folder, "partners/cedarmill.yaml", '["855",', '["850", "855",')
    assert "sends 850, and finance_operations takes no orders" in said and "cedarmill.yaml" in said
