"""How an integration subscribes to its ERP's notifications, out of its configuration."""

from __future__ import annotations

from mlconn_pipelines.config.events import SECRET_FIELD, SECRET_MAX, SECRET_MIN, source_of
from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.errors import VaultError
from mlconn_pipelines.ports.connections import Credentials
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.ports.subscriptions import Subscriber


def subscriber_of(integration: EdiIntegration, erp: Connector, credentials: Credentials) -> Subscriber | None:
    """None where the ERP's notifications are off, or set up by a person in the ERP."""
    events = integration.events
    if erp.subscriptions is None or events is None or events.erp is None:
        return None
    name = events.erp.credential

    def secret() -> str:
        found = credentials.credential(name).get(SECRET_FIELD, "")
        if not SECRET_MIN <= len(found) <= SECRET_MAX:
            raise VaultError(
                f"credential {name!r} has no `{SECRET_FIELD}` of {SECRET_MIN} to {SECRET_MAX} characters",
                f"Run `mlconn credentials set {name} --field {SECRET_FIELD}`.",
            )
        return found

    url = events.address(integration.integration, source_of(integration.erp.kind))
    return Subscriber(erp.subscriptions, url, secret)
