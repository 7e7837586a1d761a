"""One kind of ERP, as its folder declares it in `system.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.ports.connections import Reach
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.notifications import Notifications
from mlconn_pipelines.ports.records import Connector


@dataclass(frozen=True, slots=True)
class System:
    """title: what people call it. mapping, open: given the system's own connection model; a connector does not sign in at once.

    notifications: what its calls say, None where it makes none. subscribes: they are subscribed to by us.
    """

    title: str
    mapping: Callable[[Any], ErpMapping]
    open: Callable[[Any, Reach], Connector]
    notifications: Notifications | None = None
    subscribes: bool = False
