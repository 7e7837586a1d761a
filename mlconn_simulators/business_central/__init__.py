"""A simulated Dynamics 365 Business Central environment: API v2.0 over HTTP with webhooks, written from the facts alone."""

from mlconn_simulators.business_central.sandbox import BusinessCentralSandbox

__all__ = ["BusinessCentralSandbox"]
