"""Rows of the ERP's answers that are no records: null, a list, one without its key. Told of by themselves; the others go on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.transport import odata
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, wait_until
from mlconn_pipelines_tests.systems.all_systems import each_system_over_http
from mlconn_pipelines_tests.systems.system import System

pytestmark = pytest.mark.database

ODD_ROWS = (None, [], "text", {"Odd": "a row without its key"})


@contextmanager
def answers_changed(monkeypatch: pytest.MonkeyPatch, change: Callable[[str, list[Any]], list[Any]]) -> Iterator[None]:
    """Every list of records, as it arrives. change: given the request's path and query."""
    read = odata.json_object

    def changed(response: httpx.Response) -> Mapping[str, Any]:
        body = read(response)
        path = str(response.request.url.raw_path, "ascii")
        if isinstance(body.get("value"), list) and not path.endswith("/companies"):
            return {**body, "value": change(path, body["value"])}
        return body

    with monkeypatch.context() as patched:
        patched.setattr(odata, "json_object", changed)
        yield


def sent(scene: Scene) -> set[str]:
    return {got.business_number for got in scene.received(scene.system.set_id)}


@each_system_over_http
def test_rows_that_are_no_records_are_told_of_and_the_others_are_sent(
    stage: Stage, system: type[System], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    written = [scene.system.write(scene) for _ in range(2)]
    scene.system.time_passes(dt.timedelta(minutes=2))
    scene.refresh_reference()
    with answers_changed(monkeypatch, lambda path, rows: [*ODD_ROWS, *rows] if rows else rows):
        scene.run(system.flow)
        scene.run(system.flow)
    assert wait_until(lambda: sent(scene) == {one.number for one in written}, 5.0), sent(scene)
    held = scene.documents(system.flow, State.ON_HOLD)
    assert [row.reason_code for row in held] == ["key_unreadable"] * 2, "one that has nothing, one that has something"
    assert any("a row without its key" in row.reason for row in held)
    assert scene.rows("SELECT value FROM watermark WHERE name = %s", system.flow), "told, so the watermark may go on"
    scene.run(system.flow)
    assert len(scene.documents(system.flow)) == 4 and len(scene.uploads()) == 2


def reference_keys(scene: Scene) -> set[tuple[str, str]]:
    return {(row["name"], row["key"]) for row in scene.rows("SELECT name, key FROM reference_item WHERE version_to IS NULL")}


@each_system_over_http
def test_rows_of_reference_data_that_cannot_be_read_drop_nothing(
    stage: Stage, system: type[System], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    scene.refresh_reference()
    known = reference_keys(scene)
    with answers_changed(monkeypatch, lambda path, rows: [*ODD_ROWS, *rows[1:]]):
        scene.refresh_reference()
    assert reference_keys(scene) >= known
    told = scene.rows("SELECT text FROM alert WHERE cause LIKE 'reference_unreadable:%%' AND resolved_at IS NULL")
    assert told and all("rows could not be read, and none was dropped" in alert["text"] for alert in told)
    scene.refresh_reference()
    assert not scene.rows("SELECT text FROM alert WHERE cause LIKE 'reference_unreadable:%%' AND resolved_at IS NULL")


DEEP = b'{"value":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@each_system_over_http
def test_an_answer_nested_100_000_deep_keeps_its_record_waiting_and_the_others_are_sent(
    stage: Stage, system: type[System], monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    first, odd, last = (scene.system.write(scene) for _ in range(3))
    scene.system.time_passes(dt.timedelta(minutes=2))
    scene.refresh_reference()
    read = httpx.Response.read

    def deep_for_one(response: httpx.Response) -> bytes:
        """Whenever whole records are read, that one among them."""
        content = read(response)
        asked = str(response.request.url)
        if odd.number.encode() in content and "select" not in asked.lower() and response.request.method == "GET":
            response._content = DEEP
        return response.content

    monkeypatch.setattr(httpx.Response, "read", deep_for_one)
    for _ in range(2):
        scene.run(system.flow)
    assert wait_until(lambda: sent(scene) == {first.number, last.number}, 5.0), sent(scene)
    kept = scene.rows("SELECT note FROM remembered_key WHERE reason = 'missing'")
    assert len(kept) == 1 and "JSON" in kept[0]["note"], kept
    monkeypatch.undo()
    scene.hours_pass()
    scene.settle()
    assert sent(scene) == {first.number, odd.number, last.number}
