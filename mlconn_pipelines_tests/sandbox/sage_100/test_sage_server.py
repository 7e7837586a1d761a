"""The simulated server from another process: real host processes, ended by their ids, and clients that break off."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from mlconn_pipelines_tests.sandbox.sage_100.conftest import ByReference
from mlconn_simulators.sage_100.component import CALL_FAILED, ComError
from mlconn_simulators.sage_100.remote import RemoteHost, RemoteObject
from mlconn_simulators.sage_100.sandbox import MAIN, PASSWORD, USER, Sage100Sandbox
from mlconn_simulators.sage_100.server import SageServer


@pytest.fixture
def server(sage: Sage100Sandbox) -> Iterator[SageServer]:
    with SageServer(sage, run_down_s=0.0) as running:
        yield running


def log_on(host: RemoteHost, sandbox: Sage100Sandbox) -> tuple[RemoteObject, RemoteObject]:
    script = host.script()
    script.call("Init", sandbox.site.home)
    session = script.call("NewObject", "SY_Session")
    assert session.call("nSetUser", USER, PASSWORD) == 1
    assert session.call("nSetCompany", MAIN) == 1
    return script, session


def until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_objects_are_used_from_afar_as_from_here(sage: Sage100Sandbox, server: SageServer) -> None:
    host = RemoteHost(server.address)
    script, session = log_on(host, sage)
    session.call("nSetDate", "P/O", sage.clock.today())
    session.call("nSetModule", "P/O")
    session.call("nSetProgram", session.call("nLookupTask", "PO_PurchaseOrder_ui"))
    bus, number = script.call("NewObject", "PO_PurchaseOrder_bus", session), ByReference()
    assert bus.call("nGetNextPurchaseOrderNo", number) == 1
    assert number.value == "0000013"
    sage.site.faults.arm("raise_after", "nGetNextPurchaseOrderNo")
    with pytest.raises(ComError):
        bus.call("nGetNextPurchaseOrderNo", number)
    assert number.value == "0000014"
    lines = bus.get("oLines")
    assert lines.call("nMoveFirst") == 0
    assert bus.get("sLastErrorMsg") == ""
    (pid,) = host.processes
    assert lives(pid)
    for each in (bus, session, script):
        each.release()
    assert lives(pid)  # the lines were forgotten
    lines.release()
    until(lambda: not lives(pid))


def test_killing_the_host_by_its_id_frees_a_client_that_hangs(sage: Sage100Sandbox, server: SageServer) -> None:
    host = RemoteHost(server.address)
    _, session = log_on(host, sage)
    fault = sage.site.faults.arm("hang", "nSetModule")
    failures: list[int] = []

    def hang() -> None:
        try:
            session.call("nSetModule", "P/O")
        except ComError as error:
            failures.append(error.code)

    thread = threading.Thread(target=hang, daemon=True)
    thread.start()
    assert fault.struck.wait(5)
    (pid,) = host.processes
    os.kill(pid, signal.SIGKILL)
    thread.join(5)
    assert failures == [CALL_FAILED]
    assert sage.state()["seated"] == 0
    log_on(RemoteHost(server.address), sage)


def test_a_simulated_death_ends_the_process(sage: Sage100Sandbox, server: SageServer) -> None:
    host = RemoteHost(server.address)
    _, session = log_on(host, sage)
    (pid,) = host.processes
    sage.site.faults.arm("die", "sCompanyCode")
    with pytest.raises(ComError):
        session.get("sCompanyCode")
    until(lambda: not lives(pid))


@pytest.mark.parametrize("run_down_s", [0.0, None])
def test_a_client_that_breaks_off_leaves_its_objects(sage: Sage100Sandbox, run_down_s: float | None) -> None:
    """Agent facts, finding 3: the host outlives its client, and Windows runs it down after minutes."""
    with SageServer(sage, run_down_s) as server:
        host = RemoteHost(server.address)
        log_on(host, sage)
        (pid,) = host.processes
        host.close()
        if run_down_s is None:
            time.sleep(0.05)
            assert lives(pid) and sage.state()["seated"] == 1
            again = RemoteHost(server.address)
            log_on(again, sage)
            assert again.processes == frozenset()
        else:
            until(lambda: not lives(pid))
            assert sage.state()["seated"] == 0


def test_a_server_that_is_gone_is_a_failed_call(sage: Sage100Sandbox) -> None:
    with SageServer(sage) as server:
        host = RemoteHost(server.address)
        script, _ = log_on(host, sage)
    with pytest.raises(ComError) as failed:
        script.get("State")
    assert failed.value.code == CALL_FAILED
