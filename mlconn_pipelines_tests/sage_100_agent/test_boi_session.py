"""The session: its order, what ends it, and what a site is found to have."""

from __future__ import annotations

from datetime import date

import pytest

from mlconn_pipelines_tests.sage_100_agent.scripted import Answer, Scripted, ScriptedHost
from sage_100_agent.boi.interface import HostFailed
from sage_100_agent.boi.probe import probe
from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.boi.session import Session, SignIn
from sage_100_agent.boi.tables import PURCHASE_ORDER_ENTRY

TODAY = date(2026, 11, 29)


def opened(host: ScriptedHost) -> Session:
    return Session(host, r"C:\Sage\MAS90\Home", SignIn("ABC", "edi", "secret"), TODAY)


def test_a_session_is_set_up_in_sages_order_and_released_in_the_opposite_one() -> None:
    host = ScriptedHost(PO_PurchaseOrder_bus=Scripted(name="order", oLines=Scripted(name="lines")))
    session = opened(host)
    before = [said for said in host.said if not said.startswith("vendors")]
    assert before == ["script.Init", "script.NewObject", "session.nSetUser", "session.nSetCompany", "session.nSetDate",
                      "session.nSetModule", "script.NewObject"]  # fmt: skip
    host.said.clear()
    host.objects["PO_PurchaseOrder_bus"].answers["oLines"] = Scripted(host.said, "lines")
    with session.entry(PURCHASE_ORDER_ENTRY, TODAY, {}) as order:
        order.lines()
    session.close()
    assert host.said == ["session.nSetDate", "session.nSetModule", "session.nLookupTask", "session.nSetProgram", "script.NewObject",
                         "lines.release", "order.release", "session.nCleanup", "session.DropObject", "session.release",
                         "script.release"]  # fmt: skip


def test_a_session_that_is_warm_sets_module_and_date_only_when_they_change() -> None:
    host = ScriptedHost()
    session = opened(host)
    host.said.clear()
    for day in (TODAY, TODAY, date(2026, 11, 30)):
        with session.service("A/P", day, "AP_Vendor_svc"):
            pass
    assert host.said.count("session.nSetDate") == host.said.count("session.nSetModule") == 1


def test_an_object_is_let_go_after_a_refusal_so_that_we_lock_nothing() -> None:
    host = ScriptedHost(PO_PurchaseOrder_bus=Scripted(name="order", nSetKey=0, sLastErrorMsg="The record is in use."))
    with pytest.raises(Refused), opened(host).entry(PURCHASE_ORDER_ENTRY, TODAY, {}) as order:
        order.set_key(PurchaseOrderNo="0000001")
    assert host.said[-1] == "order.release"


@pytest.mark.parametrize(
    ("answers", "category"),
    [
        ({"nSetUser": 0, "sLastErrorMsg": "No such user."}, Category.SIGN_IN),
        ({"nSetUser": 0, "sLastErrorMsg": "The maximum number of users has been reached."}, Category.LICENCE_FULL),
        ({"nSetCompany": 0, "sLastErrorMsg": "The company is not on file."}, Category.NOT_FOUND),
    ],
)
def test_a_session_that_sage_refuses_leaves_nothing_open(answers: dict[str, Answer], category: Category) -> None:
    host = ScriptedHost(answers)
    with pytest.raises(Refused) as refused:
        opened(host)
    assert refused.value.category is category
    assert host.said[-2:] == ["session.release", "script.release"]


def test_no_right_to_a_screen_is_told_before_the_object_is_made() -> None:
    host = ScriptedHost({"nLookupTask": 0})
    with pytest.raises(Refused) as refused, opened(host).entry(PURCHASE_ORDER_ENTRY, TODAY, {}):
        pass
    assert refused.value.category is Category.NO_RIGHT and "PO_PurchaseOrder_ui" in refused.value.text


def test_an_object_that_the_engine_will_not_make_is_refused_and_a_host_that_died_is_not() -> None:
    host = ScriptedHost()
    session = opened(host)
    with pytest.raises(Refused) as refused, session.service("P/O", TODAY, "PO_PurchaseOrder_svc"):
        pass
    assert refused.value.category is Category.UNLICENSED
    host._new = lambda name, *session: (_ for _ in ()).throw(HostFailed("RPC call failed", -2147023170))  # type: ignore[method-assign]
    session._script = host.script()
    with pytest.raises(HostFailed), session.service("P/O", TODAY, "PO_PurchaseOrder_svc"):
        pass


@pytest.mark.parametrize(
    ("separator", "ansi", "page"),
    [("Š", "cp1252", "cp1252"), ("Š", "cp1250", "cp1250"), ("Љ", "cp1251", "cp1251"), ("\x8a", "cp1253", "latin-1")],
)
def test_separator_and_code_page_are_derived(separator: str, ansi: str, page: str) -> None:
    session = Session(ScriptedHost(separator=separator), "Home", SignIn("ABC", "edi", "secret"), TODAY, ansi)
    assert (session.encoding.separator, session.encoding.code_page) == (separator, page)


def test_a_host_that_is_gone_is_no_hindrance_to_closing() -> None:
    host = ScriptedHost({"nCleanup": HostFailed("gone"), "DropObject": HostFailed("gone")})
    session = opened(host)
    session.close()
    session.close()
    assert host.said.count("script.release") == 1
    with pytest.raises(HostFailed):
        session.module("P/O", TODAY)


def test_the_probe_tells_what_the_site_has_and_lacks() -> None:
    columns = "ŠA".join(["PurchaseOrderNo$", "B"])
    host = ScriptedHost(
        {"nSetModule": lambda code: int(code != "I/M"), "sLastErrorMsg": "I/M is not licensed."},
        PO_PurchaseOrder_svc=Scripted(name="orders", sGetDataSources="Main", sGetColumns=columns),
    )
    told = probe(opened(host), TODAY).told
    assert told["modules"] == {"P/O": "", "A/P": "", "G/L": "", "I/M": "I/M is not licensed."}
    objects, missing = told["objects"], told["missing"]
    assert isinstance(objects, dict) and isinstance(missing, dict)
    assert objects["PO_PurchaseOrder_svc"] == "" and "Error 90" in objects["PO_Receipt_bus"]
    assert "VendorNo$" in missing["PO_PurchaseOrder_svc"] and "PurchaseOrderNo$" not in missing["PO_PurchaseOrder_svc"]
    assert (told["separator"], told["code_page"]) == ("0160", "cp1252")


def test_the_password_is_shown_nowhere() -> None:
    assert "secret" not in repr(SignIn("ABC", "edi", "secret"))
