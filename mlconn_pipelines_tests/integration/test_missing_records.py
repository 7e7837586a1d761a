"""Records that the ERP lists and does not give out: nothing passes them for good, and they stop nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from mlconn_pipelines.errors import ConnectorError, NotFound, Retryable, TryLater
from mlconn_pipelines.flows.fetching import fetch_changes, fetch_days, look_for_changes
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import each_system
from mlconn_pipelines_tests.systems.system import System

pytestmark = pytest.mark.database

LOST = Retryable("the server fell over this record")


@dataclass
class Hiding:
    """A source that lists some records and does not give them out. hidden: by key what it answers, None for an empty list.

    Everything else is the connector's, before its simulated system.
    """

    source: Any
    key_of: Callable[[Record], str]
    hidden: dict[str, ConnectorError | None] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        self.asked.append(list(keys))
        for key in keys:
            if (trouble := self.hidden.get(key)) is not None:
                raise trouble
        for record in self.source.records(entity, keys):
            if self.key_of(record) not in self.hidden:
                yield record

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


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


@pytest.mark.parametrize("trouble", [None, NotFound("no such record")], ids=["empty", "404"])
def test_two_good_answers_a_minute_apart_say_that_it_is_gone(stage: Stage, trouble: ConnectorError | None) -> None:
    scene = stage(only=["northwind"])
    keys = write(scene, 2)
    with hiding(scene) as (pipeline, erp):
        erp.hidden[keys[0]] = trouble
        for _ in range(2):
            fetch(scene, pipeline)
        held = watermark(scene)
        assert remembered(scene)[keys[0]]["gone_at"] is None
        hours_pass(scene, 0.02)
        tally = fetch(scene, pipeline)
        assert tally["gone"] == 1 and f"Invoices {keys[0]} is gone" in tally.problems[0]
        assert watermark(scene) > held
        count = len(erp.asked)
        assert fetch(scene, pipeline)["gone"] == 0 and look_for_changes(pipeline.route("x12_810")) == 0
        assert len(erp.asked) == count, "nobody asks for it any more"
        assert alerts(scene) == []
        erp.hidden.clear()
        scene.erp.change("Invoices", int(keys[0]), Comments="There after all")
        fetch(scene, pipeline)
        assert known(scene) == set(keys) and remembered(scene) == {}


def test_what_fails_is_told_after_a_day_and_the_watermark_moves_on(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    keys = write(scene, 40)
    with hiding(scene) as (pipeline, erp):
        erp.hidden |= dict.fromkeys(keys[4:6], LOST)
        fetch(scene, pipeline)
        assert known(scene) == set(keys) - set(keys[4:6]), "reads that fail are halved until the others are there"
        held = watermark(scene)
        hours_pass(scene, 23)
        fetch(scene, pipeline)
        assert (watermark(scene), alerts(scene)) == (held, [])
        hours_pass(scene, 1.1)
        fetch(scene, pipeline)
        assert watermark(scene) > held
        (told,) = alerts(scene)
        assert f"2 of Invoices are listed by the ERP and could not be read for 24 hours: {keys[4]}, {keys[5]}" in told
        assert LOST.what in told
        newest = str(scene.system.write(scene).entry)
        erp.asked.clear()
        fetch(scene, pipeline)
        assert newest in known(scene) and [keys[4]] in erp.asked, "each run asks again, and newer ones are read"
        del erp.hidden[keys[4]]
        fetch(scene, pipeline)
        assert keys[4] in known(scene) and len(alerts(scene)) == 1
        del erp.hidden[keys[5]]
        fetch(scene, pipeline)
        assert known(scene) >= set(keys) and remembered(scene) == {} and alerts(scene) == []


def test_an_outage_is_no_missing_record(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    keys = write(scene, 2)
    with hiding(scene) as (pipeline, erp):
        for trouble in (LOST, TryLater("the server asks for a long pause")):
            erp.hidden |= dict.fromkeys(keys, trouble)
            scene.erp.faults.arm("500", path="/Invoices", count=None, skip=1 if trouble is LOST else 0)
            with pytest.raises(Retryable):
                fetch(scene, pipeline)
            scene.erp.faults.disarm()
            assert (known(scene), remembered(scene), watermark(scene)) == (set(), {}, "")


def test_a_day_that_is_read_again_keeps_what_did_not_come_in_mind(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    (key,) = write(scene, 1)
    today = scene.world.today
    with hiding(scene) as (pipeline, erp):
        erp.hidden[key] = LOST
        run = run_of(pipeline, "x12_810")
        tally = fetch_days(pipeline.route(run.flow), run, today - dt.timedelta(days=9), today + dt.timedelta(days=9))
        assert (tally["missing"], set(remembered(scene))) == (1, {key})
        erp.hidden.clear()
        fetch(scene, pipeline)
        assert (known(scene), remembered(scene)) == ({key}, {})


def test_the_hold_is_a_setting(stage: Stage) -> None:
    scene = stage(only=["northwind"], flows={"x12_810": {"missing_hold_h": 0}})
    keys = write(scene, 2)
    with hiding(scene) as (pipeline, erp):
        erp.hidden[keys[0]] = LOST
        fetch(scene, pipeline)
        assert len(alerts(scene)) == 1 and "for 0 hours" in alerts(scene)[0]
        clerks.invoice(scene)
        fetch(scene, pipeline)
        assert len(known(scene)) == 2
