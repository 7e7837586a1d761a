"""A reference read that lacks many of the known rows is read once more before it counts."""

from __future__ import annotations

import pytest

from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of

pytestmark = pytest.mark.database

SETS = ("alternate_catalogue_numbers", "units_of_measure")


def test_an_empty_answer_drops_nothing_and_a_set_that_shrank_indeed_is_told(stage: Stage) -> None:
    scene = stage(only=["northwind"], documents=0, initial_orders=0)
    scene.refresh_reference()
    with scene.pipeline() as pipeline:
        run = run_of(pipeline, "reference")
        known = {name: pipeline.engine.intake.reference_keys(pipeline.name, name) for name in SETS}
        assert len(known[SETS[0]]) > 20
        before = pipeline.engine.intake.reference_book(pipeline.name).version

        scene.erp.faults.arm("200_empty_list", path="/AlternateCatNum")
        tally = refresh_reference(pipeline.system, run, SETS)[SETS[0]]
        assert pipeline.engine.intake.reference_keys(pipeline.name, SETS[0]) == known[SETS[0]]
        assert pipeline.engine.intake.reference_book(pipeline.name).version == before
        count = len(known[SETS[0]])
        assert tally.problems == [
            f"alternate_catalogue_numbers: the ERP left out {count} of {count} known rows, so the set was read once more; then it "
            "left out 0, which is what counts."
        ]
        assert alerts(scene) == []

        scene.erp.faults.arm("200_empty_list", path="/AlternateCatNum", count=None)
        refresh_reference(pipeline.system, run, SETS)
        assert pipeline.engine.intake.reference_keys(pipeline.name, SETS[0]) == set()
        (told,) = alerts(scene)
        assert f"{count} of {count} rows are not in the ERP any more" in told

        scene.erp.faults.disarm()
        refresh_reference(pipeline.system, run, SETS)
        assert pipeline.engine.intake.reference_keys(pipeline.name, SETS[0]) == known[SETS[0]]
        assert alerts(scene) == []


def test_few_rows_go_without_a_second_look(stage: Stage) -> None:
    scene = stage(only=["northwind"], documents=0, initial_orders=0)
    scene.refresh_reference()
    with scene.pipeline() as pipeline:
        run = run_of(pipeline, "reference")
        asked = scene.erp.faults.requests["GET /b1s/v2/Currencies"]
        scene.erp.faults.arm("200_empty_list", path="/Currencies")
        assert refresh_reference(pipeline.system, run, ("currencies",))["currencies"].problems == []
        assert scene.erp.faults.requests["GET /b1s/v2/Currencies"] == asked + 1
        assert pipeline.engine.intake.reference_keys(pipeline.name, "currencies") == set()


def alerts(scene: Scene) -> list[str]:
    return [row["text"] for row in scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL ORDER BY id")]
