"""A first configuration with explanations, and sample partners of different habits: what `mlconn init` writes."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from mlconn_pipelines.errors import ConfigurationError

_LAST_PARTNER = "  - cedarmill\n"
_ORDER_TARGET = "order_target: PurchaseOrders "
_INTEGRATION = Path("acme.yaml")


def sample_partners() -> dict[str, str]:
    """The sample partners: name to what they are, the first line of their file."""
    return {name: text.split("\n", 1)[0].removeprefix("# ") for name, text in _sample_texts().items()}


def write_starter(folder: Path, go_live: dt.date, samples: Sequence[str] = ()) -> list[Path]:
    """Write one integration in preview and two partners into a new or empty folder; return the files.

    go_live: every flow's send_from. samples: sample partners to be added (`sample_partners` names them); their orders become
    sales orders. A folder that has an integration gets the samples alone. ConfigurationError when one of the files is there
    already, or a sample is not; nothing is overwritten.
    """
    known = _sample_texts()
    for name in samples:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
            raise ConfigurationError(f"there is no sample partner {name!r}", hint)
    texts = {Path("partners") / f"{name}.yaml": known[name] for name in samples}
    if not (samples and any(folder.glob("*.yaml"))):
        texts |= _with_partners(dict(_texts(files("mlconn_pipelines.config").joinpath("starter"), Path())), samples)
    for path in texts:
        if (folder / path).exists():
            raise ConfigurationError(
                f"{folder / path} exists already and is not overwritten", "Name a new folder, or move the file away."
            )
    try:
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text.replace("GO_LIVE", go_live.isoformat()), encoding="utf-8")
    except OSError as wrong:
        raise ConfigurationError(
            f"{folder} cannot be written ({wrong.strerror})", "Name a folder that you may write to."
        ) from None
    return sorted(folder / path for path in texts)


def _with_partners(texts: dict[Path, str], samples: Sequence[str]) -> dict[Path, str]:
    if samples:
        added = "".join(f"  - {name}\n" for name in samples)
        text = texts[_INTEGRATION].replace(_LAST_PARTNER, _LAST_PARTNER + added)
        texts[_INTEGRATION] = text.replace(_ORDER_TARGET, "order_target: Orders         ")
    return texts


def _sample_texts() -> dict[str, str]:
    samples = files("mlconn_pipelines.config").joinpath("samples", "partners")
    return {path.stem: text for path, text in sorted(_texts(samples, Path()))}


def _texts(folder: Traversable, below: Path) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _texts(entry, below / entry.name)
        elif entry.name.endswith(".yaml"):
            found.append((below / entry.name, entry.read_text(encoding="utf-8")))
    return found
