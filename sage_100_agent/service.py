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

from sage_100_agent.journal import Journal
from sage_100_agent.supervision.supervisor import Supervisor
from sage_100_agent.tunnel.client import WAIT_S, HelloFirst, NotKnown, Stopped, Tunnel, UnknownJob, Unreachable
from sage_100_agent.tunnel.envelopes import OLDEST_PROTOCOL, PROTOCOL
from sage_100_agent.tunnel.job_keys import JobKeys
from sage_100_agent.tunnel.keyring import Keyring, KeyStore
from sage_100_agent.tunnel.statements import BadStatement

PAUSE_MAX_S = 60.0
IDLE_S = 30.0
ROOM_LOOK_S = 0.2

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
    ) -> None:
        """hello: version, fingerprint, and what people want to know. key_store: holds the key that the tunnel signs with."""
        self._keyring = Keyring(key_store, tunnel)
        self._tunnel, self._keys, self._agent_id, self._hello = tunnel, keys, agent_id, hello
        self._open_journal, self._make_supervisor = open_journal, make_supervisor
        self._jobs: queue.Queue[dict[str, Any] | None] = queue.Queue(1)
        self._stop = threading.Event()
        self._greeting = threading.Lock()
        self._greeted = False
        self._unknown: set[str] = set()
        """Jobs that the gateway did not know; their results are told again after the next hello."""
        self.failed: BaseException | None = None

    def stop(self) -> None:
        """The job that is being done is finished first."""
        self._stop.set()
        with contextlib.suppress(queue.Full):
            self._jobs.put_nowait(None)

    def run(self) -> int:
        """Exit code: 1 when Sage's sessions failed again and again, which a new start may cure; else 0: stopped, also by the platform."""
        worker = threading.Thread(target=self._do_jobs, name="jobs")
        worker.start()
        # Nobody waits for a poll that is held, or a service would take 45 s to stop.
        threading.Thread(target=self._ask, name="polls", daemon=True).start()
        worker.join()
        if self.failed is not None:
            log.error("ended: %s", self.failed)
        return 0 if self.failed is None or isinstance(self.failed, Stopped) else 1

    # The thread that asks.

    def _ask(self) -> None:
        try:
            self._ask_for_jobs()
        except BaseException as wrong:  # also a mistake of ours: without polls nobody is to think that this agent lives
            if not self._stop.is_set():
                self.failed = self.failed or wrong
        finally:
            self.stop()

    def _ask_for_jobs(self) -> None:
        while not self._stop.is_set():
            told = self._told("poll", self._room(), WAIT_S)
            self._keyring.rotate()
            listed = told.get("jobs") if told else None
            for each in listed if isinstance(listed, list) else []:
                try:
                    job = self._keys.job(each, self._agent_id, int(self._tunnel.now()))
                except BadStatement as forged:
                    log.warning("a job was dropped (%s): %s", forged.code, forged)
                    continue
                self._put(job)

    def _room(self) -> dict[str, Any]:
        """The body of a poll. Without room for a job none is held: the next one would have to wait for its end."""
        deadline = time.monotonic() + WAIT_S
        while self._jobs.full() and time.monotonic() < deadline and not self._stop.wait(ROOM_LOOK_S):
            pass
        return {"slots": 0, "wait_s": 0} if self._jobs.full() else {"slots": 1, "wait_s": WAIT_S}

    def _put(self, job: dict[str, Any]) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._jobs.put(job, timeout=1)
                return

    def _told(self, type: str, body: Mapping[str, Any], wait_s: float = 0.0) -> dict[str, Any] | None:
        """The answer, however long that takes; None when the agent is stopped meanwhile. Errors: Stopped."""
        failures = 0
        while not self._stop.is_set():
            try:
                self._greet()
                answer = self._tunnel.ask(type, body, wait_s)
                self._keyring.works()
                return answer
            except HelloFirst:
                self._greeted = False
            except UnknownJob:
                self._unknown.add(str(body.get("job_id")))
                return None
            except Unreachable as no:
                if isinstance(no, NotKnown) and self._keyring.try_another(no):
                    continue
                failures += 1
                pause = max(no.after_s, random.uniform(0, min(2.0**failures, PAUSE_MAX_S)))  # noqa: S311  # no secret
                log.warning("%s; again in %.0f s", no, pause)
                self._stop.wait(pause)
        return None

    def _greet(self) -> None:
        """Say hello, once for both threads. What comes back of keys is believed as far as the root signed it."""
        with self._greeting:
            if self._greeted:
                return
            told = self._tunnel.ask("hello", {**self._hello, "proto_min": OLDEST_PROTOCOL, "proto_max": PROTOCOL})
            certificates = told.get("job_keys")
            self._keys = self._keys.certified(certificates if isinstance(certificates, list) else [])
            self._greeted = True
            self._unknown.clear()

    # The thread that does.

    def _do_jobs(self) -> None:
        try:
            journal = self._open_journal()
            supervisor = self._make_supervisor(journal, self._tunnel.now)
            try:
                supervisor.end_strays()
                supervisor.recover()
                self._work(journal, supervisor)
            finally:
                supervisor.close()
                journal.close()
        except BaseException as wrong:  # whatever it was, the service must not go on asking for jobs that nobody does
            self.failed = wrong
        finally:
            self._stop.set()

    def _work(self, journal: Journal, supervisor: Supervisor) -> None:
        while not self._stop.is_set():
            self._deliver(journal)
            try:
                job = self._jobs.get(timeout=IDLE_S)
            except queue.Empty:
                journal.prune(self._tunnel.now())
                continue
            if job is None:
                break
            refused = supervisor.accept(job)
            if refused is None:
                self._told("accepted", {"job_id": job["job_id"]})
            result = refused or supervisor.run(job, self._pages(job))
            entry = journal.get(job["job_id"])
            if refused or entry is None or entry.acknowledged:  # what the journal still has to tell is told from there
                self._told("result", _body(job, result))
        self._deliver(journal, once=True)

    def _pages(self, job: Mapping[str, Any]) -> Callable[[Sequence[Mapping[str, Any]], Sequence[str]], None]:
        """Hands pages on; the next one is read only when this one was taken."""
        number = 0

        def take(rows: Sequence[Mapping[str, Any]], cursor: Sequence[str]) -> None:
            nonlocal number
            number += 1
            page = {"job_id": job["job_id"], "page": number, "rows": list(rows), "cursor": list(cursor)}
            while (told := self._told("progress", page)) is not None and told.get("page_ack") != number:
                wait_s = told.get("wait_s")
                self._stop.wait(wait_s if isinstance(wait_s, int) and 0 < wait_s <= PAUSE_MAX_S else 1.0)

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


def _body(job: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """A result as it crosses the tunnel: the document's number stands in one place, wherever the verb told it."""
    value = result.get("value")
    number = result.get("number") or (value.get("number", "") if isinstance(value, Mapping) else "")
    return {**result, "job_id": job["job_id"], "idem_ref": job["idem_ref"], "number": number}
