"""A flow through the daemon's queue, so that it shows in the Dagster UI and waits for a run that is under way. Dagster lives here."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlconn_pipelines.errors import ConfigurationError, MlconnError

if TYPE_CHECKING:
    import datetime as dt

    from dagster import DagsterInstance

    from mlconn_pipelines.settings import Settings

BEATS_WITHIN_S = 90.0
"""The daemon says every 30 s that it lives."""
LOOK_EVERY_S = 0.5
COORDINATOR = "QUEUED_RUN_COORDINATOR"


@dataclass(frozen=True, slots=True)
class QueuedRun:
    """One run of the daemon. status: Dagster's word, such as SUCCESS."""

    flow: str
    run_id: str
    status: str

    @property
    def succeeded(self) -> bool:
        return self.status == "SUCCESS"


class DaemonQueue:
    """The queue of a daemon that lives; see `open_queue`."""

    def __init__(self, instance: DagsterInstance, home: Path) -> None:
        self._instance, self._home = instance, home

    def run(self, integration: str, flow: str, day: dt.date, backfill: bool, progress: Callable[[str, str], None]) -> QueuedRun:
        """Queue a run of the flow and wait for its end. progress: called with flow and status when that changes."""
        from mlconn_pipelines.defs.keys import BACKFILL, LIVE, job_name
        from mlconn_pipelines.defs.sensors import tags_of

        run_id = str(uuid.uuid4())
        tags = {**tags_of(integration, flow, BACKFILL if backfill else LIVE), "dagster/partition": day.isoformat()}
        self._launch(job_name(integration, flow), tags, run_id)
        status = ""
        while True:
            run = self._instance.get_run_by_id(run_id)
            if run is not None and run.status.value != status:
                status = run.status.value
                progress(flow, status.lower().replace("_", " "))
            if run is not None and run.is_finished:
                return QueuedRun(flow, run_id, status)
            if not _lives(self._instance):
                raise MlconnError(
                    f"the daemon has not been heard of for {BEATS_WITHIN_S:.0f} s; run {run_id} of {flow} is {status or 'queued'}",
                    "It goes on when the daemon does (mlconn up); --here runs the flow in this process.",
                )
            time.sleep(LOOK_EVERY_S)

    def _launch(self, job: str, tags: dict[str, str], run_id: str) -> None:
        """By Dagster's own program, which knows how to reach the code server."""
        launched = subprocess.run(
            [
                str(Path(sys.executable).with_name("dagster")),
                *("job", "launch", "--workspace", str(self._home / "workspace.yaml"), "--job", job),
                *("--tags", json.dumps(tags), "--run-id", run_id),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if launched.returncode != 0:
            lines = [line for line in (launched.stderr + launched.stdout).splitlines() if line.strip()]
            raise ConfigurationError(
                f"Dagster did not take job {job}: {lines[-1].strip() if lines else launched.returncode}",
                "Look at the code location in the Dagster UI, or add --here to run it in this process.",
            )


def open_queue(settings: Settings) -> DaemonQueue | None:
    """The queue of DAGSTER_HOME's daemon, None where none lives (or where this shell was not given Dagster's database)."""
    if settings.dagster_database_url is None or not (settings.dagster_home / "dagster.yaml").is_file():
        return None
    from dagster import DagsterInstance

    instance = DagsterInstance.from_config(str(settings.dagster_home))
    if not _lives(instance):
        instance.dispose()
        return None
    return DaemonQueue(instance, settings.dagster_home)


def _lives(instance: DagsterInstance) -> bool:
    heartbeat = instance.get_daemon_heartbeats().get(COORDINATOR)
    return heartbeat is not None and time.time() - heartbeat.timestamp <= BEATS_WITHIN_S
