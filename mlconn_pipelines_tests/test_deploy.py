"""The units of `deploy/`: systemd takes them, their programs are those that we install, and our commands know their options."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

import mlconn_pipelines
from mlconn_pipelines.cli.app import app

DEPLOY = Path(mlconn_pipelines.__file__).parent.parent / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
INSTALLED = "/opt/mlconn/.venv/bin/"
ANALYZE = shutil.which("systemd-analyze")


def commands(unit: Path) -> list[list[str]]:
    return [line.partition("=")[2].split() for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed on this machine")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    here = f"{Path(sys.executable).parent}/"
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(INSTALLED, here))
    said = subprocess.run(
        [str(ANALYZE), "verify", *(str(tmp_path / unit.name) for unit in UNITS)], capture_output=True, text=True, check=False
    )
    # What it says of other units of this machine is none of ours.
    ours = [line for line in said.stderr.splitlines() if any(unit.name in line for unit in UNITS)]
    assert ours == [], said.stderr


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.stem)
def test_every_unit_starts_a_program_of_ours_with_options_that_it_has(unit: Path) -> None:
    assert commands(unit)
    for program, *arguments in commands(unit):
        name = program.removeprefix(INSTALLED)
        assert "/" not in name and Path(sys.executable).with_name(name).is_file(), program
        if name == "mlconn":
            group = typer.main.get_command(app)
            with group.make_context("mlconn", list(arguments)) as context:
                called, command, rest = group.resolve_command(context, arguments)  # type: ignore[attr-defined]
                command.make_context(called, rest, parent=context)


def test_the_files_that_units_and_site_name_are_those_of_the_notes() -> None:
    notes = (DEPLOY / "README.md").read_text()
    text = "".join(file.read_text() for file in (*UNITS, DEPLOY / "nginx.conf"))
    assert "/etc/mlconn/mlconn.env" in notes and text.count("EnvironmentFile=/etc/mlconn/mlconn.env") == 6
    for path in ("/etc/mlconn/workspace.yaml", "/etc/nginx/tls/edi.example.com.pem", "/etc/nginx/edi.htpasswd"):
        assert path in text and path in notes, path
    assert "/etc/nginx/tls/edi.example.com.key" in text and "`.key`" in notes
    gateway, ui = "127.0.0.1:3001", "127.0.0.1:3000"
    assert f"proxy_pass           http://{gateway}" in text and "--host 127.0.0.1 --port 3001" in text
    assert f"proxy_pass http://{ui}" in text and "-h 127.0.0.1 -p 3000" in text
