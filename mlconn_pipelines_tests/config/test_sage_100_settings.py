"""The configuration of an integration with Sage 100."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.systems.sage_100.connection import Sage100Connection
from mlconn_pipelines.wiring.systems import mapping_of, system_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter(tmp_path, dt.date(2026, 1, 1), "sage_100")
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "acme.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_starter_loads_and_makes_a_mapping(folder: Path) -> None:
    integration = load_configuration(folder).integration("acme")
    connection = integration.erp
    assert isinstance(connection, Sage100Connection)
    assert set(integration.flows.outbound()) == {"x12_850"} < set(connection.outbound_partner_kinds)
    assert integration.credentials == {"cleo_acme"} and integration.reference_every_s == 14_400
    mapping = mapping_of(connection)
    assert mapping.created == ("receipts", "ap_invoices") and system_of(connection).title == "Sage 100"


def test_what_is_switched_off_is_left_out(folder: Path) -> None:
    change(folder, "  # receipts: true ", "  receipts: false ")
    change(folder, "  # supplier_invoices: true ", "  supplier_invoices: false ")
    assert mapping_of(load_configuration(folder).integration("acme").erp).created == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  company: ABC ", "  company: Abc ", "erp.company"),
        ("  agent: warehouse ", "  agent: the warehouse ", "erp.agent"),
        ("  agent: warehouse ", "  credential: x ", "'agent' is missing in erp"),
        ("  # segments: [department]  ", "  segments: [department, ' ']  ", "a segment without a name"),
        ("integration: acme  ", "integration: acme_of_the_south_west  ", "room for 20"),
        ("flows:\n", "flows:\n  x12_810: {send_from: 2026-01-01}\n", "sage_100 has no flow x12_810"),
        ("flows:\n", "flows:\n  vendors: {send_from: 2026-01-01}\n", "no partner of 'acme' takes vendors"),
    ],
)
def test_a_mistake_is_told_by_this_systems_own_settings(folder: Path, old: str, new: str, says: str) -> None:
    change(folder, old, new)
    with pytest.raises(ConfigurationError) as mistake:
        load_configuration(folder).integration("acme" if "south" not in new else "acme_of_the_south_west")
    assert says in str(mistake.value)
