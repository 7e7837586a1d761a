"""Both sides of a scene compared document by document: what came twice, what is missing, what nobody can explain.

Counted by what the simulated systems hold, and held against what the ledger says. `test_random_faults` wants all three empty;
`prove` prints them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.scenario import Scene

S = State
ARRIVED = {S.SENT, S.ACCEPTED, S.ACCEPTED_WITH_ERRORS, S.REJECTED_BY_PARTNER}
EXPLAINED = {S.SKIPPED, S.ON_HOLD, S.BEFORE_GO_LIVE, S.SYNTAX_REJECTED, S.DUPLICATE}
"""States in which a document rests with a reason, and nothing of it is anywhere else."""


@dataclass
class Account:
    """What a scene came to. documents: both ways, answers of ours among them. doubled, lost, unexplained: in words, one each."""

    documents: int = 0
    delivered: int = 0
    explained: int = 0
    unknown: int = 0
    states: Counter[str] = field(default_factory=Counter)
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.doubled or self.lost or self.unexplained)

    @property
    def wrong(self) -> dict[str, list[str]]:
        """What is not clean, for an assertion that shows it."""
        told = {"doubled": self.doubled, "lost": self.lost, "unexplained": self.unexplained}
        return {name: words for name, words in told.items() if words}

    def add(self, row: Any, prefix: str = "") -> None:
        self.documents += 1
        self.states[f"{prefix}{row.state}"] += 1
        if row.state in ARRIVED or row.state in (S.POSTED, S.PROCESSED):
            self.delivered += 1
        elif row.state is S.OUTCOME_UNKNOWN:
            self.unknown += 1
        elif row.state in EXPLAINED:
            self.explained += 1
        else:
            self.unexplained.append(f"{_named(row)} rests in {row.state}")
        if not row.reason and row.state in EXPLAINED - {S.BEFORE_GO_LIVE} | {S.OUTCOME_UNKNOWN}:
            self.unexplained.append(f"{_named(row)} is {row.state} without a reason")


def account(scene: Scene) -> Account:
    """Of a scene that has settled."""
    made = Account()
    claims: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for claim in scene.rows("SELECT * FROM claim ORDER BY id"):
        claims[claim["document_id"]].append(claim)
    at_cleo = Counter(file.name for file in scene.cleo.received)
    made.doubled += [f"file {name} arrived {times} times" for name, times in at_cleo.items() if times > 1]
    made.doubled += [f"the same bytes arrived twice: {one}" for one in scene.cleo.state({})["duplicates"]["same_bytes"]]
    made.doubled += [f"a partner got a business number twice: {one}" for one in scene.partner.inbox.business_duplicates]
    made.doubled += [f"a partner got a control number twice: {one}" for one in scene.partner.inbox.duplicates_by_control_number]
    mentioned: set[str] = set()
    _outbound(scene, made, claims, at_cleo, mentioned)
    for row in scene.documents(INBOUND, direction="outbound"):
        made.add(row, "our ")
        _left(made, row, claims[row.id], at_cleo, mentioned)
    made.unexplained += [f"file {name} at Cleo is of no document" for name in at_cleo if name not in mentioned]
    _inbound(scene, made)
    return made


def _outbound(
    scene: Scene, made: Account, claims: dict[str, list[dict[str, Any]]], at_cleo: Counter[str], mentioned: set[str]
) -> None:
    at_partner = Counter((one.set_id, one.partner, one.business_number) for one in scene.received())
    due = scene.system.to_be_known()
    for flow in scene.system.kinds:
        known = {row.source_key: row for row in scene.documents(flow) if row.state is not S.SUPERSEDED}
        made.lost += [f"{flow}: record {key} of the ERP was never read" for key in sorted(due[flow] - known.keys())]
        for row in known.values():
            made.add(row)
            _left(made, row, claims[row.id], at_cleo, mentioned)
            came = at_partner[flow.removeprefix("x12_"), row.partner, row.business_number]
            if row.state in ARRIVED and came == 0:
                made.lost.append(f"{_named(row)} is {row.state}, and its partner never got it")


def _left(made: Account, row: Any, claims: list[dict[str, Any]], at_cleo: Counter[str], mentioned: set[str]) -> None:
    """What left of one document, by its claims' file names: once where the ledger says so, else not at all."""
    names = {claim["file_name"] for claim in claims if at_cleo[claim["file_name"]]}
    mentioned |= names
    if len(names) > 1:
        made.doubled.append(f"{_named(row)} left as {', '.join(sorted(names))}")
    if row.state in ARRIVED:
        if not names:
            made.lost.append(f"{_named(row)} is {row.state}, and Cleo never got it")
    elif row.state is S.OUTCOME_UNKNOWN:
        if not any(claim["sending_at"] and claim["evidence"] for claim in claims):
            made.unexplained.append(f"{_named(row)} is unknown, and nothing says what was looked for")
    elif names:
        made.unexplained.append(f"{_named(row)} is {row.state}, and Cleo got {', '.join(sorted(names))}")


def _inbound(scene: Scene, made: Account) -> None:
    posted = Counter(one.reference for one in scene.system.all_created())
    made.doubled += [f"the ERP holds {times} records of {reference}" for reference, times in posted.items() if times > 1]
    made.doubled += [f"the ERP holds a left-over: {one}" for one in scene.system.left_overs()]
    with scene.pipeline() as pipeline:
        files = dict(pipeline.engine.reports.files_received(pipeline.name))
    vanished = {sent.file for sent in scene.partner.outbox.sent if files.get(sent.file, "seen") == "seen"}
    if len(vanished) != scene.cleo.faults.given["vanished"]:
        made.lost.append(f"files never received, {scene.cleo.faults.given['vanished']} vanished at Cleo: {sorted(vanished)}")
    came = Counter(
        (sent.partner, sent.set_id) for sent in scene.partner.outbox.sent if files.get(sent.file) in ("stored", "removed")
    )
    rows = scene.documents(INBOUND, direction="inbound")
    there = Counter((row.partner, row.set_id) for row in rows)
    made.lost += [
        f"{count} {set_id} of {partner} were received and are no documents"
        for (partner, set_id), count in (came - there).items()
    ]
    made.doubled += [
        f"{count} {set_id} of {partner} are one document too many" for (partner, set_id), count in (there - came).items()
    ]
    for row in rows:
        made.add(row, "inbound ")
        is_posted = row.state is S.POSTED and row.set_id in scene.system.posted_sets
        has_record = posted.pop(scene.system.reference(row.id), 0) > 0
        if is_posted and not has_record:
            made.lost.append(f"{_named(row)} is posted, and the ERP has no record of it")
        if has_record and not is_posted and row.state is not S.OUTCOME_UNKNOWN:
            made.unexplained.append(f"{_named(row)} is {row.state}, and the ERP has a record of it")
    made.lost += scene.system.contradicted(scene)
    made.unexplained += [f"the ERP's record of {reference} is of no document" for reference in posted]


def _named(row: Any) -> str:
    return f"{row.set_id} {row.business_number} ({row.id})"
