"""Records that the ERP lists and does not give out: nothing passes them for good, and they stop nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.flows.fetching import fetch_changes, look_for_changes
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.integration.hiding import Hiding
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import each_system
from mlconn_pipelines_tests.systems.system import System

pytestmark = pytest.mark.database


@contextmanager
def hiding(scene: Scene) -> Iterator[tuple[Pipeline, Hiding]]:
    with scene.pipeline() as pipeline:
        flow = scene.system.flow
        erp = Hiding(pipeline.erp.source, lambda record: pipeline.mapping.outbound.header(flow, record).key)
        yield replace(pipeline, erp=replace(pipeline.erp, source=erp)), erp


def fetch(scene: Scene, pipeline: Pipeline) -> Tally:
    return fetch_changes(pipeline.route(scene.system.flow), run_of(pipeline, scene.system.flow))


def known(scene: Scene) -> set[str]:
    return {row["source_key"] for row in scene.rows("SELECT source_key FROM document WHERE direction = 'outbound'")}


def remembered(scene: Scene) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in scene.rows("SELECT * FROM remembered_key WHERE reason = 'missing'")}


def watermark(scene: Scene) -> str:
    rows = scene.rows("SELECT value FROM watermark WHERE name = %s", scene.system.flow)
    return str(rows[0]["value"]) if rows else ""


def alerts(scene: Scene) -> list[str]:
    return [row["text"] for row in scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL ORDER BY id")]


def hours_pass(scene: Scene, hours: float) -> None:
    for name in ("first_seen_at", "last_asked_at", "absent_since"):
        scene.rows(f"UPDATE remembered_key SET {name} = {name} - make_interval(secs => %s)", hours * 3600)


def keys_of(scene: Scene) -> list[str]:
    return sorted(scene.system.to_be_known()[scene.system.flow])


def write(scene: Scene, count: int) -> list[str]:
    """Documents of the time before now, the one a while after the other; their keys, oldest first."""
    step = dt.timedelta(days=1) if scene.system.long_ago > dt.timedelta(days=1) else dt.timedelta(minutes=5)
    scene.system.move_clock(-(count + 1) * step)
    keys: list[str] = []
    for _ in range(count):
        scene.system.write(scene)
        keys += [key for key in keys_of(scene) if key not in keys]
        scene.system.move_clock(step)
    scene.system.move_clock(step)
    return keys


@each_system
def test_a_record_that_does_not_come_holds_the_watermark_and_nobody_else(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    keys = write(scene, 3)
    with hiding(scene) as (pipeline, erp):
        erp.hidden[keys[1]] = None
        tally = fetch(scene, pipeline)
        assert known(scene) == {keys[0], keys[2]} and tally["missing"] == 1
        lowest = pipeline.erp.source.newest(
            [next(s for p in erp.changed(*asked(pipeline, scene)) for s in p if s.key == keys[1])], None
        )
        assert watermark(scene) == lowest and remembered(scene)[keys[1]]["asks"] == 1
        assert [keys[1]] in erp.asked, "it was asked for by itself"
        assert look_for_changes(pipeline.route(system.flow)) == 0, "and is no reason for another run at once"
        erp.hidden.clear()
        hours_pass(scene, 0.1)
        assert look_for_changes(pipeline.route(system.flow)) == 1
        fetch(scene, pipeline)
        assert known(scene) == set(keys) and remembered(scene) == {} and watermark(scene) > lowest
        assert alerts(scene) == []


def asked(pipeline: Pipeline, scene: Scene) -> tuple[str, str | None, Any]:
    declared, settings = pipeline.outbound_flow(scene.system.flow)
    return declared.entity, None, settings.send_from
