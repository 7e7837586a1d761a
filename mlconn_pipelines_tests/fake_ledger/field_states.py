"""`FieldStates` in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.ports.field_states import FieldState, RowOutcome, RowsStanding, WantedFields
from mlconn_pipelines_tests.fake_ledger.shelves import Shelves, stored

_OPEN = ("pending_validation", "ready", "outcome_unknown", "on_hold")


class FakeFieldStates:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def store(self, run: Run, wanted: Sequence[WantedFields], watermarks: Mapping[str, str] | None = None) -> int:
        changed = 0
        with self._shelves.transaction():
            for key, one in {one.key: one for one in wanted}.items():
                place = run.integration, run.flow, key
                before = self._shelves.field_states.get(place)
                if before is None or before.wanted.as_of <= one.as_of:
                    kept = replace(one, fields=stored(one.fields))
                    self._shelves.field_states[place] = replace(before, wanted=kept) if before else FieldState(kept)
                    changed += before is None or before.wanted.hash != one.hash
            if not run.preview:
                for name, value in (watermarks or {}).items():
                    self._shelves.watermarks[run.integration, name] = value, self._shelves.now()
        return changed

    def due(self, integration: str, flow: str) -> list[FieldState]:
        def is_due(one: FieldState) -> bool:
            return one.wanted.hash not in (one.written_hash, one.failed_hash) and not one.collection

        return [one for one in self.states(integration, flow) if is_due(one)]

    def take(self, run: Run, collection: str, hashes: Mapping[str, str]) -> frozenset[str]:
        taken = frozenset(
            one.wanted.key
            for one in self.states(run.integration, run.flow, list(hashes))
            if one.wanted.hash == hashes[one.wanted.key] and one.collection in ("", collection)
        )
        self._change(run, taken, lambda one: replace(one, collection=collection))
        return taken

    def ended(self, run: Run, collection: str, outcomes: Sequence[RowOutcome], *, released: bool = False) -> None:
        by_key = {outcome.key: outcome for outcome in outcomes}
        here = self.states(run.integration, run.flow, list(by_key))
        ours = [one.wanted.key for one in here if one.collection == collection]
        self._change(run, ours, lambda one: self._after(one, by_key[one.wanted.key], "" if released else one.collection))

    def try_again(self, run: Run, keys: Sequence[str]) -> None:
        self._change(run, keys, lambda one: replace(one, failed_hash="", error="", error_code=""))

    def write_again(self, run: Run, keys: Sequence[str]) -> None:
        self._change(run, keys, lambda one: replace(one, written_hash=""))

    def standing(self, integration: str, flow: str, shown: int = 0) -> RowsStanding:
        found = self.states(integration, flow)
        written = sorted((one for one in found if one.is_written), key=lambda one: one.written_at, reverse=True)  # type: ignore[arg-type,return-value]
        failed = [one for one in found if one.has_failed]
        waiting = [one for one in found if not one.is_written and not one.has_failed]
        read_at = max((one.wanted.as_of for one in found), default=None)
        return RowsStanding(len(written), len(waiting), len(failed), read_at, [*failed, *waiting, *written][:shown])

    def states(self, integration: str, flow: str, keys: Sequence[str] | None = None) -> list[FieldState]:
        here = {key[2]: one for key, one in self._shelves.field_states.items() if key[:2] == (integration, flow)}
        found = [one for key, one in sorted(here.items()) if keys is None or key in keys]
        return [one if self._is_open(one.collection) else replace(one, collection="") for one in found]

    def _change(self, run: Run, keys: Sequence[str] | frozenset[str], change: Callable[[FieldState], FieldState]) -> None:
        with self._shelves.transaction():
            for key in keys:
                place = run.integration, run.flow, key
                if place in self._shelves.field_states:
                    self._shelves.field_states[place] = change(self._shelves.field_states[place])

    def _after(self, one: FieldState, outcome: RowOutcome, collection: str) -> FieldState:
        free = replace(one, collection=collection)
        if outcome.error_code:
            free = replace(free, failed_hash=outcome.hash, error=outcome.error, error_code=outcome.error_code)
        if outcome.target:
            at = self._shelves.now()
            free = replace(free, target=outcome.target, written_hash=outcome.hash, written_at=at)
            free = free if outcome.error_code else replace(free, failed_hash="", error="", error_code="")
        return free

    def _is_open(self, collection: str) -> bool:
        row = self._shelves.documents.get(collection)
        return row is not None and row["state"] in _OPEN
