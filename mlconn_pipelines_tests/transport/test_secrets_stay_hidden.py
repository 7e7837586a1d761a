"""Planted secrets are in no log line, message, representation or traceback, whatever goes wrong."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterable

import pytest

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines_tests.systems.cleo import cleo_tenant
from mlconn_pipelines_tests.systems.sap_business_one import sap_company
from mlconn_pipelines_tests.transport.scripted_server import CUT, Answer, Asked, scripted_server
from mlconn_simulators.cleo.tenant import PASSWORD, USER

FAULTS = ("500", "502_html", "cut_before", "401", "cut_after")
TOTP = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def tried(acts: Iterable[Callable[[], object]]) -> str:
    """Everything that the errors of these acts show."""
    shown = []
    for act in acts:
        try:
            act()
        except MlconnError as problem:
            shown += [repr(problem), *traceback.format_exception(problem)]
    return "\n".join(shown)


def assert_hidden(shown: str, secrets: Iterable[str | None]) -> None:
    for secret in filter(None, secrets):
        assert secret not in shown


def test_saps_password_and_session(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with sap_company.sap_company() as company:
        connector = company.connector()
        connector.target.reserve()
        shown = repr(connector) + repr(company.sessions.current())
        for fault in FAULTS:
            company.sandbox.faults.arm(fault, path="Orders", count=None)
            shown += tried(
                [
                    lambda: connector.target.find("Orders", "acme:Orders:D1"),
                    lambda: connector.target.create("Orders", company.payload("acme:Orders:D1", "Orders")),
                ]
            )
            company.sandbox.faults.disarm()
        assert "answered 500" in shown and (company.sessions.values or {})["B1SESSION"]
        assert_hidden(shown + caplog.text, [sap_company.PASSWORD, (company.sessions.values or {})["B1SESSION"]])


def test_cleos_password_tokens_and_one_time_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    entry = {"username": USER, "password": PASSWORD, "totp_secret": TOTP}
    with cleo_tenant.cleo_tenant(entry=entry, totp_secret=TOTP) as tenant:
        exchange = tenant.exchange()
        delivery = exchange.folder("outbox")
        delivery.reserve()
        shown = repr(exchange) + repr(tenant.sessions.current())
        for fault in FAULTS:
            tenant.sandbox.faults.arm(fault, path="/folders", count=None)
            shown += tried([lambda: list(exchange.list_folder("inbox")), lambda: delivery.deliver("a.edi", b"ISA")])
            tenant.sandbox.faults.disarm()
        values = tenant.sessions.values or {}
        assert "answered 500" in shown and values["refresh_token"]
        assert_hidden(shown + caplog.text, [PASSWORD, TOTP, values["access_token"], values["refresh_token"]])


def test_a_server_that_repeats_what_it_was_sent_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def parrot(asked: Asked) -> object:
        if asked.path.endswith("/authentication") and b"Second" not in asked.body:
            return Answer(body={"access_token": "opaque-token-77", "refresh_token": "opaque-refresh-77"})
        if asked.path.endswith("CUT"):
            return CUT
        return Answer(400, {"message": f"{dict(asked.headers)} {asked.body.decode()}"})

    with (
        cleo_tenant.cleo_tenant(entry={"username": "u", "password": "First-Secret-1"}) as tenant,
        scripted_server(parrot) as server,
    ):
        tenant.url = server.url + "/api"
        exchange = tenant.exchange()
        shown = tried([lambda: list(exchange.list_folder("inbox"))])
        assert "***" in shown
        tenant.credentials.entries["cleo"] = {"username": "u", "password": "Second-Secret-1"}
        tenant.sessions.values = None
        with contextlib.suppress(MlconnError):
            shown += tried([lambda: list(tenant.exchange().list_folder("inbox"))])
        assert_hidden(shown + caplog.text, ["First-Secret-1", "Second-Secret-1", "opaque-token-77", "opaque-refresh-77"])
