"""At most once, with real processes: worker, host and agent are killed at each step, and Sage holds the order once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines_tests.sage_100_agent.supervised import ORDER, SETTINGS, job, supervisor
from mlconn_simulators.sage_100.faults import BoiFault
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox
from mlconn_simulators.sage_100.server import SageServer
from mlconn_simulators.world.making import make_world
from sage_100_agent.journal import Journal, State
from sage_100_agent.supervision.allowance import Allowance
from sage_100_agent.supervision.processes import process_of
from sage_100_agent.supervision.supervisor import SESSIONS_MAX, SessionsFailed, Supervisor

CALLS = (
    "PO_PurchaseOrder_bus.nGetNextPurchaseOrderNo",
    "PO_PurchaseOrder_bus.nSetKey",
    "PO_PurchaseOrder_bus.oLines.nWrite",
    "PO_PurchaseOrder_bus.nWrite",
)
STEPS = ("received", "started", "number_taken", "written", "done")


class Place:
    """A simulated Sage with two orders, and a journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox = Sage100Sandbox(make_world(1, 40), orders=2)
        self.server = SageServer(self.sandbox)
        self.journal = Journal(folder / "journal.sqlite")
        self.agents: list[Supervisor] = []

    def agent(self, *strike: str, **more: Any) -> Supervisor:
        self.agents.append(supervisor(self.server.address[1], self.journal, *strike, **more))
        return self.agents[-1]

    def ours(self, reference: str = "mlc:attempt-1") -> list[str]:
        with self.sandbox.site.lock:
            rows = self.sandbox.company["PO_PurchaseOrderHeader"].rows
            return [key[0] for key, row in rows.items() if row["Comment$"] == reference]

    def dies(self, member: str, when: str) -> BoiFault:
        """The host process is killed at a call, before or after what it does."""
        return self.sandbox.site.faults.arm("die" if when == "before" else "die_after", member)

    def close(self) -> None:
        for agent in self.agents:
            agent.close()
        self.journal.close()
        self.server.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()
    assert place.sandbox.site.alarms == []


def no_pages(rows: Any, cursor: Any) -> None:
    raise AssertionError("no page was asked for")


def test_an_order_is_entered_once_and_asked_again_gives_the_stored_answer(place: Place) -> None:
    agent = place.agent()
    first = agent.run(job(), no_pages)
    assert first["outcome"] == "ok" and place.ours() == [first["value"]["number"]]
    calls = sum(place.sandbox.site.calls.values())
    assert agent.run(job(not_after=0), no_pages) == first
    assert sum(place.sandbox.site.calls.values()) == calls
    other = agent.run(job(params=ORDER | {"vendor": "V10160"}), no_pages)
    assert (other["outcome"], other["category"]) == ("refused", "id_used_twice")
    assert len(place.ours()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("member", CALLS)
def test_a_worker_that_is_killed_leaves_one_order(place: Place, member: str, when: str) -> None:
    result = place.agent(member, when, str(place.folder / "struck")).run(job(), no_pages)
    assert result["outcome"] == "ok" and place.ours() == [result["value"]["number"]]
    assert (place.folder / "struck").exists(), "it was never killed"


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("member", ["SY_Session.nSetUser", *CALLS])
def test_a_host_that_is_killed_leaves_one_order(place: Place, member: str, when: str) -> None:
    fault = place.dies(member, when)
    result = place.agent().run(job(), no_pages)
    assert result["outcome"] == "ok" and place.ours() == [result["value"]["number"]]
    assert fault.struck.is_set()


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_an_agent_that_is_killed_leaves_one_order(place: Place, step: str, when: str) -> None:
    def agent(moment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mlconn_pipelines_tests.sage_100_agent.simulated_agent"]
        command += [str(place.folder / "journal.sqlite"), str(place.server.address[1]), moment]
        return subprocess.run(command, input=json.dumps(job()), capture_output=True, text=True, timeout=60, check=False)

    assert agent(f"{step} {when}").returncode == -9
    ended = agent("never")
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert result["outcome"] == "ok" and place.ours() == [result["value"]["number"]]
    assert len(place.journal.processes()) == 0


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("batches", [False, True])
def test_receipts_and_invoices_are_settled_where_they_are_entered(place: Place, when: str, batches: bool) -> None:
    if batches:
        place.sandbox.company.batches |= {"P/O", "A/P"}
    agent, line = place.agent(), {"line_key": "000001", "quantity": "1"}
    receipt = {"purchase_order": "0000001", "date": "20261129", "lines": [line]}
    invoice = {"division": "00", "vendor": "V10090", "invoice": "INV-77", "date": "20261129", "amount": "10.00",
               "lines": [{"account_key": "000000003", "amount": "10.00"}]}  # fmt: skip
    for name, verb, params, table in (
        ("PO_Receipt_bus", "receipt.enter", receipt, "PO_ReceiptHeader"),
        ("AP_Invoice_bus", "ap_invoice.enter", invoice, "AP_InvoiceHeader"),
    ):
        fault = place.dies(f"{name}.nWrite", when)
        result = agent.run(job(verb, job_id=verb, idem_ref=f"mlc:{verb}", params=params), no_pages)
        assert result["outcome"] == "ok" and fault.struck.is_set(), result
        rows = place.sandbox.company[table].rows.values()
        assert [row["Comment$"] for row in rows] == [f"mlc:{verb}"]


@pytest.mark.parametrize("fault", ["hang", "hang_after"])
def test_a_host_that_hangs_is_ended_by_its_id_and_the_order_settled(place: Place, fault: str) -> None:
    place.sandbox.site.faults.arm(fault, "PO_PurchaseOrder_bus.nWrite")
    started = time.monotonic()
    agent = place.agent()
    agent.run(job("company.list", "read", params={}), lambda rows, cursor: None)
    [hung] = place.sandbox.running
    result = agent.run(job(deadline_s=1), no_pages)
    assert result["outcome"] == "ok" and place.ours() == [result["value"]["number"]]
    assert time.monotonic() - started < 15
    assert process_of(hung) is None and list(place.sandbox.running) != [hung]


def test_a_document_of_somebody_else_under_our_number_is_for_a_person(place: Place) -> None:
    place.journal.receive("attempt-1", job(), time.time())
    place.journal.start("attempt-1", time.time())
    place.journal.number_taken("attempt-1", "0000002", time.time())
    before = place.sandbox.order("0000002")
    [(id, result)] = place.agent().recover()
    assert (id, result["outcome"], result["number"]) == ("attempt-1", "unknown", "0000002")
    assert place.sandbox.order("0000002") == before and place.ours() == []


def test_a_document_that_ends_the_host_each_time_is_given_up_under_its_number(place: Place) -> None:
    place.sandbox.site.faults.arm("die", "PO_PurchaseOrder_bus.nWrite", count=None)
    result = place.agent().run(job(), no_pages)
    assert (result["outcome"], result["category"]) == ("refused", "host")
    assert place.ours() == [] and place.sandbox.company.numbers["P/O purchase order"] == 4, "one number, whatever happened"


def test_six_sessions_that_fail_end_the_service(place: Place) -> None:
    place.sandbox.site.faults.arm("die", "nSetUser", count=None)
    agent = place.agent()
    with pytest.raises(SessionsFailed):
        for _ in range(SESSIONS_MAX):
            assert agent.run(job(), no_pages)["outcome"] == "retry"
    assert place.sandbox.site.calls["SY_Session.nSetUser"] == SESSIONS_MAX
    entry = place.journal.get("attempt-1")
    assert entry is not None and entry.state is State.STARTED


def test_what_is_late_is_left_alone(place: Place) -> None:
    assert place.agent().run(job(not_after=int(time.time()) - 1), no_pages)["outcome"] == "expired"
    assert sum(place.sandbox.site.calls.values()) == 0
    assert place.agents[0].run(job(attempt=2), no_pages)["outcome"] == "ok", "given again with a later time, it is done"


def test_a_record_that_another_user_holds_is_waited_for_and_then_given_back(place: Place) -> None:
    place.sandbox.people.lock_number(for_s=1)
    result = place.agent().run(job(), no_pages)
    assert result["outcome"] == "ok"
    place.sandbox.people.lock_number()
    busy = place.agents[0].run(job(job_id="attempt-2", idem_ref="mlc:attempt-2", deadline_s=3), no_pages)
    assert (busy["outcome"], busy["category"]) == ("retry", "in_use") and busy["after_s"] > 0
    place.sandbox.people.unlock()
    again = place.agents[0].run(job(job_id="attempt-2", idem_ref="mlc:attempt-2"), no_pages)
    assert again["outcome"] == "ok" and len(place.ours("mlc:attempt-2")) == 1


def test_a_password_that_sage_refuses_is_tried_once(place: Place) -> None:
    settings = SETTINGS | {"companies": {"MER": {"user": "EDI", "password": "wrong"}}}
    agent = place.agent(settings=settings)
    for _ in range(3):
        result = agent.run(job("company.list", "read", params={}), no_pages)
        assert (result["outcome"], result["category"]) == ("refused", "sign_in")
    assert place.sandbox.site.calls["SY_Session.nSetUser"] == 1


def test_reads_come_by_pages_and_each_waits_for_the_one_before(place: Place) -> None:
    pages: list[tuple[int, list[str]]] = []
    read = job("po.changed", "read", params={})
    result = place.agent().run(read, lambda rows, cursor: pages.append((len(rows), list(cursor))))
    assert result["outcome"] == "ok" and sum(count for count, _ in pages) == result["value"]["rows"]
    assert pages[-1][1][-1] == "0000002"


@pytest.mark.parametrize(
    ("change", "outcome", "category"),
    [
        ({"verb": "script.execute"}, "unsupported", None),
        ({"verb_version": 2}, "unsupported", None),
        ({"company": "EUR"}, "refused", "not_allowed"),
        ({"effect": "read"}, "refused", "form"),
        ({"params": ORDER | {"column": "HoldPayment$"}}, "refused", "form"),
        ({"verb": "po.update_dates", "params": {"number": "0000001"}}, "refused", "not_allowed"),
    ],
)
def test_a_platform_that_was_taken_over_gets_nothing_beyond_what_the_site_allows(
    place: Place, change: dict[str, Any], outcome: str, category: str | None
) -> None:
    agent = place.agent(allowance=Allowance(frozenset({"MER"}), frozenset({"po.create"})))
    result = agent.run(job(**change), no_pages)
    assert (result["outcome"], result.get("category")) == (outcome, category)
    assert sum(place.sandbox.site.calls.values()) == 0 and place.journal.open() == []


def test_no_more_writes_an_hour_than_the_site_allows(place: Place) -> None:
    agent = place.agent(allowance=Allowance(frozenset({"MER"}), writes_per_hour=2))
    told = [agent.run(job(job_id=f"attempt-{n}", idem_ref=f"mlc:attempt-{n}"), no_pages) for n in (1, 2, 3)]
    assert [result["outcome"] for result in told] == ["ok", "ok", "retry"] and told[2]["category"] == "rate"
    assert agent.run(job(), no_pages) == told[0], "what was done is told all the same"


def test_no_password_stands_on_a_command_line(place: Place) -> None:
    agent = place.agent()
    agent.run(job("company.list", "read", params={}), lambda rows, cursor: None)
    assert agent._worker is not None
    told = Path(f"/proc/{agent._worker.pid}/cmdline").read_bytes() + Path(f"/proc/{agent._worker.pid}/environ").read_bytes()
    assert b"secret" not in told


def test_what_an_agent_before_us_left_running_is_ended_first(place: Place) -> None:
    left = place.agent()
    left.run(job("company.list", "read", params={}), lambda rows, cursor: None)
    noted = place.journal.processes()
    assert len(noted) == 2
    assert place.agent().end_strays() == 2
    assert all(process_of(pid) is None for pid, _ in noted)


def test_a_job_that_rests_with_its_number_is_not_begun_by_a_start_of_the_agent(place: Place) -> None:
    """The platform knows that it was not done, and may not want it any more."""
    asked = job()
    place.journal.receive(asked["job_id"], asked, time.time())
    place.journal.start(asked["job_id"], time.time())
    place.journal.number_taken(asked["job_id"], "0000077", time.time())
    place.journal.rest(asked["job_id"], {"outcome": "retry"}, time.time())
    place.journal.acknowledge(asked["job_id"], time.time())
    agent = place.agent()
    assert agent.recover() == [] and place.ours() == []
    assert agent.run(job(), no_pages)["outcome"] == "ok" and place.ours() == ["0000077"]
