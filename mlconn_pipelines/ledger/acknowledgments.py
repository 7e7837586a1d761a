"""What partners say of documents that we sent, by 997, 999, TA1 and 824, and which document is meant. Our own TA1s.

`Acknowledgments` of flows/ports/acknowledgments.py. A 997 or 999 is matched on swapped interchange ids, usage, AK1 and AK2; a TA1
on swapped ids, usage and ISA13; the others by the number or the control numbers that they name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment, SetAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.lifecycle import DELIVERED, Application, Event, State, after
from mlconn_pipelines.flows.ports.entries import AcknowledgmentOutcome, DocumentRow, ReceivedGroup, Run
from mlconn_pipelines.ledger import alerts, responses, transitions
from mlconn_pipelines.ledger.claims import CLEAR
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.intake import TAKEN
from mlconn_pipelines.ledger.locks import one_at_a_time
from mlconn_pipelines.ledger.owners import without_zeros
from mlconn_pipelines.ledger.rows import WITHOUT_PAYLOADS, WITHOUT_RAW, Row, called, document_row, json_of_findings, locked
from mlconn_pipelines.ledger.statements import each
from mlconn_pipelines.ledger.tables import OPEN_CLAIM, acknowledgment, claim, document
from mlconn_pipelines.ports.mapping import Finding, Severity
from mlconn_pipelines.reasons import Reason

OUTCOMES: Mapping[str, tuple[str, Event]] = {
    "A": ("accepted", Event.ACKNOWLEDGED),
    "E": ("accepted_with_errors", Event.ACKNOWLEDGED_WITH_ERRORS),
    **dict.fromkeys("RMWX", ("rejected", Event.ACKNOWLEDGED_AS_REJECTED)),
}
"""AK501 and AK901 to what became of the document; M, W and X are refusals for security reasons."""

_REFUSALS = frozenset("RMWX")
UNDECIDED = ("awaited", "overdue", "not_expected")


class PostgresAcknowledgments:
    """engine: of `ledger_engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def acknowledge(
        self, run: Run, received: FunctionalAcknowledgment, envelope: Mapping[str, str], document_id: str
    ) -> AcknowledgmentOutcome:
        """A 997 that only says what an earlier one said changes nothing."""
        said = f"{envelope.get('set_id') or '997'} {document_id}"
        counts = {"matched": 0, "repeated": 0, "contrary": 0}
        unmatched: list[str] = []
        with self._engine.begin() as tx:
            waiting = _sets_of_group(tx, run.integration, received, envelope)
            for set_id, number, verdict in verdicts_of_sets(received, waiting, unmatched):
                row = waiting.get((set_id, number))
                if row is None:
                    unmatched.append(f"set {set_id} {number} of group {received.functional_id} {received.group_control_number}")
                else:
                    words = Verdict(verdict.status, said, document_id, findings_of(verdict, said))
                    counts[_decide(tx, run, row, words)] += 1
        return AcknowledgmentOutcome(unmatched=tuple(unmatched), **counts)

    def acknowledge_interchange(
        self,
        run: Run,
        received: InterchangeAcknowledgment,
        words: str,
        envelope: Mapping[str, str],
        document_id: str,
    ) -> AcknowledgmentOutcome:
        """Accepted says only that the envelope arrived whole: the 997 is awaited all the same."""
        counts = {"matched": 0, "repeated": 0, "contrary": 0}
        said = f"TA1 {document_id}"
        with self._engine.begin() as tx:
            waiting = _sets_of_interchange(tx, run.integration, received.control_number, envelope)
            for row in waiting:
                if received.status == "R":
                    finding = Finding(Reason.INTERCHANGE_REFUSED, f"{said}: {row['receiver']} {words}", "reject")
                    counts[_decide(tx, run, row, Verdict("R", said, document_id, (finding,)))] += 1
                else:
                    counts[_arrived(tx, run, row, received, words, said)] += 1
        unmatched = () if waiting else (f"interchange {received.control_number}",)
        return AcknowledgmentOutcome(unmatched=unmatched, **counts)

    def advise(self, run: Run, document_id: str, findings: Sequence[Finding], rejected: bool) -> None:
        """The state is the 997's to change; an 824 leaves it as it is."""
        with self._engine.begin() as tx:
            row = locked(tx, document_id)
            _add_findings(tx, row, findings)
            said = Application.REJECTED if rejected else Application.ACCEPTED
            tx.execute(sa.update(document).where(document.c.id == row["id"]).values(application=said))
            words = "; ".join(finding.message for finding in findings)
            transitions.note(tx, row, "advised_rejection" if rejected else "advised", run.run_id, words)
            if rejected:
                text = f"{called(row)} ({row['id']}) was rejected by {row['partner']}: {words}"
                alerts.raise_alert(tx, run.integration, f"advised_rejection:{row['id']}", text)

    def answer_interchange(self, run: Run, refusal: ReceivedGroup) -> bool:
        with self._engine.begin() as tx:
            one_at_a_time(tx, "receive", run.integration, run.flow)
            return responses.answer_refusal(Arrivals(tx, run), refusal)

    def sent_by_number(self, integration: str, set_id: str, partner: str, business_number: str) -> DocumentRow | None:
        return self.sent_by_numbers(integration, set_id, [(partner, business_number)]).get((partner, business_number))

    def sent_by_numbers(
        self, integration: str, set_id: str, named: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], DocumentRow]:
        """A partner may answer before our own `complete`: one on its way counts after the delivered."""
        partners, numbers = map(list, zip(*named, strict=True)) if named else ([], [])
        asked = {"b_integration": integration, "b_set_id": set_id, "b_partner": partners, "b_business_number": numbers}
        with self._engine.connect() as connection:
            rows = connection.execute(_SENT, asked).mappings()
            return {(row["partner"], row["business_number"]): document_row(row) for row in rows}

    def taken_by_numbers(
        self, integration: str, set_ids: Sequence[str], named: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], DocumentRow]:
        if not named:
            return {}
        partners, numbers = map(list, zip(*named, strict=True))
        asked = {"integration": integration, "set_ids": list(set_ids), "b_partner": partners, "b_business_number": numbers}
        with self._engine.connect() as connection:
            rows = connection.execute(_TAKEN, asked).mappings()
            return {(row["partner"], row["business_number"]): document_row(row) for row in rows}

    def taken_for_orders(self, row: DocumentRow, numbers: Sequence[str]) -> list[DocumentRow]:
        query = (
            sa.select(*WITHOUT_RAW)
            .where(
                *(document.c[name] == getattr(row, name) for name in ("integration", "set_id", "partner", "preview")),
                document.c.direction == "inbound",
                document.c.state.in_(TAKEN),
                document.c.id != row.id,
                document.c.source_key != row.source_key,
                document.c.links["orders"].has_any(sa.cast(list(numbers), sa.ARRAY(sa.Text))),
            )
            .order_by(document.c.id)
        )
        if not numbers:
            return []
        with self._engine.connect() as connection:
            return [document_row(found) for found in connection.execute(query).mappings()]

    def sent_under(self, integration: str, envelope: Mapping[str, str], group: str, set_number: str) -> DocumentRow | None:
        query = (
            sa.select(*WITHOUT_PAYLOADS)
            .join(acknowledgment, acknowledgment.c.document_id == document.c.id)
            .where(
                acknowledgment.c.integration == integration,
                acknowledgment.c.group_number == without_zeros(group),
                acknowledgment.c.set_number == without_zeros(set_number),
                acknowledgment.c.sender == envelope.get("receiver", ""),
                acknowledgment.c.receiver == envelope.get("sender", ""),
                acknowledgment.c.usage == envelope.get("usage", ""),
            )
            .order_by(acknowledgment.c.id.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return document_row(row) if row else None


def _sent() -> sa.Select[Any]:
    asked = each(dict.fromkeys(("partner", "business_number"), sa.Text()))
    delivered = document.c.state.in_(DELIVERED)
    found = (
        sa.select(*WITHOUT_PAYLOADS)
        .where(
            *(document.c[name] == sa.bindparam(f"b_{name}") for name in ("integration", "set_id")),
            *(document.c[name] == asked.c[name] for name in ("partner", "business_number")),
            document.c.direction == "outbound",
            ~document.c.preview,
            delivered | document.c.state.in_((State.READY, State.OUTCOME_UNKNOWN)),
        )
        .order_by(delivered.desc(), document.c.id.desc())
        .limit(1)
        .lateral("found")
    )
    return sa.select(*found.c).select_from(asked.join(found, sa.true()))


_SENT = _sent()


def _taken() -> sa.Select[Any]:
    asked = each(dict.fromkeys(("partner", "business_number"), sa.Text()))
    found = (
        sa.select(*WITHOUT_RAW)
        .where(
            document.c.integration == sa.bindparam("integration"),
            document.c.set_id == sa.func.any(sa.cast(sa.bindparam("set_ids"), sa.ARRAY(sa.Text))),
            *(document.c[name] == asked.c[name] for name in ("partner", "business_number")),
            document.c.direction == "inbound",
            ~document.c.preview,
            document.c.state.in_((*TAKEN, State.ON_HOLD)),
        )
        .order_by(document.c.id.desc())
        .limit(1)
        .lateral("found")
    )
    return sa.select(*found.c).select_from(asked.join(found, sa.true()))


_TAKEN = _taken()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one document. status: AK501, AK901 or TA104. said: by which document, in words: `997 AB-12`.

    document_id: of that acknowledgment. findings: what it finds wrong.
    """

    status: str
    said: str
    document_id: str
    findings: Sequence[Finding] = ()


def _sets_of_group(
    tx: sa.Connection, integration: str, received: FunctionalAcknowledgment, envelope: Mapping[str, str]
) -> dict[tuple[str, str], Row]:
    """What we sent in that group, by set and number. After a wrap of the control numbers the newest is meant."""
    query = (
        sa.select(acknowledgment)
        .where(
            acknowledgment.c.integration == integration,
            acknowledgment.c.group_number == without_zeros(received.group_control_number),
            acknowledgment.c.functional_id == received.functional_id,
            acknowledgment.c.sender == envelope.get("receiver", ""),
            acknowledgment.c.receiver == envelope.get("sender", ""),
            acknowledgment.c.usage == envelope.get("usage", ""),
        )
        .order_by(acknowledgment.c.id)
    )
    return {(row["set_id"], row["set_number"]): row for row in tx.execute(query).mappings()}


def verdicts_of_sets(
    received: FunctionalAcknowledgment, waiting: Mapping[tuple[str, str], Row], unmatched: list[str]
) -> list[tuple[str, str, SetAcknowledgment]]:
    """(set, its number, what is said of it), in the order of the documents, so that two 997s never lock crosswise.

    A group refused with none of its sets accepted is refused set by set, whatever AK5 says of each; where AK904 counts accepted
    ones beside an R, as some systems write it, the sets' own words count.
    """
    named = {(one.set_id, without_zeros(one.control_number)): one for one in received.sets}
    if received.status in _REFUSALS and not received.sets_accepted:
        named = {
            key: replace(one, status=received.status) if one.status not in _REFUSALS else one for key, one in named.items()
        }
    group = f"group {received.functional_id} {received.group_control_number}"
    if not waiting and not named:
        unmatched.append(group)
    if received.status in OUTCOMES and (received.status == "A" or not named):
        for key in waiting:
            named.setdefault(key, SetAcknowledgment(*key, received.status, received.codes))
    elif not named and waiting:
        unmatched.append(f"{group} with status {received.status!r} and no sets: it does not say which of them were accepted")
    ordered = sorted(named.items(), key=lambda item: waiting[item[0]]["document_id"] if item[0] in waiting else "")
    return [(*key, verdict) for key, verdict in ordered]


def _decide(tx: sa.Connection, run: Run, awaited: Row, verdict: Verdict) -> str:
    """Put a verdict on the document that awaits it; returns what to count: matched, repeated or contrary."""
    row = locked(tx, awaited["document_id"])
    awaited = tx.execute(sa.select(acknowledgment).where(acknowledgment.c.id == awaited["id"])).mappings().one()
    outcome, event = OUTCOMES.get(verdict.status, OUTCOMES["R"])
    if awaited["state"] == outcome:
        return "repeated"
    if awaited["state"] not in UNDECIDED:
        now, before = outcome.replace("_", " "), awaited["state"].replace("_", " ")
        words = f"a later acknowledgment ({verdict.said}) says {now}, an earlier one {before}"
        _note_contrary(tx, run, row, words)
        return "contrary"
    decided = sa.update(acknowledgment).where(acknowledgment.c.id == awaited["id"])
    tx.execute(decided.values(state=outcome, answered_by=verdict.document_id, decided_at=sa.func.clock_timestamp()))
    if not _moves(tx, awaited, row, event):
        if State(row["state"]) is State.SUPERSEDED or not _is_newest_claim(tx, awaited):
            transitions.note(tx, row, f"acknowledged_late:{outcome}", run.run_id, f"{verdict.said} to an earlier sending")
            return "matched"
        _note_contrary(tx, run, row, f"{verdict.said} answers it while it is {row['state']}")
        return "contrary"
    findings = json_of_findings(verdict.findings)
    here = sa.update(claim).where(claim.c.document_id == row["id"])
    this = here.where(claim.c.id == awaited["claim_id"], sa.text(OPEN_CLAIM))
    tx.execute(this.values(state="done", settled_at=sa.func.clock_timestamp(), evidence=verdict.said))
    # A person said that it had not arrived, and a new claim was made: it must not go out a second time.
    tx.execute(here.where(claim.c.id != awaited["claim_id"], claim.c.state == "claimed").values(state="cancelled"))
    rejected = event is Event.ACKNOWLEDGED_AS_REJECTED
    words = f"{row['partner'] or 'the partner'} rejected it in {verdict.said}" if rejected else ""
    kept = sa.func.coalesce(document.c.findings, sa.text("'[]'::jsonb")).op("||")(sa.cast(findings, JSONB))
    code = Reason.REJECTED_BY_PARTNER if rejected else ""
    values = {"findings": kept, "reason": words, "reason_code": code, "next_attempt_at": None}
    transitions.move(tx, row, event, run.run_id, verdict.said, values)
    if rejected:
        text = f"{called(row)} ({row['id']}): {words}"
        alerts.raise_alert(tx, run.integration, f"rejected_by_partner:{row['id']}", text)
    return "matched"


def _is_newest_claim(tx: sa.Connection, awaited: Row) -> bool:
    newest = sa.select(sa.func.max(claim.c.id)).where(claim.c.document_id == awaited["document_id"])
    return bool(tx.scalar(newest) == awaited["claim_id"])


def _moves(tx: sa.Connection, awaited: Row, row: Row, event: Event) -> bool:
    """Whether the document's state follows: the newest claim's 997 counts, or one that proves a `not delivered` wrong."""
    if after(State(row["state"]), event) is None:
        return False
    if _is_newest_claim(tx, awaited):
        return True
    state_of = sa.select(claim.c.id, claim.c.state).where(claim.c.document_id == row["id"]).order_by(claim.c.id)
    states = {row.id: row.state for row in tx.execute(state_of)}
    sent_since = any(state not in ("claimed", "cancelled") for number, state in states.items() if number > awaited["claim_id"])
    return states[awaited["claim_id"]] == "cancelled" and not sent_since


def _note_contrary(tx: sa.Connection, run: Run, row: Row, words: str) -> None:
    finding = Finding(Reason.CONTRARY_ACKNOWLEDGMENT, f"{words}; ask {row['partner'] or 'the partner'} which one holds")
    _add_findings(tx, row, [finding])
    transitions.note(tx, row, "contrary_acknowledgment", run.run_id, words)
    text = f"{called(row)} ({row['id']}): {finding.message}"
    alerts.raise_alert(tx, run.integration, f"contrary_acknowledgment:{row['id']}", text)


def _add_findings(tx: sa.Connection, row: Row, findings: Sequence[Finding]) -> None:
    """Put findings behind those that the document has."""
    kept = sa.func.coalesce(document.c.findings, sa.text("'[]'::jsonb")).op("||")(sa.cast(json_of_findings(findings), JSONB))
    tx.execute(sa.update(document).where(document.c.id == row["id"]).values(findings=kept))


def findings_of(verdict: SetAcknowledgment, said: str) -> list[Finding]:
    severity: Severity = "reject" if verdict.status in _REFUSALS else "accept_with_error"
    found = [Finding(Reason.ACKNOWLEDGED_WITH_ERRORS, f"{said}: set error {code} (AK502)", severity) for code in verdict.codes]
    for segment in verdict.segments:
        place = f"segment {segment.position} {segment.segment}".strip()
        if segment.code:
            found.append(Finding(Reason.ACKNOWLEDGED_WITH_ERRORS, f"{said}: error {segment.code} (AK304)", severity, place))
        found += [
            Finding(
                Reason.ACKNOWLEDGED_WITH_ERRORS,
                f"{said}: error {element.code} (AK403)" + (f", received {element.value!r}" if element.value else ""),
                severity,
                f"{place}{element.element:02d}",
            )
            for element in segment.elements
        ]
    return found


def _sets_of_interchange(tx: sa.Connection, integration: str, number: str, envelope: Mapping[str, str]) -> list[Row]:
    """What we sent in that interchange: one document. After a wrap of the control numbers the newest is meant."""
    query = (
        sa.select(acknowledgment)
        .join(claim, claim.c.id == acknowledgment.c.claim_id)
        .where(
            acknowledgment.c.integration == integration,
            claim.c.interchange_number == int(number),
            acknowledgment.c.sender == envelope.get("receiver", ""),
            acknowledgment.c.receiver == envelope.get("sender", ""),
            acknowledgment.c.usage == envelope.get("usage", ""),
        )
        .order_by(acknowledgment.c.id.desc())
        .limit(1)
    )
    return [dict(row) for row in tx.execute(query).mappings()]


def _arrived(tx: sa.Connection, run: Run, awaited: Row, received: InterchangeAcknowledgment, words: str, said: str) -> str:
    """The interchange is with the partner: an open claim is done, and a document without an answer was sent."""
    row = locked(tx, awaited["document_id"])
    if received.status == "E":
        _add_findings(
            tx, row, [Finding(Reason.INTERCHANGE_WITH_ERRORS, f"{said}: {awaited['receiver']} {words}", "accept_with_error")]
        )
    this = sa.update(claim).where(claim.c.id == awaited["claim_id"], sa.text(OPEN_CLAIM), claim.c.state != "claimed")
    ended = tx.execute(this.values(state="done", settled_at=sa.func.clock_timestamp(), evidence=said)).rowcount
    if ended and after(State(row["state"]), Event.SENT) is not None:
        transitions.move(tx, row, Event.SENT, run.run_id, said, CLEAR)
        return "matched"
    transitions.note(tx, row, "interchange_arrived", run.run_id, f"{said}: {words}")
    return "repeated"
