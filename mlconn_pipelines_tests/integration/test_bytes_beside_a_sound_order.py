"""Bytes that no sane partner sends, in one run with a sound order: it is posted and answered, and each file has its end."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest

from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.cases import CASES, case
from mlconn_pipelines_tests.cases.sweeping import SET_IDS, VALUES, swept
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.integration.test_received_files import created, files, left_in
from mlconn_pipelines_tests.scenario import Scene

pytestmark = pytest.mark.database

NAMES = sorted(path.stem for path in (CASES / "bytes").glob("*.edi"))


def put_sound_order(scene: Scene) -> str:
    order = clerks.an_order(scene)
    clerks.put(scene, clerks.order_file(scene, [order], 7), "sound.edi")
    return order.number


def assert_everything_has_its_end(scene: Scene) -> None:
    assert {state for state, _ in files(scene).values()} <= {"stored", "on_hold"}
    waiting = [row for row in scene.documents(INBOUND) if row.state in ("pending_validation", "ready")]
    assert [(row.set_id, row.business_number, row.reason) for row in waiting] == []


def assert_answered(scene: Scene, control: int = 7) -> None:
    """Our 997 to that group was accepted by the partner."""
    assert any(
        f"AK1*PO*{control}~" in upload.content.decode() and "AK9*A" in upload.content.decode() for upload in scene.uploads()
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("nul_")])
def test_a_file_with_a_nul_is_refused_or_held_by_itself(stage: Stage, name: str) -> None:
    scene = stage(only=["northwind"])
    clerks.put(scene, case(f"bytes/{name}.edi"), "odd.edi")
    number = put_sound_order(scene)
    scene.run(INBOUND)
    assert created(scene) == [number]
    assert_answered(scene)
    scene.run(INBOUND)
    assert_everything_has_its_end(scene)
    odd = [row for row in scene.documents(INBOUND, direction="inbound") if row.business_number != number]
    assert [row.state.value for row in odd if row.state not in ("syntax_rejected", "on_hold")] == []


def test_the_sound_case_is_posted(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    clerks.put(scene, case("bytes/sound_850.edi"), "sound.edi")
    scene.run(INBOUND)
    assert created(scene) == ["NOR01500001"]


def sweep(scene: Scene, every: int, long_every: int) -> None:
    put = 0
    short = [name for name in VALUES if name != "long"]
    for place, set_id in enumerate(SET_IDS, start=1):
        first = place * 10_000_000
        for file in chain(swept(set_id, first, short, every), swept(set_id, first + 5_000_000, ["long"], long_every)):
            if file.name.startswith("850 BEG04 "):  # a release makes another order of the same number
                continue
            put += 1
            clerks.put(scene, file.content, f"{put} {file.name}.edi")
    number = put_sound_order(scene)
    scene.run(INBOUND)
    assert created(scene).count(number) == 1
    assert_answered(scene)
    scene.run(INBOUND)
    assert_everything_has_its_end(scene)
    assert len(files(scene)) == put + 1
    assert max(Counter(created(scene)).values()) == 1
    codes = Counter(row.reason_code for row in scene.documents(INBOUND)) + Counter(code for _, code in files(scene).values())
    assert codes["internal_error"] == 0, [row.reason for row in scene.documents(INBOUND) if row.reason_code == "internal_error"]


def test_every_element_of_six_sets_swept_beside_a_sound_order(stage: Stage) -> None:
    sweep(stage(only=["northwind"]), every=31, long_every=4)


@pytest.mark.nightly
def test_every_element_of_six_sets_swept_with_everything(stage: Stage) -> None:
    sweep(stage(only=["northwind"]), every=1, long_every=1)


def junk(scene: Scene, count: int) -> None:
    """So many files that are no X12 before one order: it is posted in the same run, and none of them is lost or read twice."""
    for number in range(count):
        clerks.put(scene, b"no X12 at all, %d" % number, f"junk_{number:06d}.txt")
    number = put_sound_order(scene)
    scene.run(INBOUND)
    if not created(scene):  # what is no interchange may still be growing: looked at once more before it is held
        scene.run(INBOUND)
    scene.run(INBOUND)
    assert created(scene) == [number]
    assert scene.rows("SELECT state, count(*) FROM received_file GROUP BY 1 ORDER BY 1") == [
        {"state": "on_hold", "count": count},
        {"state": "stored", "count": 1},
    ]
    assert scene.rows("SELECT count(DISTINCT sha256) AS kept FROM interchange WHERE key = '' AND direction = 'inbound'") == [
        {"kept": count}
    ]
    assert left_in(scene) == []


def test_hundreds_of_junk_files_before_one_order(stage: Stage) -> None:
    junk(stage(only=["northwind"]), 400)


@pytest.mark.nightly
def test_50_000_junk_files_before_one_order(stage: Stage) -> None:
    junk(stage(only=["northwind"], cleo={"page_size": 1_000}), 50_000)
