"""An engine on the fake ledger, for tests of use cases that need no database."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger


def engine_on(ledger: FakeLedger, **changes: Any) -> Engine:
    """Of `acme`, live, and nobody saves a record twice while a test reads it. changes: of its fields."""
    stores: dict[str, Any] = {name: getattr(ledger, name) for name in ("queue", "intake", "claims", "acknowledgments", "watch")}
    told: dict[str, Any] = {"name": "acme", "config_hash": "config-1", "preview": False, "zone": ZoneInfo("America/Chicago")}
    return Engine(**{**told, **stores, "reports": None, "pause": lambda seconds: None, **changes})
