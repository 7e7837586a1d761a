"""Events of the simulated systems at the gateway: F&O with test message, doubles and disorder, SAP signed or not, Cleo."""

from __future__ import annotations

import pytest

from mlconn_pipelines_tests.gateway.conftest import SECRETS, Gateway
from mlconn_pipelines_tests.scenario import wait_until
from mlconn_pipelines_tests.systems.finance_operations.simulated_environment import simulated_environment
from mlconn_simulators.cleo import CleoSandbox
from mlconn_simulators.finance_operations.masters import MAIN
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.world.making import make_world

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


def test_webhooks_of_sap_become_hints_of_their_flow_signed_or_with_the_secret_in_the_address(gateway: Gateway) -> None:
    sap = SapBusinessOneSandbox(make_world(1, 30), user="manager", password="p", company_db="DB")
    try:
        address = f"{gateway.url}/hooks/sap/sap-business-one/{SECRETS['sap_tells']}"
        sap.hooks.add(f"{address}?flow=x12_810", ["Invoices"])
        sap.hooks.add(f"{address}?flow=x12_856", ["DeliveryNotes"])
        signed = f"{gateway.url}/hooks/signed/sap-business-one?flow=x12_810"
        sap.hooks.add(signed, ["Invoices"], hmac_header="X-Signature", hmac_key=SECRETS["signed_tells"])
        sap.hooks.add(signed, ["Invoices"], hmac_header="X-Signature", hmac_key="a guess of the key")
        sap.hooks.retry_s = 0.01
        sap.activity(4, sound=True)
        assert sap.hooks.work.idle(10)
        assert gateway.hints("sap") == {"x12_810": 2, "x12_856": 1}
        assert gateway.hints("signed") == {"x12_810": 2}
        assert {call["status"] for call in sap.hooks.sent} == {202, 401}
    finally:
        sap.hooks.close()


def test_cleos_calls_become_hints_of_the_inbound_flow(gateway: Gateway) -> None:
    tenant = CleoSandbox(["inbox"])
    try:
        shown = {"X-Mlconn-Secret": SECRETS["cleo_tells"]}
        tenant.hooks.add(f"{gateway.url}/hooks/central/cleo", ["inbox"], shown)
        for number in range(3):
            tenant.put("inbox", f"850_{number}.edi", b"ISA")
        assert tenant.hooks.work.idle(10)
        assert gateway.hints("central") == {"inbound": 3}
    finally:
        tenant.close()
