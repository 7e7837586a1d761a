"""Hundreds of documents both ways while one answer in twenty is wrong: nothing twice, nothing lost, and a word for the rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.pipeline import INBOUND
from mlconn_pipelines.sandbox.partner.habits import Habits
from mlconn_pipelines_tests.resilience.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import BC, EVERY_SYSTEM, FO, SAP, name_of
from mlconn_pipelines_tests.systems.system import System

pytestmark = [pytest.mark.database, pytest.mark.slow]

S = State
ARRIVED = {S.SENT, S.ACCEPTED, S.ACCEPTED_WITH_ERRORS, S.REJECTED_BY_PARTNER}
AFTER_STORING = {"cut_after", "500_after", "502_after", "cut_body", "slow_after"}
BEFORE_STORING = {"429", "500", "500_empty", "502_html", "503", "cut_before"}
EVERY_ERP_S_FAULTS = (*BEFORE_STORING, *AFTER_STORING)
CLEO_FAULTS = [*BEFORE_STORING, *AFTER_STORING, "expired", "refresh_refused", "vanished"]
ROUNDS_MAX = 40
QUIET_ROUNDS = 3


def arm(scene: Scene, seed: int) -> None:
    """One request in twenty, on both sides; a 401 only where it is no sign-in, since two of those stop a connection."""
    options: dict[str, Any] = {"seed": seed, "seconds": 0.2, "retry_after": 0}
    erp = scene.system
    erp.faults.arm("random", rate=0.05, names=[*EVERY_ERP_S_FAULTS, *erp.own_faults], **options)
    scene.cleo.faults.arm("random", rate=0.05, names=CLEO_FAULTS, **options)
    for path in (erp.read_path, *erp.post_paths):
        erp.faults.arm("random", path=path, rate=0.01, names=["401"], seed=seed)
    for path in ("/folders", "/files"):
        scene.cleo.faults.arm("random", path=path, rate=0.01, names=["401"], seed=seed)


def run_until_settled(scene: Scene) -> None:
    """Rounds with faults until nothing moves any more."""
    quiet, before = 0, None
    for _ in range(ROUNDS_MAX):
        scene.run()
        scene.hours_pass()
        now = scene.rows("SELECT flow, direction, state, count(*) FROM document GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
        open_ = sum(row["count"] for row in now if row["state"] in ("seen", "ready"))
        quiet = quiet + 1 if now == before and not open_ and not scene.announced_soon() else 0
        if quiet == QUIET_ROUNDS:
            return
        before = now
    raise AssertionError(f"still not settled: {now}")


def assert_nothing_twice_nothing_lost(scene: Scene) -> Counter[str]:
    """Both sides compared document by document; counts of states."""
    counts: Counter[str] = Counter()
    claims = defaultdict(list)
    for claim in scene.rows("SELECT * FROM claim ORDER BY id"):
        claims[claim["document_id"]].append(claim)
    at_cleo = Counter(file.name for file in scene.cleo.received)
    assert {name: times for name, times in at_cleo.items() if times > 1} == {}
    assert scene.cleo.state({})["duplicates"]["same_bytes"] == []
    assert scene.partner.inbox.business_duplicates == []
    assert scene.partner.inbox.duplicates_by_control_number == []
    at_partner = Counter((one.set_id, one.partner, one.business_number) for one in scene.received())
    mentioned: set[str] = set()
    to_be_known = scene.system.to_be_known()
    for flow in scene.system.kinds:
        set_id = flow.removeprefix("x12_")
        known = {row.source_key: row for row in scene.documents(flow) if row.state is not S.SUPERSEDED}
        assert to_be_known[flow] - known.keys() == set(), flow
        for row in known.values():
            counts[row.state] += 1
            assert_outbound(row, claims[row.id], at_cleo, mentioned)
            if row.state in ARRIVED:
                assert at_partner[set_id, row.partner, row.business_number] == 1, row
    for row in scene.documents(INBOUND, direction="outbound"):
        counts[f"our {row.state}"] += 1
        assert_outbound(row, claims[row.id], at_cleo, mentioned)
    assert set(at_cleo) == mentioned
    counts.update(inbound(scene))
    return counts


def assert_outbound(row: Any, claims: list[dict[str, Any]], at_cleo: Counter[str], mentioned: set[str]) -> None:
    """What left of one document, by its claims' file names: once where the ledger says so, else not at all."""
    names = {claim["file_name"] for claim in claims if at_cleo[claim["file_name"]]}
    mentioned |= names
    if row.state in ARRIVED:
        assert len(names) == 1, (row, claims)
    elif row.state is S.UNKNOWN:
        (claim,) = claims
        assert claim["sending_at"] and claim["evidence"] and row.reason, (row, claim)
        assert len(names) <= 1
    else:
        assert row.state in (S.SKIPPED, S.SET_ASIDE, S.BEFORE_START), row
        assert names == set(), (row, claims)
        assert row.reason or row.state is S.BEFORE_START, row


def inbound(scene: Scene) -> Counter[str]:
    counts: Counter[str] = Counter()
    posted = Counter(one.reference for one in scene.system.created())
    assert set(posted.values()) <= {1}, posted
    assert scene.system.left_overs() == []
    with scene.pipeline() as pipeline:
        files = dict(pipeline.reports.files_received(pipeline.name))
    vanished = [sent for sent in scene.partner.outbox.sent if files.get(sent.file, "seen") == "seen"]
    assert len({sent.file for sent in vanished}) == scene.cleo.faults.given["vanished"]
    came = Counter(
        (sent.partner, sent.set_id) for sent in scene.partner.outbox.sent if files.get(sent.file) in ("stored", "removed")
    )
    rows = scene.documents(INBOUND, direction="inbound")
    assert Counter((row.partner, row.set_id) for row in rows) == came
    for row in rows:
        counts[f"inbound {row.state}"] += 1
        reference = scene.system.reference(row.id)
        assert (row.state is S.POSTED and row.set_id == scene.system.inbound_set) == (posted.pop(reference, 0) == 1), row
        assert row.state in (S.POSTED, S.RECORDED, S.SET_ASIDE, S.REFUSED, S.DUPLICATE, S.SKIPPED), row
        assert row.reason or row.state in (S.POSTED, S.RECORDED), row
    assert not posted
    return counts


HABITS = replace(Habits(), late=0.05)


@pytest.mark.parametrize(
    ("system", "documents", "seed"),
    [
        (SAP, 400, 5),
        (BC, 60, 5),
        (FO, 60, 5),
        *(pytest.param(system, 2_000, 7, marks=pytest.mark.nightly) for system in EVERY_SYSTEM),
    ],
    ids=name_of,
)
def test_every_document_arrives_once_or_has_its_reason(stage: Stage, system: type[System], documents: int, seed: int) -> None:
    scene = stage(
        system=system,
        documents=documents,
        initial_orders=None,
        seed=seed,
        habits=HABITS,
        late_max_s=1.0,
        act_time_out_s=2.0,
        erp={"timeout_s": 1.0},
        cleo={"timeout_s": 1.0},
    )
    scene.refresh_reference()
    arm(scene, seed)
    run_until_settled(scene)
    given = scene.system.faults.given + scene.cleo.faults.given
    counts = assert_nothing_twice_nothing_lost(scene)
    assert given["random"] > documents / 10
    assert counts[S.UNKNOWN] + counts[f"our {S.UNKNOWN}"] < sum(given[name] for name in (*AFTER_STORING, *BEFORE_STORING))
    assert counts[S.ACCEPTED] > documents / 8
