"""Sage 100 while its agent, its worker, Sage's host, the gateway or the tunnel die over what flows: once in Sage, or explained."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import TryLater
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.resilience.accounting import account
from mlconn_pipelines_tests.resilience.conftest import Stage
from mlconn_pipelines_tests.sage_100_agent import mortal_agent
from mlconn_pipelines_tests.scenario import Scene, wait_until
from mlconn_pipelines_tests.systems.all_systems import SAGE
from mlconn_pipelines_tests.systems.sage_100.described import Sage100
from mlconn_pipelines_tests.systems.sage_100.sage_site import ROOT

pytestmark = [pytest.mark.database, pytest.mark.slow]

VENDOR = SAGE.partner
ENTRIES = {"856": ("PO_Receipt_bus", "PO_ReceiptHeader"), "810": ("AP_Invoice_bus", "AP_InvoiceHeader")}

STEPS = [
    *(("after", step) for step in ("receive", "start", "number_taken")),
    *((when, "written") for when in ("before", "after")),
    *((when, "done") for when in ("before", "after")),
]
"""Of the agent's journal."""
FAULTS = ("raise", "raise_after", "die", "die_after", "hang", "hang_after", "empty", "none")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs wait for an agent for a second, and agents for a host for two."""
    monkeypatch.setattr("mlconn_pipelines.flows.agent_desk.WAIT_S", 1.0)
    for deadline in ("mlconn_pipelines.flows.agent_desk.WRITE_DEADLINE_S", "mlconn_pipelines.flows.agent_desk.READ_DEADLINE_S"):
        monkeypatch.setattr(deadline, 2)
    monkeypatch.setattr("sage_100_agent.supervision.supervisor.FIND_DEADLINE_S", 2)


def begin(stage: Stage) -> tuple[Scene, Sage100]:
    scene = stage(system=SAGE, late_max_s=3600, only=[VENDOR])
    assert isinstance(scene.system, Sage100)
    return scene, scene.system


def ordered(scene: Scene, sage: Sage100, count: int) -> list[str]:
    """Orders that their vendor has got."""
    numbers = [sage.order(scene) for _ in range(count)]
    scene.settle()
    assert scene.states("x12_850") == {"accepted": count}
    return numbers


def posted_in_the_end(scene: Scene, within_s: float = 20.0) -> bool:
    """Whether runs come to an end of what was received, each document as one record."""
    sage = scene.system
    assert isinstance(sage, Sage100)

    def run() -> bool:
        sage.come_back_if_it_ended()
        scene.hours_pass()
        scene.run(INBOUND)
        return all(row.state in (State.POSTED, State.PROCESSED) for row in came(scene))

    return wait_until(run, within_s)


def came(scene: Scene) -> list[DocumentRow]:
    return [row for row in scene.documents(INBOUND, direction="inbound") if row.set_id in (*ENTRIES, "855")]


def open_ones(scene: Scene) -> list[tuple[str, str, str]]:
    """What did not come to an end, for an assertion that shows it."""
    return [(row.set_id, row.state, row.reason) for row in came(scene) if row.state not in (State.POSTED, State.PROCESSED)]


def assert_once(scene: Scene, sage: Sage100, **expected: int) -> None:
    """By set id, prefixed with `of_`: so many records, one for each document of the set."""
    for set_id, (_, table) in ENTRIES.items():
        rows = scene.documents(INBOUND, set_ids=(set_id,), direction="inbound")
        references = [entry["reference"] for entry in sage.entered(table)]
        assert Counter(references) == Counter(f"acme:{row.id}" for row in rows)
        assert len(rows) == expected.get(f"of_{set_id}", 0)
    assert sage.left_overs() == []


def agent_that_dies(sage: Sage100, when: str, step: str) -> subprocess.Popen[bytes]:
    folder, port = sage.site.folder / "agent", str(sage.site.server.address[1])
    command = [sys.executable, "-m", mortal_agent.__name__, str(folder), sage.site.url, ROOT.public.hex(), port, when, step]
    return subprocess.Popen(command)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("set_id", "steps"),
    [
        ("856", STEPS[2:5]),
        ("810", [*STEPS[:2], STEPS[5]]),
        *(pytest.param(set_id, STEPS, marks=pytest.mark.nightly) for set_id in ENTRIES),
    ],
    ids=str,
)
def test_the_agent_is_killed_at_every_step(stage: Stage, set_id: str, steps: Sequence[tuple[str, str]]) -> None:
    scene, sage = begin(stage)
    numbers = ordered(scene, sage, len(steps))
    sage.go_away()
    for (when, step), number in zip(steps, numbers, strict=True):
        clerks.answer_order(scene, VENDOR, number, set_id)
        with agent_that_dies(sage, when, step) as agent:
            assert wait_until(lambda: scene.run(INBOUND) and agent.poll() is not None, 30.0)
            assert agent.returncode == -signal.SIGKILL
        (row,) = [row for row in scene.documents(INBOUND, set_ids=(set_id,)) if row.state is not State.POSTED]
        assert row.state is State.OUTCOME_UNKNOWN and row.reason, (when, step)
        sage.come_back()
        assert posted_in_the_end(scene), (when, step)
        sage.go_away()
    assert_once(scene, sage, **{f"of_{set_id}": len(steps)})


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("set_id", ENTRIES)
def test_the_worker_is_killed_around_the_save(stage: Stage, tmp_path: Path, set_id: str) -> None:
    scene, sage = begin(stage)
    numbers = ordered(scene, sage, 2)
    for when, number in zip(("before", "after"), numbers, strict=True):
        sage.go_away()
        sage.come_back(f"{ENTRIES[set_id][0]}.nWrite", when, str(tmp_path / when))
        clerks.answer_order(scene, VENDOR, number, set_id)
        assert posted_in_the_end(scene) and (tmp_path / when).exists()
    assert_once(scene, sage, **{f"of_{set_id}": 2})


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("set_id", "faults"),
    [
        ("856", ("raise_after", "die", "empty")),
        ("810", ("die_after", "hang_after", "none")),
        *(pytest.param(set_id, FAULTS, marks=pytest.mark.nightly) for set_id in ENTRIES),
    ],
    ids=str,
)
def test_sages_host_fails_around_the_save(stage: Stage, set_id: str, faults: Sequence[str]) -> None:
    """A save that answers nothing, or 0 without a word, may have saved: it is looked for before anybody is told of a refusal."""
    scene, sage = begin(stage)
    for fault, number in zip(faults, ordered(scene, sage, len(faults)), strict=True):
        armed = sage.sandbox.site.faults.arm(fault, f"{ENTRIES[set_id][0]}.nWrite")
        clerks.answer_order(scene, VENDOR, number, set_id)
        assert posted_in_the_end(scene), (fault, open_ones(scene))
        assert armed.struck.is_set()
    assert_once(scene, sage, **{f"of_{set_id}": len(faults)})


@pytest.mark.usefixtures("impatient")
def test_the_tunnel_is_cut_with_a_write_on_the_way(stage: Stage) -> None:
    scene, sage = begin(stage)
    receipt, invoice = ordered(scene, sage, 2)
    hang = sage.sandbox.site.faults.arm("hang", "PO_Receipt_bus.nWrite")
    clerks.answer_order(scene, VENDOR, receipt, "856")
    scene.run(INBOUND)
    assert scene.states(INBOUND, set_ids=("856",)) == {"outcome_unknown": 1}
    sage.site.cut()
    hang.let_go.set()
    assert wait_until(lambda: len(sage.entered("PO_ReceiptHeader")) == 1, 10.0)
    clerks.answer_order(scene, VENDOR, invoice, "810")
    for _ in range(2):
        scene.hours_pass()
        scene.run(INBOUND)
    assert scene.states(INBOUND, set_ids=("856", "810")) == {"outcome_unknown": 1, "pending_validation": 1}
    sage.site.join()
    assert posted_in_the_end(scene, 60.0)
    assert_once(scene, sage, of_856=1, of_810=1)


@pytest.mark.usefixtures("impatient")
def test_the_agent_is_away_for_three_runs(stage: Stage) -> None:
    scene, sage = begin(stage)
    (number,) = ordered(scene, sage, 1)
    sage.go_away()
    assert wait_until(lambda: _polls_ended(sage), 5.0)
    second = sage.order(scene)
    clerks.answer_order(scene, VENDOR, number, "810")
    for _ in range(3):
        with pytest.raises(TryLater, match="Look whether its service runs"):
            scene.run("x12_850")
        scene.run(INBOUND)
        scene.hours_pass()
    assert scene.states(INBOUND, set_ids=("810",)) == {"pending_validation": 1} and sage.created() == []
    sage.come_back()
    assert posted_in_the_end(scene)
    scene.settle()
    assert len(scene.received("850", second)) == 1 and scene.states("x12_850") == {"accepted": 2}
    assert_once(scene, sage, of_810=1)


def _polls_ended(sage: Sage100) -> bool:
    """Jobs that are given now wait for an agent that comes back."""
    row = sage.site.stores.agents.agent("warehouse")
    assert row is not None and row.seen_at is not None
    return bool(sage.site.stores.queue.now() - row.seen_at > dt.timedelta(seconds=1.5))


@pytest.mark.parametrize("jump", [-1, 1], ids=["autumn", "spring"])
def test_the_clock_of_the_server_changes_and_is_an_hour_off(stage: Stage, jump: int) -> None:
    """Each order is read, and an edit in the hour that comes twice, though its stamp is older than what was read."""
    scene, sage = begin(stage)
    clock, people = sage.sandbox.clock, sage.sandbox.people
    numbers = [sage.order(scene)]
    scene.run("x12_850")
    held = sage.order(scene, OnHold="Y")
    clock.move(dt.timedelta(minutes=25))
    numbers.append(sage.order(scene))
    scene.run("x12_850")
    clock.error = dt.timedelta(hours=jump)
    numbers.append(sage.order(scene))
    people.edit_order(held, OnHold="N")
    scene.run("x12_850")
    clock.move(dt.timedelta(minutes=61))
    numbers.append(sage.order(scene))
    scene.settle()
    assert sorted(got.business_number for got in scene.received("850")) == sorted([*numbers, held])
    assert scene.states("x12_850") == {"accepted": 5}


def test_an_order_whose_save_took_long_is_read_under_its_older_stamp(stage: Stage) -> None:
    scene, sage = begin(stage)
    for minutes in (0, 5, 70):
        number = sage.order(scene)
        sage.sandbox.people.backdate(number, 60 * minutes)
        scene.run("x12_850")
        assert [row.business_number for row in scene.documents("x12_850")].count(number) == 1
    scene.settle()
    assert scene.states("x12_850") == {"accepted": 3}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 8))])
def test_calls_fail_at_random(stage: Stage, seed: int) -> None:
    scene, sage = begin(stage)
    numbers = ordered(scene, sage, 4)
    faults = sage.sandbox.site.faults
    for place, name in enumerate(FAULTS[:6]):
        faults.arm(name, count=None, rate=0.0015, seed=10 * seed + place)
    for number in numbers:
        for set_id in ("855", *ENTRIES):
            clerks.answer_order(scene, VENDOR, number, set_id, change="date" if set_id == "855" else "")
    assert posted_in_the_end(scene, 60.0), open_ones(scene)
    assert faults.given.total() > 0
    faults.disarm()
    scene.settle()
    assert account(scene).wrong == {}
    assert_once(scene, sage, of_856=4, of_810=4)


@pytest.mark.nightly
def test_two_thousand_changed_orders_come_within_five_minutes(stage: Stage) -> None:
    """Each call to Sage takes 50 ms, property reads included."""
    scene = stage(system=SAGE, documents=4_000, late_max_s=3600)
    assert isinstance(scene.system, Sage100)
    scene.refresh_reference()
    site = scene.system.sandbox.site
    site.call_cost_s = 0.05
    began = time.monotonic()
    scene.run("x12_850")
    took = time.monotonic() - began
    assert sum(scene.states("x12_850").values()) > 1_700
    assert took < 300, took
