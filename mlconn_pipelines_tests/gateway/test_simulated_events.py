"""Business events of the simulated Finance & Operations at the gateway: test message, retries, doubles, disorder, Resend."""

from __future__ import annotations

import pytest

from mlconn_pipelines.sandbox.finance_operations.masters import MAIN
from mlconn_pipelines_tests.connectors.simulated_environment import simulated_environment
from mlconn_pipelines_tests.gateway.conftest import SECRETS, Gateway
from mlconn_pipelines_tests.scenario import wait_until

pytestmark = pytest.mark.database


def test_confirmed_orders_become_hints_however_they_are_told(gateway: Gateway) -> None:
    with simulated_environment(documents=0) as environment:
        sandbox = environment.sandbox
        sandbox.events.retry_s = 0.01
        with pytest.raises(ValueError, match="did not accept the test message: 401"):
            sandbox.add_endpoint(f"{gateway.url}/hooks/finance/finance-operations/a-guess-of-the-secret")
        sandbox.add_endpoint(f"{gateway.url}/hooks/finance/finance-operations/{SECRETS['fo_tells']}")
        assert gateway.hints("finance") == {}, "a test message is no event"
        sandbox.faults.arm("event_twice", count=1)
        sandbox.faults.arm("event_reordered", count=1)
        for _ in range(3):
            environment.order()
        assert wait_until(lambda: gateway.hints("finance") == {"x12_850": 3}, 5), sandbox.events.sent
        sandbox.faults.arm("event_lost", count=1)
        environment.order()
        environment.order()
        assert wait_until(lambda: gateway.hints("finance") == {"x12_850": 4}, 5)
        company = {message["message"]["LegalEntity"] for message in sandbox.events.sent if "LegalEntity" in message["message"]}
        assert company == {MAIN}
