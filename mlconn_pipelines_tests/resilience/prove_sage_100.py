"""The part of the published proof that is about Sage 100: runs, agent, gateway and Sage's hosts die, the tunnel is cut and lies.

Orders go out, and confirmed dates, receipts and invoices come in, through an agent and a gateway that are processes of their own. While
runs in further processes are killed at steps drawn by chance, one of the machines dies or the line between them is cut; one envelope in
twenty is answered wrongly, some results come late, and the agent says what none of ours says.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import stamina

from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines_tests.resilience import liar
from mlconn_pipelines_tests.resilience.accounting import Account, account
from mlconn_pipelines_tests.resilience.conftest import TIME_OUT_S, Process, after_time_out
from mlconn_pipelines_tests.resilience.random_faults import arm, run_until_settled
from mlconn_pipelines_tests.resilience.sage_machines import SageMachines
from mlconn_pipelines_tests.resilience.worker import Errand
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import SAGE, SAGE_VARIANTS
from mlconn_pipelines_tests.systems.sage_100.described import Sage100
from mlconn_simulators.lies import LIES
from mlconn_simulators.partner.habits import Habits

DOCUMENTS_A_KILL = 15
"""Runs die more often here than elsewhere: each time one of four machines is struck too."""
RUNS_A_KILL = 3
STEPS = {
    INBOUND: (
        "after claim",
        "after sending",
        "before create",
        "after create",
        "before complete",
        "after complete",
        "after store_files",
    ),
    SAGE.flow: ("after claim", "after sending", "before deliver", "after deliver", "after complete", "after store_fetched"),
}
NTH = (1, 1, 1, 2, 3, 5)
RUN_WITHIN_S, AGENT_WAIT_S = 90.0, 3.0
AT_THE_START = 4
"""One order in so many is there before anything dies; the others are entered between the kills."""
LATE_RATE, LATE_S = 0.02, 5.0
WRONG_ALREADY = frozenset({"random", "slow"})
"""Counted by what they gave, or as late results."""

OpenScene = Callable[..., AbstractContextManager[Scene]]
"""Called with a part's name and the options of `scenario.scene`."""


@dataclass(frozen=True)
class SageProof:
    """struck: kills, cuts and late results by name; wrong: answers by name. rounds: of lies, a kind of envelope at a time."""

    account: Account
    struck: dict[str, int]
    wrong: dict[str, int]
    rounds: list[liar.Told] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return self.account.is_clean and not any(told.wrong for told in self.rounds)


def prove_sage_100(
    open_scene: OpenScene, documents: int, seed: int, habits: Habits, say: Callable[[str], None], rounds: int | None = None
) -> SageProof:
    """A scene of everything at once, and one for each part of the matrix of lies, round by round. documents: orders. rounds: of each part.

    Reads are tried again as often as always, and at once.
    """
    with stamina.set_testing(True, attempts=RetryPolicy().attempts, cap=True):
        return _proved(open_scene, documents, seed, habits, say, rounds)


def _proved(
    open_scene: OpenScene, documents: int, seed: int, habits: Habits, say: Callable[[str], None], most: int | None
) -> SageProof:
    options: dict[str, Any] = {"cleo": {"timeout_s": 1.0}, "late_max_s": 1.0, "act_time_out_s": 2.0}
    first = documents // AT_THE_START
    with open_scene("all", system=SAGE, documents=2 * first, seed=seed, habits=habits, **options) as made:
        sage = made.system
        assert isinstance(sage, Sage100)
        made.refresh_reference()
        arm(made, seed, LIES)
        sage.faults.arm(
            "random", path="/agent/result", method="POST", rate=LATE_RATE, names=["slow"], seconds=LATE_S, seed=seed
        )
        with sage.hasty():
            with SageMachines(made, sage) as machines:
                kills = max(4, documents // DOCUMENTS_A_KILL)
                died = _kill_again_and_again(made, machines, documents - first, kills, random.Random(seed), say)
                run_until_settled(made)
                struck = {"run killed": died, **machines.struck}
            given = sage.faults.given + made.cleo.faults.given + sage.sandbox.site.faults.given
            sage.faults.disarm()
            sage.sandbox.site.faults.disarm()
            run_until_settled(made)  # whatever still was under way in an agent that has been started again since
        accounted = account(made)
    struck["late result"] = sage.faults.given["slow"]
    wrong = {name: count for name, count in given.most_common() if name not in WRONG_ALREADY}
    rounds: list[liar.Told] = []
    for each in (SAGE, *SAGE_VARIANTS):
        say(f"  {each.kind}{each.variant}: every lie to every kind of envelope …")
        with open_scene(f"lies{each.variant}", **liar.scene_options(each)) as made:
            rounds += liar.matrix(made, each, seed, most)
    return SageProof(accounted, struck, wrong, rounds)


def _kill_again_and_again(
    made: Scene, machines: SageMachines, orders: int, kills: int, dice: random.Random, say: Callable[[str], None]
) -> int:
    """Runs die at steps drawn by chance, and meanwhile a machine does or the line breaks; then a run that is let be.

    Orders are entered in twice as many parts as runs are to die, since not every run comes to the step at which it would.
    """
    sage, died, a_time = made.system, 0, orders // (2 * kills) + 1
    assert isinstance(sage, Sage100)
    acts, vendors = list(machines.acts), [each.name for each in made.world.partners if each.supplier_code]
    for number in range(RUNS_A_KILL * kills):
        for _ in range(max(0, min(a_time, orders - number * a_time))):
            sage.order(made, dice.choice(vendors))
        flow = dice.choice(list(STEPS))
        step, act = dice.choice(STEPS[flow]), acts[number % len(acts)]
        process = Process(
            Errand(dict(made.environment), (flow,), TIME_OUT_S, at=step, nth=dice.choice(NTH), agent_wait_s=AGENT_WAIT_S)
        )
        strike = threading.Thread(target=_strike, args=(machines, act, dice.uniform(0.1, 1.5)))
        try:
            process.go()
            strike.start()
            process.ended(RUN_WITHIN_S)
            died += process.was_killed
        finally:
            strike.join()
            process.end()
        after_time_out()
        try:
            made.run()
        except ConnectorError as ended:
            say(f"  a run ended with: {ended}")
        say(f"  {SAGE.kind}: {died} of {kills} killed in {number + 1} runs, the last at {step!r} of {flow}, {act} meanwhile")
        if died >= kills and (number + 1) * a_time >= orders:
            break
    return died


def _strike(machines: SageMachines, act: str, after_s: float) -> None:
    time.sleep(after_s)
    machines.acts[act]()


def page_of(proof: SageProof, first: str) -> list[str]:
    """The section of docs/reliability.md about it. first: when, how many and how long, in words."""
    made = proof.account
    figures = {
        "documents": made.documents,
        "delivered": made.delivered,
        "explained": made.explained,
        "unknown, with evidence": made.unknown,
        "lost": len(made.lost),
        "doubled": len(made.doubled),
        "unexplained": len(made.unexplained),
        **{
            name: proof.struck.get(name, 0)
            for name in ("run killed", "agent killed", "host killed", "gateway killed", "tunnel cut")
        },
        "late result": proof.struck.get("late result", 0),
        "wrong answer": sum(proof.wrong.values()),
    }
    table = [
        "| " + " | ".join(figures) + " |",
        "|---" * len(figures) + "|",
        "| " + " | ".join(map(str, figures.values())) + " |",
    ]
    told = [f"- {words}" for each in made.wrong.values() for words in each]
    unclean = [
        f"- {', '.join(map(str, round.cells))}: {what}: {words}"
        for round in proof.rounds
        for what, each in round.wrong.items()
        for words in each
    ]
    states = ", ".join(f"{state} {count}" for state, count in made.states.most_common())
    return [first, "", *table, *([""] if told else []), *told, "", f"States in the end: {states}.", "", *liar.table(proof.rounds),
            *([""] if unclean else []), *unclean]  # fmt: skip
