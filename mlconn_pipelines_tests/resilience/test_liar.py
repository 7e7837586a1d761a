"""Each kind of request is answered once by each kind of answer that is none: nothing twice, nothing unread, a word for everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlconn_pipelines_tests.resilience.conftest import Stage
from mlconn_pipelines_tests.resilience.liar import ALL_LIES, Cell, cells_of, matrix, prepare, scene_options, table, tell
from mlconn_pipelines_tests.systems.all_systems import (
    ANSWERED,
    API_PROVIDER,
    FO_BY_REQUESTS,
    SAGE,
    SAGE_VARIANTS,
    SYSTEMS_OVER_HTTP,
    name_of,
)
from mlconn_pipelines_tests.systems.system import CLEO_REQUESTS, RequestKind, System
from mlconn_simulators.faults import Fault, FaultMenu

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.usefixtures("eager")]

FAST_ROUNDS = 3
SEED = 20261128
nightly = pytest.mark.nightly


@pytest.mark.parametrize(
    ("system", "rounds"),
    [
        *((system, FAST_ROUNDS) for system in (*SYSTEMS_OVER_HTTP, *ANSWERED, API_PROVIDER, SAGE, *SAGE_VARIANTS)),
        *(pytest.param(system, len(ALL_LIES), marks=nightly) for system in (*SYSTEMS_OVER_HTTP, FO_BY_REQUESTS)),
        *(pytest.param(system, None, marks=nightly) for system in (SAGE, *SAGE_VARIANTS)),
    ],
    ids=name_of,
)
def test_lies_to_all_kinds_of_requests_at_once(stage: Stage, system: type[System], rounds: int | None) -> None:
    told = matrix(stage(**scene_options(system)), system, SEED, rounds)
    assert {", ".join(map(str, one.cells)): one.wrong for one in told if one.wrong} == {}
    struck = {cell for one in told for cell in one.struck}
    assert {cell.kind for cell in struck} == {cell.kind for cell in cells_of(system)}, "every kind was lied to"
    assert len(table(told)) == len({cell.kind for cell in struck}) + 4 and f"{len(struck)} cells struck" in table(told)[-1]


def by_kind() -> Iterator[Any]:
    """One lie at a time. Every day to what concerns one document, by the lie that nobody is to believe first of all."""
    for system in (*SYSTEMS_OVER_HTTP, *ANSWERED, API_PROVIDER, SAGE, *SAGE_VARIANTS):
        cleo = system.cleo_requests if system not in (*SYSTEMS_OVER_HTTP[1:], SAGE) else ()
        for kind in (*system.requests, *cleo):
            yield pytest.param(system, kind, marks=nightly)


@pytest.mark.parametrize(("system", "kind"), list(by_kind()), ids=name_of)
def test_one_lie_keeps_no_other_document_waiting(stage: Stage, system: type[System], kind: RequestKind) -> None:
    cells = [cell for cell in cells_of(system) if cell.kind == kind]
    scene = stage(**scene_options(system))
    prepare(scene, len(cells))
    with scene.system.hasty():
        for cell in cells:
            told = tell(scene, [cell])
            assert told.wrong == {}, str(cell)


@pytest.mark.parametrize("system", SYSTEMS_OVER_HTTP, ids=name_of)
def test_a_sign_in_page_in_the_place_of_an_answer_keeps_no_other_document_waiting(stage: Stage, system: type[System]) -> None:
    kinds = [kind for kind in (*system.requests, *CLEO_REQUESTS) if kind.name in ("whole records", "create", "Cleo upload")]
    scene = stage(**scene_options(system))
    prepare(scene, len(kinds))
    for kind in kinds:
        told = tell(scene, [Cell(kind, "200_html")])
        assert told.wrong == {}, str(kind)
        assert told.struck


@pytest.mark.parametrize("system", [*SYSTEMS_OVER_HTTP, *ANSWERED, API_PROVIDER, SAGE, *SAGE_VARIANTS], ids=name_of)
def test_every_request_that_is_made_is_of_a_described_kind(
    stage: Stage, system: type[System], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, set[str]] = {}
    strikes = FaultMenu.take_any

    def noted(menu: FaultMenu, path: str, method: str, body: bytes = b"") -> Fault | None:
        asked.setdefault(f"{method} {menu.template(path.partition('?')[0])}", set()).add(path)
        return strikes(menu, path, method, body)

    scene = stage(**scene_options(system))
    monkeypatch.setattr(FaultMenu, "take_any", noted)
    prepare(scene, 1)
    look = [cell for cell in cells_of(system) if cell.kind.about == "look"][:1]
    tell(scene, look or cells_of(system)[-1:])
    described = [Fault("", kind.path, method=kind.method) for each in _kin(system) for kind in (*each.requests, *CLEO_REQUESTS)]
    described += [Fault("", kind.path, method=kind.method) for kind in system.cleo_requests]
    strange = {
        name
        for name, paths in asked.items()
        if not any(one.matches(path, name.split()[0]) for one in described for path in paths)
    }
    assert strange == set()


def _kin(system: type[System]) -> list[type[System]]:
    """Everything that is described of the same ERP."""
    return [each for each in (*SYSTEMS_OVER_HTTP, *ANSWERED, SAGE, *SAGE_VARIANTS) if each.kind == system.kind]
