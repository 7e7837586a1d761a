"""The `events` section: what may be written in it, and what is said where it may not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from mlconn_pipelines.config.events import source_of
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.errors import ConfigurationError

GOOD = """
events:
  public_url: https://edi.example.com/gateway/
  erp: {credential: bc_tells}
  cleo: {credential: cleo_tells, requests_per_second: 5}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter(tmp_path / "conf", dt.date(2026, 3, 1), "business_central")
    return tmp_path / "conf"


def load(folder: Path, text: str, erp: str = "") -> None:
    file = folder / "acme.yaml"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
    load_configuration(folder)


def test_events_are_off_unless_written_and_give_the_addresses(folder: Path) -> None:
    assert load_configuration(folder).integration("acme").events is None
    load(folder, GOOD)
    events = load_configuration(folder).integration("acme").events
    assert events is not None and events.erp is not None and events.cleo is not None
    assert (
        events.address("acme", source_of("business_central")) == "https://edi.example.com/gateway/hooks/acme/business-central"
    )
    assert (events.erp.requests_per_second, events.cleo.requests_per_second) == (300.0, 5.0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("public_url: https", "public_url: http", "is not an https address"),
        ("https://edi", "https://me:geheim@edi", "holds a user name or password"),
        ("  public_url: https://edi.example.com/gateway/\n", "", "'public_url' is missing in events"),
        ("  erp: {credential: bc_tells}\n  cleo: {credential: cleo_tells, requests_per_second: 5}\n", "", "names no sender"),
        ("credential: bc_tells", "credential: bc_acme", "'bc_acme' is also what we sign in with"),
        ("credential: bc_tells", "secret: geheim", "unknown setting 'secret' in events.erp"),
        ("requests_per_second: 5", "requests_per_second: 0", "events.cleo.requests_per_second"),
        ("credential: bc_tells", "credential: bc_tells, signature_header: 'X Y'", "events.erp.signature_header"),
    ],
)
def test_a_mistake_names_file_and_line(folder: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        load(folder, GOOD.replace(old, new, 1))
    said = str(caught.value)
    assert says in said and "acme.yaml:" in said
    assert "geheim" not in said


def test_cleo_cannot_tell_of_files_that_nobody_takes(folder: Path) -> None:
    file = folder / "acme.yaml"
    text = file.read_text(encoding="utf-8")
    start = text.index("  inbound:")
    file.write_text(text[:start] + text[text.index("# alerts:") :], encoding="utf-8")
    for partner in (folder / "partners").glob("*.yaml"):
        lines = partner.read_text(encoding="utf-8").splitlines()
        partner.write_text("\n".join(line for line in lines if not line.startswith("sends:")), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no inbound flow is on"):
        load(folder, GOOD)
