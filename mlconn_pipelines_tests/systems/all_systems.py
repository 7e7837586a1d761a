"""The ERPs that shared tests run with, one after the other."""

from __future__ import annotations

import pytest

from mlconn_pipelines_tests.systems.answered import BusinessCentralAnswered, FinanceOperationsAnswered, SapAnswered
from mlconn_pipelines_tests.systems.business_central.described import BusinessCentral
from mlconn_pipelines_tests.systems.finance_operations.described import FinanceOperations, FinanceOperationsByRequests
from mlconn_pipelines_tests.systems.sap_business_one.described import SapBusinessOne, SapByApiProvider
from mlconn_pipelines_tests.systems.system import RequestKind, System

SAP, BC, FO, FO_BY_REQUESTS = SapBusinessOne, BusinessCentral, FinanceOperations, FinanceOperationsByRequests
ANSWERED = (SapAnswered, BusinessCentralAnswered, FinanceOperationsAnswered)
API_PROVIDER = SapByApiProvider
EVERY_SYSTEM: tuple[type[System], ...] = (SAP, BC, FO)
LATER_SYSTEMS = EVERY_SYSTEM[1:]


def name_of(value: object) -> str | None:
    """For the ids of parameters: systems by their kind, requests by their name, everything else as pytest has it."""
    if isinstance(value, RequestKind):
        return value.name.replace(" ", "-")
    return f"{value.kind}{value.variant}" if isinstance(value, type) and issubclass(value, System) else None


each_system = pytest.mark.parametrize("system", EVERY_SYSTEM, ids=name_of)
