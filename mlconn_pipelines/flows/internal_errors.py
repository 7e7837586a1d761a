"""One document, record or file that the code falls over is held by itself; what all of them need ends the run, by its type.

The sentence that a person reads names the exception's type, its place in our code and a number; the log has the traceback under
that number. Neither repeats what an exception says, for that may be anything of the document.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import (
    ConfigurationError,
    ConnectorError,
    DatabaseUnavailable,
    DocumentRejected,
    MlconnError,
    NotStorable,
    VaultError,
)
from mlconn_pipelines.flows.holding import hold
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, Run
from mlconn_pipelines.flows.ports.queue import Queue
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason

_log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[1]

_OF_ALL = (DatabaseUnavailable, ConnectorError, ConfigurationError, VaultError, OSError, MemoryError)
"""The database, systems outside, what people wrote, the disk, sockets, memory. What a connector says about one document is answered
before."""
_OF_ALL_BY_PACKAGE = frozenset({"sqlalchemy", "psycopg", "dagster"})
"""Whatever the database says but that a value cannot be kept (NotStorable), and Dagster's word that a run is to end."""


def ends_the_run(trouble: Exception) -> bool:
    """Whether it is about what every document needs. Holding documents for it would hold all of them, one after another."""
    if isinstance(trouble, (NotStorable, DocumentRejected)):
        return False
    packages = {kind.__module__.partition(".")[0] for kind in type(trouble).__mro__}
    return isinstance(trouble, _OF_ALL) or not packages.isdisjoint(_OF_ALL_BY_PACKAGE)


HELD = "Reprocess it after an update, or once what is unusual about it was corrected; or dismiss it and act by hand."
LOOKED_FOR = "The request may have left: what became of it is looked for before anything is sent again."


def internal_error(trouble: Exception, what: str, name: str, then: str = HELD) -> Finding:
    """The finding that holds what the code fell over; the trouble itself again where it ends the run.

    A refusal that nobody waited for is the finding that it names.

    what: in the words of the trade, for a person (`Invoice 4711`). name: of ours, for the log (`D0000042`); no business data.
    then: what becomes of it, for the person.
    """
    if isinstance(trouble, DocumentRejected):
        return Finding(trouble.code, str(trouble))
    if ends_the_run(trouble):
        raise trouble
    number = secrets.token_hex(4)
    kind, place = _kind(trouble), place_of(trouble)
    _log.error("internal error %s on %s: %s in %s\n%s", number, name, kind, place, "\n".join(_frames(trouble)))
    return Finding(
        Reason.INTERNAL_ERROR,
        f"{what}: the program fell over it ({kind} in {place}, number {number}) and went on with the others. The log has more under "
        f"that number: give both to whoever maintains the program. {then}",
    )


def of_document(trouble: Exception, row: DocumentRow, then: str = HELD) -> Finding:
    """`internal_error` about a document in the ledger."""
    return internal_error(trouble, row.called, row.id, then)


def place_of(trouble: BaseException) -> str:
    """`flows.checking:57`: the innermost line of ours that it passed through."""
    ours = "unknown"
    for frame in traceback.extract_tb(trouble.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT):
            ours = f"{'.'.join(path.relative_to(_ROOT).with_suffix('').parts)}:{frame.lineno}"
    return ours


def _kind(trouble: BaseException) -> str:
    kind = type(trouble)
    return kind.__name__ if kind.__module__ in ("builtins", MlconnError.__module__) else f"{kind.__module__}.{kind.__name__}"


def _frames(trouble: BaseException | None) -> Iterator[str]:
    """The traceback, causes first, without what the exceptions say."""
    if trouble is None:
        return
    cause = trouble.__cause__ or (None if trouble.__suppress_context__ else trouble.__context__)
    yield from _frames(cause)
    frames = traceback.extract_tb(trouble.__traceback__)
    shown = frames if len(frames) <= 2 * _FRAMES else [*frames[:_FRAMES], *frames[-_FRAMES:]]  # a recursion has thousands
    for frame in shown:
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield f"{_kind(trouble)}{' led to' if cause is not None else ''}"


_FRAMES = 25


def each_checked(rows: Sequence[DocumentRow], check: Callable[[DocumentRow], Checked]) -> list[Checked]:
    """What the check says of every document; one that it falls over is on hold."""
    return [_checked(row, check) for row in rows]


def _checked(row: DocumentRow, check: Callable[[DocumentRow], Checked]) -> Checked:
    try:
        return check(row)
    except Exception as trouble:
        return hold(row, (of_document(trouble, row),))


def store_all_checked(queue: Queue, run: Run, rows: Sequence[DocumentRow], results: Sequence[Checked]) -> Mapping[State, int]:
    """`Queue.store_checked`; where the database refuses one of them, each by itself, and that one is on hold."""
    try:
        return queue.store_checked(run, results)
    except NotStorable:
        pass
    by_id = {row.id: row for row in rows}
    counts: dict[State, int] = {}
    for result in results:
        try:
            stored = queue.store_checked(run, [result])
        except NotStorable as trouble:
            row = by_id[result.document_id]
            stored = queue.store_checked(run, [hold(row, (of_document(trouble, row),))])
        for state, count in stored.items():
            counts[state] = counts.get(state, 0) + count
    return counts
