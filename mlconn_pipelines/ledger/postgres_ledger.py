"""The ledger on PostgreSQL: every method is one room of this package; here is only who does what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.flows.ports.entries import (
    AcknowledgmentOutcome,
    Checked,
    Direction,
    DocumentRow,
    FetchCounts,
    FetchedRecord,
    FetchRules,
    FileRow,
    OpenClaim,
    ReceiveCounts,
    ReceivedFile,
    ReceivedGroup,
    ReceivedInterchange,
    Run,
    TwinLook,
    WatermarkNow,
)
from mlconn_pipelines.flows.ports.remembered import KeyToRemember, Reason, RememberedKey
from mlconn_pipelines.ledger import (
    acknowledgments,
    answers,
    checking,
    correlation,
    fetching,
    files,
    files_aside,
    hints,
    interchange_acknowledgments,
    open_attempts,
    queue,
    receiving,
    reference_data,
    remembered_keys,
    revival,
    settling,
    twins,
    watermarks,
)
from mlconn_pipelines.ledger.acts import Times
from mlconn_pipelines.ledger.owners import PostgresOwner, living_owner
from mlconn_pipelines.ports.delivery import Receipt, RemoteFile
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.notifications import Hint, WaitingHints
from mlconn_pipelines.ports.records import KeyStamp, Stored


class PostgresLedger:
    """`Ledger` of flows/ports/ledger.py, which says what each method promises. engine: of `ledger_engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._books = reference_data.ReferenceBooks(engine)

    # -- what is new ------------------------------------------------------------------------------------------------
    def watermark(self, integration: str, name: str) -> str | None:
        return watermarks.read_watermark(self._engine, integration, name)

    def watermark_now(self, integration: str, name: str) -> WatermarkNow:
        return watermarks.watermark_now(self._engine, integration, name)

    def now(self) -> dt.datetime:
        return watermarks.now(self._engine)

    def note_hints(self, hints_given: Sequence[Hint]) -> int:
        return len(hints.store_hints(self._engine, hints_given))

    def waiting_hints(self, integration: str, flow: str = "") -> Sequence[WaitingHints]:
        return hints.waiting_hints(self._engine, integration, flow)

    def take_hints(self, run: Run) -> int:
        return hints.take_hints(self._engine, run.integration, run.flow, run.run_id)

    def unseen(self, integration: str, flow: str, stamps: Sequence[KeyStamp], preview: bool = False) -> list[str]:
        return fetching.unseen(self._engine, integration, flow, stamps, preview)

    def store_fetched(
        self, run: Run, rules: FetchRules, records: Sequence[FetchedRecord], watermark: tuple[str, str] | None
    ) -> FetchCounts:
        return fetching.store_fetched(self._engine, run, rules, records, watermark)

    def remember_keys(
        self, run: Run, reason: Reason, found: Sequence[KeyToRemember], gone_after_s: float = 60.0
    ) -> Sequence[RememberedKey]:
        return remembered_keys.remember_keys(self._engine, run, reason, found, gone_after_s)

    def remembered_keys(self, integration: str, flow: str, reason: Reason) -> Sequence[RememberedKey]:
        return remembered_keys.remembered_keys(self._engine, integration, flow, reason)

    def forget_keys(self, integration: str, flow: str, reason: Reason, keys: Collection[str]) -> int:
        with self._engine.begin() as tx:
            return remembered_keys.forget_keys(tx, integration, flow, reason, keys)

    def reference_book(self, integration: str, version: int | None = None) -> ReferenceBook:
        return self._books.book(integration, version)

    def reference_keys(self, integration: str, name: str) -> Set[str]:
        return reference_data.reference_keys(self._engine, integration, name)

    def store_reference(
        self,
        run: Run,
        name: str,
        kind: str,
        items: Mapping[str, ReferenceItem],
        whole: bool,
        watermark: str | None,
    ) -> int:
        version = reference_data.store_reference(self._engine, run, name, kind, items, whole, watermark)
        self._books.changed(run.integration)
        return version

    # -- the queue --------------------------------------------------------------------------------------------------
    def documents(
        self,
        integration: str,
        flow: str,
        states: Collection[State],
        *,
        ids: Collection[str] = (),
        partner: str = "",
        partitions: Collection[dt.date] = (),
        set_ids: Collection[str] = (),
        direction: Direction | None = None,
        due_only: bool = True,
        preview: bool = False,
        limit: int = 100_000,
        after: str = "",
        with_raw: bool = True,
    ) -> list[DocumentRow]:
        return queue.read_documents(
            self._engine,
            integration,
            flow,
            states,
            ids=ids,
            partner=partner,
            partitions=partitions,
            set_ids=set_ids,
            direction=direction,
            due_only=due_only,
            preview=preview,
            limit=limit,
            after=after,
            with_raw=with_raw,
        )

    def document(self, document_id: str) -> DocumentRow | None:
        return queue.read_document(self._engine, document_id)

    def ready(self, integration: str, flow: str, **selection: Any) -> list[DocumentRow]:
        return queue.read_documents(self._engine, integration, flow, (State.READY,), free_only=True, **selection)

    def store_checked(self, run: Run, results: Sequence[Checked]) -> Mapping[State, int]:
        return checking.store_checked(self._engine, run, results)

    def owner(
        self, run: Run, time_out_s: float, absence_proves_after_s: float | None = None
    ) -> AbstractContextManager[PostgresOwner]:
        return living_owner(self._engine, run, Times(time_out_s, absence_proves_after_s))

    # -- receiving --------------------------------------------------------------------------------------------------
    def note_files(self, run: Run, folder: str, listing: Sequence[RemoteFile]) -> list[FileRow]:
        return files.note_files(self._engine, run, folder, listing)

    def files_to_take(self, integration: str, folder: str, listing: Sequence[RemoteFile], preview: bool = False) -> int:
        return files.files_to_take(self._engine, integration, folder, listing, preview)

    def store_received(
        self, run: Run, file: FileRow, content: bytes, interchanges: Sequence[ReceivedInterchange], send_from: dt.date
    ) -> ReceiveCounts:
        return receiving.store_received(self._engine, run, file, content, interchanges, send_from)

    def store_files(self, run: Run, received: Sequence[ReceivedFile], send_from: dt.date) -> ReceiveCounts:
        return receiving.store_files(self._engine, run, received, send_from)

    def set_file_aside(self, run: Run, file: FileRow, content: bytes | None, finding: Finding) -> None:
        files_aside.set_file_aside(self._engine, run, file, content, finding)

    def files_set_aside(self, integration: str) -> Sequence[FileRow]:
        return files_aside.files_set_aside(self._engine, integration)

    def file_content(self, file: FileRow) -> bytes | None:
        return files_aside.file_content(self._engine, file)

    def dismiss_file(self, run: Run, row_id: str, reason: str) -> None:
        files_aside.dismiss_file(self._engine, run, row_id, reason)

    def file_removed(self, file: FileRow) -> None:
        files.files_removed(self._engine, [file])

    def files_removed(self, gone: Sequence[FileRow]) -> None:
        files.files_removed(self._engine, gone)

    def acknowledge(
        self, run: Run, acknowledgment: FunctionalAcknowledgment, envelope: Mapping[str, str], document_id: str
    ) -> AcknowledgmentOutcome:
        return acknowledgments.acknowledge(self._engine, run, acknowledgment, envelope, document_id)

    def acknowledge_interchange(
        self,
        run: Run,
        acknowledgment: InterchangeAcknowledgment,
        words: str,
        envelope: Mapping[str, str],
        document_id: str,
    ) -> AcknowledgmentOutcome:
        return interchange_acknowledgments.acknowledge_interchange(
            self._engine, run, acknowledgment, words, envelope, document_id
        )

    def sent_by_number(self, integration: str, set_id: str, partner: str, business_number: str) -> DocumentRow | None:
        return correlation.sent_by_number(self._engine, integration, set_id, partner, business_number)

    def sent_by_numbers(
        self, integration: str, set_id: str, named: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], DocumentRow]:
        return correlation.sent_by_numbers(self._engine, integration, set_id, named)

    def sent_under(self, integration: str, envelope: Mapping[str, str], group: str, set_number: str) -> DocumentRow | None:
        return correlation.sent_under(self._engine, integration, envelope, group, set_number)

    def business_duplicates(self, documents: Sequence[DocumentRow], tolerance: dt.timedelta) -> Mapping[str, DocumentRow]:
        return correlation.business_duplicates(self._engine, documents, tolerance)

    def invoices_before(self, documents: Sequence[DocumentRow]) -> Mapping[str, Sequence[tuple[str, Any]]]:
        return correlation.invoices_before(self._engine, documents)

    def advise(self, run: Run, document_id: str, findings: Sequence[Finding], rejected: bool) -> None:
        correlation.advise(self._engine, run, document_id, findings, rejected)

    def answer_interchange(self, run: Run, refusal: ReceivedGroup) -> bool:
        return answers.answer_interchange(self._engine, run, refusal)

    def note_our_update(self, integration: str, flow: str, key: str, content_hash: str, projection: str = "") -> None:
        correlation.note_our_update(self._engine, integration, flow, key, content_hash, projection)

    # -- unknown outcomes -------------------------------------------------------------------------------------------
    def open_claims(self, integration: str, flow: str = "") -> list[OpenClaim]:
        return settling.open_claims(self._engine, integration, flow)

    def settle(
        self, run: Run, claim_id: str, outcome: Receipt | Stored | None, evidence: str, hold_after: int | None = None
    ) -> State:
        return settling.settle(self._engine, run, claim_id, outcome, evidence, hold_after)

    def leave_unknown(
        self, run: Run, claim_id: str, evidence: str, *, tried_again: bool = False, absence_proves_after_s: float | None = None
    ) -> State:
        return settling.leave_unknown(self._engine, run, claim_id, evidence, tried_again, absence_proves_after_s)

    def twin_looks(self, integration: str, flow: str = "") -> Sequence[TwinLook]:
        return twins.due(self._engine, integration, flow)

    def twin_looked(self, look: TwinLook) -> None:
        twins.done(self._engine, look)

    def twin_look_later(self, look: TwinLook) -> None:
        twins.later(self._engine, look)

    def stored_twice(self, run: Run, document_id: str, words: str) -> bool:
        return twins.tell(self._engine, run, document_id, words)

    def attempt_left_open(self, integration: str, what: str, absence_proves_after_s: float) -> None:
        open_attempts.leave(self._engine, integration, what, absence_proves_after_s)

    def attempt_is_open(self, integration: str, what: str) -> bool:
        return open_attempts.is_open(self._engine, integration, what)

    def configuration_changed(self, integration: str, config_hash: str) -> int:
        return revival.configuration_changed(self._engine, integration, config_hash)

    # -- looking ----------------------------------------------------------------------------------------------------
    def work(self, integration: str, flow: str, preview: bool = False) -> int:
        return queue.count_work(self._engine, integration, flow, preview)
