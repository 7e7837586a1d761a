"""What documents wait, how far each source is read, and what is kept in mind of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import (
    Checked,
    Direction,
    DocumentRow,
    FetchCounts,
    FetchedRecord,
    FetchRules,
    Run,
    WatermarkNow,
)
from mlconn_pipelines.flows.ports.remembered import KeyToRemember, Reason, RememberedKey
from mlconn_pipelines.ports.records import KeyStamp


class Queue(Protocol):
    """Safe to use from several threads; each call takes a connection from a pool."""

    def document(self, document_id: str) -> DocumentRow | None: ...

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
        source_keys: Collection[str] = (),
        about: Collection[str] = (),
        direction: Direction | None = None,
        due_only: bool = True,
        preview: bool = False,
        limit: int = 100_000,
        after: str = "",
        with_raw: bool = True,
    ) -> list[DocumentRow]:
        """Documents in any of the states, oldest first; due_only leaves out those with a later next_attempt_at.

        source_keys: all revisions of these records. about: those that became one of these records or changed it, by its key, or that
        told it something, by its number.
        after: only those whose id sorts behind this one, to read on where the last answer ended. with_raw: without it, `raw` is
        None, which spares reading large records where only the canonical form is needed.
        """
        ...

    def ready(self, integration: str, flow: str, **selection: Any) -> list[DocumentRow]:
        """`documents` in READY that no live owner holds. Same keyword selection."""
        ...

    def work(self, integration: str, flow: str, preview: bool = False) -> int:
        """Documents that a run would act on now: seen, ready and due, or with an open claim of a dead owner."""
        ...

    def store_checked(self, run: Run, results: Sequence[Checked]) -> Mapping[State, int]:
        """Transitions of `seen` documents, each only if it still is the newest revision; returns how many went where.

        NotStorable: none of them was changed.
        """
        ...

    def configuration_changed(self, integration: str, config_hash: str) -> int:
        """Documents on hold that another configuration refused go back to `seen`; returns how many. Held files are due."""
        ...

    def watermark(self, integration: str, name: str) -> str | None: ...

    def watermark_now(self, integration: str, name: str) -> WatermarkNow:
        """The watermark beside the database's clock, which all processes share."""
        ...

    def now(self) -> dt.datetime:
        """The database's clock, aware: what decisions hang on, since those of the machines that run us may be wrong."""
        ...

    def unseen(self, integration: str, flow: str, stamps: Sequence[KeyStamp], preview: bool = False) -> list[str]:
        """Keys whose stamp differs from what was stored last, or that were never stored.

        preview: for a preview run, which need not read again what an earlier preview read; to a live run that is unseen.
        """
        ...

    def store_fetched(
        self, run: Run, rules: FetchRules, records: Sequence[FetchedRecord], watermark: tuple[str, str] | None
    ) -> FetchCounts:
        """Documents, revisions and the new watermark (name, value) in one transaction."""
        ...

    def note_our_update(self, integration: str, flow: str, key: str, content_hash: str, projection: str = "") -> None:
        """A revision with this hash of this version is our own doing and is recorded without action."""
        ...

    def remember_keys(
        self, run: Run, reason: Reason, found: Sequence[KeyToRemember], gone_after_s: float = 60.0
    ) -> Sequence[RememberedKey]:
        """Keep keys of the run's flow in mind, each once, and return them as they are remembered now.

        A key under another stamp than before starts anew. gone_after_s: how far apart two answers that the record is absent
        must lie to prove that it is gone.
        """
        ...

    def remembered_keys(self, integration: str, flow: str, reason: Reason) -> Sequence[RememberedKey]:
        """Keys that the flow keeps in mind for that reason, oldest first, those that are gone among them."""
        ...

    def forget_keys(self, integration: str, flow: str, reason: Reason, keys: Collection[str]) -> int:
        """They need no remembering any more; returns how many were remembered."""
        ...
