"""The agent looks at Sage by itself: what it found is told, and what cannot be done there is refused before anything is begun."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from mlconn_pipelines_tests.sage_100_agent.supervised import ORDER
from mlconn_pipelines_tests.sage_100_agent.test_service import Site, site
from mlconn_simulators.sage_100.people import People

__all__ = ["site"]

RECEIPTS = "PO_ReceiptHeader"
WORDS = "receipts of goods in Sage have no column Comment (PO_Receipt_bus)"


def found(site: Site, count: int) -> dict[str, Any]:
    """What the hello of that number says of the company."""
    told: dict[str, Any] = site.gateway.heard("hello", count)[count - 1]["probe"]["MER"]
    return told


def receipt(site: Site, id: str) -> dict[str, Any]:
    """The result of a receipt for the first order."""
    people: People = site.sandbox.people
    number = people.enter_order("V10090", [{"ItemCode$": "A1001", "QuantityOrdered": 5.0}], {"WarehouseCode$": "000"})
    line = {"line_key": "000001", "quantity": "1"}
    params = {"purchase_order": number, "date": ORDER["date"], "lines": [line]}
    site.gateway.give("receipt.enter", params, id=id, idem_ref=f"mlc:{id}")
    count = 1 + len([kind for kind, _ in site.gateway.said if kind == "result"])
    return site.gateway.heard("result", count)[count - 1]


def test_what_sage_has_is_told_with_the_next_hello_and_kept(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.sandbox.company.modules.discard("I/M")
    site.start()
    told = found(site, 2)
    value = told["value"]
    assert told["outcome"] == "ok" and value["unable"] == {} and told["processes"] == sorted(site.sandbox.running)
    assert value["modules"]["I/M"] and not value["modules"]["P/O"] and value["objects"]["PO_Receipt_bus"] == ""
    assert (value["code_page"], value["separator"], value["missing"]["PO_PurchaseOrder_svc"]) == ("cp1252", "0160", [])
    assert site.kept == [{"MER": told}]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_job_whose_columns_are_missing_is_refused_in_words_and_goes_on_once_they_are_there(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = dict(site.sandbox.company.numbers)
    site.sandbox.company[RECEIPTS].rename_column("Comment$", "Remark$")
    site.start()
    assert WORDS in found(site, 2)["value"]["unable"]["receipt.enter"]
    refused = receipt(site, "acme-7")
    assert (refused["outcome"], refused["category"], refused["where"]) == ("refused", "columns_missing", "agent")
    assert WORDS in refused["text"] and "add it in Custom Office" in refused["text"]
    assert {**numbers, **site.sandbox.company.numbers}.keys() == numbers.keys(), "no number was taken"
    assert "receipt.enter is refused" in caplog.text
    site.gateway.give("po.create", ORDER)
    assert site.gateway.heard("result", 2)[1]["outcome"] == "ok", "orders need no receipts"
    site.sandbox.company[RECEIPTS].rename_column("Remark$", "Comment$")
    assert receipt(site, "acme-8")["outcome"] == "refused", "it does not look at every job"
    monkeypatch.setattr("sage_100_agent.supervision.supervisor.LOOK_AGAIN_S", 0.0)
    assert receipt(site, "acme-9")["outcome"] == "ok"


@pytest.mark.slow
def test_it_looks_again_when_a_session_works_after_one_that_failed(site: Site) -> None:
    site.start()
    assert found(site, 2)["value"]["unable"] == {}
    site.sandbox.company[RECEIPTS].rename_column("Comment$", "Remark$")
    site.sandbox.site.faults.arm("die", "sGetColumns")
    site.gateway.give("po.changed", {})
    assert site.gateway.heard("result")[0]["outcome"] == "ok", "it was read again in a new session"
    assert WORDS in found(site, 3)["value"]["unable"]["receipt.enter"]
    assert receipt(site, "acme-7")["category"] == "columns_missing"


@pytest.mark.slow
def test_a_sage_that_does_not_answer_keeps_no_job_back(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The look failed; the job hears by itself what there is to hear, and Sage is looked at once a session works."""
    site.sandbox.site.faults.arm("die", "SY_Session.nSetUser")
    site.start()
    assert found(site, 2)["outcome"] == "host_failed" and "company MER" in caplog.text
    site.gateway.give("po.create", ORDER)
    assert site.gateway.heard("result")[0]["outcome"] == "ok"
    assert found(site, 3)["outcome"] == "ok"
