"""Which way each system of an integration is reached, for `mlconn check` to print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from mlconn_pipelines.config.integration import EdiIntegration, Integration, SyncIntegration
from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.config.proxy import Proxied
from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.ports.records import ConnectionReport
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.wiring.systems import system_of


def routes_of(integration: Integration, partners: Sequence[TradingPartner]) -> Iterator[ConnectionReport]:
    """One report a system: directly, or through which proxy, and who says so. Nothing is asked."""
    for system, url, settings in _reached(integration, partners):
        try:
            words = f"{_origin(url)} is reached {Proxies(settings).route(url).words()}"
        except MlconnError as wrong:
            yield ConnectionReport(system, False, str(wrong))
        else:
            yield ConnectionReport(system, True, words)


def _reached(integration: Integration, partners: Sequence[TradingPartner]) -> Iterator[tuple[str, str, Proxied]]:
    if isinstance(integration, EdiIntegration | SyncIntegration):
        erp = integration.erp
        if isinstance(erp, Proxied):
            yield system_of(erp).title, str(erp.url), erp
            if erp.signs_in_at is not None:
                yield *erp.signs_in_at, erp
    if isinstance(integration, SyncIntegration):
        yield integration.salesforce.title, str(integration.salesforce.url), integration.salesforce
    if isinstance(integration, EdiIntegration):
        yield "Cleo", str(integration.cleo.url), integration.cleo
        for partner in partners:
            if partner.api_provider is not None:
                yield "Cleo API Provider", str(partner.api_provider.url), integration.cleo
    alerts = integration.alerts
    if alerts.webhook is not None:
        yield "alerts", str(alerts.webhook), alerts
    if alerts.email_to and alerts.smtp_host:
        yield "alerts", f"smtp://{alerts.smtp_host}:{alerts.smtp_port}", alerts


def _origin(url: str) -> str:
    """Without the path: that of a webhook is a secret of many chat tools."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
