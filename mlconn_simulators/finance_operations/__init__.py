"""A simulated Dynamics 365 Finance & Operations environment: OData data entities and business events, from the facts alone."""

from mlconn_simulators.finance_operations.sandbox import FinanceOperationsSandbox

__all__ = ["FinanceOperationsSandbox"]
