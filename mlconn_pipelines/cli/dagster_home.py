"""Dagster's own folder: its settings file and where it finds our code."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.private_files import private_folder

FILES = ("dagster.yaml", "workspace.yaml")


def write_dagster_home(folder: Path) -> None:
    """Lay `dagster.yaml` and `workspace.yaml` into the folder; what a person has changed there is left as it is."""
    private_folder(folder)
    for name in FILES:
        target = folder / name
        if not target.exists():
            target.write_text(shipped(name), encoding="utf-8")


def shipped(name: str) -> str:
    """The file as this release has it: beside the package in an installation, at the project's root in a checkout."""
    package = files("mlconn_pipelines")
    for place in (package.joinpath(name), Path(str(package)).parent / name):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise ConfigurationError(f"{name} is not in this installation", "Install mlconn-pipelines again.")
