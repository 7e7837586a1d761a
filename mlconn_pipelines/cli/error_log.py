"""Where a command leaves the traceback of a mistake of ours: for whoever mends it, and not on the terminal of whoever met it."""

from __future__ import annotations

import datetime as dt
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.printable import printable, printable_lines
from mlconn_pipelines.private_files import open_private_log

NAME = "errors.log"


def error_log() -> Path | None:
    """`errors.log` of MLCONN_HOME, None while there is no such folder."""
    from mlconn_pipelines.settings import read_settings

    with suppress(MlconnError, OSError):
        home = read_settings().home
        return home / NAME if home.is_dir() else None
    return None


def write_traceback(log: Path, number: str, error: BaseException) -> None:
    """Add it to the log, which only its owner may read; a log that cannot be written changes nothing about the command's end."""
    command = printable(" ".join(sys.argv[1:]))
    said = printable_lines("".join(traceback.format_exception(error)))
    with suppress(OSError), open_private_log(log) as file:
        file.write(f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ} {number} mlconn {command}\n{said}\n".encode())
