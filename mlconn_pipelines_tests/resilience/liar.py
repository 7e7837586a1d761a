"""Systems that lie: each kind of request answered once by each kind of answer that is none, and what came of it.

`tell` is one round in a scene: documents go both ways, some requests are lied to, and both sides are compared afterwards. Tests and
`prove` choose the cells (request kind × lie) of a round; a round of one cell also shows whether the other documents were done in
the very run in which it struck.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.systems.cleo.api import folders
from mlconn_pipelines_tests.resilience.accounting import ARRIVED, Account, account
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.system import RequestKind, System
from mlconn_simulators.faults import Fault, FaultMenu
from mlconn_simulators.lies import LIES

S = State
LATE_COMMIT, LOST_COMMIT = "late_commit", "500_after"
ALL_LIES = (*LIES, LOST_COMMIT, LATE_COMMIT)
"""Those of the simulated servers, a 5xx after the commit, and a commit after the client's time-out."""

REPEATING = ("200_duplicate", "200_duplicate_after")
"""Told by the second request of its kind, for there must have been an answer to repeat."""

EMPTY = ("200_empty_list", "200_empty_list_after")
TIME_OUT_S = 0.5
AT_ONCE = 2
"""Documents each way in a round."""

ROUNDS_MAX = 12
REFRESHES_MAX = 6
LOOKS_MAX = 3
"""Looks for a record of ours that may be lied to one after another, each of which leaves everything as it is."""


@dataclass(frozen=True)
class Cell:
    kind: RequestKind
    lie: str

    def __str__(self) -> str:
        return f"{self.kind.name} × {self.lie}"


@dataclass
class Told:
    """What a round came to. struck: cells whose request was made. waiting: in words, what the run did not do that it should have."""

    cells: Sequence[Cell]
    struck: list[Cell] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    explained: int = 0
    unknown: int = 0

    @property
    def wrong(self) -> dict[str, list[str]]:
        told = {"lost": self.lost, "doubled": self.doubled, "unexplained": self.unexplained, "waiting": self.waiting}
        return {name: words for name, words in told.items() if words}


def cells_of(system: type[System]) -> list[Cell]:
    """The whole matrix of one ERP with its Cleo and whoever signs us in."""
    return list(cells((*system.requests, *system.cleo_requests)))


def lies_to(kind: RequestKind) -> Sequence[str]:
    """Those that only a list can tell are left to lists."""
    return [lie for lie in kind.lies or ALL_LIES if kind.method == "GET" or lie != "200_looping"]


def cells(kinds: Sequence[RequestKind]) -> Iterator[Cell]:
    """Every lie to each of these."""
    return (Cell(kind, lie) for kind in kinds for lie in lies_to(kind))


def rounds_of(asked: Sequence[RequestKind], seed: int) -> Iterator[list[Cell]]:
    """The matrix in as few rounds as there are lies: each lies to every kind of request, to each by another lie."""
    kinds = list(asked)
    dice = random.Random(seed)
    dice.shuffle(kinds)
    menus = {menu: dice.sample(menu, len(menu)) for menu in dict.fromkeys(tuple(kind.lies) or ALL_LIES for kind in kinds)}
    for shift in range(max(map(len, menus))):
        cells = []
        for place, kind in enumerate(kinds):
            lies = menus[tuple(kind.lies) or ALL_LIES]
            if shift < len(lies):
                cells.append(Cell(kind, lies[(place + shift) % len(lies)]))
        yield [cell for cell in cells if cell.lie in lies_to(cell.kind)]


def scene_options(system: type[System]) -> dict[str, Any]:
    """Of a scene for lies: small pages, a client that hangs up soon, partners whose answers are sent by the round."""
    return {
        "system": system,
        "only": [system.partner],
        "documents": 0,  # those of the world bear days that the put-back clock has not come to
        "late_max_s": 3600,
        "act_time_out_s": TIME_OUT_S,
        "erp": {**({"timeout_s": TIME_OUT_S} if system.has_time_out else {}), **system.small_pages},
        "cleo": {"timeout_s": TIME_OUT_S, "page_size": 2},
    }


STEP = {True: dt.timedelta(days=1), False: dt.timedelta(hours=2)}
"""By how much a system's clock goes on from round to round, so that the overlap of a look holds no more than a round's documents."""


def prepare(scene: Scene, rounds: int) -> None:
    """The ERP's clock is put back by as much as the rounds will put it on."""
    scene.system.shorten_pages()
    scene.system.move_clock(-(rounds + 1) * _step(scene))
    scene.know_reference()


def tell(scene: Scene, cells: Sequence[Cell]) -> Told:
    """One round. Documents leave for the partner and come from it; each cell's request is lied to once."""
    told, before = Told(cells), account(scene)
    scene.system.move_clock(_step(scene))
    leave = scene.system.to_be_sent(scene, AT_ONCE)
    for _ in range(AT_ONCE):
        scene.system.write(scene)
    for send in leave:
        send()
    _forget(scene)
    faults = [(cell, armed(_menus(scene)[cell.kind.menu], cell, scene.system.late_s)) for cell in cells]
    if any(cell.kind.about == "look" for cell in cells):  # there is something to look for
        scene.system.lose_an_answer()
    scene.system.begin_anew()
    done = _done(scene)
    reference = [fault for cell, fault in faults if cell.kind.about == "reference"]
    for act in (scene.refresh_reference, scene.run) if reference else (scene.run,):
        try:
            act()
        except ConnectorError as trouble:
            told.waiting.append(f"{act.__name__} ended with {trouble}")
    for _ in range(REFRESHES_MAX):  # one lie may have ended the reading before it came to the next set
        if len(cells) > 1 and any(fault.left for fault in reference):
            with contextlib.suppress(ConnectorError):
                scene.refresh_reference()
    if len(cells) == 1 and cells[0].lie in scene.system.lies_that_end_a_run:
        told.waiting.clear()
    elif len(cells) == 1:
        told.waiting += _not_done(scene, cells[0], done)
    elif told.waiting:  # so many lies at once may well use up all tries
        told.waiting.clear()
    _settle(scene)
    told.struck = [cell for cell, fault in faults if not fault.left]
    for menu in _menus(scene).values():
        menu.disarm()
    compare(told, before, account(scene))
    return told


def matrix(scene: Scene, system: type[System], seed: int, rounds: int | None = None) -> list[Told]:
    """Rounds of the matrix, all of it by default, in a scene with `scene_options`. The same seed makes the same rounds."""
    chosen = list(islice(rounds_of((*system.requests, *system.cleo_requests), seed), rounds))
    prepare(scene, len(chosen))
    with scene.system.hasty():
        return [tell(scene, cells) for cells in chosen]


def table(rounds: Sequence[Told]) -> list[str]:
    """The matrix as Markdown, request kinds by lies: how many rounds with that cell were clean, of how many in which it struck.

    Empty where nothing was struck: a list's lie is told to lists only, and one answer is never repeated before there was one.
    """
    struck, clean = Counter[Cell](), Counter[Cell]()
    for told in rounds:
        struck.update(told.struck)
        clean.update(cell for cell in told.struck if not told.wrong)
    known = dict.fromkeys((*ALL_LIES, *(lie for told in rounds for cell in told.cells for lie in cell.kind.lies)))
    lies = [lie for lie in known if any(cell.lie == lie for cell in struck)]
    lines = ["| request | " + " | ".join(f"`{lie}`" for lie in lies) + " |", "|---" * (len(lies) + 1) + "|"]
    for kind in dict.fromkeys(cell.kind for told in rounds for cell in told.cells):
        cells = [Cell(kind, lie) for lie in lies]
        lines.append(
            f"| {kind} | " + " | ".join(f"{clean[cell]}/{struck[cell]}" if struck[cell] else "" for cell in cells) + " |"
        )
    names = ("lost", "doubled", "unexplained", "explained", "unknown")
    totals = ", ".join(f"{name} {sum(_count(getattr(told, name)) for told in rounds)}" for name in names)
    return [*lines, "", f"{len(struck)} cells struck in {len(rounds)} rounds: {totals}."]


def _count(found: int | list[str]) -> int:
    return found if isinstance(found, int) else len(found)


def armed(menu: FaultMenu, cell: Cell, late_s: float = 2 * TIME_OUT_S) -> Fault:
    """The next request of the cell's kind is lied to. late_s: see `System`."""
    kind = cell.kind
    options: dict[str, Any] = {"path": kind.path, "method": kind.method, "skip": int(cell.lie in REPEATING)}
    if cell.lie == LATE_COMMIT:
        return menu.arm("slow", seconds=late_s, **options)
    return menu.arm(cell.lie, **options)


def _menus(scene: Scene) -> dict[str, FaultMenu]:
    entra = {"entra": scene.sandbox.entra.faults} if any(kind.menu == "entra" for kind in scene.system.requests) else {}
    return {"erp": scene.system.faults, "cleo": scene.cleo.faults, **entra}


def _forget(scene: Scene) -> None:
    """As a process that starts anew after a weekend: it signs in everywhere, and looks its folders up."""
    scene.rows("UPDATE session SET ciphertext = NULL")
    folders._known.clear()


def _done(scene: Scene) -> tuple[int, int]:
    """Documents that have left, and received ones that became what they are to become."""
    left = sum(count for flow in scene.system.kinds for state, count in scene.states(flow).items() if S(state) in ARRIVED)
    return left, scene.system.inbound_states(scene).get(scene.system.done_state, 0)


def _not_done(scene: Scene, cell: Cell, before: tuple[int, int]) -> list[str]:
    """One lie concerns one document; what the others lack after the run, in words."""
    if cell.lie in EMPTY:
        return []
    spared = 0 if cell.kind.about in ("everything", "reference") else 1
    left, posted = (now - then for now, then in zip(_done(scene), before, strict=True))
    words = []
    if left < AT_ONCE - spared:
        words.append(f"{left} of {AT_ONCE} documents left in the run")
    if posted < AT_ONCE - spared:
        words.append(f"{posted} of {AT_ONCE} became {scene.system.done_state} in the run")
    return words


def _settle(scene: Scene) -> None:
    """Runs until nothing moves any more. What became of a record of ours can be seen in the end, so that is waited for longer."""
    before: Any = None
    same = 0
    for _ in range(ROUNDS_MAX):
        scene.hours_pass()
        scene.wait_for_partners()
        try:
            scene.run()
        except ConnectorError:  # lies that are left from before; the next run goes on
            before = None
            continue
        now = scene.rows("SELECT flow, direction, state, count(*) FROM document GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
        same = same + 1 if now == before else 0
        waits = any(row["state"] in ("pending_validation", "ready") for row in now) or scene.announced_soon()
        looked_for = any((row["direction"], row["state"]) == ("inbound", "outcome_unknown") for row in now)
        if same > (LOOKS_MAX if looked_for else 0) and not waits:
            return
        before = now


def compare(told: Told, before: Account, after: Account) -> None:
    told.lost = [words for words in after.lost if words not in before.lost]
    told.doubled = [words for words in after.doubled if words not in before.doubled]
    told.unexplained = [words for words in after.unexplained if words not in before.unexplained]
    told.explained, told.unknown = after.explained - before.explained, after.unknown - before.unknown


def _step(scene: Scene) -> dt.timedelta:
    return STEP[scene.system.long_ago > dt.timedelta(days=1)]
