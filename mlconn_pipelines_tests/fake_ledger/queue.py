"""`Queue` of flows/ports/queue.py in memory. What a fetch or a check means is decided by the ledger's own pure functions."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from mlconn_pipelines.documents.lifecycle import DELIVERED, Event, State
from mlconn_pipelines.errors import TransitionRefused
from mlconn_pipelines.flows.ports.entries import (
    Answer,
    Checked,
    DocumentRow,
    FetchCounts,
    FetchedRecord,
    FetchRules,
    Run,
    WatermarkNow,
)
from mlconn_pipelines.flows.ports.parts import Part
from mlconn_pipelines.flows.ports.remembered import KeyToRemember, Reason, RememberedKey
from mlconn_pipelines.ledger import checking, divided, responses, transitions
from mlconn_pipelines.ledger.fetch_batch import CANCELLED, FetchBatch
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.projections import of_today
from mlconn_pipelines.ledger.reprocessing import may_be_cured
from mlconn_pipelines.ledger.revision_rules import decide
from mlconn_pipelines.ledger.rows import document_row
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines.reasons import Cure
from mlconn_pipelines.reasons import Reason as ReasonCode
from mlconn_pipelines_tests.fake_ledger.arrivals import FakeArrivals
from mlconn_pipelines_tests.fake_ledger.claims import twin_is_due
from mlconn_pipelines_tests.fake_ledger.shelves import Row, Shelves, back_to_seen, stored


class FakeQueue:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    # -- documents --------------------------------------------------------------------------------------------------
    def document(self, document_id: str) -> DocumentRow | None:
        with self._shelves.lock:
            row = self._shelves.documents.get(document_id)
            return None if row is None else document_row(row)

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
        direction: str | None = None,
        due_only: bool = True,
        preview: bool = False,
        limit: int = 100_000,
        after: str = "",
        with_raw: bool = True,
        free_only: bool = False,
    ) -> list[DocumentRow]:
        with self._shelves.lock:
            named = [self._shelves.documents[name] for name in ids if name in self._shelves.documents]
            standing = {row["id"] for row in named if row["is_effective"] and not row["is_current"]}
            originals = {row["original"] for row in named if row["id"] not in standing}
            found = [
                row
                for row in self._shelves.documents.values()
                if (row["integration"], row["flow"], row["preview"]) == (integration, flow, preview)
                and row["state"] in states
                and row["id"] > after
                and (not ids or row["id"] in standing or (row["is_current"] and row["original"] in originals))
                and partner in ("", row["partner"])
                and (not partitions or row["partition"] in partitions)
                and (not set_ids or row["set_id"] in set_ids)
                and (not source_keys or row["source_key"] in source_keys)
                and (not about or not _records_of(row).isdisjoint(about))
                and direction in (None, row["direction"])
                and (not due_only or self._due(row))
                and (not free_only or self._free(row))
            ]
            return [document_row(row if with_raw else row | {"raw": None}) for row in found[:limit]]

    def ready(self, integration: str, flow: str, **selection: Any) -> list[DocumentRow]:
        return self.documents(integration, flow, (State.READY,), free_only=True, **selection)

    def work(self, integration: str, flow: str, preview: bool = False) -> int:
        with self._shelves.lock:
            documents = [
                row
                for row in self._shelves.documents.values()
                if (row["integration"], row["flow"], row["preview"]) == (integration, flow, preview)
            ]
            count = sum(
                row["state"] == State.PENDING_VALIDATION or (row["state"] == State.READY and self._due(row) and self._free(row))
                for row in documents
            )
            if preview:
                return count
            now = self._shelves.now()
            here = {row["id"]: row for row in self._shelves.documents.values() if row["flow"] == flow}
            for claim in self._shelves.claims.values():
                row = here.get(claim["document_id"])
                if row is None or row["integration"] != integration:
                    continue
                if claim["expires_at"] is not None and claim["expires_at"] <= now:
                    left = claim["state"] == "sending" and row["state"] == State.READY
                    unknown = claim["state"] == "outcome_unknown" and (claim["next_check_at"] or now) <= now
                    count += (left and claim["owner"] not in self._shelves.owners) or unknown
                count += twin_is_due(claim, now)
            held = (integration, "on_hold", "")
            files = self._shelves.files.values()
            return count + sum(
                flow == "inbound" and (file["integration"], file["state"], file["config_hash"]) == held for file in files
            )

    def _due(self, row: Row) -> bool:
        return row["next_attempt_at"] is None or row["next_attempt_at"] <= self._shelves.now()

    def _free(self, row: Row) -> bool:
        claim = self._shelves.open_claim(row["id"])
        if claim is None or claim["state"] == "outcome_unknown":
            return True
        return claim["state"] == "claimed" and claim["owner"] not in self._shelves.owners

    def store_checked(self, run: Run, results: Sequence[Checked]) -> Mapping[State, int]:
        by_id = {result.document_id: result for result in results}
        for result in by_id.values():
            if result.outcome is not None and result.outcome not in checking.EVENT_OF:
                raise TransitionRefused(
                    f"A check of {result.document_id} wants it {result.outcome}", hint="Checks never deliver."
                )
        counts: Counter[State] = Counter()
        orders: set[tuple[str, ...]] = set()
        wanted: list[tuple[Row, Answer]] = []
        parted: list[tuple[Row, Sequence[Part]]] = []
        with self._shelves.transaction():
            for name in sorted(by_id):
                row = self._shelves.documents.get(name)
                if row is None or row["state"] != State.PENDING_VALIDATION or not row["is_current"]:
                    continue
                result = checking.alone(row, by_id[name], orders)
                values = {key.removeprefix("v_"): stored_or_plain(value) for key, value in _values(run, row, result).items()}
                if result.outcome is not None:
                    event = checking.EVENT_OF[result.outcome]
                    self._shelves.audit.append(
                        transitions.entry(row, event, transitions.target(row, event), run.run_id, result.reason)
                    )
                    counts[transitions.target(row, event)] += 1
                if result.answer is not None:
                    wanted.append((row, result.answer))
                if result.parts:
                    parted.append((row, result.parts))
                change, links = values.pop("change"), values.pop("links")
                values |= {"change": row["change"] and row["change"] | change, "links": (row["links"] or {}) | links}
                for kept in checking.KEPT:
                    values[kept] = row[kept] if values[kept] is None else values[kept]
                row |= values | {"changed_at": self._shelves.now()}
            if wanted:
                responses.answer_documents(cast("Arrivals", FakeArrivals(self._shelves, run)), wanted)
            if parted:
                divided.enter_parts(cast("Arrivals", FakeArrivals(self._shelves, run)), parted)
        return dict(counts)

    def configuration_changed(self, integration: str, config_hash: str) -> int:
        with self._shelves.transaction():
            found = [
                row
                for row in self._shelves.documents.values()
                if row["integration"] == integration
                and (row["state"], row["is_current"]) == (State.ON_HOLD, True)
                and row["held_by"] in ("check", "claim")
                and row["config_hash"] != config_hash
                and may_be_cured(row["reason_code"], Cure.CONFIGURATION, row["direction"])
            ]
            for row in found:
                back_to_seen(self._shelves, row, Event.REVALIDATED, "", "the configuration changed")
            for file in self._shelves.files.values():
                held = (file["integration"], file["state"]) == (integration, "on_hold")
                if held and file["config_hash"] != config_hash:
                    file["config_hash"] = ""
            return len(found)

    # -- what is read of the sources --------------------------------------------------------------------------------
    def watermark(self, integration: str, name: str) -> str | None:
        return self._shelves.watermarks.get((integration, name), (None,))[0]

    def watermark_now(self, integration: str, name: str) -> WatermarkNow:
        return WatermarkNow(*self._shelves.watermarks.get((integration, name), (None, None)), self._shelves.now())

    def now(self) -> dt.datetime:
        return self._shelves.now()

    def unseen(self, integration: str, flow: str, stamps: Sequence[KeyStamp], preview: bool = False) -> list[str]:
        with self._shelves.lock:
            known = self._known(integration, flow)

            def seen(key: str, stamp: str) -> bool:
                row = known.get(key)
                ours = self._shelves.our_records.get((integration, flow, key))
                return ours == stamp or (row is not None and row["stamp"] == stamp and (preview or not row["preview"]))

            return list(dict.fromkeys(one.key for one in stamps if not seen(one.key, one.stamp)))

    def _known(self, integration: str, flow: str) -> dict[str, Row]:
        rows = self._shelves.documents.values()
        here = (row for row in rows if (row["integration"], row["flow"], row["is_current"]) == (integration, flow, True))
        return {row["source_key"]: row for row in here}

    def store_fetched(
        self, run: Run, rules: FetchRules, records: Sequence[FetchedRecord], watermark: tuple[str, str] | None
    ) -> FetchCounts:
        latest = {record.facts.key: record for record in records}
        with self._shelves.transaction():
            batch = FetchBatch(run, rules)
            here = self._known(run.integration, run.flow)
            known = {key: dict(here[key]) for key in latest if key in here}
            updates = [
                one
                for one in self._shelves.our_updates
                if (one["integration"], one["flow"]) == (run.integration, run.flow) and one["source_key"] in latest
            ]
            rows, our_hashes = of_today(self._payloads, rules.hashing, latest, known, updates)
            for key, record in latest.items():
                row = rows.get(key)
                claim = self._shelves.open_claim(row["id"]) if row else None
                batch.take(
                    record, row, decide(run, rules, record, row, claim["state"] if claim else "", our_hashes.get(key, ()))
                )
            self._write(batch)
            self.forget_keys(run.integration, run.flow, "missing", latest)
            if watermark is not None and not run.preview:
                name, value = watermark
                self._shelves.watermarks[run.integration, name] = value, self._shelves.now()
        return FetchCounts(**batch.counts)

    def _payloads(self, ids: Collection[str]) -> list[tuple[str, Any, Any]]:
        rows = self._shelves.documents
        return [(name, rows[name]["raw"], rows[name]["pending_record"]) for name in ids]

    def _write(self, batch: FetchBatch) -> None:
        documents, run = self._shelves.documents, batch.run
        for one in batch.followed:
            documents[one["b_id"]] |= {"state": one["b_state"], "is_current": False, "is_effective": one["b_stands"]}
        for name in batch.cancelled:
            documents[name] |= {"state": State.SKIPPED, "reason": CANCELLED, "reason_code": ReasonCode.CANCELLED}
        left = [*batch.cancelled, *(one["b_id"] for one in batch.followed)]
        for claim in self._shelves.claims.values():
            if claim["document_id"] in left and claim["state"] == "claimed":
                claim |= {"state": "cancelled", "settled_at": self._shelves.now()}
        for values in batch.in_place:
            documents[values["b_id"]] |= {key: value for key, value in values.items() if key != "b_id"}
            documents[values["b_id"]]["raw"] = stored(values["raw"])
        for name in (*left, *(values["b_id"] for values in batch.in_place)):
            documents[name]["changed_at"] = self._shelves.now()
        for one in batch.stamps:
            names = {"stamp": "b_stamp", "latest_hash": "b_hash", "content_hash": "b_content", "projection": "b_projection"}
            documents[one["b_id"]] |= {name: one[bound] for name, bound in names.items()}
        for one in batch.later:
            documents[one["b_id"]]["pending_record"] = stored(one["b_later"])
        for values in batch.new:
            if (older := values.pop("_after", None)) is not None:
                values["change"] = self._change_after(batch.rules, older)
            told = values.pop("_entries")
            row = self._shelves.enter({**values, "raw": stored(values["raw"])})
            for head in told:
                head["id"] = row["id"]
        for ours in batch.ours:
            self._shelves.our_records[run.integration, run.flow, ours["source_key"]] = ours["stamp"]
        for name in batch.settled:
            documents[name] |= {"exception": "", "exception_code": ""}
            self._shelves.resolve_alert(f"{ReasonCode.CHANGED_AFTER_SENDING}:{name}")
        for one in batch.exceptions:
            name, words = one["b_id"], one["b_words"]
            documents[name] |= {"exception": words, "exception_code": one["b_code"]}
            self._shelves.raise_alert(run.integration, f"{one['b_code']}:{name}", f"{name}: {words}")
        self._shelves.audit += [
            transitions.entry(row, event, to, run.run_id, why, payload, from_state=was)
            for row, event, was, to, why, payload in batch.history
        ]

    def _change_after(self, rules: FetchRules, older: Any) -> Row:
        """What the partner has: the document that was sent, or what the change set before made of it."""
        before = self._shelves.documents[older["id"]]
        if older["set_id"] == rules.set_id:
            return {"of": older["id"], "number": 1, "had": before["canonical"]}
        change = before["change"]
        if older["state"] in DELIVERED:
            number = change["number"] + (older["state"] != State.PROCESSED)
            return {"of": older["id"], "number": number, "had": change["has"]}
        return {name: change[name] for name in ("of", "number", "had")}

    def note_our_update(self, integration: str, flow: str, key: str, content_hash: str, projection: str = "") -> None:
        row = {"integration": integration, "flow": flow, "source_key": key}
        with self._shelves.transaction():
            self._shelves.our_updates.append(row | {"content_hash": content_hash, "projection": projection})

    def remember_keys(
        self, run: Run, reason: Reason, found: Sequence[KeyToRemember], gone_after_s: float = 60.0
    ) -> list[RememberedKey]:
        with self._shelves.transaction():
            keys = sorted({one.key: one for one in found}.items())
            return [self._remembered(self._remember(run, reason, one, gone_after_s)) for _, one in keys]

    def _remember(self, run: Run, reason: Reason, one: KeyToRemember, gone_after_s: float) -> Row:
        now, place = self._shelves.now(), (run.integration, run.flow, reason, one.key)
        asked, absent = (now if said else None for said in (one.asked, one.absent))
        row = self._shelves.remembered.get(place)
        if row is None:
            row = {"key": one.key, "stamp": one.stamp, "note": one.note, "asks": int(one.asked), "gone_at": None}
            row |= {"first_seen_at": now, "last_asked_at": asked, "absent_since": absent}
        else:
            other = row["stamp"] != one.stamp
            if other:
                gone_at, since = None, absent
            else:
                since = row["absent_since"] or absent
                proved = absent and row["absent_since"] and absent >= row["absent_since"] + dt.timedelta(seconds=gone_after_s)
                gone_at = row["gone_at"] or (now if proved else None)
            first_seen_at = now if other and row["gone_at"] else row["first_seen_at"]
            row = row | {"stamp": one.stamp, "note": one.note, "asks": row["asks"] + one.asked, "gone_at": gone_at}
            row |= {"first_seen_at": first_seen_at, "last_asked_at": asked or row["last_asked_at"], "absent_since": since}
        self._shelves.remembered[place] = row
        return row

    def _remembered(self, row: Row) -> RememberedKey:
        now = self._shelves.now()
        asked_s_ago = (now - row["last_asked_at"]).total_seconds() if row["last_asked_at"] else None
        return RememberedKey(
            **{name: row[name] for name in ("key", "stamp", "note", "asks")},
            gone=row["gone_at"] is not None,
            seen_s_ago=(now - row["first_seen_at"]).total_seconds(),
            asked_s_ago=asked_s_ago,
        )

    def remembered_keys(self, integration: str, flow: str, reason: Reason) -> list[RememberedKey]:
        with self._shelves.lock:
            here = [row for place, row in self._shelves.remembered.items() if place[:3] == (integration, flow, reason)]
            return [self._remembered(row) for row in sorted(here, key=lambda row: (row["first_seen_at"], row["key"]))]

    def forget_keys(self, integration: str, flow: str, reason: Reason, keys: Collection[str]) -> int:
        with self._shelves.transaction():
            places = [(integration, flow, reason, key) for key in keys]
            return sum(self._shelves.remembered.pop(place, None) is not None for place in places)


def _values(run: Run, row: Row, result: Checked) -> Row:
    return {key: value for key, value in checking.values_of(run, row, result).items() if key != "b_id"}


def stored_or_plain(value: Any) -> Any:
    return stored(value) if isinstance(value, dict | list) else value


def _records_of(row: Row) -> set[str]:
    """Of the other system, by key or number."""
    links = row["links"] or {}
    return {row["partner_code"], row["business_number"], (links.get("stored") or {}).get("key", ""), *links.get("told", ())} - {
        ""
    }
