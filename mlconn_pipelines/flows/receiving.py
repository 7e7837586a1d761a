"""From the watched folders into the ledger: list, download, make sure the file is whole, store, and only then remove."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mlconn_pipelines.errors import NotFound, NotStorable, Retryable, TooLarge, TryLater
from mlconn_pipelines.flows.internal_errors import internal_error
from mlconn_pipelines.flows.notifications import mark_consumed, note_found
from mlconn_pipelines.flows.ports.entries import FileRow, ReceivedFile, Run
from mlconn_pipelines.flows.reading import ReadFile, read_file, what_holds
from mlconn_pipelines.flows.route import InboundRoute
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason

FILES_AT_ONCE = 500
"""Files held in memory at once. The folder is listed again after each such batch, to see that none was still growing; with smaller ones a
folder of thousands that stay where they are would be listed more often than read."""

BYTES_AT_ONCE = 100_000_000
SIZE_GUESSED = 2_000_000
"""And so many bytes of them, by their listed sizes, or by this one where the server tells none."""

KEPT = frozenset({"stored", "on_hold"})
"""States of a file whose bytes are in the ledger for good; only such a file is ever removed from its folder."""

LEFT_FILES_MAX = 1_000
"""More files than this in a folder whose files are left after receipt make every poll slow."""

R = TypeVar("R")


def look_for_files(route: InboundRoute) -> int:
    """How many files of the watched folders a run would act on; lists only, for sensors."""
    waiting, preview = 0, route.engine.preview
    for folder in route.settings.folders:
        for page in route.exchange.list_folder(folder):
            waiting += route.engine.intake.files_to_take(route.name, folder, page, preview)
    return waiting


def receive_files(route: InboundRoute, run: Run) -> Tally:
    """Take in every file that is whole, folder by folder; a folder that is gone, or cannot be listed, stops no other."""
    hints = mark_consumed(route.engine, run)
    tally = retake_files(route, run)
    kept = tally["files"]
    unanswered: Retryable | None = None
    for folder in route.settings.folders:
        try:
            _receive_folder(route, run, folder, tally)
        except NotFound as gone:
            tally.add("folders_gone")
            tally.problem(str(gone))
        except TryLater:
            raise
        except Retryable as busy:
            tally.add("try_later")
            tally.problem(f"{folder}: {busy}")
            unanswered = busy
    if unanswered is not None:
        raise unanswered
    note_found(route.engine, run, hints, tally["files"] - kept)
    return tally


def retake_files(route: InboundRoute, run: Run, named: Collection[str] = ()) -> Tally:
    """Take held files up again from their kept bytes: the named ones, or those that another configuration refused."""
    tally = Tally()
    if run.preview:
        return tally
    for row in route.engine.intake.files_on_hold(route.name):
        if row.row_id not in named and (named or row.config_hash == run.config_hash):
            continue
        if (content := route.engine.intake.file_content(row)) is None:
            if named:
                tally.problem(
                    f"{_place(row)} was never read, and is taken up where it lies once its reason is gone: {row.reason}"
                )
            continue
        file = _read(route, row, content)
        if not _hold(route, run, row, content, file, tally):
            _store(route, run, [ReceivedFile(row, content, file.interchanges)], tally)
    return tally


def _receive_folder(route: InboundRoute, run: Run, folder: str, tally: Tally) -> None:
    listing = _listing(route, folder)
    tally.add("listed", len(listing))
    if route.leaves_files and len(listing) > LEFT_FILES_MAX:
        tally.problem(
            f"Folder {folder!r} holds {len(listing)} files and none is removed after receipt: every poll reads them all. "
            "Archive old files, or set after_receipt to delete or move."
        )
    rows = route.engine.intake.note_files(run, folder, listing)
    aside = {file.id: finding for file in listing if (finding := _unreadable(route, file)) is not None}
    for row in rows:
        if row.file.id in aside and _is_due(run, row):
            _hold_unread(route, run, row, aside[row.file.id], tally)
    new = [row for row in rows if row.file.id not in aside and _is_due(run, row)]
    with ThreadPoolExecutor(route.downloads_at_once, thread_name_prefix="receive") as threads:
        kept = [row for row in rows if row.state in KEPT and not row.unread]
        _remove_all(route, run, kept, threads, tally)
        for batch in _batches(new):
            _receive_batch(route, run, folder, batch, threads, tally)


def _receive_batch(
    route: InboundRoute, run: Run, folder: str, batch: Sequence[FileRow], threads: ThreadPoolExecutor, tally: Tally
) -> None:
    limit = _size_max(route)
    refused: dict[str, Finding] = {}
    downloads = _each(threads, lambda row: route.exchange.download(row.file, limit), batch, tally, refused)
    for row in batch:
        if row.row_id in refused:
            _hold_unread(route, run, row, refused[row.row_id], tally)
    again = _listed_again(route, folder, {row.file.id for row in batch})
    came = [row for row in batch if row.row_id in downloads]
    _remove_all(route, run, _take(route, run, came, downloads, again, tally), threads, tally)


def _is_due(run: Run, row: FileRow) -> bool:
    """New, or held unread under another configuration."""
    return row.state not in KEPT or (row.unread and row.config_hash != run.config_hash)


def _size_max(route: InboundRoute) -> int:
    return route.settings.file_size_max_mb * 1_000_000


def _unreadable(route: InboundRoute, file: RemoteFile) -> Finding | None:
    """Why a file is not even to be downloaded."""
    if file.unusable:
        return Finding(
            Reason.FILE_UNUSABLE,
            f"{file.folder}/{file.name} cannot be read: {file.unusable}. Look at it in that folder, and ask the partner to send it again "
            "under another name.",
        )
    if file.size is None or file.size <= _size_max(route):
        return None
    return Finding(Reason.FILE_TOO_LARGE, f"{file.folder}/{file.name} has {file.size / 1_000_000:,.1f} MB, {_TOO_LARGE}")


_TOO_LARGE = (
    "more than flows.inbound.file_size_max_mb allows. It was not read and stays where it is. If it is meant, raise that setting; "
    "if not, take it out of that folder and dismiss this."
)


def _hold_unread(route: InboundRoute, run: Run, row: FileRow, finding: Finding, tally: Tally) -> None:
    route.engine.intake.set_file_aside(run, row, None, finding)
    tally.add("files_set_aside")
    tally.problem(f"{_place(row)}: {finding.message}")


def _place(row: FileRow) -> str:
    return f"{row.file.folder}/{row.file.name}"


def _listed_again(route: InboundRoute, folder: str, wanted: set[str]) -> dict[str, RemoteFile]:
    """What the folder lists now of these files; further pages are read only while one of them is missing."""
    found: dict[str, RemoteFile] = {}
    for page in route.exchange.list_folder(folder):
        found |= {file.id: file for file in page if file.id in wanted}
        if len(found) == len(wanted):
            break
    return found


def _batches(rows: Sequence[FileRow]) -> Iterator[Sequence[FileRow]]:
    """Not too many of them, nor too large ones, held in memory at once."""
    batch: list[FileRow] = []
    room = BYTES_AT_ONCE
    for row in rows:
        size = SIZE_GUESSED if row.file.size is None else row.file.size
        if batch and (len(batch) == FILES_AT_ONCE or size > room):
            yield batch
            batch, room = [], BYTES_AT_ONCE
        batch.append(row)
        room -= size
    if batch:
        yield batch


def _listing(route: InboundRoute, folder: str) -> list[RemoteFile]:
    return [file for page in route.exchange.list_folder(folder) for file in page]


def _take(
    route: InboundRoute,
    run: Run,
    rows: Sequence[FileRow],
    downloads: Mapping[str, bytes],
    again: Mapping[str, RemoteFile],
    tally: Tally,
) -> list[FileRow]:
    """Store downloaded files; those that are dealt with, so that they may be removed. Others must be looked at again."""
    dealt_with, whole = [], []
    for row in rows:
        content = downloads[row.row_id]
        steady = again.get(row.file.id) == row.file and row.file.size in (None, len(content))
        file = _read(route, row, content) if steady else None
        if file is None or not (file.complete or row.check_count >= 2):
            tally.add("growing")
            continue
        dealt_with.append(row)
        if not _hold(route, run, row, content, file, tally):
            whole.append(ReceivedFile(row, content, file.interchanges))
    if whole:
        _store(route, run, whole, tally)
    return dealt_with


def _read(route: InboundRoute, row: FileRow, content: bytes) -> ReadFile:
    return read_or_held(route, content, row.file.name, f"file {row.row_id}")


def read_or_held(route: InboundRoute, content: bytes, name: str, about: str) -> ReadFile:
    """What the file holds; one that trips the code is held by itself. name, about: of the file, for people and for the log."""
    try:
        return read_file(content, route.partners, route.settings.acknowledge)
    except Exception as trouble:
        return ReadFile((), True, internal_error(trouble, f"File {name}", about))


def _store(route: InboundRoute, run: Run, whole: Sequence[ReceivedFile], tally: Tally) -> None:
    """One that the database refuses is on hold; the others are stored."""
    try:
        counts = route.engine.intake.store_files(run, whole, route.settings.send_from)
    except NotStorable as trouble:
        if len(whole) > 1:
            for one in whole:
                _store(route, run, [one], tally)
            return
        (one,) = whole
        finding = internal_error(trouble, f"File {one.file.file.name}", f"file {one.file.row_id}")
        _hold(route, run, one.file, one.content, ReadFile((), True, finding), tally)
        return
    for one in whole:
        lost = [found for held in one.interchanges for found in held.findings if found.code == "set_header_missing"]
        for found in lost:
            tally.problem(f"{_place(one.file)}: {found.message}")
    tally.add("files", len(whole))
    tally.add("received", counts.documents)
    tally.add("refused", counts.refused)
    tally.add("duplicate", counts.duplicates)
    tally.add("conflicts", counts.conflicts)
    tally.add("answers", counts.answers)
    tally.bytes += sum(len(one.content) for one in whole)


def _hold(route: InboundRoute, run: Run, row: FileRow, content: bytes, file: ReadFile, tally: Tally) -> bool:
    """Whether nothing of the file can be taken in; its bytes are then kept with the reason."""
    problem = what_holds(file, row.file.name)
    if problem is None:
        return False
    route.engine.intake.set_file_aside(run, row, content, problem)
    for refusal in () if run.preview else file.refusals:
        tally.add("answers", route.engine.acknowledgments.answer_interchange(run, refusal))
    tally.add("files_set_aside")
    tally.problem(f"{row.file.folder}/{row.file.name}: {problem.message}")
    return True


def _remove_all(route: InboundRoute, run: Run, rows: Sequence[FileRow], threads: ThreadPoolExecutor, tally: Tally) -> None:
    """Out of the folder, as configured; a preview leaves every file where it is, for the live run."""
    if run.preview:
        return

    def remove(row: FileRow) -> None:
        route.exchange.remove(row.file, row.file.name)

    if gone := _each(threads, remove, rows, tally):
        route.engine.intake.files_removed([row for row in rows if row.row_id in gone])


def _each(
    threads: ThreadPoolExecutor,
    act: Callable[[FileRow], R],
    rows: Sequence[FileRow],
    tally: Tally,
    refused: dict[str, Finding] | None = None,
) -> dict[str, R]:
    """The results by row id; a file that someone else took or that cannot be read now is left for the next poll.

    refused: where what cannot be read at all is put, by row id.
    """

    def attempt(row: FileRow) -> tuple[str, R] | None:
        try:
            return row.row_id, act(row)
        except NotFound:
            tally.add("taken_by_others")
        except Retryable as busy:
            tally.add("try_later")
            tally.problem(f"{_place(row)}: {busy}")
        except Exception as trouble:
            finding = _finding(trouble, row)
            if refused is None:
                tally.problem(finding.message)
            else:
                refused[row.row_id] = finding
        return None

    return dict(result for result in threads.map(attempt, rows) if result is not None)


def _finding(trouble: Exception, row: FileRow) -> Finding:
    if isinstance(trouble, TooLarge):
        return Finding(Reason.FILE_TOO_LARGE, f"{_place(row)} is larger than it was listed, {_TOO_LARGE}")
    return internal_error(trouble, f"File {row.file.name}", f"file {row.row_id}")
