"""Files that are not even downloaded, or not to their end; and listings with what no file has. The others are taken in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from mlconn_pipelines.flows.receiving import look_for_files
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.systems.cleo.api import resources
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.integration.test_received_files import created, files, left_in
from mlconn_pipelines_tests.scenario import Scene, run_of

pytestmark = pytest.mark.database

SMALL = {"flows": {"inbound": {"file_size_max_mb": 1}}}


def listed_otherwise(monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], None]) -> None:
    """Each file of each listing, as it arrives."""
    read = resources.json_object

    def changed(response: httpx.Response) -> Mapping[str, Any]:
        body = read(response)
        for resource in body.get("resources", []):
            if "name" in resource:
                change(resource)
        return body

    monkeypatch.setattr(resources, "json_object", changed)


def large(scene: Scene, number: int, control: int) -> tuple[str, bytes]:
    """A sound order of more than a megabyte."""
    order = clerks.an_order(scene)
    return order.number, clerks.order_file(scene, [order], control) + b"\r\n" * 600_000


def waiting(scene: Scene) -> int:
    with scene.pipeline() as pipeline:
        return look_for_files(pipeline.inbound)


def test_a_file_above_the_limit_is_held_unread_until_the_setting_allows_it(stage: Stage) -> None:
    scene = stage(only=["northwind"], **SMALL)
    number, content = large(scene, 1, 7)
    sound = clerks.an_order(scene)
    clerks.put(scene, content, "large.edi")
    clerks.put(scene, clerks.order_file(scene, [sound], 8), "sound.edi")
    for _ in range(2):
        scene.run(INBOUND)
    assert created(scene) == [sound.number]
    assert files(scene)["large.edi"] == ("on_hold", "file_too_large")
    assert left_in(scene) == ["large.edi"], "nobody may remove what nobody has read"
    (alert,) = scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL")
    assert "1.2 MB" in alert["text"] and "file_size_max_mb" in alert["text"]
    assert waiting(scene) == 0, "no work for anyone meanwhile"
    scene.reconfigure(flows={"inbound": {"file_size_max_mb": 2}})
    scene.settle()
    assert sorted(created(scene)) == sorted([sound.number, number]) and left_in(scene) == []
    assert scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL") == []


def test_a_file_that_is_larger_than_it_was_listed_is_not_read_to_its_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage(only=["northwind"], **SMALL)
    _, content = large(scene, 1, 7)
    sound = clerks.an_order(scene)
    clerks.put(scene, content, "large.edi")
    clerks.put(scene, clerks.order_file(scene, [sound], 8), "sound.edi")
    listed_otherwise(monkeypatch, lambda resource: resource.pop("size", None))
    for _ in range(2):
        scene.run(INBOUND)
    assert created(scene) == [sound.number]
    assert files(scene)["large.edi"] == ("on_hold", "file_too_large") and left_in(scene) == ["large.edi"]


def test_a_file_held_unread_can_be_dismissed_and_is_left_where_it_lies(stage: Stage) -> None:
    scene = stage(only=["northwind"], **SMALL)
    clerks.put(scene, large(scene, 1, 7)[1], "large.edi")
    scene.run(INBOUND)
    with scene.pipeline() as pipeline:
        (held,) = pipeline.engine.intake.files_on_hold(pipeline.name)
        assert held.unread
        pipeline.engine.intake.dismiss_file(run_of(pipeline, INBOUND), held.row_id, "not for us")
    scene.reconfigure(flows={"inbound": {"file_size_max_mb": 2}})
    scene.settle()
    assert files(scene)["large.edi"][0] == "dismissed" and left_in(scene) == ["large.edi"]
    assert waiting(scene) == 0 and created(scene) == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("size", 2**70, "file_too_large"),
        ("size", 10**30, "file_too_large"),
        ("id", "a\x00b", "file_unusable"),
        ("id", "a\ud800b", "file_unusable"),
        ("id", "x" * 100_000, "file_unusable"),
    ],
)
def test_a_listing_with_what_no_file_has_holds_that_file(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, code: str
) -> None:
    scene = stage(only=["northwind"])
    odd, sound = clerks.an_order(scene), clerks.an_order(scene)
    clerks.put(scene, clerks.order_file(scene, [odd], 7), "odd.edi")
    clerks.put(scene, clerks.order_file(scene, [sound], 8), "sound.edi")
    listed_otherwise(monkeypatch, lambda one: one.update({name: value} if one["name"] == "odd.edi" else {}))
    for _ in range(2):
        scene.run(INBOUND)
    assert created(scene) == [sound.number]
    assert files(scene)["odd.edi"] == ("on_hold", code)
    assert left_in(scene) == ["odd.edi"] and waiting(scene) == 0


@pytest.mark.parametrize("name", ["na\x00me.edi", "na\ud800me.edi", "n" * 100_000])
def test_a_name_is_shown_as_it_can_be_and_its_file_is_taken_in(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    scene = stage(only=["northwind"])
    order = clerks.an_order(scene)
    clerks.put(scene, clerks.order_file(scene, [order], 7), "odd.edi")
    listed_otherwise(monkeypatch, lambda one: one.update(name=name if one["name"] == "odd.edi" else one["name"]))
    for _ in range(2):
        scene.run(INBOUND)
    assert created(scene) == [order.number]
    assert [state for state, _ in files(scene).values()] == ["stored"]
