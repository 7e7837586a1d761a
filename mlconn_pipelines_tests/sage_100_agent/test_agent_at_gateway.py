"""The real agent at the real gateway, over the ledger: revoked, copied, with a key that is followed by the next."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from mlconn_pipelines.agents import enrollment, jobs
from mlconn_pipelines.agents.admission import Standing
from mlconn_pipelines.agents.jobs import Effect, Job, JobState
from mlconn_pipelines.agents.keys import PublicKey, Signer, certified, new_private
from mlconn_pipelines.flows.ports.agents import AgentRow, JobRow
from mlconn_pipelines.gateway.program import application_of
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines_tests.gateway.listening import listening
from mlconn_pipelines_tests.sage_100_agent.live_agent import FileKeys, LiveAgent, enroll, started
from mlconn_pipelines_tests.sage_100_agent.supervised import ORDER, supervisor
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox
from mlconn_simulators.sage_100.server import SageServer
from mlconn_simulators.world.making import make_world
from sage_100_agent.journal import Journal
from sage_100_agent.tunnel.client import Stopped
from sage_100_agent.tunnel.keyring import ROTATE_AFTER_S

pytestmark = pytest.mark.database

T = TypeVar("T")
ROOT, JOBS = Signer(new_private()), Signer(new_private())
NO_EVENTS: Any = SimpleNamespace(integrations={}, syncs={}, folder="config")


class Place:
    """A Sage server with a data folder of an enrolled agent, and the platform."""

    def __init__(self, folder: Path, stores: Stores, sandbox: Sage100Sandbox, sage: SageServer) -> None:
        self.folder, self.stores, self.sandbox, self.sage = folder, stores, sandbox, sage
        self.url, self._gateway = "", ExitStack()

    @contextmanager
    def gateway(self) -> Iterator[None]:
        self.goes_on()
        try:
            yield
        finally:
            self.is_cut_off()

    def is_cut_off(self) -> None:
        """The gateway ends; connections to it are refused from now on."""
        self._gateway.close()

    def goes_on(self) -> None:
        """A gateway at the address of the one before."""
        port = int(self.url.rpartition(":")[2]) if self.url else 0
        self.url = self._gateway.enter_context(listening(application_of(NO_EVENTS, self.stores), port))

    def enroll(self) -> None:
        code = enrollment.new_code()
        self.stores.agents.invite(enrollment.secret_of(code), "warehouse", "acme", ["MER"], int(time.time()))
        assert enroll(self.folder, self.url, code) == "warehouse"

    def agent(self, folder: Path | None = None, **more: Any) -> AbstractContextManager[LiveAgent]:
        port = self.sage.address[1]
        make = more.pop("make_supervisor", lambda journal, now: supervisor(port, journal, now=now))
        return started(folder or self.folder, self.url, ROOT.public, make, **more)

    def gives(self, job_id: str = "acme-1", verb: str = "po.create", by: Signer = JOBS, **more: Any) -> JobRow:
        now = int(time.time())
        told: dict[str, Any] = {
            "company": "MER", "params": ORDER if verb == "po.create" else {}, "not_after": now + 600, "deadline_s": 30,
            "effect": Effect.WRITE if verb == "po.create" else Effect.READ, "idem_ref": f"mlc:{job_id}", "agent_id": "warehouse",
        }  # fmt: skip
        job = Job(job_id, verb=verb, **told | more)
        return self.stores.agent_jobs.enqueue("acme", job, lambda asked: jobs.signed_job(asked, by, now), now)

    def job(self, job_id: str = "acme-1", state: JobState = JobState.DONE) -> JobRow:
        """The job, once it has come so far."""
        return self.until(lambda: row if (row := self.stores.agent_jobs.job(job_id)) and row.state is state else None)

    @property
    def row(self) -> AgentRow:
        row = self.stores.agents.agent("warehouse")
        assert row is not None
        return row

    def until(self, found: Callable[[], T | None], within_s: float = 20.0) -> T:
        deadline = time.monotonic() + within_s
        while not (value := found()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return value

    def orders(self) -> list[str]:
        with self.sandbox.site.lock:
            rows = self.sandbox.company["PO_PurchaseOrderHeader"].rows
            return [str(row["Comment$"]) for row in rows.values() if str(row["Comment$"]).startswith("mlc:")]


@pytest.fixture
def place(ledger_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr("sage_100_agent.service.WAIT_S", 1)
    monkeypatch.setattr("sage_100_agent.service.random.uniform", lambda least, most: 0.05)
    settings = read_settings({"MLCONN_DATABASE_URL": ledger_database, "MLCONN_HOME": str(tmp_path)})
    sandbox = Sage100Sandbox(make_world(1, 40), orders=3)
    sage = SageServer(sandbox)
    with open_stores(settings, with_vault=False) as stores:
        stores.agents.invite(enrollment.secret_of(enrollment.new_code()), "first", "acme", ["MER"], int(time.time()))
        place = Place(tmp_path / "agent", stores, sandbox, sage)
        with place.gateway():
            place.stores.agents.publish_job_key(certified(ROOT, PublicKey(JOBS.public, 0)))
            place.enroll()
            yield place
    sage.close()


def test_a_job_goes_all_the_way_to_sage_and_its_result_into_the_ledger(place: Place) -> None:
    with place.agent():
        place.gives()
        place.gives("acme-2", "company.list")
        done, listed = place.job(), place.job("acme-2")
    assert done.result is not None and done.result["outcome"] == "ok" and place.orders() == ["mlc:acme-1"]
    assert listed.result is not None and listed.result["outcome"] == "ok"


def test_many_jobs_follow_each_other_without_waiting_for_a_poll(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll that is held while there is no room would keep the next job from the agent until it ends."""
    monkeypatch.setattr("sage_100_agent.service.WAIT_S", 30)
    with place.agent():
        place.until(lambda: place.row.proto)
        began = time.monotonic()
        for number in range(6):
            place.gives(f"acme-{number}", "company.list")
        for number in range(6):
            place.job(f"acme-{number}")
        took = time.monotonic() - began
        place.stores.agents.revoke("warehouse")  # so that its poll ends
        place.gives("acme-9", "company.list")
    assert took < 15


def test_a_copy_of_the_data_folder_on_a_copy_of_the_machine_suspends_both(place: Place, tmp_path: Path) -> None:
    """A cloned virtual machine has the fingerprint of the first."""
    with place.agent() as first:
        place.until(lambda: place.row.proto)
        shutil.copytree(place.folder, tmp_path / "copy")
        time.sleep(1.1)  # a start within the second of the last message would count as a restart
        with place.agent(tmp_path / "copy") as second:
            ended = [first.ends(), second.ends()]
    assert all(isinstance(each, Stopped) and each.code in ("cloned", "suspended") for each in ended)
    assert place.row.standing is Standing.SUSPENDED
    (alert,) = place.stores.watch.open_alerts()
    assert alert.cause == "agent_cloned:warehouse"
    place.gives()
    place.enroll()
    with place.agent():
        assert place.job().result is not None
    assert place.orders() == ["mlc:acme-1"]


def test_a_copy_of_the_data_folder_on_another_machine_suspends_both_at_its_first_word(place: Place, tmp_path: Path) -> None:
    with place.agent() as first:
        place.until(lambda: place.row.proto)
        shutil.copytree(place.folder, tmp_path / "copy")
        with place.agent(tmp_path / "copy", fingerprint="cd" * 32) as second:
            ended = [first.ends(), second.ends()]
    assert all(isinstance(each, Stopped) for each in ended) and place.row.standing is Standing.SUSPENDED


def test_a_restart_is_no_clone(place: Place) -> None:
    for number in range(3):
        with place.agent():
            place.gives(f"acme-{number}")
            place.job(f"acme-{number}")
    assert place.row.standing is Standing.ACTIVE and len(place.orders()) == 3


def test_a_revoked_agent_ends_with_its_next_poll_and_does_nothing_more(place: Place) -> None:
    with place.agent() as agent:
        place.until(lambda: place.row.proto)
        place.stores.agents.revoke("warehouse")
        place.gives()
        ended = agent.ends(within_s=5)
    assert isinstance(ended, Stopped) and ended.code == "revoked" and agent.code == 0 and place.orders() == []


def test_the_service_rotates_its_key_when_it_is_a_month_old_and_goes_on_with_the_next(place: Place) -> None:
    keys = FileKeys(place.folder / "keys.json")
    kept = keys.read()
    keys.write(type(kept)(kept.present, kept.made_at - ROTATE_AFTER_S))
    with place.agent():
        place.until(lambda: keys.read().present != kept.present)
        place.gives()
        place.job()
    assert [key.id for key in place.stores.agents.keys("warehouse")][-1] == Signer(keys.read().present).key_id
    with place.agent():
        place.gives("acme-2")
        place.job("acme-2")
    assert place.orders() == ["mlc:acme-1", "mlc:acme-2"]


def test_an_agent_whose_database_was_put_back_is_not_lost(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform knows nobody for a while: the agent asks again, and goes on when it is known once more."""
    monkeypatch.setattr("sage_100_agent.tunnel.client.NOT_KNOWN_AGAIN_S", 0.05)
    known = place.stores.agents.keys("warehouse")[0].public
    with place.agent():
        place.until(lambda: place.row.proto)
        other = Signer(new_private()).public
        place.stores.agents.rotate_key("warehouse", other, 0)  # ends the agent's key long ago
        time.sleep(0.5)
        engine = place.stores.engine
        with engine.begin() as tx:
            tx.exec_driver_sql("UPDATE agent_key SET valid_until = 2000000000 WHERE public = %(public)s", {"public": known})
        place.gives()
        assert place.job().result is not None


def test_a_job_key_that_is_newer_than_the_hello_is_learned(place: Place) -> None:
    with place.agent():
        place.until(lambda: place.row.proto)
        newer = Signer(new_private())
        place.stores.agents.publish_job_key(certified(ROOT, PublicKey(newer.public, 0)))
        place.gives(by=newer)
        assert place.job().result is not None
    assert place.orders() == ["mlc:acme-1"]


def test_an_agent_that_starts_names_the_jobs_that_it_knows(place: Place) -> None:
    """Its data folder was put back to what it was before the job: nobody knows what became of that, and a person is told."""
    with place.agent():
        place.gives()
        place.job()
    with place.stores.engine.begin() as tx:  # as if the result had never arrived
        tx.exec_driver_sql("UPDATE agent_job SET state = 'accepted', result = NULL")
    for file in place.folder.glob("journal*"):
        file.unlink()
    place.gives("acme-2", "company.list")
    with place.agent():
        forgotten = place.job()
        place.job("acme-2")
    assert forgotten.result is not None and (forgotten.result["outcome"], forgotten.result["category"]) == (
        "unknown",
        "journal_lost",
    )
    assert [job for job in place.row.about["jobs"] if job["job_id"] != "acme-2"] == [] and place.orders() == ["mlc:acme-1"]


def test_a_job_that_is_cancelled_after_it_was_given_is_not_done(place: Place) -> None:
    place.gives()
    (signed,) = place.stores.agent_jobs.take("warehouse", "lost", 1, int(time.time()))
    assert signed and place.stores.agent_jobs.cancel("acme-1")
    unheard = place.stores.agent_jobs.take  # an answer that was on its way when it was cancelled
    place.stores.agent_jobs.take = lambda *of: (
        [signed] if place.stores.agent_jobs.job("acme-1").state == "given" else unheard(*of)
    )  # type: ignore[method-assign,union-attr]
    with place.agent():
        result = place.job().result
    assert result is not None and result["outcome"] == "expired" and place.orders() == []


def test_a_log_is_sent_when_somebody_wants_it(place: Place) -> None:
    with place.agent(last_log=lambda: "began\nü\x00\x1b[31m" + "\n" + "x" * 300_000 + "\nended"):
        place.until(lambda: place.row.proto)
        place.stores.agents.want_log("warehouse")
        log = place.until(lambda: place.row.log)
    assert log.endswith("ended") and len(log) <= 262_144 and "\x1b" not in log


def test_a_job_of_another_protocol_or_verb_is_answered_as_not_supported(place: Place) -> None:
    now = int(time.time())
    job = Job("acme-1", "warehouse", "MER", "po.create", ORDER, Effect.WRITE, now + 600, idem_ref="mlc:acme-1")
    place.stores.agent_jobs.enqueue("acme", job, lambda asked: jobs.signed_job(asked, JOBS, now, v=9), now)
    place.gives("acme-2", "po.close", params={}, effect=Effect.WRITE)
    place.gives("acme-3", "company.list", verb_version=2)
    with place.agent():
        told = {name: place.job(name).result for name in ("acme-1", "acme-2", "acme-3")}
    assert {name: each["outcome"] for name, each in told.items() if each} == dict.fromkeys(told, "unsupported")
    assert "the job is of 9" in (told["acme-1"] or {})["text"] and place.orders() == []
    assert {row.id for row in place.stores.agent_jobs.open_jobs("warehouse")} == set(told)


def test_a_result_that_the_gateway_does_not_take_is_told_by_what_matters(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_100_agent.service._body", lambda job, result: {**result, "job_id": job["job_id"], "category": 7})
    with place.agent():
        place.gives("acme-2", "company.list")
        row = place.job("acme-2")
    assert row.result is not None and (row.result["outcome"], row.result["category"]) == ("ok", "not_told")


def test_a_read_whose_pages_nobody_takes_makes_way_for_other_jobs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_100_agent.service.PAGE_WAIT_S", 0.5)
    monkeypatch.setattr("mlconn_pipelines.ledger.agent_jobs.PAGES_WAITING_MAX", 0)
    monkeypatch.setattr("mlconn_pipelines.gateway.tunnel.PAGE_AGAIN_S", 1)
    place.gives("acme-1", "po.changed")
    place.gives("acme-2")
    with place.agent():
        broken, other = place.job("acme-1"), place.job("acme-2")
    assert broken.result is not None and (broken.result["outcome"], broken.result["category"]) == ("retry", "nobody_reads")
    assert other.result is not None and other.result["outcome"] == "ok"


def crashed_before_it_said_so(place: Place) -> None:
    """The agent had the job in its journal, and ended before the platform heard that it was accepted."""
    place.gives()
    (signed,) = place.stores.agent_jobs.take("warehouse", "before", 1, int(time.time()))
    with closing(Journal(place.folder / "journal.sqlite")) as journal:
        journal.receive("acme-1", json.loads(signed), time.time())


def test_what_was_received_before_a_crash_is_done_once_the_platform_knows_of_it(place: Place) -> None:
    crashed_before_it_said_so(place)
    with place.agent():
        done = place.job()
    assert done.accepted_at is not None and place.orders() == ["mlc:acme-1"]


@pytest.mark.parametrize("clock_s", [0, -3_600])
def test_what_the_platform_took_for_surely_not_done_is_not_begun_after_a_crash(place: Place, clock_s: int) -> None:
    """It was never accepted, so the document was given again under another id; the clock beside Sage is behind, too."""
    crashed_before_it_said_so(place)
    place.stores.agent_jobs.settle("acme-1")
    place.gives("acme-2", idem_ref="mlc:acme-1")
    with place.agent(local=lambda: time.time() + clock_s):
        place.job("acme-2")
    assert place.orders() == ["mlc:acme-1"]


def test_what_was_on_its_way_when_the_gateway_was_gone_arrives_once_when_it_is_back(place: Place) -> None:
    """One result waits in the journal, one job in the ledger, and one was being done; the agent is started anew meanwhile, too."""
    place.sandbox.site.call_cost_s = 0.02
    with place.agent():
        place.gives("acme-1")
        place.job("acme-1", JobState.ACCEPTED)
        place.is_cut_off()
        place.gives("acme-2")
        place.until(lambda: place.orders() == ["mlc:acme-1"])
        time.sleep(0.5)
    assert place.stores.agent_jobs.job("acme-1").state is JobState.ACCEPTED  # type: ignore[union-attr]
    with place.agent():
        time.sleep(0.5)
        place.goes_on()
        results = [place.job(name).result for name in ("acme-1", "acme-2")]
    assert all(result and result["outcome"] == "ok" for result in results)
    assert place.orders() == ["mlc:acme-1", "mlc:acme-2"] and place.row.standing is Standing.ACTIVE
