"""Where a demo lives: a new folder each time under `.demo/`, the last three kept."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

KEPT = 3
ROOT = ".demo"


def new_folder(root: Path | None = None, now: dt.datetime | None = None) -> Path:
    """A fresh folder; older ones than the last three are removed. Nothing outside `.demo/` is ever touched."""
    root = root or Path.cwd() / ROOT
    root.mkdir(exist_ok=True)
    stamp = (now or dt.datetime.now()).strftime("%Y%m%d-%H%M%S")
    folder = root / stamp
    tries = 1
    while folder.exists():
        tries += 1
        folder = root / f"{stamp}-{tries}"
    folder.mkdir()
    for old in sorted((path for path in root.iterdir() if path.is_dir()), key=lambda path: path.name)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder
