"""Files that were put on hold as a whole are taken up from their kept bytes, or left for good by a person."""

from __future__ import annotations

import pytest
import yaml

from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.receiving import retake_files
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.integration.test_received_files import created, files
from mlconn_pipelines_tests.scenario import Scene

pytestmark = pytest.mark.database


def usage_of_northwind(scene: Scene, usage: str) -> None:
    """Write another x12.usage into the partner's file, as an integration engineer would."""
    path = scene.settings.config / "partners" / "northwind.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    written["x12"]["usage"] = usage
    path.write_text(yaml.safe_dump(written), encoding="utf-8")


def a_run(scene: Scene) -> Run:
    return Run("acme", INBOUND, "test", scene.world.today)


def test_a_corrected_configuration_takes_the_file_up_by_itself(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    clerks.put(scene, clerks.order_file(scene, [clerks.an_order(scene)], 7, usage="T"), "pilot.edi")
    scene.run(INBOUND)
    scene.run(INBOUND)
    assert files(scene) == {"pilot.edi": ("on_hold", "usage_differs")}
    assert created(scene) == []
    usage_of_northwind(scene, "T")
    scene.run(INBOUND)
    assert files(scene)["pilot.edi"][0] == "stored"
    assert len(created(scene)) == 1
    assert scene.rows("SELECT count(*) AS open FROM alert WHERE resolved_at IS NULL AND cause LIKE %s", "file%")[0]["open"] == 0


def test_a_person_dismisses_a_file_and_it_stays_dismissed(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    clerks.put(scene, clerks.order_file(scene, [clerks.an_order(scene)], 7, usage="T"), "pilot.edi")
    scene.run(INBOUND)
    with scene.pipeline() as pipeline:
        (row,) = pipeline.engine.intake.files_on_hold(pipeline.name)
        pipeline.engine.intake.dismiss_file(a_run(scene), row.row_id, "a pilot of theirs")
        assert pipeline.engine.intake.files_on_hold(pipeline.name) == []
        assert retake_files(pipeline.inbound, a_run(scene), named=[row.row_id]).counts == {}
        assert [reason.code for reason in pipeline.engine.reports.reasons(pipeline.name, INBOUND)] == []
    assert created(scene) == []
