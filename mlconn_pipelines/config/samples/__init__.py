"""Sample trading partners of different habits, as files that `mlconn init --sample NAME` copies."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from mlconn_pipelines.errors import ConfigurationError

_PARTNERS = re.compile(r"^partners:\n(?:  - .*\n)+", re.MULTILINE)
_TAKES_SUPPLIERS = "order_target: PurchaseOrders "


def sample_partners() -> dict[str, str]:
    """Name to what they are: the first line of their file."""
    return {name: text.split("\n", 1)[0].removeprefix("# ") for name, text in _texts().items()}


def sample_files(names: Iterable[str]) -> dict[Path, str]:
    """The files of these samples, by their path within a configuration folder. ConfigurationError: there is none of a name."""
    known = _texts()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
            raise ConfigurationError(f"there is no sample partner {name!r}", hint)
    return {Path("partners") / f"{name}.yaml": known[name] for name in names}


def with_partners(texts: Mapping[Path, str], names: Iterable[str]) -> dict[Path, str]:
    """A starter's files with these partners in the list of its integration, their orders becoming sales orders."""
    added = "".join(f"  - {name}\n" for name in names)
    if not added:
        return dict(texts)
    changed = dict(texts)
    for path, text in texts.items():
        if path.parent == Path():
            listed = _PARTNERS.sub(lambda found: found[0] + added, text, count=1)
            changed[path] = listed.replace(_TAKES_SUPPLIERS, "order_target: Orders         ")
    return changed


def _texts() -> dict[str, str]:
    folder = files("mlconn_pipelines.config").joinpath("samples", "partners")
    found = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".yaml")}
    return {name.removesuffix(".yaml"): found[name] for name in sorted(found)}
