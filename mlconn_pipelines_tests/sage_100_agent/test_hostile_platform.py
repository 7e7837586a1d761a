"""A gateway that was stolen, and a platform whose job key was: neither gets anything out of Sage but what its site allows.

What Sage was asked is counted by the simulated Sage itself.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlconn_pipelines.agents import jobs, keys, releases
from mlconn_pipelines.agents.jobs import Effect, Job
from mlconn_pipelines.agents.keys import PublicKey, Signs
from mlconn_pipelines_tests.sage_100_agent.supervised import ORDER
from mlconn_pipelines_tests.sage_100_agent.supervised import job as asked
from mlconn_pipelines_tests.sage_100_agent.test_service import AGENT, JOBS, ROOT, STRANGER, Gateway, Site, site
from sage_100_agent.journal import KEEP_S, Journal
from sage_100_agent.supervision.allowance import Allowance
from sage_100_agent.tunnel.client import OFFSET_MAX_S, Tunnel, Unreachable
from sage_100_agent.tunnel.job_keys import JOB_LIFE_MAX_S
from sage_100_agent.verbs.catalogue import VERBS

__all__ = ["site"]

FAR = 2**39


class Stolen(Gateway):
    """A gateway in other hands: it answers whatever a test wants. lies: is laid over each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.lies: dict[str, Any] = {}

    def answer(self, content: bytes) -> tuple[int, dict[str, Any]]:
        status, told = super().answer(content)
        return status, {**told, **self.lies} if status == 200 else told


@pytest.fixture
def stolen(site: Site) -> Iterator[Stolen]:
    site.gateway.close()
    gateway = site.gateway = Stolen()
    yield gateway


def signed(by: keys.Signer = JOBS, **change: Any) -> dict[str, Any]:
    told = {"id": "acme-1", "agent_id": "A1", "company": "MER", "verb": "po.create", "params": ORDER, "effect": Effect.WRITE}
    now = int(time.time())
    return jobs.signed_job(Job(**({**told, "not_after": now + 600, "idem_ref": "mlc:acme-1"} | change)), by, now)


def as_another_statement() -> dict[str, Any]:
    """The right key's signature, made for something else."""
    told = {name: value for name, value in signed().items() if name not in ("sig", "key_id")}
    return JOBS.signed(Signs.ENVELOPE, told)


FORGED: dict[str, Any] = {
    "nothing": None,
    "a text": "po.create",
    "a list": [],
    "no signature": {name: value for name, value in signed().items() if name != "sig"},
    "another key": signed(STRANGER),
    "the root itself": signed(ROOT),
    "another agent's": signed(agent_id="A2"),
    "another company": signed() | {"company": "EUR"},
    "another verb": signed() | {"verb": "receipt.enter"},
    "other params": signed() | {"params": {**ORDER, "vendor": "V20020"}},
    "a later end": signed() | {"not_after": FAR},
    "one more field": signed() | {"sudo": True},
    "another purpose": as_another_statement(),
    "a signature of nulls": signed() | {"sig": "0" * 128},
    "the key's name alone": signed(STRANGER) | {"key_id": JOBS.key_id},
}


def test_what_nobody_signed_for_this_agent_reaches_nothing(site: Site, stolen: Stolen) -> None:
    """All of it at once, and one job in order behind it, by which it is seen that they were looked at."""
    site.start()
    stolen.heard("hello", 2)  # the second tells what the agent found in Sage by itself
    calls = sum(site.sandbox.site.calls.values())
    for told in FORGED.values():
        with stolen._come:
            stolen.waiting.append(told)
            stolen._come.notify_all()
    while stolen.waiting:
        time.sleep(0.02)
    assert sum(site.sandbox.site.calls.values()) == calls and site.ours() == []
    stolen.give("company.list", {}, id="acme-2")
    assert [body["job_id"] for body in stolen.heard("result")] == ["acme-2"]
    assert stolen.heard("accepted") == [{"job_id": "acme-2"}]


@pytest.mark.parametrize(
    "certificates",
    [
        [keys.certified(STRANGER, PublicKey(STRANGER.public, 0))],
        [keys.certified(ROOT, PublicKey(JOBS.public, 0)) | {"public": STRANGER.public.hex()}],
        [keys.certified(ROOT, PublicKey(STRANGER.public, 0, int(time.time()) - 1))],
        [keys.certified(ROOT, PublicKey(STRANGER.public, FAR))],
        [releases.offer(ROOT, "0.2.0", b"x") | {"public": STRANGER.public.hex(), "valid_from": 0, "valid_until": FAR}],
        "all",
        [None, 7, {}],
    ],
    ids=["of a stranger", "changed", "ended", "not begun", "of a release", "no list", "no certificates"],
)
def test_keys_that_the_root_does_not_vouch_for_now_sign_nothing(site: Site, stolen: Stolen, certificates: Any) -> None:
    stolen.lies = {"job_keys": certificates}
    site.start()
    stolen.heard("hello")
    stolen.waiting.append(signed(STRANGER))
    stolen.heard("poll", 4)
    assert site.ours() == [] and all(kind in ("hello", "poll") for kind, _ in stolen.said)


def test_a_job_that_is_played_again_is_done_once_whatever_the_clock_is_said_to_be(site: Site, stolen: Stolen) -> None:
    site.start()
    job = signed()
    for lie in (0, OFFSET_MAX_S - 60, 60 - OFFSET_MAX_S, FAR):
        stolen.lies = {"time": int(time.time()) + lie} if lie else {}
        stolen.waiting.append(job)
        stolen.heard("poll", len(stolen.heard("poll")) + 2)
    assert len(site.ours()) == 1


def test_a_journal_forgets_nothing_that_could_be_played_again() -> None:
    """A gateway that lies makes the clock run ahead, so that the journal forgets, and back again, so that the job seems to hold."""
    assert KEEP_S - 2 * OFFSET_MAX_S > JOB_LIFE_MAX_S


@pytest.mark.parametrize("time_told", [0, -1, FAR, 2**60, "now", None, 1.5, True, [1]], ids=str)
def test_a_time_that_cannot_be_is_not_believed(time_told: Any) -> None:
    answers = httpx.MockTransport(lambda request: httpx.Response(200, json={"time": time_told}))
    with httpx.Client(transport=answers, base_url="http://gateway") as http:
        tunnel = Tunnel(http, "A1", AGENT, lambda: 1_772_000_000.0)
        with contextlib.suppress(Unreachable):
            tunnel.ask("poll", {})
    assert tunnel.now() == 1_772_000_000.0


def test_an_update_that_the_root_did_not_sign_is_not_even_fetched(site: Site, stolen: Stolen) -> None:
    stolen.lies = {"update_offer": releases.offer(JOBS, "9.0.0", b"x")}
    site.start()
    stolen.heard("poll", 3)
    assert [kind for kind, _ in stolen.said if kind == "update"] == []


def test_a_gateway_that_wants_the_log_with_every_answer_gets_it_now_and_then(site: Site, stolen: Stolen) -> None:
    stolen.lies = {"log_pull": True}
    site.start()
    stolen.heard("poll", 4)
    assert len(stolen.heard("log")) == 1


# From here on the job key was stolen too: what is signed is signed.

OUTSIDE: dict[str, dict[str, Any]] = {
    "a method of Sage": {"verb": "oScript.NewObject"},
    "a class of Python": {"verb": "__class__"},
    "no verb": {"verb": "eval"},
    "posting": {"verb": "receipt.post", "params": {"number": "000001"}},
    "posting a batch": {"verb": "receipt.post", "params": {"number": "000001", "batch": "00001"}},
    "a later version": {"verb_version": 2},
    "a company that is not open": {"company": "EUR"},
    "a company that is a path": {"company": "../MAS90"},
    "a read that writes": {"effect": Effect.READ},
    "a write that reads": {"verb": "po.changed", "params": {}},
    "a field more": {"params": {**ORDER, "Script": "DELETE"}},
    "a column": {"params": {**ORDER, "PrintPurchaseOrders$": "Y"}},
    "a long vendor": {"params": {**ORDER, "vendor": "V" * 500}},
    "a number as a number": {"params": {**ORDER, "lines": [{"item": "A1001", "quantity": 5}]}},
    "too many lines": {"params": {**ORDER, "lines": [{"item": "A1001", "quantity": "1"}] * 1_000}},
    "a table by its name": {"verb": "ref.list", "effect": Effect.READ, "params": {"list": "SY_User"}},
    "a filter": {"verb": "po.changed", "effect": Effect.READ, "params": {"since": {"date": "20260101", "time": "1 OR 1=1"}}},
    "a document of another kind": {"verb": "doc.find", "effect": Effect.READ, "params": {"kind": "SY_User", "number": "1"}},
}


def test_what_is_outside_its_verbs_forms_and_companies_is_refused_before_sage_hears_of_it(site: Site, stolen: Stolen) -> None:
    site.start()
    stolen.heard("hello", 2)  # the second tells what the agent found in Sage by itself
    calls = sum(site.sandbox.site.calls.values())
    for number, change in enumerate(OUTSIDE.values()):
        stolen.waiting.append(signed(id=f"bad-{number}", idem_ref=f"mlc:bad-{number}", **change))
    with stolen._come:
        stolen._come.notify_all()
    results = {body["job_id"]: body["outcome"] for body in stolen.heard("result", len(OUTSIDE))}
    told = {name: results[f"bad-{number}"] for number, name in enumerate(OUTSIDE)}
    assert set(told.values()) <= {"refused", "unsupported"} and len(told) == len(OUTSIDE), told
    assert sum(site.sandbox.site.calls.values()) == calls
    assert [kind for kind, _ in stolen.said if kind == "accepted"] == []


def test_the_list_of_verbs_is_closed() -> None:
    """Whoever adds one thinks of the person whose platform was stolen: this list is what they can do then."""
    assert sorted(VERBS) == [
        "ap_invoice.enter", "company.list", "doc.find", "gl_account.list", "item.list", "po.changed", "po.create", "po.get",
        "po.update_dates", "probe", "receipt.enter", "receipt.post", "ref.list", "vendor.changed",
    ]  # fmt: skip


def test_a_flood_of_writes_ends_at_the_sites_rate_whatever_the_platform_says_of_the_time(tmp_path: Path) -> None:
    from sage_100_agent.supervision.supervisor import Supervisor

    journal, times = Journal(tmp_path / "journal.sqlite"), iter(range(0, 10**9, 7_200))
    allowance = Allowance(frozenset({"MER"}), writes_per_hour=5)
    flooded = Supervisor(["none"], {}, journal, allowance, now=lambda: float(next(times)))
    told = [flooded.accept(asked(job_id=f"flood-{number}", idem_ref=f"mlc:{number}")) for number in range(20)]
    assert told[:5] == [None] * 5 and all(each and each["category"] == "rate" for each in told[5:])
    journal.close()


def test_one_job_id_is_never_used_for_two_things(site: Site, stolen: Stolen) -> None:
    site.start()
    stolen.waiting += [signed(), signed(params={**ORDER, "vendor": "V10091"}), signed(idem_ref="mlc:other")]
    outcomes = [(body["outcome"], body.get("category")) for body in stolen.heard("result", 3)]
    assert outcomes[0][0] == "ok" and outcomes[1:] == [("refused", "id_used_twice")] * 2
    assert len(site.ours()) == 1


def test_no_answer_however_strange_ends_the_agent(site: Site, stolen: Stolen) -> None:
    service = site.start()
    strange = [
        {"jobs": "all"},
        {"jobs": {"a": 1}},
        {"jobs": [[[[[[]]]]]]},
        {"jobs": None, "log_pull": "yes", "update_offer": [1]},
        {"error": "ok"},
        {"pad": "x" * 2_000_000},
        json.loads("[" * 15 + "]" * 15) and {"deep": json.loads("[" * 40 + "]" * 40)},
    ]
    for lie in strange:
        stolen.lies = lie
        stolen.heard("poll", len(stolen.heard("poll")) + 2)
    stolen.lies = {}
    stolen.give("po.create", ORDER)
    stolen.heard("result")
    assert service.failed is None and len(site.ours()) == 1
