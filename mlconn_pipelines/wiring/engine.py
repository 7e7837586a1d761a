"""The engine of an integration out of its configuration and the stores."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.ledger.stores import LedgerStores

TIME_OUT_MARGIN_S = 30.0
"""Beyond the longest request time-out, before what a dead process left may be taken over."""


def engine_of(
    configuration: Configuration,
    name: str,
    stores: LedgerStores,
    alert: Callable[[Alert], bool] = lambda alert: True,
) -> Engine:
    """Absence proves something of the systems that it can prove anything of, by the slowest of them."""
    integration = configuration.of_any_kind(name)
    ends = integration.ends.values()
    return Engine(
        name=name,
        config_hash=configuration.hash_of(name),
        preview=integration.mode == "preview",
        zone=ZoneInfo(integration.time_zone),
        queue=stores.queue,
        intake=stores.intake,
        claims=stores.claims,
        acknowledgments=stores.acknowledgments,
        watch=stores.watch,
        reports=stores.reports,
        alert=alert,
        act_time_out_s=max(end.timeout_s for end in ends) + TIME_OUT_MARGIN_S,
        absence_proves_after_s=max(end.absence_proves_after_s for end in ends if end.absence_proves_after_s is not None),
        hold_after_failures=integration.hold_after_failures,
    )
