"""A receipt posted: only where the site has switched it on, alone in its batch, and once, whatever dies over it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines_tests.sage_100_agent.supervised import COMPANIES, POSTING, job
from mlconn_pipelines_tests.sage_100_agent.test_supervisor import Place, no_pages, place
from sage_100_agent.supervision.allowance import Allowance, read_allowance
from sage_100_agent.supervision.processes import process_of
from sage_100_agent.supervision.supervisor import TRIES_MAX

__all__ = ["place"]

REFERENCE = "mlc:notice-1"
REGISTER = "PO_ReceiptRegister_upd"
BEFORE_UPDATE = (f"{REGISTER}.nSelectBatch", f"{REGISTER}.nSetPostingDate", f"{REGISTER}.nProcessReport")


def entered(place: Place, reference: str = REFERENCE, **change: Any) -> dict[str, Any]:
    """A receipt entered by the agent, and the job that posts it."""
    place.sandbox.company.batches |= {"P/O"}
    params = {"purchase_order": "0000001", "date": "20261129", "lines": [{"line_key": "000001", "quantity": "1"}]}
    told = place.agent(allowance=POSTING).run(
        job("receipt.enter", job_id=f"enter-{reference}", idem_ref=reference, params=params), no_pages
    )
    assert told["outcome"] == "ok", told
    place.agents[0].close()
    params = {"number": told["value"]["number"]}
    return job("receipt.post", job_id=f"post-{reference}", idem_ref=reference, params=params, **change)


def posted(place: Place) -> int:
    """How many receipts of ours are in the history; with the stock that they moved."""
    history = [row for row in place.sandbox.company["PO_ReceiptHistoryHeader"].rows.values() if row["Comment$"] == REFERENCE]
    assert float(place.sandbox.order("0000001")["lines"][0]["QuantityReceived"]) == len(history)
    return len(history)


def updates(place: Place) -> int:
    return place.sandbox.site.calls[f"{REGISTER}.nUpdate"]


def test_a_receipt_is_posted_on_its_own_date_and_never_twice(place: Place) -> None:
    asked = entered(place)
    told = place.agents[0].run(asked, no_pages)
    assert told["outcome"] == "ok" and told["value"]["posted"] is True and posted(place) == 1
    [row] = place.sandbox.company["PO_ReceiptHistoryHeader"].rows.values()
    assert row["TransactionDate$"] == "20261129"
    assert place.agents[0].run(asked, no_pages) == told
    again = place.agents[0].run(asked | {"job_id": "another"}, no_pages)
    assert again["outcome"] == "ok" and again["value"]["settled"] is True
    assert updates(place) == 1 and posted(place) == 1
    place.agents[0].close()
    assert place.sandbox.company.locks == {}


def test_what_a_person_posted_is_found_and_left_alone(place: Place) -> None:
    asked = entered(place)
    place.sandbox.people.post_receipts()
    assert place.agents[0].run(asked, no_pages)["value"]["settled"] is True
    assert place.sandbox.site.calls[f"{REGISTER}.nSelectBatch"] == 0


def test_no_site_posts_unless_its_own_file_says_so(place: Place, tmp_path: Path) -> None:
    asked, file, companies = entered(place), tmp_path / "allow.toml", frozenset(COMPANIES)
    for told in (
        None,
        "",
        "posting = false",
        'verbs = ["receipt.post", "receipt.enter"]',
        'posting = true\nverbs = ["po.get"]',
    ):
        if told is not None:
            file.write_text(told)
        result = place.agent(allowance=read_allowance(file, companies)).run(asked, no_pages)
        assert (result["outcome"], result["category"]) == ("refused", "not_allowed") and "allow.toml" in result["text"]
    assert Allowance(companies).objection(asked) is not None
    assert posted(place) == updates(place) == 0
    file.write_text("posting = true")
    assert place.agent(allowance=read_allowance(file, companies)).run(asked, no_pages)["outcome"] == "ok"


def test_a_batch_that_holds_anything_else_is_not_posted(place: Place) -> None:
    asked, others = entered(place), place.sandbox.company["PO_ReceiptHeader"]
    batch = {"BatchNo$": "00001"}
    for more in ({"ReceiptType$": "I", "ReceiptNo$": asked["params"]["number"]}, {"ReceiptType$": "G", "ReceiptNo$": "000900"}):
        others.put(more | batch)
        told = place.agents[0].run(asked | {"job_id": f"with {more['ReceiptNo$']}"}, no_pages)
        assert (told["outcome"], told["category"]) == ("refused", "batch_shared")
        assert f"{more['ReceiptType$']}{more['ReceiptNo$']}" in told["text"] and "post it in Sage" in told["text"]
        others.remove((more["ReceiptType$"], more["ReceiptNo$"]))
    assert updates(place) == 0 and place.agents[0].run(asked, no_pages)["outcome"] == "ok"


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"idem_ref": "mlc:another"}, "not_found"),
        ({"params": {"number": "000900"}}, "not_found"),
        ({"params": {"number": ""}}, "form"),
        ({"params": {"number": '1" OR "'}}, "form"),
        ({"params": {"number": "000001", "batch": "00001"}}, "form"),
    ],
)
def test_a_receipt_that_is_not_ours_or_not_there_is_not_posted(place: Place, change: Any, category: str) -> None:
    asked = entered(place) | change
    told = place.agents[0].run(asked, no_pages)
    assert (told["outcome"], told["category"]) == ("refused", category) and updates(place) == 0


def test_each_refusal_has_its_category_and_leaves_the_receipt_entered(place: Place) -> None:
    asked = entered(place, deadline_s=3)

    def refused(id: str) -> tuple[str, str]:
        told = place.agents[0].run(asked | {"job_id": id}, no_pages)
        return told["outcome"], told["category"]

    place.sandbox.company.open_to = "20261031"
    assert refused("closed") == ("refused", "period_closed")
    place.sandbox.company.open_to = "29991231"
    place.sandbox.site.printer = False
    assert refused("printer") == ("refused", "printer")
    place.sandbox.site.printer = True
    place.sandbox.people.lock_batch("00001")
    assert refused("batch") == ("retry", "batch_in_use")
    place.sandbox.people.unlock()
    place.sandbox.site.users["EDI"].tasks = {"PO_Receipt_ui"}
    assert refused("right") == ("refused", "no_right")
    place.sandbox.site.users["EDI"].tasks = None
    assert posted(place) == 0
    assert place.agents[0].run(asked | {"job_id": "batch"}, no_pages)["outcome"] == "ok" and posted(place) == 1


def test_where_nobody_enters_in_batches_nothing_is_posted(place: Place) -> None:
    asked = entered(place)
    place.sandbox.company.batches.clear()
    told = place.agents[0].run(asked, no_pages)
    assert told["outcome"] == "refused" and "Batch entry is not enabled" in told["text"]
    for row in place.sandbox.company["PO_ReceiptHeader"].rows.values():
        row["BatchNo$"] = ""
    told = place.agents[0].run(asked | {"job_id": "another"}, no_pages)
    assert (told["outcome"], told["category"]) == ("refused", "batch_shared") and updates(place) == 0


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("killed", ["worker", "host"])
@pytest.mark.parametrize("member", BEFORE_UPDATE)
def test_what_dies_before_the_update_is_begun_anew(place: Place, member: str, killed: str, when: str) -> None:
    asked = entered(place)
    strike = (member, when, str(place.folder / "struck")) if killed == "worker" else ()
    fault = place.dies(member, when) if killed == "host" else None
    assert place.agent(*strike, allowance=POSTING).run(asked, no_pages)["outcome"] == "ok" and posted(place) == 1
    assert fault.struck.is_set() if fault else (place.folder / "struck").exists()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_host_that_dies_in_the_update_is_for_a_person(place: Place, when: str) -> None:
    asked, fault = entered(place), place.dies(f"{REGISTER}.nUpdate", when)
    told = place.agents[0].run(asked, no_pages)
    assert fault.struck.is_set() and told["outcome"] == "unknown" and "restarted" in told["text"]
    assert told["number"] == asked["params"]["number"]
    assert place.agents[0].run(asked, no_pages) == told and updates(place) == 1
    assert posted(place) == (when == "after") and place.sandbox.site.half_posted == ([] if when == "after" else ["00001"])


@pytest.mark.parametrize(("when", "outcome"), [("before", "unknown"), ("after", "ok")])
def test_a_worker_that_dies_over_the_update_is_settled_by_looking_and_its_host_left_alone(
    place: Place, when: str, outcome: str
) -> None:
    asked = entered(place)
    agent = place.agent(f"{REGISTER}.nUpdate", when, str(place.folder / "struck"), allowance=POSTING)
    agent.run(job("company.list", "read", params={}), lambda rows, cursor: None)
    hosts = set(place.sandbox.running)
    told = agent.run(asked, no_pages)
    assert told["outcome"] == outcome, told
    assert posted(place) == updates(place) == (outcome == "ok")
    assert all(process_of(pid) for pid in hosts)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["received", "started", "number_taken", "written", "done"])
def test_an_agent_that_is_killed_posts_once_or_asks_a_person(place: Place, step: str, when: str) -> None:
    asked = entered(place)

    def agent(moment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mlconn_pipelines_tests.sage_100_agent.simulated_agent"]
        command += [str(place.folder / "journal.sqlite"), str(place.server.address[1]), moment]
        return subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False)

    assert agent(f"{step} {when}").returncode == -9
    ended = agent("never")
    assert ended.returncode == 0, ended.stderr
    broke_off = (step, when) == ("number_taken", "after")
    assert json.loads(ended.stdout)["outcome"] == ("unknown" if broke_off else "ok")
    assert posted(place) == updates(place) == (not broke_off)


def test_a_host_is_not_ended_while_it_posts_not_even_at_the_deadline(place: Place) -> None:
    asked = entered(place, deadline_s=1)
    fault = place.sandbox.site.faults.arm("hang", f"{REGISTER}.nUpdate")

    def let_go() -> None:
        fault.struck.wait(20)
        time.sleep(2)
        fault.let_go.set()

    threading.Thread(target=let_go).start()
    told = place.agents[0].run(asked, no_pages)
    assert fault.let_go.is_set() and told["outcome"] == "ok" and "settled" not in told["value"]
    assert posted(place) == updates(place) == 1


def test_a_printer_that_asks_a_question_ends_at_the_deadline_and_nothing_is_posted(place: Place) -> None:
    asked = entered(place, deadline_s=1)
    for _ in range(TRIES_MAX):
        place.sandbox.site.faults.arm("hang", f"{REGISTER}.nProcessReport")
    told = place.agents[0].run(asked, no_pages)
    assert (told["outcome"], told["category"]) == ("retry", "host") and updates(place) == posted(place) == 0
    assert place.agents[0].run(asked, no_pages)["outcome"] == "ok" and posted(place) == 1


def test_what_posts_when_an_agent_dies_comes_to_its_end_before_it_is_looked_at(place: Place) -> None:
    asked = entered(place)
    fault = place.sandbox.site.faults.arm("hang", f"{REGISTER}.nUpdate")
    command = [sys.executable, "-m", "mlconn_pipelines_tests.sage_100_agent.simulated_agent"]
    command += [str(place.folder / "journal.sqlite"), str(place.server.address[1]), "never"]
    killed = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert killed.stdin is not None
    killed.stdin.write(json.dumps(asked).encode())
    killed.stdin.close()
    assert fault.struck.wait(20)
    killed.kill()
    killed.wait()
    threading.Timer(1, fault.let_go.set).start()
    agent = place.agent(allowance=POSTING)
    assert agent.end_strays() == 0
    [(_, told)] = agent.recover()
    assert told["outcome"] == "ok" and posted(place) == updates(place) == 1
