"""A won opportunity in the simulated org arrives as an event that says where to look."""

from __future__ import annotations

from pathlib import Path

from mlconn_pipelines_tests.systems.salesforce.pubsub.scene import OPPORTUNITIES, bus_scene


def test_a_won_opportunity_is_told(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        (won,) = scene.org.win()
        (event,) = scene.events(1, OPPORTUNITIES)
        assert (event.entity, event.record_ids, event.change_type) == ("Opportunity", (won["Id"],), "CREATE")
        assert event.values is not None
        assert event.values["StageName"] == "Closed Won"
        assert event.commit_number > 2**53
