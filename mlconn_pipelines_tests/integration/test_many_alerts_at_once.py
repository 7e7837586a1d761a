"""Many alerts of one kind at once are one message, and each still opens and closes by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.flows.watching import ONE_BY_ONE, watch
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import tuned

pytestmark = pytest.mark.database


def collector(sent: list[Alert]) -> Callable[[Alert], bool]:
    def collect(alert: Alert) -> bool:
        sent.append(alert)
        return True

    return collect


def test_a_folder_full_of_junk_is_one_message_beside_those_of_another_kind(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    for number in range(12):
        scene.cleo.put(scene.partner_named("northwind").outlet, f"junk-{number:02}.edi", b"no X12 at all")
    for _ in range(2):  # what is no interchange may still be growing: it is looked at once more
        scene.run("inbound")
    sent: list[Alert] = []
    with scene.pipeline() as pipeline:
        pipeline.watch.raise_alert(pipeline.name, "stopped:cleo_acme", "cleo_acme is stopped")
        telling = tuned(pipeline, alert=collector(sent))
        watch(telling.engine, (), overdue=False)
        junk, stopped = sorted(sent, key=lambda alert: alert.cause)
        assert (junk.cause, stopped.text) == ("file_set_aside", "cleo_acme is stopped")
        assert junk.text.startswith("12 alerts") and "junk-00.edi" in junk.text and "junk-11.edi" not in junk.text
        sent.clear()
        watch(telling.engine, (), overdue=False)
        assert sent == []
        assert len(scene.rows("SELECT id FROM alert WHERE delivered_at IS NOT NULL AND resolved_at IS NULL")) == 13
        for row in scene.rows("SELECT cause FROM alert WHERE cause LIKE 'file%%'")[: ONE_BY_ONE + 1]:
            pipeline.watch.resolve_alert(row["cause"])
        watch(telling.engine, (), overdue=False)
        [over] = sent
        assert over.resolved and over.text.startswith(f"{ONE_BY_ONE + 1} alerts of one kind are over")


def test_what_could_not_be_told_is_told_as_a_whole_the_next_time(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    with scene.pipeline() as pipeline:
        for number in range(ONE_BY_ONE + 2):
            pipeline.watch.raise_alert(pipeline.name, f"twin:{number}", f"twin {number}")
        watch(tuned(pipeline, alert=lambda alert: False).engine, (), overdue=False)
        sent: list[Alert] = []
        watch(tuned(pipeline, alert=collector(sent)).engine, (), overdue=False)
    assert [one.cause for one in sent] == ["twin"] and sent[0].text.startswith(f"{ONE_BY_ONE + 2} alerts")
