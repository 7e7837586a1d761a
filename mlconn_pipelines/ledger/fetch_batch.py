"""What one fetch writes, gathered so that each kind of change is one statement for all its documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from mlconn_pipelines.documents.lifecycle import DELIVERED, Event, State
from mlconn_pipelines.documents.transaction_sets import kind_of
from mlconn_pipelines.flows.ports.entries import FetchedRecord, FetchRules, Run
from mlconn_pipelines.ledger import alerts, transitions
from mlconn_pipelines.ledger.revision_rules import Decision, Step, is_early
from mlconn_pipelines.ledger.rows import Row
from mlconn_pipelines.ledger.tables import claim, document
from mlconn_pipelines.ledger.tables_state import our_record
from mlconn_pipelines.ports.mapping import RecordHeader
from mlconn_pipelines.reasons import Reason

CANCELLED = "cancelled in the source before it was sent"

LATER = (
    "business_number",
    "document_date",
    "partner_code",
    "line_count",
    "amount",
    "currency",
    "content_hash",
    "projection",
    "raw",
)
"""What is kept of a record that changed after it had been sent."""

CLEARED: Mapping[str, Any] = {
    "canonical": None,
    "findings": None,
    "reason": "",
    "reason_code": "",
    "held_by": "",
    "approved": False,
    "attempts": 0,
    "next_attempt_at": None,
}
"""What a check found out about an earlier revision says nothing about the next one."""


@dataclass
class FetchBatch:
    """`take` gathers one record after another, `write` writes them all."""

    run: Run
    rules: FetchRules
    counts: Counter[str] = field(default_factory=Counter)
    new: list[dict[str, Any]] = field(default_factory=list)
    ours: list[dict[str, Any]] = field(default_factory=list)
    stamps: list[dict[str, Any]] = field(default_factory=list)
    followed: list[dict[str, Any]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    in_place: list[dict[str, Any]] = field(default_factory=list)
    later: list[dict[str, Any]] = field(default_factory=list)
    exceptions: list[dict[str, Any]] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    history: list[tuple[Row, str, str, str, str, str]] = field(default_factory=list)

    def take(self, record: FetchedRecord, row: Row | None, decision: Decision) -> None:
        self.counts[decision.counted] += 1
        facts = record.facts
        match decision.step:
            case Step.OURS:
                self.ours.append(
                    {"source_key": facts.key, "correlation_reference": facts.correlation_reference, "stamp": facts.stamp}
                )
            case Step.NEW:
                self._new_row(record, None, decision)
            case Step.SUPERSEDE | Step.FOLLOW | Step.CHANGE if row is not None:
                state = transitions.target(row, Event.REVISED) if decision.step is Step.SUPERSEDE else row["state"]
                self.followed.append({"b_id": row["id"], "b_state": state, "b_stands": decision.step is Step.CHANGE})
                if decision.step is Step.CHANGE and row["exception_code"] == Reason.CHANGED_AFTER_SENDING:
                    self.settled.append(row["id"])
                if decision.step is Step.SUPERSEDE:
                    self._tell(
                        row, Event.REVISED, row["state"], state, self._noted("a newer revision was fetched"), facts.content_hash
                    )
                self._new_row(record, row, decision)
            case Step.TAKE_OVER | Step.REVIVE | Step.REFRESH if row is not None:
                self._same_row(record, row, decision)
            case Step.CANCEL if row is not None:
                self.cancelled.append(row["id"])
                state = transitions.target(row, Event.CANCELLED)
                self._tell(row, Event.CANCELLED, row["state"], state, self._noted(CANCELLED), facts.content_hash)
                self.stamps.append(_stamp(record, row))
                if decision.reason:
                    self.exceptions.append({"b_id": row["id"], "b_words": decision.reason, "b_code": decision.code})
            case Step.EXCEPTION if row is not None:
                self.exceptions.append({"b_id": row["id"], "b_words": decision.reason, "b_code": decision.code})
                self._tell(row, decision.code, row["state"], row["state"], self._noted(decision.reason), facts.content_hash)
                self.stamps.append(_stamp(record, row))
                self._keep_for_redelivery(record, row, decision)
            case Step.STAMP if row is not None and _news(facts, row):
                self.stamps.append(_stamp(record, row))
                self._keep_for_redelivery(record, row, decision)

    def _keep_for_redelivery(self, record: FetchedRecord, row: Row, decision: Decision) -> None:
        """A change after sending goes out only with a person's redelivery, which then sends the record as it is now."""
        if decision.counted == "changed_after_sending":
            values = self._values(record)
            self.later.append({"b_id": row["id"], "b_later": {name: values[name] for name in LATER}})

    def _tell(self, row: Row, event: str, from_state: str, to_state: str, reason: str, payload_hash: str) -> None:
        self.history.append((row, event, from_state, to_state, reason, payload_hash))

    def _noted(self, words: str) -> str:
        return f"{words}; {self.rules.note}" if self.rules.note else words

    def _values(self, record: FetchedRecord) -> dict[str, Any]:
        facts = record.facts
        return {
            "business_number": facts.business_number,
            "document_date": facts.date,
            "partner_code": facts.partner_code,
            "line_count": facts.line_count,
            "amount": facts.amount,
            "currency": facts.currency,
            "stamp": facts.stamp,
            "content_hash": facts.content_hash,
            "latest_hash": facts.content_hash,
            "projection": facts.projection,
            "raw": record.raw,
            "fetched_run_id": self.run.run_id,
            "source": self.run.source,
            "target": self.run.target,
            "preview": self.run.preview,
            **CLEARED,
        }

    def _enter(self, head: dict[str, Any], values: dict[str, Any], record: FetchedRecord, decision: Decision) -> None:
        """Walk a row that is new to the ledger to its state; `head` stands for it in the audit trail."""
        early = is_early(record.facts, self.rules) and values.get("set_id", self.rules.set_id) == self.rules.set_id
        steps = [(Event.DATED_BEFORE_START if early else Event.FETCHED, self.rules.note)]
        if record.facts.cancelled and not early:
            steps.append((Event.CANCELLED, CANCELLED))
            values |= {"reason": CANCELLED, "reason_code": Reason.CANCELLED}
        elif decision.reason and not early:
            steps.append((Event.REFUSED, decision.reason))
            values |= {"reason": decision.reason, "reason_code": decision.code, "held_by": "source"}
        for event, words in steps:
            state = transitions.target(head, event)
            self._tell(dict(head), event, head["state"], state, words, record.facts.content_hash)
            head["state"] = state
        values |= transitions.standing(State(head["state"]))

    def _new_row(self, record: FetchedRecord, older: Row | None, decision: Decision) -> None:
        change = decision.step is Step.CHANGE
        values = {
            "integration": self.run.integration,
            "flow": self.run.flow,
            "direction": "outbound",
            "set_id": self.rules.change_set if change else older["set_id"] if older else self.rules.set_id,
            "source_key": record.facts.key,
            "original": older["original"] if older else "",
            "revision": older["revision"] + 1 if older else 1,
            "partition": older["partition"] if older and not change else self.run.partition,
            "change": None,
            **self._values(record),
        }
        if older and values["set_id"] != self.rules.set_id:
            values["_after"] = older
        values["kind"] = self.rules.kind or kind_of(values["set_id"])
        # The id is taken when the batch is written; the audit entries hold this same mapping and get it then.
        head = {**{k: values[k] for k in ("integration", "direction", "source_key", "content_hash")}, "id": "", "state": ""}
        first = len(self.history)
        self._enter(head, values, record, decision)
        values["_entries"] = [told[0] for told in self.history[first:]]
        self.new.append(values)

    def _same_row(self, record: FetchedRecord, row: Row, decision: Decision) -> None:
        values = self._values(record)
        revision, partition = row["revision"] + 1, row["partition"]
        if decision.step is Step.TAKE_OVER:
            # What a preview wrote was never in the ledger as far as live runs are concerned: it is seen for the first time.
            partition, revision = self.run.partition, row["revision"]
            self._enter({**row, "state": ""}, values, record, decision)
        elif decision.step is Step.REVIVE:
            values |= transitions.standing(transitions.target(row, Event.REVISED))
            self._tell(
                row,
                Event.REVISED,
                row["state"],
                values["state"],
                self._noted("corrected in the source"),
                record.facts.content_hash,
            )
        else:
            values |= {name: row[name] for name in ("state", "delivery", "syntax")}
            values |= {"reason": decision.reason, "reason_code": decision.code}
            values |= {"held_by": "source"} if row["state"] == State.ON_HOLD else {}
            self._tell(row, "refreshed", row["state"], row["state"], decision.reason, record.facts.content_hash)
        self.in_place.append({**values, "b_id": row["id"], "revision": revision, "partition": partition})

    def write(self, tx: sa.Connection) -> None:
        here = document.c.id == sa.bindparam("b_id")
        changed = {"changed_at": sa.func.clock_timestamp()}
        if self.followed:
            values = {"state": sa.bindparam("b_state"), "is_current": False, "is_effective": sa.bindparam("b_stands")}
            tx.execute(sa.update(document).where(here).values(values | changed), self.followed)
        if self.cancelled:
            values = {"state": State.SKIPPED, "reason": CANCELLED, "reason_code": Reason.CANCELLED}
            tx.execute(sa.update(document).where(document.c.id.in_(self.cancelled)).values(values | changed))
        left = [*self.cancelled, *(followed["b_id"] for followed in self.followed)]
        if left:
            void = sa.update(claim).where(claim.c.document_id.in_(left), claim.c.state == "claimed")
            tx.execute(void.values(state="cancelled", settled_at=sa.func.now()))
        if self.in_place:
            names = [name for name in self.in_place[0] if name != "b_id"]
            bound = {name: sa.bindparam(f"v_{name}", type_=document.c[name].type) for name in names}
            renamed = [{f"v_{k}" if k != "b_id" else k: v for k, v in row.items()} for row in self.in_place]
            tx.execute(sa.update(document).where(here).values(bound | changed), renamed)
        if self.stamps:
            tx.execute(
                sa.update(document)
                .where(here)
                .values(
                    stamp=sa.bindparam("b_stamp"),
                    latest_hash=sa.bindparam("b_hash"),
                    content_hash=sa.bindparam("b_content"),
                    projection=sa.bindparam("b_projection"),
                ),
                self.stamps,
            )
        if self.later:
            value = sa.bindparam("b_later", type_=document.c.pending_record.type)
            tx.execute(sa.update(document).where(here).values(pending_record=value), self.later)
        self._insert(tx)
        self._settle(tx)
        self._except(tx)
        entries = (
            transitions.entry(row, event, to, self.run.run_id, why, payload, from_state=was)
            for row, event, was, to, why, payload in self.history
        )
        transitions.write(tx, list(entries))

    def _insert(self, tx: sa.Connection) -> None:
        self._link_changes(tx)
        for values, name in zip(self.new, transitions.new_ids(tx, len(self.new)), strict=True):
            values |= {"id": name, "original": values["original"] or name}
            for told in values.pop("_entries"):
                told["id"] = name
        if self.new:
            tx.execute(sa.insert(document), self.new)
        if self.ours:
            common = {"integration": self.run.integration, "flow": self.run.flow, "run_id": self.run.run_id}
            insert = postgresql.insert(our_record)
            newer = {"stamp": insert.excluded.stamp, "run_id": insert.excluded.run_id, "at": sa.func.now()}
            keys = ["integration", "flow", "source_key"]
            tx.execute(insert.on_conflict_do_update(index_elements=keys, set_=newer), [common | ours for ours in self.ours])

    def _link_changes(self, tx: sa.Connection) -> None:
        """Tell each change set what the partner has: the document that was sent, or what the change set before made of it."""
        after = {values["_after"]["id"]: values for values in self.new if "_after" in values}
        if not after:
            return
        query = sa.select(document.c.id, document.c.canonical, document.c.change).where(document.c.id.in_(after))
        for older_id, canonical, change in tx.execute(query):
            values = after[older_id]
            older = values.pop("_after")
            if older["set_id"] == self.rules.set_id:
                values["change"] = {"of": older_id, "number": 1, "had": canonical}
            elif older["state"] in DELIVERED:
                number = change["number"] + (older["state"] != State.PROCESSED)
                values["change"] = {"of": older_id, "number": number, "had": change["has"]}
            else:  # it never left, so the partner has what they had
                values["change"] = {name: change[name] for name in ("of", "number", "had")}

    def _settle(self, tx: sa.Connection) -> None:
        """The change that a person was told of is on its way now."""
        if self.settled:
            here = document.c.id.in_(self.settled)
            tx.execute(sa.update(document).where(here).values(exception="", exception_code=""))
        for document_id in self.settled:
            alerts.resolve_alert(tx, f"{Reason.CHANGED_AFTER_SENDING}:{document_id}")

    def _except(self, tx: sa.Connection) -> None:
        for found in self.exceptions:
            change = sa.update(document).where(document.c.id == found["b_id"])
            tx.execute(change.values(exception=found["b_words"], exception_code=found["b_code"]))
            alerts.raise_alert(
                tx, self.run.integration, f"{found['b_code']}:{found['b_id']}", f"{found['b_id']}: {found['b_words']}"
            )


def _stamp(record: FetchedRecord, row: Row) -> dict[str, Any]:
    facts = record.facts
    latest = f"cancelled:{facts.content_hash}" if facts.cancelled else facts.content_hash
    if record.problem is not None:  # nobody knows what it holds now
        latest = row["latest_hash"]
    hashes = {"b_hash": latest, "b_content": row["content_hash"], "b_projection": row["projection"]}
    return {"b_id": row["id"], "b_stamp": facts.stamp, **hashes}


def _news(facts: RecordHeader, row: Row) -> bool:
    """Whether the row is to remember another stamp or hash of the record, or its hashes by today's projection."""
    return bool(row["stamp"] != facts.stamp or row["latest_hash"] != facts.content_hash or row.get("made_again"))
