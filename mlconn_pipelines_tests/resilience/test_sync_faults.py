"""Won deals to orders and their numbers back while answers are none, wrong, or late: once each, told rightly, a word for the rest."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mlconn_pipelines_tests.integration.sync_scene import SyncScene, sync_scene
from mlconn_pipelines_tests.resilience.liar import ALL_LIES, TIME_OUT_S, cells, table
from mlconn_pipelines_tests.resilience.sync_rounds import (
    REQUESTS,
    account,
    arm,
    deliver_one,
    matrix,
    prepare,
    run_each,
    scene_options,
    settle,
    tell,
)
from mlconn_pipelines_tests.scenario import wait_until
from mlconn_pipelines_tests.systems.all_systems import name_of
from mlconn_pipelines_tests.systems.sap_business_one.described import SapBusinessOne
from mlconn_pipelines_tests.systems.system import RequestKind
from mlconn_simulators.faults import Fault, FaultMenu

pytestmark = [pytest.mark.database, pytest.mark.slow]
nightly = pytest.mark.nightly

FAST_ROUNDS = 2
SEED = 20261130
DEALS_A_RUN = 10

Stage = Callable[[int], SyncScene]


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Stage]:
    """Opens a scene whose clocks can be put on by so many rounds."""
    with ExitStack() as stack:
        yield lambda rounds: stack.enter_context(sync_scene(tmp_path, ledger_database, **scene_options(rounds)))


@pytest.mark.parametrize("rounds", [FAST_ROUNDS, pytest.param(len(ALL_LIES), marks=nightly)])
def test_lies_to_all_kinds_of_requests_at_once(stage: Stage, rounds: int) -> None:
    told = matrix(stage(rounds), SEED, rounds)
    assert {", ".join(map(str, one.cells)): one.wrong for one in told if one.wrong} == {}
    struck = {cell for one in told for cell in one.struck}
    assert {cell.kind for cell in struck} == set(REQUESTS), "every kind was lied to"
    assert f"{len(struck)} cells struck" in table(told)[-1]


@nightly
@pytest.mark.parametrize("kind", REQUESTS, ids=name_of)
def test_one_lie_keeps_no_other_deal_waiting(stage: Stage, kind: RequestKind) -> None:
    of_kind = list(cells([kind]))
    scene = stage(len(of_kind))
    prepare(scene)
    for cell in of_kind:
        assert tell(scene, [cell]).wrong == {}, str(cell)


def test_every_request_that_is_made_is_of_a_described_kind(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[tuple[str, str]] = set()
    strikes = FaultMenu.take_any

    def noted(menu: FaultMenu, path: str, method: str, body: bytes = b"") -> Fault | None:
        asked.add((method, path))
        return strikes(menu, path, method, body)

    scene = stage(1)
    monkeypatch.setattr(FaultMenu, "take_any", noted)
    prepare(scene)
    tell(scene, [cell for cell in cells(REQUESTS) if cell.kind.about == "look"][:1])
    described = [Fault("", kind.path, method=kind.method) for kind in (*REQUESTS, *SapBusinessOne.requests)]
    assert {one for one in asked if not any(kind.matches(one[1], one[0]) for kind in described)} == set()


@pytest.mark.parametrize(("deals", "seed"), [(40, 5), pytest.param(600, 7, marks=nightly)])
def test_every_deal_becomes_one_order_or_has_its_reason(stage: Stage, deals: int, seed: int) -> None:
    scene = stage(1)
    scene.run()
    arm(scene, seed)
    for _ in range(deals // DEALS_A_RUN):
        scene.org.win(DEALS_A_RUN)
        run_each(scene)
        deliver_one(scene)
    settle(scene)
    made = account(scene)
    assert made.wrong == {}
    given = scene.org.faults.given + scene.erp.faults.given
    assert given["random"] > deals / 10
    assert made.states["posted"] > 0.9 * deals


def test_an_order_that_comes_late_is_found_and_one_that_never_comes_is_made_again(tmp_path: Path, ledger_database: str) -> None:
    """Absence proves nothing for two hours; what was carried out after we had hung up settles its deal at once."""
    options = scene_options(1)
    options["erp"] |= {"absence_proves_after_s": 7200.0}
    with sync_scene(tmp_path, ledger_database, **options) as scene:
        scene.run()
        scene.org.win(2)
        late = scene.erp.faults.arm("slow", "/Orders", method="POST", seconds=3600.0)
        scene.erp.faults.arm("slow", "/Orders", method="POST", seconds=3600.0)
        run_each(scene)
        time.sleep(2 * TIME_OUT_S)
        run_each(scene)
        assert scene.states("opportunities") == {"outcome_unknown": 2} and scene.made() == []
        late.let_go.set()
        assert wait_until(lambda: len(scene.made()) == 1, 10.0)
        assert wait_until(lambda: run_each(scene) == [] and scene.states("opportunities").get("posted") == 1, 10.0)
        assert scene.states("opportunities") == {"outcome_unknown": 1, "posted": 1}
        settle(scene)
        made = account(scene)
        assert made.wrong == {} and made.states == {"posted": 2, "back posted": 2}


@pytest.mark.parametrize(
    "path",
    [
        "/Orders?$filter=",
        "/Orders?$select=DocEntry,U_MLConnRef",
        "/$crossjoin(DeliveryNotes",
        "/DeliveryNotes?$filter=DocEntry",
    ],
)
def test_an_empty_answer_hides_no_delivery(stage: Stage, path: str) -> None:
    """The delivery is remembered by its stamp once its order was read with it, and no poll asks again."""
    scene = stage(1)
    scene.org.win(1)
    scene.run()
    deliver_one(scene)
    scene.erp.move_clock(dt.timedelta(minutes=1))
    struck = scene.erp.faults.arm("200_empty_list", path)
    run_each(scene)
    assert not struck.left
    settle(scene)
    assert account(scene).wrong == {}
