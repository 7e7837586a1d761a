"""Whether this agent may be followed by another version: where a starter started it, and as far as its settings allow it."""

from __future__ import annotations

import os
from pathlib import Path

from sage_100_agent.program.settings import Settings
from sage_100_agent.updating.installation import Installation
from sage_100_agent.updating.starter import FOLDER
from sage_100_agent.updating.updater import Updater


def updater_of(settings: Settings) -> Updater | None:
    """None where nobody would start another version."""
    folder = os.environ.get(FOLDER)
    return Updater(Installation(Path(folder)), settings.root_key, settings.updates) if folder else None
