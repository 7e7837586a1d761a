"""A first configuration with explanations: what `mlconn init` writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from mlconn_pipelines.config.json_schema import editors_line, write_schemas
from mlconn_pipelines.config.samples import sample_files, with_partners
from mlconn_pipelines.errors import ConfigurationError

USUAL_ERP = "sap_business_one"


def starters() -> list[str]:
    """The kinds of ERP that there is a first configuration for."""
    return sorted(entry.name for entry in _systems().iterdir() if entry.joinpath("starter").is_dir())


def starters_with(erp: str) -> list[str]:
    """The systems whose records can be brought into step with that ERP's, each with a first configuration."""
    return sorted(entry.name for entry in _systems().iterdir() if entry.joinpath("starter_with", erp).is_dir())


def write_starter(
    folder: Path, go_live: dt.date, erp: str = USUAL_ERP, *, samples: Sequence[str] = (), beside: str = ""
) -> list[Path]:
    """Write one integration in preview and its partners into a new or empty folder; return the files.

    go_live: every flow's send_from. erp: its kind. ConfigurationError for a kind that there is none for, and when one of the
    files is there already; nothing is overwritten. samples: sample partners to be added; a folder that has an integration
    already gets them alone. beside: a system instead of Cleo and partners, whose records are to be in step with the ERP's.
    """
    if erp not in starters():
        raise ConfigurationError(f"there is no ERP {erp!r}", f"There are: {', '.join(starters())}.")
    if beside and beside not in starters_with(erp):
        there = ", ".join(starters_with(erp)) or "none"
        raise ConfigurationError(f"records of {erp} cannot be in step with {beside!r}", f"Systems that they can be: {there}.")
    if beside and samples:
        raise ConfigurationError(f"an integration with {beside} has no trading partners", "Leave out --sample.")
    added = sample_files(samples)
    here = _systems().joinpath(beside, "starter_with", erp) if beside else _systems().joinpath(erp, "starter")
    texts = dict(_texts(here, Path()))
    texts = (
        added if samples and any(folder.glob("*.yaml")) else {**(texts if beside else with_partners(texts, samples)), **added}
    )
    for name in texts:
        if (folder / name).exists():
            raise ConfigurationError(
                f"{folder / name} exists already and is not overwritten", "Name a new folder, or move the file away."
            )
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            written = editors_line(name) + text.replace("GO_LIVE", go_live.isoformat())
            (folder / name).write_text(written, encoding="utf-8")
        write_schemas(folder)
    except OSError as wrong:
        raise ConfigurationError(
            f"{folder} cannot be written ({wrong.strerror})", "Name a folder that you may write to."
        ) from None
    return sorted(folder / name for name in texts)


def _systems() -> Traversable:
    return files("mlconn_pipelines.systems")


def _texts(folder: Traversable, below: Path) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _texts(entry, below / entry.name)
        elif entry.name.endswith(".yaml"):
            found.append((below / entry.name, entry.read_text(encoding="utf-8")))
    return found
