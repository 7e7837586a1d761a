"""Any exception as one sentence for a person: what is wrong, and what becomes of it. Needs no driver to be loaded."""

from __future__ import annotations

import errno
import secrets
import traceback
from collections.abc import Iterator
from pathlib import Path

from mlconn_pipelines.errors import DatabaseUnavailable, InternalError, MlconnError

LATER = "Nothing is lost: what was not stored is done again by the next run."
LOCKED = "55P03"

_DRIVERS = ("psycopg", "psycopg2", "sqlalchemy")
_PACKAGE = Path(__file__).parent

_MEANINGS: tuple[tuple[str, str, str], ...] = (
    ("53100", "the database's disk is full", f"Make room on the database's machine. {LATER}"),
    ("53200", "the database has no memory left", f"Look what else runs on its machine. {LATER}"),
    ("53300", "the database takes no further connection", f"Raise its max_connections, or run fewer programs. {LATER}"),
    ("53", "the database has come to a limit of its machine", f"See the database's log. {LATER}"),
    (LOCKED, "another program has held a lock in the database for too long", f"It is tried again. {LATER}"),
    ("57014", "the database cut a statement off", f"A person or its statement_timeout did. {LATER}"),
    ("57P", "the database is being stopped or started", LATER),
    ("40", "two programs stood in each other's way in the database", LATER),
    ("25006", "the database takes no changes now; it is a standby", f"Look whether it was switched over. {LATER}"),
    ("25P0", "a transaction stood still for too long, and the database ended it", LATER),
    ("08", "the connection to the database was lost", LATER),
    ("58", "the database cannot use its disk", f"See the database's log. {LATER}"),
    ("XX00", "the database reports damaged data", "See its log, and restore a backup if need be (docs/operations.md)."),
    ("28", "the database refuses our role or password", "Check MLCONN_DATABASE_URL."),
    ("3D000", "the database does not exist on that server", "Check MLCONN_DATABASE_URL."),
    ("42501", "our role may not do that in the database", "Let an administrator make it the owner of the database's tables."),
    ("0A000", "the database's tables were changed while this program ran", f"It connects anew. {LATER}"),
)
"""By the beginning of SQLSTATE, the longer ones first: what it means, and what to do."""

_CONNECTING: tuple[tuple[str, str], ...] = (
    ("too many clients", "53300"),
    ("remaining connection slots", "53300"),
    ("too many connections", "53300"),
    ("starting up", "57P03"),
    ("shutting down", "57P03"),
    ("recovery", "57P03"),
    ("password authentication failed", "28P01"),
    ("does not exist", "3D000"),
)
"""What the server says while a connection is made, where the driver gives no SQLSTATE."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


def unavailable(error: BaseException) -> DatabaseUnavailable | None:
    """What a driver's exception means where the database is at fault; None for a mistake in a statement or in its values."""
    if not _of_a_driver(error):
        return None
    original = getattr(error, "orig", None) or error
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or ""
    words = " ".join(str(original).split())
    names = {one.__name__ for one in type(original).__mro__}
    if not state:
        if type(error).__module__.startswith("sqlalchemy") and type(error).__name__ == "TimeoutError":
            return DatabaseUnavailable("all connections of this program to the database are in use", LATER, "53300")
        if not names & {"OperationalError", "InterfaceError"}:
            return None
        state = next((found for said, found in _CONNECTING if said in words), "")
        if not state:
            return DatabaseUnavailable(f"the database does not answer ({_first_sentence(words)})", LATER)
    if state == "0A000" and "cached plan" not in words:
        return None
    for beginning, what, hint in _MEANINGS:
        if state.startswith(beginning):
            said = getattr(getattr(original, "diag", None), "message_primary", None) or _first_sentence(words)
            return DatabaseUnavailable(f"{what} ({said})", hint, state)
    return None


def told(error: BaseException, where: str = "") -> MlconnError:
    """The exception as one of ours, to be told in one sentence. where: the log with the traceback of what is a mistake of ours."""
    if isinstance(error, MlconnError):
        return error
    if (trouble := unavailable(error)) is not None:
        return trouble
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_machine(error)
    if isinstance(error, MemoryError):
        return MlconnError("this machine has no memory left for the program", LATER)
    number = secrets.token_hex(4)
    hint = f"Its traceback is in {where} under that number. " if where else ""
    return InternalError(f"internal error {number}: {kind_and_place(error)}", f"{hint}Please report it.", number)


def kind_and_place(error: BaseException) -> str:
    """`KeyError in flows/receiving.py:120`: the last line of ours that it went through. Never its words, which may hold a document's."""
    places = list(_places(error))
    return f"{type(error).__name__}{f' in {places[-1]}' if places else ''}"


def _places(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        if (file := Path(frame.filename)).is_relative_to(_PACKAGE):
            yield f"{file.relative_to(_PACKAGE).as_posix()}:{frame.lineno}"


def _of_the_machine(error: OSError) -> MlconnError:
    named = f" ({error.filename})" if error.filename else ""
    if error.errno in _FULL:
        return MlconnError(f"the disk is full{named}", f"Make room. {LATER}")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return MlconnError("this program may open no further file", "Raise its limit of open files (ulimit -n).")
    said = (error.strerror or type(error).__name__).lower()
    return MlconnError(f"{said}{named}", "Check the path and who may read and write there.")


def _of_a_driver(error: BaseException) -> bool:
    return any(one.__module__.partition(".")[0] in _DRIVERS for one in type(error).__mro__)


def _first_sentence(words: str) -> str:
    """Without the name of the exception, hints and the statement that SQLAlchemy appends."""
    return words.partition(" [SQL:")[0].partition(" DETAIL:")[0].strip()[:300] or "it gave no reason"
