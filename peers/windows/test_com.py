"""Real pywin32 calls: the agent's worker against ProvideX.Script as a COM server of a process of its own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from peers.windows import environment
from peers.windows.conftest import Sage
from peers.windows.environment import python_command, windows_path

ORDER: dict[str, Any] = {
    "division": "00", "vendor": "V10090", "date": "20261129",
    "lines": [{"item": "A1001", "quantity": "5", "unit_cost": "0.129999"}, {"item": "A1002", "quantity": "12"}],
}  # fmt: skip


def job(verb: str = "po.create", effect: str = "write", **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "job_id": "attempt-1", "agent_id": "A1", "verb": verb, "verb_version": 1, "effect": effect, "company": "MER", "params": ORDER,
        "idem_ref": "mlc:attempt-1", "not_after": int(time.time()) + 3600, "deadline_s": 30,
    }  # fmt: skip
    return told | more


class Agent:
    """Jobs one after another, in a zone that is not UTC."""

    def __init__(self, folder: Path) -> None:
        command = python_command(windows_path(Path(__file__).with_name("jobs.py")), windows_path(folder) + "\\journal.sqlite")
        self._process = subprocess.Popen(
            command,
            env=environment.variables() | {"TZ": "Europe/Helsinki"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def does(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None and self._process.stderr is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, self._process.stderr.read()
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@pytest.fixture
def agent(sage: Sage, tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path)
    yield agent
    agent.close()


def test_what_a_site_has_is_found_and_an_order_is_entered_and_read_back(agent: Agent, sage: Sage) -> None:
    probed = agent.does(job("probe", "read", job_id="r0", params={}))
    assert probed["outcome"] == "ok", probed
    assert (probed["value"]["code_page"], probed["value"]["separator"]) == ("cp1252", "0160")
    done = agent.does(job())
    assert done["outcome"] == "ok", done
    [number] = sage.ours("mlc:attempt-1")
    order = sage.sandbox.order(number)
    assert number == done["value"]["number"] and order["PurchaseOrderDate$"] == "20261129"
    assert [(line["ItemCode$"], line["QuantityOrdered"]) for line in order["lines"]] == [("A1001", 5), ("A1002", 12)]
    assert str(order["lines"][0]["UnitCost"]) == "0.129999"
    read = agent.does(job("po.get", "read", job_id="r1", params={"number": number}))
    assert read["outcome"] == "ok" and "0.129999" in json.dumps(read), read
    changed = agent.does(job("po.changed", "read", job_id="r2", params={}))
    assert changed["outcome"] == "ok" and len(changed["rows"]) == 3, changed
    assert len(sage.came) == 1 == len(done["hosts"])


@pytest.mark.parametrize("fault", ["die", "die_after"])
def test_a_host_that_dies_over_an_order_leaves_one(agent: Agent, sage: Sage, fault: str) -> None:
    struck = sage.sandbox.site.faults.arm(fault, "PO_PurchaseOrder_bus.nWrite")
    done = agent.does(job())
    assert struck.struck.is_set() and done["outcome"] == "ok", done
    assert sage.ours("mlc:attempt-1") == [done["value"]["number"]] and len(sage.came) >= 2


@pytest.mark.parametrize("fault", ["hang", "hang_after"])
def test_a_host_that_hangs_is_ended_by_its_id_and_leaves_one_order(agent: Agent, sage: Sage, fault: str) -> None:
    struck = sage.sandbox.site.faults.arm(fault, "PO_PurchaseOrder_bus.nWrite")
    with somebody_else() as another:
        done = agent.does(job(deadline_s=6))
        assert another.poll() is None, "a host of somebody else was ended"
    assert struck.struck.is_set() and done["outcome"] == "ok", done
    assert sage.ours("mlc:attempt-1") == [done["value"]["number"]] and len(sage.came) >= 2


@contextmanager
def somebody_else() -> Iterator[subprocess.Popen[bytes]]:
    """A pvxcom.exe that we did not bring."""
    command = [
        str(environment.WINE),
        str(environment.PYTHON / "pvxcom.exe"),
        "-c",
        "import sys; print(1, flush=True); sys.stdin.read()",
    ]
    with subprocess.Popen(
        command, env=environment.variables(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdin is not None and process.stdout.readline().strip() == b"1"
        yield process
        process.stdin.close()


LATE_BOUND = """
import sys; sys.path.insert(0, {root!r})
from sage_100_agent.boi.com import ComHost
from sage_100_agent.boi.interface import HostFailed, Ref
from win32com.client import dynamic

script = ComHost().script()
script.call("Init", {home!r})
session = script.call("NewObject", "SY_Session")
for name, *words in (("nSetUser", "EDI", "secret"), ("nSetCompany", "MER"), ("nSetDate", "P/O", "20261129"), ("nSetModule", "P/O")):
    assert session.call(name, *words) == 1
assert session.call("nSetProgram", session.call("nLookupTask", "PO_PurchaseOrder_ui")) == 1
order = script.call("NewObject", "PO_PurchaseOrder_bus", session)
number = Ref("")
assert order.call("nGetNextPurchaseOrderNo", number) == 1 and number.value, "a text by reference was not filled"
assert order.call("nSetKey", number.value) == 2
for name, value in (("PurchaseOrderDate$", "20261129"), ("APDivisionNo$", "00"), ("VendorNo$", "V10090"), ("Comment$", "late")):
    assert order.call("nSetValue", name, value) in (1, -1), name
lines = order.get("oLines")
lines.call("nAddLine"); lines.call("nSetValue", "ItemCode$", "A1001"); lines.call("nSetValue", "QuantityOrdered", 3.0)
quantity = Ref(0.0)
assert lines.call("nGetValue", "QuantityOrdered", quantity) == 1 and quantity.value == 3.0, "a number by reference was not filled"
assert lines.call("nWrite") == 1
try:
    order.get("nWrite_")
except HostFailed as failed:
    assert failed.text, "the text of an error is lost"
else:
    raise AssertionError("a member that is none")
try:
    dynamic.Dispatch(order._dispatch).nWrite()
except TypeError as wrong:
    print(wrong)
for each in (lines, order, session, script):
    each.release()
"""


def test_plain_late_binding_writes_by_asking_which_is_why_we_never_use_it(sage: Sage) -> None:
    sage.sandbox.site.sloppy = True
    said = environment.ran(
        python_command("-c", LATE_BOUND.format(root=windows_path(environment.ROOT), home=sage.sandbox.site.home))
    ).stdout
    assert "not callable" in said and len(sage.ours("late")) == 1
