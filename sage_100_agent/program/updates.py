"""Whether this agent may be followed by another version: where it was installed for that, and as far as its settings allow it.

Installed for that means a folder with `starter`, `app-VERSION` and `current.json`; the service of Windows is the program in `starter`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from sage_100_agent.program.settings import Settings
from sage_100_agent.updating import starter
from sage_100_agent.updating.installation import Installation
from sage_100_agent.updating.updater import Updater


def updater_of(settings: Settings) -> Updater | None:
    """None where nobody would start another version."""
    folder = os.environ.get(starter.FOLDER)
    return Updater(Installation(Path(folder)), settings.root_key, settings.updates) if folder else None


def end_with_starter(stop: Callable[[], None]) -> None:
    """Have the agent end when its starter closes its input, or is gone."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(sys.stdin.fileno(), 1024):  # a buffered reader would not let the program end
                pass
        stop()

    if starter.FOLDER in os.environ:
        threading.Thread(target=wait, name="starter", daemon=True).start()


def installation_here() -> Installation | None:
    """Of which this program is the starter."""
    folder = Path(sys.executable).resolve().parent
    is_starter = getattr(sys, "frozen", False) and folder.name == "starter" and (folder.parent / "current.json").exists()
    return Installation(folder.parent) if is_starter else None


def keep_started(installation: Installation, settings_file: Path, give_stop: Callable[[Callable[[], None]], None]) -> int:
    """As the agent itself, from its start to its end, but in a process of its own and in whichever version. give_stop: as of `work`."""
    stop = threading.Event()
    give_stop(stop.set)
    return starter.run(installation, stop, ("run", "--settings", str(settings_file)))
