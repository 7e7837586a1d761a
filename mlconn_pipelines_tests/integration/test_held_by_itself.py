"""One document that the code falls over is held by itself, at every step and for every ERP; the others go on in the same run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import DatabaseUnavailable
from mlconn_pipelines.flows import reading, receiving
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.running import reprocess, run_flow
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of, wait_until
from mlconn_pipelines_tests.systems.all_systems import each_system
from mlconn_pipelines_tests.systems.system import System

pytestmark = pytest.mark.database

SECRET = "no word of this may reach a log"


class Tripping:
    """Another object whose methods fall over what a test names. trips: by method, whether these arguments do it.

    after: the method does its work before.
    """

    def __init__(self, inner: Any, after: bool = False, **trips: Callable[..., bool]) -> None:
        self._inner, self._after, self._trips = inner, after, trips

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name not in self._trips:
            return value

        def method(*arguments: Any, **named: Any) -> Any:
            trips = self._trips[name](*arguments, **named)
            result = value(*arguments, **named) if self._after or not trips else None
            if trips:
                raise KeyError(SECRET)
            return result

        return method


def mapping_that_trips(pipeline: Pipeline, part: str, **trips: Callable[..., bool]) -> ErpMapping:
    """The pipeline's mapping, of which a part falls over."""
    changed: Any = {part: Tripping(getattr(pipeline.mapping, part), **trips)}
    return replace(pipeline.mapping, **changed)


def tripping(pipeline: Pipeline, after: bool = False, **trips: Callable[..., bool]) -> Connector:
    """The pipeline's connector, whose target falls over."""
    target: Any = Tripping(pipeline.erp.target, after, **trips)
    return replace(pipeline.erp, target=target)


def run(scene: Scene, flow: str, changed: Callable[[Pipeline], Pipeline]) -> None:
    with scene.pipeline() as opened:
        pipeline = changed(opened)
        run_flow(pipeline, run_of(pipeline, flow))


def assert_told(reason: str, place: str, caplog: pytest.LogCaptureFixture) -> None:
    """The sentence names type, place and number; the log has the traceback under that number, and no word of the document."""
    assert "KeyError in " in reason and place in reason, reason
    number = reason.partition("number ")[2].partition(")")[0]
    (entry,) = [record.getMessage() for record in caplog.records if number in record.getMessage()]
    assert "Traceback" not in entry and ", line " in entry and "KeyError" in entry
    assert SECRET not in caplog.text


MAPPED: Mapping[str, str] = {"header": "flows.reading_records", "document": "flows.change_sets"}
"""A method of the mapping, and the place in our code that a trouble of it is told from."""


def numbers_received(scene: Scene) -> set[str]:
    return {got.business_number for got in scene.received(scene.system.set_id)}


@each_system
@pytest.mark.parametrize("step", MAPPED)
def test_a_record_that_trips_is_held_and_the_others_are_sent(
    stage: Stage, system: type[System], step: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    first, odd, last = (scene.system.write(scene) for _ in range(3))
    scene.system.time_passes(scene.system.long_ago / 100)

    def trips(flow: str, record: object, *others: object) -> bool:
        return odd.number in str(record)

    run(
        scene,
        system.flow,
        lambda pipeline: replace(pipeline, mapping=mapping_that_trips(pipeline, "outbound", **{step: trips})),
    )
    assert wait_until(lambda: numbers_received(scene) == {first.number, last.number}, 5.0), numbers_received(scene)
    (held,) = scene.documents(system.flow, State.ON_HOLD)
    assert held.reason_code == "internal_error"
    assert_told(held.reason, MAPPED[step], caplog)
    assert scene.rows("SELECT value FROM watermark WHERE name = %s", system.flow), "the watermark went on"
    with scene.pipeline() as pipeline:  # the program was mended
        reprocess(pipeline, run_of(pipeline, system.flow), [held], "mended")
    assert wait_until(lambda: numbers_received(scene) == {first.number, odd.number, last.number}, 5.0)
    assert len(scene.uploads()) == 3


@each_system
def test_a_received_document_that_trips_is_held_and_the_others_are_posted(
    stage: Stage, system: type[System], caplog: pytest.LogCaptureFixture
) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    sent = scene.system.send(scene, 3)
    scene.wait_for_partners()
    odd = sent[1].business_number
    part, method = ("orders", "order") if system.inbound_set == "850" else ("suppliers", "invoice_findings")

    def trips(document: Any, *others: Any) -> bool:
        return bool(document.number == odd)

    run(scene, INBOUND, lambda pipeline: replace(pipeline, mapping=mapping_that_trips(pipeline, part, **{method: trips})))
    assert {one.number for one in scene.system.created()} == {sent[0].business_number, sent[2].business_number}
    (held,) = scene.system.inbound_documents(scene, State.ON_HOLD)
    assert (held.business_number, held.reason_code) == (odd, "internal_error")
    assert_told(held.reason, "edi.inbound_850" if part == "orders" else "flows.", caplog)


@each_system
def test_a_post_that_trips_after_its_request_is_unknown_and_found_again(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    sent = scene.system.send(scene, 2)
    scene.wait_for_partners()
    odd = sent[0].business_number

    def trips(entity: str, payload: Any) -> bool:
        return odd in str(payload)

    run(scene, INBOUND, lambda pipeline: replace(pipeline, erp=tripping(pipeline, after=True, create=trips)))
    (unknown,) = scene.system.inbound_documents(scene, State.OUTCOME_UNKNOWN)
    assert unknown.business_number == odd and "the program fell over it" in unknown.reason
    assert len(scene.system.inbound_documents(scene, State.POSTED)) == 1
    scene.hours_pass()
    scene.run(INBOUND)
    assert scene.system.inbound_states(scene) == {"posted": 2}
    assert sorted(one.number for one in scene.system.created()) == sorted(one.business_number for one in sent)
    assert scene.system.left_overs() == []


def test_a_delivery_that_trips_is_held_before_its_claim_and_unknown_after_it(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    scene = stage(only=["northwind"], late_max_s=3600)
    early, late, sound = (scene.system.write(scene) for _ in range(3))
    scene.system.time_passes(dt.timedelta(minutes=2))

    def message(content: bytes, values: Mapping[str, str]) -> bytes:
        if values["document.number"] == early.number:
            raise KeyError(SECRET)
        return content

    def changed(pipeline: Pipeline) -> Pipeline:
        place = pipeline.destinations["northwind"]
        delivery = Tripping(place.delivery, after=True, deliver=lambda name, content: late.number in name)
        return replace(pipeline, destinations={"northwind": replace(place, delivery=delivery, message=message)})

    run(scene, "x12_810", changed)
    states = {row.business_number: row for row in scene.documents("x12_810")}
    assert (states[sound.number].state, states[late.number].state) == (State.SENT, State.OUTCOME_UNKNOWN)
    assert (states[early.number].state, states[early.number].reason_code) == (State.ON_HOLD, "internal_error")
    assert_told(states[early.number].reason, "flows.rendering", caplog)
    assert_told(states[late.number].reason, "flows.sending", caplog)
    assert len(scene.uploads()) == 2, "the one that tripped afterwards had left"


def test_a_look_for_evidence_that_trips_leaves_it_unknown_and_settles_the_others(stage: Stage) -> None:
    scene = stage(only=["northwind"], late_max_s=3600)
    first, second = scene.system.send(scene, 2)
    scene.wait_for_partners()
    always = {"create": lambda *arguments: True}
    run(scene, INBOUND, lambda pipeline: replace(pipeline, erp=tripping(pipeline, after=True, **always)))
    assert scene.system.inbound_states(scene) == {"outcome_unknown": 2}
    scene.hours_pass()

    def trips(entity: str, reference: str, payload: Any, **options: Any) -> bool:
        return first.business_number in str(payload)

    run(scene, INBOUND, lambda pipeline: replace(pipeline, erp=tripping(pipeline, find=trips)))
    assert {row.business_number: row.state for row in scene.system.inbound_documents(scene)} == {
        first.business_number: State.OUTCOME_UNKNOWN,
        second.business_number: State.POSTED,
    }
    scene.hours_pass()
    scene.settle()
    assert scene.system.inbound_states(scene) == {"posted": 2} and len(scene.system.created()) == 2


def test_a_file_that_trips_is_held_with_its_bytes_and_taken_up_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = stage(only=["northwind"])
    odd, sound = clerks.an_order(scene), clerks.an_order(scene)
    clerks.put(scene, clerks.order_file(scene, [odd], 7), "odd.edi")
    clerks.put(scene, clerks.order_file(scene, [sound], 8), "sound.edi")
    read = receiving.read_file

    def tripping(content: bytes, *others: Any) -> Any:
        if odd.number.encode() in content:
            raise KeyError(SECRET)
        return read(content, *others)

    monkeypatch.setattr(receiving, "read_file", tripping)
    scene.run(INBOUND)
    assert [entry["NumAtCard"] for entry in scene.erp.state()["created"]] == [sound.number]
    with scene.pipeline() as pipeline:
        (held,) = pipeline.engine.intake.files_on_hold(pipeline.name)
        assert held.reason_code == "internal_error" and held.file.name == "odd.edi"
        assert_told(held.reason, "flows.receiving", caplog)
        monkeypatch.setattr(receiving, "read_file", read)
        receiving.retake_files(pipeline.inbound, run_of(pipeline, INBOUND), [held.row_id])
    scene.settle()
    assert sorted(entry["NumAtCard"] for entry in scene.erp.state()["created"]) == sorted([odd.number, sound.number])


def test_a_file_that_the_database_refuses_is_held_beside_a_sound_one(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage(only=["northwind"])
    odd, sound = clerks.an_order(scene), clerks.an_order(scene)
    clerks.put(scene, clerks.order_file(scene, [odd], 7), "odd.edi")
    clerks.put(scene, clerks.order_file(scene, [sound], 8), "sound.edi")
    summary = reading.summary_of

    def beyond_measure(document: Any) -> Any:
        facts = summary(document)
        return replace(facts, line_count=2**40) if facts.business_number == odd.number else facts

    monkeypatch.setattr(reading, "summary_of", beyond_measure)
    scene.run(INBOUND)
    assert [entry["NumAtCard"] for entry in scene.erp.state()["created"]] == [sound.number]
    with scene.pipeline() as pipeline:
        (held,) = pipeline.engine.intake.files_on_hold(pipeline.name)
    assert (held.reason_code, held.file.name) == ("internal_error", "odd.edi") and "NotStorable" in held.reason


@pytest.mark.parametrize(
    "trouble",
    [OSError("disk"), MemoryError(), DatabaseUnavailable("away"), sa.exc.OperationalError("s", {}, Exception("gone"))],
)
def test_what_all_documents_need_ends_the_run_and_holds_none(stage: Stage, trouble: Exception) -> None:
    scene = stage(only=["northwind"])
    scene.system.write(scene)

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise trouble

    with scene.pipeline() as pipeline, pytest.raises(type(trouble)):
        opened = replace(pipeline, mapping=mapping_that_trips(pipeline, "outbound", document=lambda *_: Away().document))
        run_flow(opened, run_of(pipeline, "x12_810"))
    assert scene.states("x12_810") == {"pending_validation": 1}
    scene.settle()
    assert len(scene.uploads()) == 1


def test_a_record_that_the_database_refuses_is_held_and_the_watermark_moves_on(stage: Stage) -> None:
    scene = stage(only=["northwind"], late_max_s=3600)
    odd, sound = scene.system.write(scene), scene.system.write(scene)
    scene.system.time_passes(dt.timedelta(minutes=2))

    def counting(pipeline: Pipeline) -> Pipeline:
        def header(flow: str, record: Any) -> Any:
            read = pipeline.mapping.outbound.header(flow, record)
            return replace(read, line_count=2**40) if read.business_number == odd.number else read

        outbound = replace(pipeline.mapping.outbound, header=header)
        return replace(pipeline, mapping=replace(pipeline.mapping, outbound=outbound))

    run(scene, "x12_810", counting)
    assert len(scene.uploads()) == 1
    (held,) = scene.documents("x12_810", State.ON_HOLD)
    assert held.reason_code == "internal_error" and odd.number in held.reason
    assert scene.rows("SELECT value FROM watermark WHERE name = 'x12_810'")
    scene.system.changes()[3](scene, odd)
    scene.settle()
    assert numbers_received(scene) == {odd.number, sound.number} and len(scene.uploads()) == 2
