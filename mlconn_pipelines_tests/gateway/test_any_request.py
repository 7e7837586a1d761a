"""Requests made up from the gateway's own description, and far from it: none is answered with an error of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mlconn_pipelines_tests.gateway.conftest import SECRETS, Gateway

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed; it comes with the dev extra")

pytestmark = [pytest.mark.database, pytest.mark.slow]

REQUESTS_A_PATH = 12
QUIETLY = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
CALLED = ("central", "finance", "sap", "signed")
WANTED = {"not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"}
ABOUT_OTHER_THINGS = [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ not in WANTED]
"""Checks that presume a schema of bodies: any body is taken of a sender that may write what it likes."""


def operations(gateway: Gateway) -> list[Any]:
    return [result.ok() for result in schemathesis.openapi.from_url(f"{gateway.url}/openapi.json").get_all_operations()]


def test_no_request_is_answered_with_a_server_error(gateway: Gateway) -> None:
    """Of every integration, with every secret and without one."""
    asked: dict[str, set[int]] = {}

    def ask_all(operation: Any) -> None:
        @given(case=operation.as_strategy())
        @settings(max_examples=REQUESTS_A_PATH, **QUIETLY)
        def ask(case: Any) -> None:
            for integration in CALLED if "{integration}" in operation.path else CALLED[:1]:
                if "{integration}" in operation.path:
                    case.path_parameters["integration"] = integration
                for secret in (None, *SECRETS.values()):
                    answer = case.call(headers={"X-Mlconn-Secret": secret} if secret else {})
                    assert answer.status_code < 500, (operation.label, answer.status_code, answer.text)
                    asked.setdefault(operation.label, set()).add(answer.status_code)

        ask()

    for operation in operations(gateway):
        ask_all(operation)
    assert len(asked) == 11, asked
    assert asked["POST /hooks/{integration}/sap-business-one"] >= {202, 404}
    assert gateway.http.get("/health").status_code == 200


def test_answers_are_those_of_the_description(gateway: Gateway) -> None:
    """Statuses, kinds of content and bodies, for requests that fit the description."""

    def compare_all(operation: Any) -> None:
        @given(case=operation.as_strategy())
        @settings(max_examples=REQUESTS_A_PATH, **QUIETLY)
        def compare(case: Any) -> None:
            if "integration" in (case.path_parameters or {}):
                case.path_parameters["integration"] = "sap"
            case.validate_response(case.call(), excluded_checks=ABOUT_OTHER_THINGS)

        compare()

    for operation in operations(gateway):
        compare_all(operation)
