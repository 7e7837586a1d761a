"""Dagster over a scene: the definitions of its configuration, an instance in memory, and runs in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from mlconn_pipelines.definitions import defs as load_definitions
from mlconn_pipelines.defs import warm
from mlconn_pipelines.defs.keys import LIVE, tags_of
from mlconn_pipelines.defs.partitions import DAY, today_of
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, scene

ACME = "acme"
FLOWS = ("x12_810", "x12_850", "x12_856", INBOUND)


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Opens a scene in which this process works like a code server or a worker: its environment is the scene's."""
    with ExitStack() as stack:

        def open_scene(**options: Any) -> Scene:
            opened = stack.enter_context(
                scene(tmp_path, ledger_database, **{"documents": 0, "initial_orders": 0, "late_max_s": 3600.0, **options})
            )
            for name, value in opened.environment.items():
                if name.startswith("MLCONN_"):
                    monkeypatch.setenv(name, value)
            return opened

        yield open_scene
        warm.close_cached()


@dataclass
class Dagster:
    """definitions: of the scene's configuration. instance: in memory, forgotten after the test."""

    scene: Scene
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    @property
    def today(self) -> str:
        with self.scene.pipeline() as pipeline:
            return today_of(pipeline.settings).strftime(DAY)

    def run(
        self,
        flow: str,
        mode: str = LIVE,
        partition: str | None = None,
        until: str | None = None,
        choice: Mapping[str, Any] | None = None,
        raise_on_error: bool = True,
    ) -> dg.ExecuteInProcessResult:
        """The flow's job once. until: with partition, a range that one run backfills. choice: of the launchpad."""
        tags = dict(tags_of(ACME, flow, mode))
        first = partition or self.today
        if until is not None:
            tags |= {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": until}
        return self.definitions.resolve_job_def(f"{ACME}_{flow}").execute_in_process(
            instance=self.instance,
            partition_key=first if until is None and flow != "reference" else None,
            tags=tags,
            run_config={"resources": {"choice": {"config": dict(choice)}}} if choice else None,
            raise_on_error=raise_on_error,
        )

    def restart_code_server(self) -> None:
        """The configuration is read anew, and what sensors kept open is forgotten."""
        warm.close_cached()
        self.definitions = load_definitions()

    def by_hand(self, *assets: str, partition: str | None = None) -> dg.ExecuteInProcessResult:
        """Assets materialized from their page in the UI: no job of ours, no tags."""
        keys = [dg.AssetKey(asset.split("/")) for asset in assets]
        return self.definitions.get_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance, partition_key=partition or self.today, asset_selection=keys
        )

    def tick(self, sensor: str, cursor: str | None = None) -> Any:
        """One look of the sensor, as its daemon sees it: run requests or a skip message."""
        definition = self.definitions.resolve_sensor_def(sensor)
        with dg.build_sensor_context(
            instance=self.instance, cursor=cursor, definitions=self.definitions, sensor_name=sensor
        ) as context:
            return definition.evaluate_tick(context)

    def metadata(self, asset: str, partition: str | None = None, back: int = 0) -> dict[str, Any]:
        """Of the asset's (partition's) newest materialization, as its page shows it; back: so many before that."""
        filters = dg.AssetRecordsFilter(dg.AssetKey(asset.split("/")), asset_partitions=[partition] if partition else None)
        made = self.instance.fetch_materializations(filters, limit=back + 1).records
        assert len(made) > back, f"{asset} was not materialized"
        event = made[back].asset_materialization
        assert event is not None
        return {
            label: value.records if isinstance(value, dg.TableMetadataValue) else value.value
            for label, value in event.metadata.items()
        }

    def was_materialized(self, asset: str) -> bool:
        return bool(self.instance.fetch_materializations(dg.AssetKey(asset.split("/")), limit=1).records)

    def out_of_sync(self) -> dict[str, str]:
        """What the page of an asset, or of its partition of today, calls unsynced, and why."""
        graph = self.definitions.resolve_asset_graph()
        asked = CachingStaleStatusResolver(self.instance, graph, LoadingContextForTest(self.instance))
        found = {}
        for key in graph.materializable_asset_keys:
            partition = self.today if graph.get(key).is_partitioned else None
            if asked.get_status(key, partition) is StaleStatus.STALE:
                causes = asked.get_stale_causes(key, partition)
                found[key.to_user_string()] = "; ".join(cause.reason for cause in causes)
        return found

    def checks(self) -> dict[str, tuple[bool, str]]:
        """Every evaluated check's last outcome and words, by asset and name."""
        found = {}
        for key in self.definitions.resolve_asset_graph().asset_check_keys:
            record = self.instance.get_latest_asset_check_evaluation_record(key)
            if record is not None and record.event is not None and record.event.dagster_event is not None:
                event = record.event.dagster_event
                if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                    data = event.asset_check_evaluation_data
                    found[f"{key.asset_key.to_user_string()}:{key.name}"] = (data.passed, data.description or "")
        return found


@pytest.fixture
def dagster(stage: Stage) -> Iterator[Callable[..., Dagster]]:
    """Opens a scene and Dagster over it."""
    with dg.DagsterInstance.ephemeral() as instance:

        def open_dagster(**options: Any) -> Dagster:
            opened = stage(**options)
            return Dagster(opened, load_definitions(), instance)

        yield open_dagster
