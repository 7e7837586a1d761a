"""`Intake` of flows/ports/intake.py in memory."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

from mlconn_pipelines.documents.kinds import part_of
from mlconn_pipelines.documents.lifecycle import Event, State
from mlconn_pipelines.documents.reference import KINDS, ReferenceBook, ReferenceItem, book_of
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.ports.entries import DocumentRow, FileRow, ReceiveCounts, ReceivedFile, Run
from mlconn_pipelines.ledger import receiving
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.intake import NUMBERED_FOR_EVER, TAKEN
from mlconn_pipelines.ledger.notifications import PLACES_SHOWN
from mlconn_pipelines.ledger.reference_data import by_kind
from mlconn_pipelines.ledger.reprocessing import may_be_cured
from mlconn_pipelines.ledger.rows import document_row, file_row
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.notifications import ChangeNotification, WaitingNotifications
from mlconn_pipelines.ports.streams import Stream, streams_of
from mlconn_pipelines.reasons import Cure, Reason
from mlconn_pipelines_tests.fake_ledger.arrivals import FakeArrivals
from mlconn_pipelines_tests.fake_ledger.shelves import Row, Shelves, back_to_seen

_WAITING = ("seen", "previewed")


class FakeIntake:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    # -- files ------------------------------------------------------------------------------------------------------
    def note_files(self, run: Run, folder: str, listing: Sequence[RemoteFile]) -> list[FileRow]:
        found = []
        with self._shelves.transaction():
            for file in {file.id: file for file in listing}.values():
                row = self._newest(run.integration, folder, file.id)
                if row is None or (row["state"] not in _WAITING and not _alike(row, file)):
                    row = self._first_seen(run, file)
                elif row["state"] in _WAITING:
                    alike = _alike(row, file)
                    row |= {"name": file.name, "size": file.size, "modified": file.modified}
                    row |= {"check_count": row["check_count"] + 1 if alike else 1, "state": row["state"] if alike else "seen"}
                if row["removed_at"] is None and not (run.preview and row["state"] != "seen"):
                    found.append(file_row(row))
        return found

    def _first_seen(self, run: Run, file: RemoteFile) -> Row:
        number = len(self._shelves.files) + 1
        row = {"id": number, "integration": run.integration, "file_id": file.id, "name": file.name, "folder": file.folder}
        row |= {"size": file.size, "modified": file.modified, "state": "seen", "check_count": 1, "removed_at": None}
        row |= {"reason": "", "reason_code": "", "config_hash": "", "interchange_ids": [], "content": None}
        self._shelves.files[number] = row
        return row

    def _newest(self, integration: str, folder: str, file_id: str) -> Row | None:
        place = (integration, folder, file_id)
        rows = self._shelves.files.values()
        return ([None, *(row for row in rows if (row["integration"], row["folder"], row["file_id"]) == place)])[-1]

    def files_to_take(self, integration: str, folder: str, listing: Sequence[RemoteFile], preview: bool = False) -> int:
        def is_due(row: Row | None, file: RemoteFile) -> bool:
            if row is None or not _alike(row, file):
                return True
            return row["state"] == "seen" if preview else row["removed_at"] is None and not file_row(row).unread

        with self._shelves.lock:
            return sum(is_due(self._newest(integration, folder, file.id), file) for file in listing)

    def store_files(self, run: Run, received: Sequence[ReceivedFile], send_from: dt.date) -> ReceiveCounts:
        counts: Counter[str] = Counter()
        with self._shelves.transaction():
            received = [one for one in received if not self._is_taken(one.file)]
            groups = [group for one in received for held in one.interchanges for group in held.groups]
            sets = [one for group in groups for one in group.sets]
            keys = [key for one in sets for key in (one.source_key, receiving.conflict_key(one))]
            arriving = cast("Arrivals", FakeArrivals(self._shelves, run))
            arriving.expect([*keys, *(group.group_key for group in groups)], 0)
            for group in groups:
                receiving.store_group(arriving, group, send_from, counts)
            for one in received:
                if one.file.state == "on_hold":
                    self._shelves.resolve_alert(f"file_set_aside:{one.file.row_id}")
                kept = list(range(1, len(one.interchanges) + 1))
                values = {"state": "previewed" if run.preview else "stored", "interchange_ids": kept, "content": one.content}
                self._shelves.files[int(one.file.row_id)] |= values
        return ReceiveCounts(**counts)

    def _is_taken(self, file: FileRow) -> bool:
        return self._shelves.files[int(file.row_id)]["state"] not in (("on_hold",) if file.state == "on_hold" else _WAITING)

    def set_file_aside(self, run: Run, file: FileRow, content: bytes | None, finding: Finding) -> None:
        with self._shelves.transaction():
            if self._is_taken(file) or run.preview:
                return
            row = self._shelves.files[int(file.row_id)]
            if content is not None and file.state != "on_hold":
                row |= {"content": content, "interchange_ids": [1]}
            row |= {"state": "on_hold", "reason": finding.message, "reason_code": finding.code, "config_hash": run.config_hash}
            text = f"{file.file.folder}/{file.file.name} was put on hold: {finding.message}"
            self._shelves.raise_alert(run.integration, f"file_set_aside:{file.row_id}", text)

    def files_on_hold(self, integration: str) -> list[FileRow]:
        held = [row for row in self._shelves.files.values() if (row["integration"], row["state"]) == (integration, "on_hold")]
        return [replace(file_row(row), state="on_hold") for row in held]

    def file_content(self, file: FileRow) -> bytes | None:
        content: bytes | None = self._shelves.files[int(file.row_id)]["content"]
        return content

    def dismiss_file(self, run: Run, row_id: str, reason: str) -> None:
        with self._shelves.transaction():
            row = self._shelves.files.get(int(row_id))
            if row is None or (row["integration"], row["state"]) != (run.integration, "on_hold"):
                raise LedgerError(f"No file F{row_id} of {run.integration} is on hold")
            row |= {"state": "dismissed", "reason": reason, "reason_code": Reason.DISMISSED}
            row["removed_at"] = row["removed_at"] or self._shelves.now()
            self._shelves.resolve_alert(f"file_set_aside:{row_id}")

    def files_removed(self, gone: Sequence[FileRow]) -> None:
        with self._shelves.transaction():
            for file in gone:
                row = self._shelves.files[int(file.row_id)]
                if row["state"] in ("stored", "on_hold"):
                    row["removed_at"] = self._shelves.now()

    # -- documents that came before ---------------------------------------------------------------------------------
    def business_duplicates(self, rows: Sequence[DocumentRow], tolerance: dt.timedelta) -> dict[str, DocumentRow]:
        found = {}
        with self._shelves.lock:
            for row in rows:
                for_ever = row.set_id in NUMBERED_FOR_EVER
                since = dt.date.min if for_ever else (row.document_date or row.partition) - tolerance
                same = ("set_id", "business_number")
                for other in self._others(row):
                    taken = other["state"] in TAKEN or (for_ever and other["state"] == State.ON_HOLD and other["id"] < row.id)
                    of = other["document_date"] or other["first_seen_at"].date()
                    alike = part_of(other["canonical"]) == part_of(row.canonical)
                    if taken and of >= since and alike and all(other[name] == getattr(row, name) for name in same):
                        found.setdefault(row.id, document_row(other | {"raw": None, "canonical": None, "change": None}))
        return found

    def orders_received(self, integration: str, partner: str, number: str) -> list[DocumentRow]:
        with self._shelves.lock:
            return [
                document_row(row | {"raw": None})
                for row in reversed(self._shelves.documents.values())
                if (row["integration"], row["partner"], row["business_number"]) == (integration, partner, number)
                and (row["direction"], row["preview"], row["set_id"] in ("850", "875")) == ("inbound", False, True)
                and row["state"] in (State.POSTED, State.OUTCOME_UNKNOWN)
            ]

    def invoices_before(self, rows: Sequence[DocumentRow]) -> dict[str, list[tuple[str, Any]]]:
        found: dict[str, list[tuple[str, Any]]] = {}
        with self._shelves.lock:
            for row in rows:
                number = (row.canonical or {}).get("order_number", "")
                for other in self._others(row) if number else ():
                    is_of_it = other["set_id"] == "810" and (other["canonical"] or {}).get("order_number") == number
                    if is_of_it and other["state"] in TAKEN:
                        found.setdefault(row.id, []).append((other["id"], other["canonical"]))
        return found

    def _others(self, row: DocumentRow) -> list[Row]:
        """Other received documents of that partner."""
        same = ("integration", "partner", "preview")
        return [
            other
            for other in self._shelves.documents.values()
            if other["direction"] == "inbound"
            and other["id"] != row.id
            and other["source_key"] != row.source_key
            and all(other[name] == getattr(row, name) for name in same)
        ]

    # -- notifications and reference data -----------------------------------------------------------------------------
    def record_notifications(
        self, told: Sequence[ChangeNotification], marks: Mapping[tuple[str, str], str] = MappingProxyType({})
    ) -> set[tuple[str, str, str]]:
        news = set()
        with self._shelves.transaction():
            self._shelves.watermarks.update({place: (value, self._shelves.now()) for place, value in marks.items()})
            for hint in {(one.integration, one.flow, one.key): one for one in told}.values():
                place = (hint.integration, hint.flow, hint.key)
                known = self._shelves.hints.get(place)
                if known is None or (known["taken"] and not hint.once):
                    self._shelves.hints[place] = {"place": hint.place, "source": hint.source, "taken": False}
                    news.add(place)
        return news

    def streams(self, integration: str) -> dict[str, Stream]:
        with self._shelves.lock:
            return streams_of({name: held for (of, name), held in self._shelves.watermarks.items() if of == integration})

    def waiting_hints(self, integration: str, flow: str = "") -> list[WaitingNotifications]:
        places: dict[str, list[str]] = {}
        with self._shelves.lock:
            for (of, its_flow, _), hint in sorted(self._shelves.hints.items()):
                if of == integration and flow in ("", its_flow) and not hint["taken"]:
                    places.setdefault(its_flow, []).append(hint["place"])
        return [WaitingNotifications(one, len(all_), tuple(sorted(set(all_))[:PLACES_SHOWN])) for one, all_ in places.items()]

    def mark_consumed(self, run: Run) -> int:
        with self._shelves.transaction():
            waiting = [
                hint
                for place, hint in self._shelves.hints.items()
                if place[:2] == (run.integration, run.flow) and not hint["taken"]
            ]
            for hint in waiting:
                hint["taken"] = True
            return sum(hint["source"] != run.target for hint in waiting)

    def reference_book(self, integration: str, version: int | None = None) -> ReferenceBook:
        with self._shelves.lock:
            versions = self._shelves.references.get(integration, [{}])
            newest = len(versions) - 1
            wanted = newest if version is None else version
            if not 0 <= wanted <= newest:
                raise LedgerError(f"Reference data of {integration} has no version {wanted}", hint=f"The newest is {newest}.")
            return book_of(wanted, by_kind(versions[wanted]))

    def reference_keys(self, integration: str, name: str) -> set[str]:
        with self._shelves.lock:
            return {key for of, key in self._shelves.references.get(integration, [{}])[-1] if of == name}

    def store_reference(
        self,
        run: Run,
        name: str,
        kind: str,
        items: Mapping[str, ReferenceItem],
        whole: bool,
        watermark: str | None,
    ) -> int:
        if kind not in KINDS:
            raise LedgerError(f"There is no kind of reference data {kind!r}", hint=f"Known are {', '.join(KINDS)}.")
        with self._shelves.transaction():
            versions = self._shelves.references.setdefault(run.integration, [{}])
            kept: dict[Any, Any] = {place: item for place, item in versions[-1].items() if not whole or place[0] != name}
            then = kept | {(name, key): item for key, item in items.items()}
            if then != versions[-1] or len(versions) == 1:
                self._shelves.references[run.integration] = [*versions, then]
                self._revive(run, len(versions))
            if watermark is not None:
                self._shelves.watermarks[run.integration, name] = watermark, self._shelves.now()
            return len(self._shelves.references[run.integration]) - 1

    def _revive(self, run: Run, version: int) -> None:
        for row in list(self._shelves.documents.values()):
            if (
                (row["integration"], row["state"], row["is_current"]) == (run.integration, State.ON_HOLD, True)
                and row["held_by"] in ("check", "claim")
                and row["reference_version"] is not None
                and row["reference_version"] < version
                and may_be_cured(row["reason_code"], Cure.REFERENCE_DATA, row["direction"])
            ):
                why = f"reference data changed (version {version})"
                back_to_seen(self._shelves, row, Event.REVALIDATED, run.run_id, why)


def _alike(row: Row, file: RemoteFile) -> bool:
    return (row["name"], row["size"], row["modified"]) == (file.name, file.size, file.modified)
