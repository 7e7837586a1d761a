"""Requests made up from the gateway's own description, and far from it: none is answered with an error of ours."""

from __future__ import annotations

import pytest

from mlconn_pipelines_tests.gateway.conftest import SECRETS, Gateway

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed; it comes with the dev extra")

pytestmark = [pytest.mark.database, pytest.mark.slow]

REQUESTS_A_PATH = 30


def test_no_request_is_answered_with_a_server_error(gateway: Gateway) -> None:
    from hypothesis import HealthCheck, given, settings

    schema = schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")
    asked: dict[str, int] = {}
    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=REQUESTS_A_PATH, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def ask(case: object, label: str = operation.label) -> None:
            for integration in ("central", "finance", "sap", "signed"):
                if "{integration}" in label:
                    case.path_parameters["integration"] = integration  # type: ignore[attr-defined]
                for secret in (None, *SECRETS.values()):
                    headers = {"X-Mlconn-Secret": secret} if secret else {}
                    answer = case.call(headers=headers)  # type: ignore[attr-defined]
                    assert answer.status_code < 500, (label, answer.status_code, answer.text)
                    asked[label] = asked.get(label, 0) + 1
                if "{integration}" not in label:
                    break

        ask()
    assert len(asked) >= 9, asked
    assert gateway.http.get("/health").status_code == 200


def test_answers_are_those_of_the_description(gateway: Gateway) -> None:
    """Statuses, kinds of content and bodies, for requests that fit the description."""
    from hypothesis import HealthCheck, given, settings

    schema = schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")
    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def ask(case: object) -> None:
            answer = case.call()  # type: ignore[attr-defined]
            case.validate_response(answer, excluded_checks=_ABOUT_OTHER_THINGS)  # type: ignore[attr-defined]

        ask()


def _checks_about_other_things() -> list[object]:
    """Checks that presume a schema of bodies: any body is taken of a sender that may write what it likes."""
    wanted = {"not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"}
    return [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ not in wanted]


_ABOUT_OTHER_THINGS = _checks_about_other_things()
