"""The one Definitions object: every integration of the configuration folder, as assets, checks, jobs, sensors and schedules."""

from __future__ import annotations

import gc
import warnings

import dagster as dg

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.defs.integration import integration_definitions
from mlconn_pipelines.defs.resources import PipelinesResource, RunOptions, remember
from mlconn_pipelines.defs.stopped import stopped_sensor
from mlconn_pipelines.defs.sync import sync_definitions
from mlconn_pipelines.settings import read_settings

# backfill_policy and owners are marked beta; the warning would stand in front of every run's log.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

# What Dagster and our modules made while they were imported stays as long as the process does. Each full collection in the middle
# of a run would walk through all of it: a tenth of a second of processor, for nothing.
gc.freeze()


@dg.definitions
def defs() -> dg.Definitions:
    """Building definitions reads files only; no system is asked. An integration whose file has a mistake leaves the others alone."""
    configuration = load_configuration(read_settings().config)
    remember(configuration)
    shared = dg.Definitions(
        executor=dg.in_process_executor,
        resources={
            "pipelines": PipelinesResource(),
            "choice": RunOptions.configure_at_launch(),
            "io_manager": dg.mem_io_manager,
        },
    )
    stopped = dg.Definitions(sensors=[stopped_sensor(one) for one in configuration.stopped_integrations.values()])
    running = (integration_definitions(configuration, name) for name in configuration.integrations)
    in_step = (sync_definitions(configuration, name) for name in configuration.syncs)
    return dg.Definitions.merge(shared, stopped, *running, *in_step)
