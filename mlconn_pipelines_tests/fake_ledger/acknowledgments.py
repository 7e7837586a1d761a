"""`Acknowledgments` of flows/ports/acknowledgments.py in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.lifecycle import DELIVERED, Application, Event, State, after
from mlconn_pipelines.flows.ports.entries import AcknowledgmentOutcome, DocumentRow, ReceivedGroup, Run
from mlconn_pipelines.ledger import responses
from mlconn_pipelines.ledger.acknowledgments import OUTCOMES, UNDECIDED, Verdict, findings_of, verdicts_of_sets
from mlconn_pipelines.ledger.claims import CLEAR
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.intake import TAKEN
from mlconn_pipelines.ledger.owners import without_zeros
from mlconn_pipelines.ledger.rows import called, document_row, json_of_findings
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines_tests.fake_ledger.arrivals import FakeArrivals
from mlconn_pipelines_tests.fake_ledger.owners import end_claim
from mlconn_pipelines_tests.fake_ledger.shelves import OPEN_CLAIM, Row, Shelves

_WITHOUT_PAYLOADS = {"raw": None, "canonical": None, "change": None}


class FakeAcknowledgments:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def acknowledge(
        self, run: Run, received: FunctionalAcknowledgment, envelope: Mapping[str, str], document_id: str
    ) -> AcknowledgmentOutcome:
        said = f"{envelope.get('set_id') or '997'} {document_id}"
        counts = {"matched": 0, "repeated": 0, "contrary": 0}
        unmatched: list[str] = []
        group = {"group": without_zeros(received.group_control_number), "functional_id": received.functional_id}
        with self._shelves.transaction():
            waiting = {(one["set_id"], one["set"]): one for one in self._awaited(run.integration, envelope, **group)}
            for set_id, number, verdict in verdicts_of_sets(received, waiting, unmatched):
                if (row := waiting.get((set_id, number))) is None:
                    unmatched.append(f"set {set_id} {number} of group {received.functional_id} {received.group_control_number}")
                else:
                    words = Verdict(verdict.status, said, document_id, findings_of(verdict, said))
                    counts[self._decide(run, row, words)] += 1
        return AcknowledgmentOutcome(unmatched=tuple(unmatched), **counts)

    def acknowledge_interchange(
        self,
        run: Run,
        received: InterchangeAcknowledgment,
        words: str,
        envelope: Mapping[str, str],
        document_id: str,
    ) -> AcknowledgmentOutcome:
        counts = {"matched": 0, "repeated": 0, "contrary": 0}
        said = f"TA1 {document_id}"
        with self._shelves.transaction():
            waiting = [
                one
                for one in self._awaited(run.integration, envelope)
                if self._shelves.claims[one["claim_id"]]["numbers"][0] == int(received.control_number)
            ][-1:]
            for row in waiting:
                if received.status == "R":
                    finding = Finding(Reason.INTERCHANGE_REFUSED, f"{said}: {row['receiver']} {words}", "reject")
                    counts[self._decide(run, row, Verdict("R", said, document_id, (finding,)))] += 1
                else:
                    counts[self._arrived(run, row, received, words, said)] += 1
        unmatched = () if waiting else (f"interchange {received.control_number}",)
        return AcknowledgmentOutcome(unmatched=unmatched, **counts)

    def _awaited(self, integration: str, envelope: Mapping[str, str], **named: str) -> list[Row]:
        """Of interchanges between these two, whose ids are swapped in what they say."""
        wanted = {"integration": integration, "usage": envelope.get("usage", ""), **named}
        wanted |= {"sender": envelope.get("receiver", ""), "receiver": envelope.get("sender", "")}
        rows = self._shelves.acknowledgments
        return [one for one in rows if all(one[name] == value for name, value in wanted.items())]

    def _decide(self, run: Run, awaited: Row, verdict: Verdict) -> str:
        row = self._shelves.documents[awaited["document_id"]]
        outcome, event = OUTCOMES.get(verdict.status, OUTCOMES["R"])
        if awaited["state"] == outcome:
            return "repeated"
        if awaited["state"] not in UNDECIDED:
            now, before = outcome.replace("_", " "), awaited["state"].replace("_", " ")
            self._contrary(run, row, f"a later acknowledgment ({verdict.said}) says {now}, an earlier one {before}")
            return "contrary"
        awaited["state"] = outcome
        claims = [one for one in self._shelves.claims.values() if one["document_id"] == row["id"]]
        is_newest = claims[-1]["id"] == awaited["claim_id"]
        this = self._shelves.claims[awaited["claim_id"]]
        sent_since = any(one["state"] not in ("claimed", "cancelled") for one in claims if one["id"] > this["id"])
        proves_arrival = this["state"] == "cancelled" and not sent_since
        if after(State(row["state"]), event) is None or not (is_newest or proves_arrival):
            if State(row["state"]) is State.SUPERSEDED or not is_newest:
                words = f"{verdict.said} to an earlier sending"
                self._shelves.note(row, f"acknowledged_late:{outcome}", run.run_id, words)
                return "matched"
            self._contrary(run, row, f"{verdict.said} answers it while it is {row['state']}")
            return "contrary"
        for one in claims:
            if one is this and one["state"] in OPEN_CLAIM:
                end_claim(self._shelves, one, "done", evidence=verdict.said)
            elif one is not this and one["state"] == "claimed":
                one["state"] = "cancelled"
        rejected = event is Event.ACKNOWLEDGED_AS_REJECTED
        words = f"{row['partner'] or 'the partner'} rejected it in {verdict.said}" if rejected else ""
        findings = [*(row["findings"] or []), *json_of_findings(verdict.findings)]
        values = {"findings": findings, "reason": words, "reason_code": Reason.REJECTED_BY_PARTNER if rejected else ""}
        self._shelves.move(row, event, run.run_id, verdict.said, values | {"next_attempt_at": None})
        if rejected:
            text = f"{called(row)} ({row['id']}): {words}"
            self._shelves.raise_alert(run.integration, f"rejected_by_partner:{row['id']}", text)
        return "matched"

    def _contrary(self, run: Run, row: Row, words: str) -> None:
        finding = Finding(Reason.CONTRARY_ACKNOWLEDGMENT, f"{words}; ask {row['partner'] or 'the partner'} which one holds")
        self._add_findings(row, [finding])
        self._shelves.note(row, "contrary_acknowledgment", run.run_id, words)
        text = f"{called(row)} ({row['id']}): {finding.message}"
        self._shelves.raise_alert(run.integration, f"contrary_acknowledgment:{row['id']}", text)

    def _arrived(self, run: Run, awaited: Row, received: InterchangeAcknowledgment, words: str, said: str) -> str:
        row, claim = self._shelves.documents[awaited["document_id"]], self._shelves.claims[awaited["claim_id"]]
        if received.status == "E":
            message = f"{said}: {awaited['receiver']} {words}"
            self._add_findings(row, [Finding(Reason.INTERCHANGE_WITH_ERRORS, message, "accept_with_error")])
        if claim["state"] in ("sending", "outcome_unknown"):
            end_claim(self._shelves, claim, "done", evidence=said)
            if after(State(row["state"]), Event.SENT) is not None:
                self._shelves.move(row, Event.SENT, run.run_id, said, CLEAR)
                return "matched"
        self._shelves.note(row, "interchange_arrived", run.run_id, f"{said}: {words}")
        return "repeated"

    def _add_findings(self, row: Row, findings: Sequence[Finding]) -> None:
        row["findings"] = [*(row["findings"] or []), *json_of_findings(findings)]

    def advise(self, run: Run, document_id: str, findings: Sequence[Finding], rejected: bool) -> None:
        with self._shelves.transaction():
            row = self._shelves.document(document_id)
            self._add_findings(row, findings)
            row["application"] = Application.REJECTED if rejected else Application.ACCEPTED
            words = "; ".join(finding.message for finding in findings)
            self._shelves.note(row, "advised_rejection" if rejected else "advised", run.run_id, words)
            if rejected:
                text = f"{called(row)} ({row['id']}) was rejected by {row['partner']}: {words}"
                self._shelves.raise_alert(run.integration, f"advised_rejection:{row['id']}", text)

    def answer_interchange(self, run: Run, refusal: ReceivedGroup) -> bool:
        with self._shelves.transaction():
            return responses.answer_refusal(cast("Arrivals", FakeArrivals(self._shelves, run)), refusal)

    def sent_by_number(self, integration: str, set_id: str, partner: str, business_number: str) -> DocumentRow | None:
        return self.sent_by_numbers(integration, set_id, [(partner, business_number)]).get((partner, business_number))

    def sent_by_numbers(
        self, integration: str, set_id: str, named: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], DocumentRow]:
        with self._shelves.lock:
            found: dict[tuple[str, str], Row] = {}
            for row in self._shelves.documents.values():
                number, delivered = (row["partner"], row["business_number"]), row["state"] in DELIVERED
                if (
                    number in named
                    and (row["integration"], row["set_id"], row["direction"]) == (integration, set_id, "outbound")
                    and not row["preview"]
                    and (delivered or row["state"] in (State.READY, State.OUTCOME_UNKNOWN))
                    and (delivered or number not in found or found[number]["state"] not in DELIVERED)
                ):
                    found[number] = row
            return {number: document_row(row | _WITHOUT_PAYLOADS) for number, row in found.items()}

    def taken_by_numbers(
        self, integration: str, set_ids: Sequence[str], named: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], DocumentRow]:
        with self._shelves.lock:
            return {
                (row["partner"], row["business_number"]): document_row(row | {"raw": None})
                for row in self._shelves.documents.values()
                if (row["integration"], row["direction"], row["preview"]) == (integration, "inbound", False)
                and row["set_id"] in set_ids
                and row["state"] in (*TAKEN, State.ON_HOLD)
                and (row["partner"], row["business_number"]) in named
            }

    def taken_for_orders(self, row: DocumentRow, numbers: Sequence[str]) -> list[DocumentRow]:
        with self._shelves.lock:
            return [
                document_row(other | {"raw": None})
                for other in self._shelves.documents.values()
                if all(other[name] == getattr(row, name) for name in ("integration", "set_id", "partner", "preview"))
                and other["direction"] == "inbound"
                and other["state"] in TAKEN
                and other["id"] != row.id
                and other["source_key"] != row.source_key
                and not set((other["links"] or {}).get("orders", ())).isdisjoint(numbers)
            ]

    def sent_under(self, integration: str, envelope: Mapping[str, str], group: str, set_number: str) -> DocumentRow | None:
        numbers = {"group": without_zeros(group), "set": without_zeros(set_number)}
        with self._shelves.lock:
            found = self._awaited(integration, envelope, **numbers)
            return document_row(self._shelves.documents[found[-1]["document_id"]] | _WITHOUT_PAYLOADS) if found else None
