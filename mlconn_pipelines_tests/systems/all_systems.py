"""The ERPs that shared tests run with, one after the other."""

from __future__ import annotations

import pytest

from mlconn_pipelines_tests.systems.answered import BusinessCentralAnswered, FinanceOperationsAnswered, SapAnswered
from mlconn_pipelines_tests.systems.business_central.described import BusinessCentral
from mlconn_pipelines_tests.systems.finance_operations.described import FinanceOperations, FinanceOperationsByRequests
from mlconn_pipelines_tests.systems.sage_100.described import Sage100
from mlconn_pipelines_tests.systems.sage_100.variants import Sage100Answered, Sage100Received
from mlconn_pipelines_tests.systems.sap_business_one.described import SapBusinessOne, SapByApiProvider
from mlconn_pipelines_tests.systems.system import RequestKind, System

SAP, BC, FO, FO_BY_REQUESTS = SapBusinessOne, BusinessCentral, FinanceOperations, FinanceOperationsByRequests
SAGE = Sage100
SAGE_VARIANTS = (Sage100Received, Sage100Answered)
ANSWERED = (SapAnswered, BusinessCentralAnswered, FinanceOperationsAnswered)
API_PROVIDER = SapByApiProvider
SYSTEMS_OVER_HTTP: tuple[type[System], ...] = (SAP, BC, FO)
LATER_SYSTEMS = SYSTEMS_OVER_HTTP[1:]
EVERY_SYSTEM = (*SYSTEMS_OVER_HTTP, SAGE)
"""Sage 100 answers no requests: its agent dials in. What is asked and answered is what passes between the agent and the gateway; what is
about the requests of a client is not about it (resilience/test_sage_100.py is), and no ledger of an earlier release knows it."""


def name_of(value: object) -> str | None:
    """For the ids of parameters: systems by their kind, requests by their name, everything else as pytest has it."""
    if isinstance(value, RequestKind):
        return value.name.replace(" ", "-")
    return f"{value.kind}{value.variant}" if isinstance(value, type) and issubclass(value, System) else None


each_system = pytest.mark.parametrize("system", [*SYSTEMS_OVER_HTTP, pytest.param(SAGE, marks=pytest.mark.slow)], ids=name_of)
each_system_over_http = pytest.mark.parametrize("system", SYSTEMS_OVER_HTTP, ids=name_of)
