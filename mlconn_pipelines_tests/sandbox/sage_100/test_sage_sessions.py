"""The way in, judged by the facts: Init, session, company, module, task, and only then an entry object."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines_tests.sandbox.sage_100.conftest import ByReference, Client, log_on
from mlconn_simulators.sage_100.component import DISCONNECTED, MEMBER_NOT_FOUND, NOT_REGISTERED, UNKNOWN_NAME, ComError
from mlconn_simulators.sage_100.sandbox import MAIN, OTHER, PASSWORD, USER, Sage100Sandbox


def test_init_on_a_path_that_is_no_home_raises(sage: Sage100Sandbox) -> None:
    """Facts, section 2: Init on a bad path gives a poor error."""
    script = sage.host().script()
    with pytest.raises(ComError, match="Error: 12"):
        script.call("Init", r"C:\elsewhere")
    with pytest.raises(ComError):
        script.call("NewObject", "SY_Session")
    assert script.get("State") == 0
    assert script.call("Init", sage.site.home.upper()) == 1
    assert script.get("State") == 1


def test_wrong_passwords_are_refused_and_then_lock_the_user(sage: Sage100Sandbox) -> None:
    script = sage.host().script()
    script.call("Init", sage.site.home)
    session = script.call("NewObject", "SY_Session")
    for _ in range(5):
        assert session.call("nSetUser", USER, "wrong") == 0
        assert "not valid" in session.get("sLastErrorMsg")
    assert session.call("nSetUser", USER, PASSWORD) == 0
    assert "locked out" in session.get("sLastErrorMsg")


def test_a_company_without_external_access_lets_nobody_in(client: Client) -> None:
    """Agent facts, row 7."""
    assert client.session.call("nSetCompany", OTHER) == 0
    assert "External access" in client.session.get("sLastErrorMsg")
    assert client.session.call("nSetCompany", "XXX") == 0
    assert client.session.get("sCompanyCode") == MAIN


def test_a_company_may_come_before_the_user_and_logon_says_use_set_user(sage: Sage100Sandbox) -> None:
    """Facts, section 2, and agent facts, row 8: 0 of nLogon is no failure."""
    script = sage.host().script()
    script.call("Init", sage.site.home)
    session = script.call("NewObject", "SY_Session")
    assert session.call("nLogon") == 0
    assert session.call("nSetCompany", MAIN) == 1
    assert session.call("nSetUser", USER, PASSWORD) == 1
    assert session.call("nLogon") == 1


def test_an_entry_object_needs_its_own_task_and_module_first(client: Client) -> None:
    """Facts, section 2 and trap 4: nSetProgram belongs before NewObject; service objects work without."""
    with pytest.raises(ComError, match="Error 200"):
        client.new("PO_PurchaseOrder_bus")
    client.module("P/O", "PO_Receipt_ui")
    with pytest.raises(ComError, match="Error 90"):
        client.new("PO_PurchaseOrder_bus")
    client.module("P/O", "PO_PurchaseOrder_ui")
    client.new("po_purchaseorder_BUS")
    client.new("PO_PurchaseOrder_svc")


def test_a_missing_right_is_a_task_of_number_0(sage: Sage100Sandbox, client: Client) -> None:
    sage.user.tasks = {"AP_Vendor_ui"}
    assert client.session.call("nLookupTask", "PO_PurchaseOrder_ui") == 0
    assert client.session.call("nLookupTask", "ap_vendor_UI") > 0
    assert client.session.call("nLookupTask", "PO_ReceiptOfGoods_ui") == 0


def test_an_unlicensed_module_makes_no_objects(sage: Sage100Sandbox, client: Client) -> None:
    sage.company.modules.discard("P/O")
    assert client.session.call("nSetModule", "P/O") == 0
    with pytest.raises(ComError, match="Error 90"):
        client.new("PO_PurchaseOrder_svc")
    with pytest.raises(ComError, match="Error 90"):
        client.new("PO_ReceiptOfGoods_bus")


def test_a_full_licence_refuses_until_a_session_is_cleaned_up(sage: Sage100Sandbox, client: Client) -> None:
    sage.site.seats = 1
    script = sage.host().script()
    script.call("Init", sage.site.home)
    second = script.call("NewObject", "SY_Session")
    assert second.call("nSetUser", USER, PASSWORD) == 0
    assert "licenses are in use" in second.get("sLastErrorMsg")
    client.session.call("nCleanup")
    assert second.call("nSetUser", USER, PASSWORD) == 1


def test_members_differ_in_kind_and_not_in_case(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, finding 2: a property get on a method is refused, or runs it."""
    assert client.session.get("SCOMPANYCODE") == MAIN
    with pytest.raises(ComError) as refused:
        client.session.get("nLogon")
    assert refused.value.code == MEMBER_NOT_FOUND
    with pytest.raises(ComError) as refused:
        client.session.call("sCompanyCode")
    assert refused.value.code == MEMBER_NOT_FOUND
    with pytest.raises(ComError) as refused:
        client.session.call("nNothing")
    assert refused.value.code == UNKNOWN_NAME
    sage.site.sloppy = True
    assert client.session.get("nCleanup") == 1
    assert not sage.site.seated


def test_names_can_differ_from_site_to_site(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts: helper and task names are unconfirmed, so that a client has to probe."""
    sage.site.names["nGetNextPurchaseOrderNo"] = "nGetNextPONo"
    sage.site.absent.add("PO_PurchaseOrderDetail_svc")
    bus, number = client.order_entry(), ByReference()
    with pytest.raises(ComError):
        bus.call("nGetNextPurchaseOrderNo", number)
    assert bus.call("nGetNextPONo", number) == 1
    with pytest.raises(ComError, match="Error 90"):
        client.new("PO_PurchaseOrderDetail_svc")


def test_running_code_is_an_alarm(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, row 4."""
    client.script.call("Execute", "BYE")
    client.script.call("Evaluate", "TCB(29)")
    assert sage.site.alarms == ["Execute BYE", "Evaluate TCB(29)"]


def test_a_host_is_met_again_and_ends_when_all_is_released(sage: Sage100Sandbox) -> None:
    """Agent facts, findings 1 and 3: a forgotten object keeps the host, and the next client meets it."""
    first, second = sage.host(), sage.host()
    script = first.script()
    assert first.processes == {4001}
    other = second.script()
    assert second.processes == frozenset()
    script.release()
    script.release()
    assert sage.state()["processes"] == [4001]
    with pytest.raises(ComError) as gone:
        script.call("Init", sage.site.home)
    assert gone.value.code == DISCONNECTED
    other.release()
    assert sage.state()["processes"] == []
    assert second.script() and second.processes == {4002}


def test_the_clock_shows_decimal_hours_of_local_time_and_one_hour_twice(sage: Sage100Sandbox) -> None:
    """Facts, section 4: no zone, so that it jumps at daylight-saving time."""
    sage.clock.running = False
    assert sage.clock.stamp() == ("20260130", "12")
    sage.clock.error = dt.timedelta(hours=1)
    assert sage.clock.stamp() == ("20260130", "13")
    sage.clock.error = dt.timedelta()
    sage.clock.set(dt.datetime(2026, 11, 1, 6, 30, tzinfo=dt.UTC))
    before = sage.clock.stamp()
    sage.clock.move(dt.timedelta(hours=1))
    assert before == sage.clock.stamp() == ("20261101", "1.5")
    sage.clock.set(dt.datetime(2026, 3, 8, 7, 59, 59, tzinfo=dt.UTC))
    assert sage.clock.stamp()[1] == "1.99972"
    sage.clock.move(dt.timedelta(seconds=1))
    assert sage.clock.stamp()[1] == "3"


def test_an_object_belongs_to_its_host(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, row 5."""
    sage.shares_host = False
    stranger = log_on(sage)
    with pytest.raises(ComError):
        client.script.call("NewObject", "PO_PurchaseOrder_svc", stranger.session)


def test_expired_passwords_locked_companies_and_foreign_ones_are_refused(sage: Sage100Sandbox, client: Client) -> None:
    sage.user.expired = True
    assert client.session.call("nSetUser", USER, PASSWORD) == 0
    assert "expired" in client.session.get("sLastErrorMsg")
    sage.company.locked = "Company MER is being backed up."
    assert client.session.call("nSetCompany", MAIN) == 0
    assert client.session.get("sLastErrorMsg") == "Company MER is being backed up."
    sage.company.locked, sage.user.companies = "", {OTHER}
    assert client.session.call("nSetCompany", MAIN) == 0
    assert "does not have access" in client.session.get("sLastErrorMsg")


def test_a_class_that_is_not_registered_cannot_be_made(sage: Sage100Sandbox) -> None:
    sage.registered = False
    with pytest.raises(ComError) as refused:
        sage.host().script()
    assert refused.value.code == NOT_REGISTERED


def test_after_clean_up_nothing_is_answered_and_nothing_held(sage: Sage100Sandbox, client: Client) -> None:
    bus, svc = client.order_entry(), client.new("PO_PurchaseOrder_svc")
    bus.call("nSetKey", "0000001")
    client.session.call("nCleanup")
    assert (sage.company.locks, client.session.get("sCompanyCode")) == ({}, "")
    assert svc.call("nFind", "0000001") == 0
    assert bus.call("nWrite") == 0
    with pytest.raises(ComError, match="Error 200"):
        client.new("PO_PurchaseOrder_svc")
