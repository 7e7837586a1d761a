"""`mlconn partner coverage` over files, by the partner's own file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlconn_pipelines_tests.command_line import mlconn_here
from mlconn_pipelines_tests.flows.test_coverage import order


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "config"
    assert mlconn_here(monkeypatch, capsys, {}, "init", str(folder)).returncode == 0
    return folder


def test_files_of_a_partner_are_looked_at(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sample.edi"
    file.write_bytes(order(1, "FOB*PB").replace(b"*01*123456789      *", b"*12*2125550142     *"))
    wanted = ("partner", "coverage", "bluepeak", "--config", str(config), "--file", str(file))
    said = mlconn_here(monkeypatch, capsys, {}, *wanted)
    assert said.returncode == 0 and "bluepeak sent 1 850." in said.stdout and "FOB01" in said.stdout, said
    found = json.loads(mlconn_here(monkeypatch, capsys, {}, *wanted, "--json").stdout)
    (row,) = [row for row in found["elements"] if row["element"] == "FOB01"]
    assert (row["what becomes of it"], row["example"], found["sets"]) == ("told on the document", "PB", {"850": 1})


def test_a_partner_that_is_not_there_is_named(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = mlconn_here(monkeypatch, capsys, {}, "partner", "coverage", "nobody", "--config", str(config), "--file", "x.edi")
    assert said.returncode == 2 and "there is no trading partner 'nobody' in acme" in said.stderr
