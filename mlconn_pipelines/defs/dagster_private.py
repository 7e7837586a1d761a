"""All that we use of Dagster beyond its public modules, each with its reason. A test holds it to the version that is pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.errors import DagsterUserCodeProcessError
from dagster_shared.error import SerializableErrorInfo

if TYPE_CHECKING:
    from dagster._core.storage.config import PostgresStorageConfig as PostgresStorageConfig
    from dagster._serdes import ConfigurableClassData as ConfigurableClassData
    from dagster_postgres.storage import DagsterPostgresStorage

AssetJob: TypeAlias = UnresolvedAssetJobDefinition
"""What `dg.define_asset_job` gives; the type has no public name."""

StepError: TypeAlias = SerializableErrorInfo
"""What a run's page shows of a step that failed."""

ToldFailure: TypeAlias = DagsterUserCodeProcessError


def told_failure(said: str, kind: str) -> ToldFailure:
    """A failure that is shown as this sentence and nothing else.

    A plain exception would be shown with its traceback, and so would dg.Failure; this is how Dagster passes on an error that another
    process has described, and shows what is described.
    """
    described = SerializableErrorInfo(message=said, stack=[], cls_name=kind)
    return DagsterUserCodeProcessError(said, user_code_process_error_infos=[described])  # type: ignore[no-untyped-call]


def share_connections(storage: DagsterPostgresStorage, pool: Any) -> None:
    """Let runs, events and schedules go over one pool. Dagster's own does so by a method that only its webserver calls."""
    parts: tuple[Any, ...] = (storage.run_storage, storage.event_log_storage, storage.schedule_storage)
    for part in parts:
        part._engine = pool
