"""A record that its system stamped ahead of the time, by a wrong clock or a wrong date, hides nothing that comes after it."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines.flows.fetching import look_for_changes
from mlconn_pipelines.flows.freshness import freshness
from mlconn_pipelines.flows.watching import watch
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import each_system
from mlconn_pipelines_tests.systems.system import System

WITHIN = dt.timedelta(minutes=15)
pytestmark = pytest.mark.database


def numbers(scene: Scene) -> list[str]:
    """Of all documents that the flow knows."""
    return sorted(row.business_number for row in scene.documents(scene.system.flow))


def ahead_of_now(scene: Scene) -> list[str]:
    return [row["key"] for row in scene.rows("SELECT key FROM remembered_key WHERE reason = 'ahead'")]


def told(scene: Scene) -> list[str]:
    """Alerts that stand about clocks."""
    cause = f"ahead_of_the_clock:acme/{scene.system.flow}"
    return [row["text"] for row in scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL AND cause = %s", cause)]


@each_system
def test_what_is_stamped_ahead_is_read_once_and_hides_nothing_newer(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner])
    ahead = scene.system.write_ahead(scene)
    scene.run(system.flow)
    assert numbers(scene) == [ahead.number]
    assert len(ahead_of_now(scene)) == 1
    [words] = told(scene)
    assert ahead.number in words and "ahead of the clock" in words

    newer = [scene.system.write(scene) for _ in range(2)]
    with scene.pipeline() as pipeline:
        assert look_for_changes(pipeline.route(system.flow)), "the sensor sees them"
    scene.run(system.flow)
    assert numbers(scene) == sorted(one.number for one in (ahead, *newer))
    with scene.pipeline() as pipeline:
        assert look_for_changes(pipeline.route(system.flow)) == 0
    assert len(told(scene)) == 1, "told once"


@each_system
def test_a_record_saved_again_under_a_right_stamp_is_read_again(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner])
    ahead = scene.system.write_ahead(scene)
    scene.run(system.flow)
    scene.system.changes()[3](scene, ahead)
    scene.run(system.flow)
    [row] = scene.rows("SELECT content_hash, latest_hash FROM document WHERE flow = %s", system.flow)
    assert row["latest_hash"] != row["content_hash"], "the change was read"
    assert ahead_of_now(scene) == [] and told(scene) == []


@each_system
def test_the_clock_reaches_what_was_ahead_of_it(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner])
    scene.system.write_ahead(scene)
    scene.run(system.flow)
    with scene.pipeline() as pipeline:
        watch(pipeline.engine, pipeline.routes(), overdue=True)
        assert len(told(scene)) == 1, "it is still ahead"
        scene.rows("UPDATE remembered_key SET stamp = '2026-01-05T00:00:00.000Z' WHERE reason = 'ahead'")
        scene.rows("UPDATE document SET stamp = '2026-01-05T00:00:00.000Z'")
        watch(pipeline.engine, pipeline.routes(), overdue=True)
    assert told(scene) == [] and ahead_of_now(scene) == []


@each_system
def test_a_watermark_that_lies_ahead_is_put_back_and_nothing_is_lost(stage: Stage, system: type[System]) -> None:
    """As an earlier build, or a database whose clock was wrong, has left it."""
    scene = stage(system=system, only=[system.partner])
    scene.run(system.flow)
    missed = scene.system.write(scene)
    with scene.pipeline() as pipeline:
        planted = pipeline.erp.source.watermark_at(pipeline.engine.queue.now() + 2 * scene.system.ahead)
    scene.rows(
        "INSERT INTO watermark (integration, name, value, at) VALUES ('acme', %s, %s, now() - interval '1 hour') "
        "ON CONFLICT (integration, name) DO UPDATE SET value = excluded.value, at = excluded.at",
        system.flow,
        planted,
    )
    with scene.pipeline() as pipeline:
        assert look_for_changes(pipeline.route(system.flow)), "there is something to do"
    scene.run(system.flow)
    assert numbers(scene) == [missed.number]
    with scene.pipeline() as pipeline:
        clock = pipeline.erp.source.watermark_at(pipeline.engine.queue.now() + dt.timedelta(minutes=15))
        assert (pipeline.engine.queue.watermark("acme", system.flow) or "") <= clock
        assert look_for_changes(pipeline.route(system.flow)) == 0


@each_system
def test_an_item_that_is_stamped_ahead_hides_no_other_from_the_reference_data(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner])
    scene.refresh_reference()
    first, second = clerks.sound_items(scene, system.partner)
    scene.system.move_clock(scene.system.ahead)
    scene.system.rename_item(first.code, "Lamp of tomorrow")
    scene.system.move_clock(-scene.system.ahead)
    scene.refresh_reference()
    scene.system.rename_item(second.code, "Lamp of today")
    scene.refresh_reference()
    known = scene.rows(
        "SELECT value::text AS value FROM reference_item WHERE version_to IS NULL AND value::text LIKE '%%Lamp of%%'"
    )
    assert sorted("today" in row["value"] for row in known) == [False, True]
    stamped = system.kind not in ("finance_operations", "sage_100")  # which are read whole
    alerts = scene.rows("SELECT text FROM alert WHERE cause = 'ahead_of_the_clock:acme/items' AND resolved_at IS NULL")
    assert len(alerts) == stamped


def unread(scene: Scene) -> list[str]:
    """Keys that the freshness check finds unread."""
    with scene.pipeline() as pipeline:
        return [stamp.key for stamp in freshness(pipeline.route(scene.system.flow), WITHIN).unread]


@each_system
def test_the_freshness_check_notices_what_the_polls_cannot_see(stage: Stage, system: type[System]) -> None:
    """A watermark that was moved past records, by a hand, a restored copy or a fault of ours: no poll reads them any more."""
    scene = stage(system=system, only=[system.partner])
    scene.system.move_clock(-scene.system.long_ago)
    read = [scene.system.write(scene) for _ in range(2)]
    scene.run(system.flow)
    assert unread(scene) == [] and len(numbers(scene)) == len(read)
    scene.system.write(scene)
    scene.system.move_clock(scene.system.long_ago)
    with scene.pipeline() as pipeline:
        now = pipeline.erp.source.watermark_at(pipeline.engine.queue.now())
    scene.rows("UPDATE watermark SET value = %s WHERE name = %s", now, system.flow)
    with scene.pipeline() as pipeline:
        assert look_for_changes(pipeline.route(system.flow)) == 0, "the poll's own question has no answer to that"
    assert len(unread(scene)) == 1


@each_system
def test_the_freshness_check_fails_by_a_watermark_that_lies_ahead(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner])
    scene.system.write(scene)
    scene.run(system.flow)
    with scene.pipeline() as pipeline:
        assert not freshness(pipeline.route(system.flow), WITHIN).lies_ahead
        planted = pipeline.erp.source.watermark_at(pipeline.engine.queue.now() + scene.system.ahead)
        scene.rows("UPDATE watermark SET value = %s WHERE name = %s", planted, system.flow)
        assert freshness(pipeline.route(system.flow), WITHIN).lies_ahead
