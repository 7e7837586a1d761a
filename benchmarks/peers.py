"""Other people's programs to measure beside: each in a folder of its own under `.bench/peers`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_INSTALL_S = 300


class NotMeasured(Exception):
    """Why a peer could not be installed or run here."""


def installed_by_pip(peers: Path, name: str, version: str) -> Path:
    """The folder to put on PYTHONPATH, from the registry that pip is set up with."""
    folder = peers / f"{name}-{version}"
    if not list(folder.glob(f"{name.replace('-', '_')}-*.dist-info")):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        run_program([*pip, "--target", str(folder), f"{name}=={version}"])
    return folder


def run_program(arguments: list[str], environment: dict[str, str] | None = None) -> str:
    """What it printed. environment: beside our own. Errors: NotMeasured with its last words."""
    try:
        done = subprocess.run(
            arguments,
            env=os.environ | (environment or {}),
            capture_output=True,
            text=True,
            timeout=_INSTALL_S,
            check=True,
        )
    except subprocess.CalledProcessError as failed:
        last = (failed.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NotMeasured(f"{Path(arguments[0]).name} ended with {failed.returncode}: {last}") from None
    except (OSError, subprocess.TimeoutExpired) as failed:
        raise NotMeasured(f"{Path(arguments[0]).name}: {failed}") from None
    return done.stdout
