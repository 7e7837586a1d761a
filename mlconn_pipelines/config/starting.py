"""A first configuration with explanations: what `mlconn init` writes."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from mlconn_pipelines.errors import ConfigurationError

DEFAULT_ERP = "sap_business_one"


def starters() -> list[str]:
    """The kinds of ERP (`erp.kind`) that there is a first configuration for."""
    return sorted(entry.name for entry in _starter().iterdir() if entry.is_dir() and not entry.name.startswith("_"))


def write_starter(folder: Path, go_live: dt.date, erp: str = DEFAULT_ERP) -> list[Path]:
    """Write one integration in preview and its partners into a new or empty folder; return the files.

    go_live: every flow's send_from. erp: one of `starters`. ConfigurationError for another one, and when one of the files is there
    already; nothing is overwritten.
    """
    if erp not in starters():
        raise ConfigurationError(f"there is no first configuration for {erp!r}", f"There are: {', '.join(starters())}.")
    texts = dict(_texts(_starter().joinpath(erp), Path()))
    for name in texts:
        if (folder / name).exists():
            raise ConfigurationError(
                f"{folder / name} exists already and is not overwritten", "Name a new folder, or move the file away."
            )
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text.replace("GO_LIVE", go_live.isoformat()), encoding="utf-8")
    except OSError as wrong:
        raise ConfigurationError(
            f"{folder} cannot be written ({wrong.strerror})", "Name a folder that you may write to."
        ) from None
    return sorted(folder / name for name in texts)


def _starter() -> Traversable:
    return files("mlconn_pipelines.config").joinpath("starter")


def _texts(folder: Traversable, below: Path) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _texts(entry, below / entry.name)
        elif entry.name.endswith(".yaml"):
            found.append((below / entry.name, entry.read_text(encoding="utf-8")))
    return found
