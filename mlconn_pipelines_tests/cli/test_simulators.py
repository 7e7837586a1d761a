"""`mlconn demo` and `mlconn sandbox` with mlconn-simulators and without it."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import mlconn_simulators
from mlconn_pipelines.cli import simulators
from mlconn_pipelines.errors import ConfigurationError

PYPROJECT = Path(mlconn_simulators.__file__).parent / "pyproject.toml"
DECLARED = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["entry-points"][simulators.GROUP]


def with_these(monkeypatch: pytest.MonkeyPatch, points: list[EntryPoint]) -> typer.Typer:
    monkeypatch.setattr(simulators, "entry_points", lambda group: points)
    app = typer.Typer()
    simulators.register(app)
    return app


@pytest.mark.parametrize("arguments", [["demo", "--once"], ["sandbox", "up", "--seed", "3"]], ids=" ".join)
def test_without_it_they_say_what_to_install(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    ran = CliRunner().invoke(with_these(monkeypatch, []), arguments)
    assert isinstance(ran.exception, ConfigurationError)
    assert "Run: pip install mlconn-simulators" in str(ran.exception)


def test_its_entry_points_are_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    app = with_these(monkeypatch, [EntryPoint(name, value, simulators.GROUP) for name, value in DECLARED.items()])
    shown = CliRunner().invoke(app, ["--help"]).output
    assert set(DECLARED) == set(simulators.BROUGHT)
    assert "Run everything on this machine" in shown and "Simulated ERPs" in shown and "Not installed" not in shown
