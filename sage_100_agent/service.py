"""The agent at work: one thread asks for jobs and thereby says that it lives, another does them and tells results until they are taken."""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sage_100_agent.journal import Journal, State
from sage_100_agent.supervision.supervisor import NobodyReads, Supervisor
from sage_100_agent.tunnel.client import WAIT_S, HelloFirst, NotKnown, NotTaken, Stopped, Tunnel, UnknownJob, Unreachable
from sage_100_agent.tunnel.envelopes import OLDEST_PROTOCOL, PROTOCOL
from sage_100_agent.tunnel.job_keys import JobKeys, OtherProtocol
from sage_100_agent.tunnel.keyring import Keyring, KeyStore
from sage_100_agent.tunnel.statements import BadStatement
from sage_100_agent.updating.starter import UPDATED
from sage_100_agent.updating.updater import Updater

PAUSE_MAX_S = 60.0
IDLE_S = 30.0
ROOM_LOOK_S = 0.2
DRAIN_LOOK_S = 0.5
KEYS_AGAIN_S = 60.0
NAMED_MAX = 2_000
LOG_BYTES = 200_000
LOG_AGAIN_S = 30.0
POLL_LEAST_S = 0.5
NOT_KNOWN_SOON = 3
"""So often in a row it is asked again soon: an envelope that was cut off on its way is as strange to the platform as a stranger's."""
PROBE_AGAIN_S = 5.0
PAGE_WAIT_S = 180.0
"""For a run to take a page: three times as long as runs wait for jobs. Meanwhile no other job of this agent is done."""

log = logging.getLogger(__name__)


class Service:
    """Runs until it is stopped. keys: with the root of this build; the job keys come with the hello.

    make_supervisor: called on the thread that does the jobs, with the journal that belongs to it.
    """

    def __init__(
        self,
        tunnel: Tunnel,
        keys: JobKeys,
        agent_id: str,
        hello: Mapping[str, Any],
        open_journal: Callable[[], Journal],
        make_supervisor: Callable[[Journal, Callable[[], float]], Supervisor],
        key_store: KeyStore,
        last_log: Callable[[], str] = str,
        updater: Updater | None = None,
        note_found: Callable[[Mapping[str, Any]], None] = lambda found: None,
    ) -> None:
        """hello: version, fingerprint, and what people want to know. key_store: holds the key that the tunnel signs with.

        last_log: the last lines of the log, in which no secret stands. updater: where a starter started this one. note_found: keeps
        what a look at Sage found, by company.
        """
        self._note_found = note_found
        self._last_log, self._updater = last_log, updater
        self._keyring = Keyring(key_store, tunnel)
        self._tunnel, self._keys, self._agent_id, self._hello = tunnel, keys, agent_id, hello
        self._open_journal, self._make_supervisor = open_journal, make_supervisor
        self._jobs: queue.Queue[dict[str, Any] | None] = queue.Queue(1)
        self._stop, self._rotate = threading.Event(), threading.Event()
        self._greeting = threading.Lock()
        self._greeted = False
        self._unknown: set[str] = set()
        """Jobs that the gateway did not know; their results are told again after the next hello."""
        self._named: list[dict[str, str]] | None = None
        """What the next hello says of jobs."""
        self._journal_read = threading.Event()
        self._keys_asked_at = self._log_sent_at = float("-inf")
        self.failed: BaseException | None = None
        self.is_updated = False

    def stop(self) -> None:
        """The job that is being done is finished first."""
        self._stop.set()
        with contextlib.suppress(queue.Full):
            self._jobs.put_nowait(None)

    def rotate(self) -> None:
        """Take a new key with the next poll."""
        self._rotate.set()

    def run(self) -> int:
        """Exit code: UPDATED when another version is to be started; 1 when Sage's sessions failed again and again, which a new start may
        cure; else 0: stopped, also by the platform."""
        worker = threading.Thread(target=self._do_jobs, name="jobs")
        worker.start()
        # Nobody waits for a poll that is held, or a service would take 45 s to stop.
        threading.Thread(target=self._ask, name="polls", daemon=True).start()
        worker.join()
        if self.is_updated:
            return UPDATED
        if self.failed is not None:
            log.error("ended: %s", self.failed)
        return 0 if self.failed is None or isinstance(self.failed, Stopped) else 1

    # The thread that asks.

    def _ask(self) -> None:
        try:
            self._journal_read.wait()
            self._ask_for_jobs()
        except BaseException as wrong:  # also a mistake of ours: without polls nobody is to think that this agent lives
            if not self._stop.is_set():
                self.failed = self.failed or wrong
        finally:
            self.stop()

    def _ask_for_jobs(self) -> None:
        while not self._stop.is_set():
            asked, began = self._room(), time.monotonic()
            told = self._told("poll", asked, WAIT_S)
            if asked["wait_s"] and told and not told.get("jobs") and time.monotonic() - began < POLL_LEAST_S:
                self._stop.wait(POLL_LEAST_S)  # a gateway that holds no poll is not to be asked without end
            self._keyring.rotate(at_once=self._rotate.is_set())
            self._rotate.clear()
            if self._updater is not None and told is not None:
                self._fetch(self._updater, told.get("update_offer"))
            listed = told.get("jobs") if told else None
            for each in listed if isinstance(listed, list) else []:
                if (job := self._believed(each)) is not None:
                    self._put(job)
            if told and told.get("log_pull") is True and time.monotonic() - self._log_sent_at > LOG_AGAIN_S:
                self._log_sent_at = time.monotonic()
                self._told("log", {"lines": _cut(self._last_log())})

    def _fetch(self, updater: Updater, offer: object) -> None:
        """A part of another version after each poll; when all of them are there, the thread that does jobs switches between two."""
        updater.consider(offer)
        if updater.wants is not None:
            try:
                updater.take(self._tunnel.ask("update", updater.wants))
            except (Unreachable, HelloFirst) as no:
                log.warning("%s; the update waits", no)
                self._stop.wait(1.0)
        if updater.may_switch():
            with contextlib.suppress(queue.Full):
                self._jobs.put_nowait({})

    def _believed(self, told: object) -> dict[str, Any] | None:
        try:
            try:
                return self._keys.job(told, self._agent_id, int(self._tunnel.now()))
            except BadStatement as forged:
                if forged.code != "key" or time.monotonic() - self._keys_asked_at < KEYS_AGAIN_S:
                    raise
            self._keys_asked_at, self._greeted = time.monotonic(), False
            with contextlib.suppress(Unreachable, HelloFirst):
                self._greet()  # which brings a key that is newer than our last hello
            return self._keys.job(told, self._agent_id, int(self._tunnel.now()))
        except OtherProtocol as other:
            log.error("job %s: %s", other.job_id, other)
            self._told("result", {"job_id": other.job_id, "outcome": "unsupported", "text": str(other)})
        except BadStatement as forged:
            log.warning("a job was dropped (%s): %s", forged.code, forged)
        return None

    def _room(self) -> dict[str, Any]:
        """The body of a poll. Without room for a job none is held: the next one would have to wait for its end."""
        if self._updater is not None and (self._updater.is_on_trial or self._updater.may_switch()):
            self._stop.wait(DRAIN_LOOK_S)
            return {"slots": 0, "wait_s": 0}  # no job is begun before a new version has proved itself, or by one that leaves
        if self._updater is not None and self._updater.wants is not None:
            return {"slots": 0 if self._jobs.full() else 1, "wait_s": 0}
        deadline = time.monotonic() + WAIT_S
        while self._jobs.full() and time.monotonic() < deadline and not self._stop.wait(ROOM_LOOK_S):
            pass
        return (
            {"slots": 0, "wait_s": 0} if self._jobs.full() else {"slots": 1, "wait_s": 0 if self._rotate.is_set() else WAIT_S}
        )

    def _put(self, job: dict[str, Any]) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._jobs.put(job, timeout=1)
                return

    def _told(self, type: str, body: Mapping[str, Any], wait_s: float = 0.0) -> dict[str, Any] | None:
        """The answer, however long that takes; None when the agent is stopped meanwhile. Errors: Stopped.

        A result is told until it is acknowledged by its id: `{}` with status 200 may come from anything on the way.
        """
        failures = not_known = 0
        while not self._stop.is_set():
            try:
                self._greet()
                answer = self._tunnel.ask(type, body, wait_s)
                self._keyring.works()
                if type == "result" and answer.get("result_ack") != body["job_id"]:
                    self._pause(Unreachable("the result was not acknowledged"), failures := failures + 1)
                    continue
                return answer
            except HelloFirst:
                self._greeted = False
            except UnknownJob:
                self._unknown.add(str(body.get("job_id")))
                return None
            except (NotTaken, BadStatement) as no:
                if type != "result" or body == _bare(body):
                    self._pause(no, failures := failures + 1)
                    continue
                log.error("%s; told again with what matters alone", no)
                body = _bare(body)
            except NotKnown as no:
                if self._keyring.try_another(no):
                    continue
                not_known += 1
                self._pause(no, failures := failures + 1, no.after_s if not_known > NOT_KNOWN_SOON else 0.0)
            except Unreachable as no:
                self._pause(no, failures := failures + 1, no.after_s)
        return None

    def _pause(self, why: Exception, failures: int, least_s: float = 0.0) -> None:
        pause = max(least_s, random.uniform(0, min(2.0**failures, PAUSE_MAX_S)))  # noqa: S311  # no secret
        log.warning("%s; again in %.0f s", why, pause)
        self._stop.wait(pause)

    def _greet(self) -> None:
        """Say hello, once for both threads. What comes back of keys is believed as far as the root signed it."""
        with self._greeting:
            if self._greeted:
                return
            named = {"jobs": self._named} if self._named is not None else {}
            speaks = {"proto_min": OLDEST_PROTOCOL, "proto_max": PROTOCOL}
            update = {"update": self._updater.told} if self._updater is not None else {}
            told = self._tunnel.ask("hello", {**self._hello, **speaks, **named, **update})
            certificates = told.get("job_keys")
            self._keys = self._keys.certified(certificates if isinstance(certificates, list) else [])
            self._greeted = True
            self._unknown.clear()

    # The thread that does.

    def _do_jobs(self) -> None:
        try:
            journal = self._open_journal()
            self._name_jobs(journal)
            supervisor = self._make_supervisor(journal, self._tunnel.now)
            try:
                supervisor.end_strays()
                supervisor.recover()
                self._look(supervisor)
                if self._updater is not None and self._updater.is_on_trial:
                    self._prove(self._updater, supervisor)
                self._work(journal, supervisor)
            finally:
                supervisor.close()
                journal.close()
        except BaseException as wrong:  # whatever it was, the service must not go on asking for jobs that nobody does
            self.failed = wrong
        finally:
            self._stop.set()
            self._journal_read.set()

    def _work(self, journal: Journal, supervisor: Supervisor) -> None:
        for entry in journal.open():
            if entry.state is State.RECEIVED and not self._stop.is_set():
                self._do(entry.request, journal, supervisor)
        while not self._stop.is_set():
            self._deliver(journal)
            try:
                job = self._jobs.get(timeout=IDLE_S)
            except queue.Empty:
                journal.prune(self._tunnel.now())
                continue
            if job is None:
                break
            if not job:
                if self._updater is not None and self._updater.may_switch() and not any(each.tries for each in journal.open()):
                    self._updater.switch()
                    self.is_updated = True
                    break
                continue
            self._do(job, journal, supervisor)
        self._deliver(journal, once=True)

    def _do(self, job: Mapping[str, Any], journal: Journal, supervisor: Supervisor) -> None:
        """Nothing is begun before the platform knows that it was accepted: others it takes for surely not done when their time is up."""
        refused = supervisor.accept(job)
        if refused is None:
            self._name_jobs(journal, job["job_id"])
            told = self._told("accepted", {"job_id": job["job_id"]})
            if told is None and self._stop.is_set():
                return  # nothing of it was done; a write is in the journal
            if told is None or told.get("cancelled") is True:
                log.info("job %s is not wanted any more", job["job_id"])
                job = {**job, "not_after": 0}  # so nothing of it is begun; what an earlier try left is settled
        result = refused or supervisor.run(job, self._pages(job))
        entry = journal.get(job["job_id"])
        if refused or entry is None or entry.acknowledged:  # what the journal still has to tell is told from there
            self._told("result", _body(job, result))
        self._name_jobs(journal)
        self._look(supervisor)

    def _look(self, supervisor: Supervisor) -> None:
        """Look at Sage where that is due, and say what was found: to the platform by a hello, to people beside Sage in the log."""
        if not supervisor.is_to_be_looked_at or self._stop.is_set():
            return
        supervisor.look()
        found = {company: dict(result) for company, result in supervisor.found.items()}
        for company, result in found.items():
            if result["outcome"] != "ok":
                log.warning("company %s: %s", company, result.get("text") or result["outcome"])
                continue
            for verb, words in result["value"]["unable"].items():
                log.error("company %s: %s is refused: %s", company, verb, words)
        try:
            self._note_found(found)
        except OSError as wrong:  # a full disk, which is no reason to do no jobs
            log.warning("what was found of Sage could not be kept: %s", wrong)
        with self._greeting:
            if self._hello.get("probe") != found:
                self._hello, self._greeted = {**self._hello, "probe": found}, False

    def _prove(self, updater: Updater, supervisor: Supervisor) -> None:
        """Greet the platform and find Sage; the starter goes back to the version before where that does not come about in time."""
        self._told("poll", {"slots": 0, "wait_s": 0})
        while not self._stop.is_set():
            found = supervisor.probe()
            if found["outcome"] == "ok":
                updater.confirm()
                self._greeted = False  # what it says of itself is another thing now
                return
            log.warning("this version is on trial, and Sage was not found: %s", found.get("text"))
            self._stop.wait(PROBE_AGAIN_S)

    def _name_jobs(self, journal: Journal, doing: str = "") -> None:
        """For a hello: what is not done or not told, reads included, which are in no journal."""
        named = dict(journal.standing())
        if doing:
            named.setdefault(doing, State.STARTED)
        told = [{"job_id": id, "state": str(state)} for id, state in named.items()]
        self._named = told if len(told) <= NAMED_MAX else None
        self._journal_read.set()

    def _pages(self, job: Mapping[str, Any]) -> Callable[[Sequence[Mapping[str, Any]], Sequence[str]], None]:
        """Hands pages on; the next one is read only when this one was taken."""
        number = 0

        def take(rows: Sequence[Mapping[str, Any]], cursor: Sequence[str]) -> None:
            nonlocal number
            number += 1
            page = {"job_id": job["job_id"], "page": number, "rows": list(rows), "cursor": list(cursor)}
            deadline = time.monotonic() + PAGE_WAIT_S
            while (told := self._told("progress", page)) is not None and told.get("page_ack") != number:
                if time.monotonic() > deadline:
                    raise NobodyReads(f"no run took page {number} within {PAGE_WAIT_S:.0f} s")
                wait_s = told.get("wait_s")
                self._stop.wait(wait_s if isinstance(wait_s, int) and 0 < wait_s <= PAUSE_MAX_S else 1.0)
            if told is None:
                raise NobodyReads("the agent is stopping, or nobody knows this job any more")

        return take

    def _deliver(self, journal: Journal, once: bool = False) -> None:
        """Tell the results that the platform does not have. once: a single try, when the agent is stopping."""
        for entry in journal.unacknowledged():
            if entry.id in self._unknown:
                continue
            body = _body(entry.request, entry.result or {})
            try:
                told = self._tunnel.ask("result", body) if once else self._told("result", body)
            except (Unreachable, HelloFirst, UnknownJob, Stopped):
                return
            if told is not None and told.get("result_ack") == entry.id:
                journal.acknowledge(entry.id, self._tunnel.now())


def _bare(body: Mapping[str, Any]) -> dict[str, Any]:
    """A result without anything that could be the reason why it was not taken."""
    told = {name: str(body.get(name, ""))[:most] for name, most in (("job_id", 60), ("outcome", 20), ("number", 20))}
    return {**told, "category": "not_told", "text": "The rest of this result could not be told; the agent's log has it."}


def _cut(lines: str) -> str:
    """The last lines, as far as an envelope holds them."""
    plain = "".join(each if each.isprintable() or each == "\n" else "?" for each in lines)
    while len(plain.encode()) > LOG_BYTES:
        plain = plain[len(plain) // 8 :].partition("\n")[2]
    return plain


def _body(job: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """A result as it crosses the tunnel: the document's number stands in one place, wherever the verb told it."""
    value = result.get("value")
    number = result.get("number") or (value.get("number", "") if isinstance(value, Mapping) else "")
    return {**result, "job_id": job["job_id"], "idem_ref": job["idem_ref"], "number": number}
