"""A stage for one scene a test: nothing in it but partners, items and what the test puts there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
import stamina

from mlconn_pipelines.transport.throttle import Throttle
from mlconn_pipelines_tests.scenario import Scene, scene


class Stage(Protocol):
    def __call__(self, **options: Any) -> Scene: ...


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Stage]:
    """Opens a scene with the options of `scenario.scene`; no documents and no orders but those asked for."""
    with ExitStack() as stack:

        def open_scene(**options: Any) -> Scene:
            return stack.enter_context(scene(tmp_path, ledger_database, **{"documents": 0, "initial_orders": 0, **options}))

        yield open_scene


@pytest.fixture(autouse=True)
def no_act_without_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """An act that reserved no turn is an error here: it could wait between `sending` and its request."""
    monkeypatch.setattr(Throttle, "reservation_required", True)


@pytest.fixture
def impatient() -> Iterator[None]:
    """Failed reads are tried twice and without a wait, so that a system that is down costs no half minute a run."""
    with stamina.set_testing(True, attempts=2, cap=True):
        yield
