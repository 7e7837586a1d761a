"""The integrations of the demo: one for each simulated ERP, and one between Salesforce and an SAP company of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlconn_pipelines.errors import ConfigurationError
from mlconn_simulators.demo.business_central import BUSINESS_CENTRAL
from mlconn_simulators.demo.description import DemoSystem
from mlconn_simulators.demo.finance_operations import FINANCE_OPERATIONS
from mlconn_simulators.demo.sage_100 import SAGE_100
from mlconn_simulators.demo.salesforce import KIND as SALESFORCE
from mlconn_simulators.demo.sap_business_one import SAP_BUSINESS_ONE

SYSTEMS: Mapping[str, DemoSystem] = {
    system.kind: system for system in (SAP_BUSINESS_ONE, BUSINESS_CENTRAL, FINANCE_OPERATIONS, SAGE_100)
}


def chosen(names: str) -> list[DemoSystem]:
    """The ERPs of a list with commas between, each once. ConfigurationError for a system that there is not, or none."""
    wanted = _names(names)
    unknown = [name for name in wanted if name not in (*SYSTEMS, SALESFORCE)]
    if unknown or not wanted:
        raise ConfigurationError(
            f"no simulated system is called {', '.join(unknown) or 'nothing'}",
            f"There are {', '.join((*SYSTEMS, SALESFORCE))}.",
        )
    return [SYSTEMS[name] for name in SYSTEMS if name in wanted]


def with_salesforce(names: str) -> bool:
    """Whether the list names the org, too."""
    return SALESFORCE in _names(names)


def _names(names: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))


def divided(documents: int, systems: Sequence[DemoSystem]) -> dict[str, int]:
    """How many of the documents each system begins with, by kind; the first one takes what is left over."""
    if not systems:
        return {}
    whole = sum(system.share for system in systems)
    parts = {system.kind: documents * system.share // whole for system in systems}
    parts[systems[0].kind] += documents - sum(parts.values())
    return parts
