"""What goes wrong with calls: exceptions, hangs, a host that dies before or after the save, answers that are none."""

from __future__ import annotations

import threading

import pytest

from mlconn_pipelines_tests.sandbox.sage_100.conftest import ByReference, Client, add_line, fill_header, log_on
from mlconn_simulators.sage_100.component import CALL_FAILED, ComError, Component
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox


def ready_order(client: Client, number: str = "9000001", reference: str = "REF-1") -> Component:
    bus = client.order_entry()
    bus.call("nSetKey", number)
    fill_header(bus)
    bus.call("nSetValue", "Comment$", reference)
    add_line(bus)
    return bus


def is_there(sage: Sage100Sandbox, number: str = "9000001") -> bool:
    return (number,) in sage.company["PO_PurchaseOrderHeader"].rows


@pytest.mark.parametrize(("fault", "saved"), [("raise", False), ("raise_after", True), ("die", False), ("die_after", True)])
def test_a_call_that_raises_may_have_saved(sage: Sage100Sandbox, client: Client, fault: str, saved: bool) -> None:
    """Facts, section 3: a write that failed after saving leaves a document whose number only a journal knows."""
    bus = ready_order(client)
    sage.site.faults.arm(fault, "PO_PurchaseOrder_bus.nWrite")
    with pytest.raises(ComError):
        bus.call("nWrite")
    assert is_there(sage) == saved


def test_a_dead_host_answers_nothing_and_holds_nothing(sage: Sage100Sandbox, client: Client) -> None:
    bus = ready_order(client)
    pid = sage.state()["processes"][0]
    assert sage.state()["locks"] != [] and sage.state()["seated"] == 1
    sage.end_process(pid)
    with pytest.raises(ComError) as failed:
        bus.get("sLastErrorMsg")
    assert failed.value.code == CALL_FAILED
    assert (sage.state()["locks"], sage.state()["seated"], sage.state()["processes"]) == ([], 0, [])
    assert log_on(sage).entered()


def test_a_number_is_taken_even_by_a_call_that_raises(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, section 4: read the argument after an exception too."""
    bus, number = client.order_entry(), ByReference()
    sage.site.faults.arm("raise_after", "nGetNextPurchaseOrderNo")
    with pytest.raises(ComError):
        bus.call("nGetNextPurchaseOrderNo", number)
    assert number.value == "0000013"


def test_a_hanging_call_blocks_its_host_until_that_is_ended(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, finding 1: the next client meets the same hung host; ending it makes the blocked call fail at once."""
    bus = ready_order(client)
    fault = sage.site.faults.arm("hang", "nWrite", holding="REF-1")
    failures: list[ComError] = []

    def attempt(target: Component, *args: str) -> None:
        try:
            target.call(*args)
        except ComError as error:
            failures.append(error)

    thread = threading.Thread(target=attempt, args=(bus, "nWrite"), daemon=True)
    thread.start()
    assert fault.struck.wait(5)
    host = next(iter(sage.running.values()))
    assert host.hanging.wait(5)
    second = sage.host()
    script = second.script()
    assert second.processes == frozenset()
    waiting = threading.Thread(target=attempt, args=(script, "Init", sage.site.home), daemon=True)
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    sage.end_process(host.pid)
    thread.join(5)
    waiting.join(5)
    assert [error.code for error in failures] == [CALL_FAILED, CALL_FAILED]
    assert not thread.is_alive() and not waiting.is_alive()
    assert not is_there(sage)
    assert log_on(sage).entered()


def test_a_hanging_call_goes_on_when_it_is_let_go(sage: Sage100Sandbox, client: Client) -> None:
    bus = ready_order(client)
    fault = sage.site.faults.arm("hang_after", "nWrite", skip=0, holding="REF-1")
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(bus.call("nWrite")), daemon=True)
    thread.start()
    assert fault.struck.wait(5)
    fault.let_go.set()
    thread.join(5)
    assert answers == [1]
    assert is_there(sage)


def test_a_late_binding_may_answer_with_nothing(sage: Sage100Sandbox, client: Client) -> None:
    """Trap 2: an empty text instead of a number, though the call did what it does."""
    bus = ready_order(client)
    sage.site.faults.arm("empty", "nWrite")
    assert bus.call("nWrite") == ""
    assert is_there(sage)
    sage.site.faults.arm("none", "nFind", skip=1)
    assert [bus.call("nFind", "9000001"), bus.call("nFind", "9000001")] == [1, None]


def test_faults_strike_by_document_chance_and_count(sage: Sage100Sandbox, client: Client) -> None:
    sage.site.faults.arm("raise", "nwrite", None, holding="REF-2")
    assert ready_order(client, "9000001", "REF-1").call("nWrite") == 1
    with pytest.raises(ComError):
        ready_order(client, "9000002", "REF-2").call("nWrite")
    sage.site.faults.disarm()
    sage.site.faults.arm("raise", "nFind", None, rate=0.5, seed=3)
    svc, struck = client.new("PO_PurchaseOrder_svc"), 0
    for _ in range(40):
        try:
            svc.call("nFind", "0000001")
        except ComError:
            struck += 1
    assert 10 < struck < 30
    assert sage.state()["faults"]["raise"] == struck + 1
    with pytest.raises(ValueError, match="No fault"):
        sage.site.faults.arm("explode")


def test_a_sloppy_property_get_writes_the_order(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, finding 2: plain late binding saves before the method is even called."""
    sage.site.sloppy = True
    bus = ready_order(client)
    assert bus.get("nWrite") == 1
    assert is_there(sage)
    with pytest.raises(ComError):
        bus.get("nSetValue")


def test_arguments_may_stay_empty_though_the_call_did_what_it_does(sage: Sage100Sandbox, client: Client) -> None:
    bus, number = client.order_entry(), ByReference()
    sage.site.faults.arm("unfilled", "nGetNextPurchaseOrderNo")
    assert (bus.call("nGetNextPurchaseOrderNo", number), number.value) == (1, "")
    bus.call("nGetNextPurchaseOrderNo", number)
    assert number.value == "0000014"
