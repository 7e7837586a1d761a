"""One job after another: judged, journaled, handed to the worker, and settled where worker, host or agent died over it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sage_100_agent.journal import DigestDiffers, Entry, Full, Journal, State
from sage_100_agent.supervision.allowance import Allowance
from sage_100_agent.supervision.processes import Process, end, is_gone
from sage_100_agent.supervision.worker_process import Event, WorkerGone, WorkerProcess
from sage_100_agent.verbs.catalogue import VERBS, Effect, Verb
from sage_100_agent.verbs.find import known_of

Result = dict[str, Any]
PageTaker = Callable[[Sequence[Mapping[str, Any]], Sequence[str]], None]

SESSIONS_MAX = 6
"""So many in a row that failed, and the service ends with 1: Windows starts it anew, and says so to people."""
TRIES_MAX = 3
NOTHING_DONE = frozenset({"retry", "expired", "unsupported"})
DEADLINE_MAX_S = 900.0
FIND_DEADLINE_S = 120.0
GRACE_S = 5.0
"""For a worker whose host was ended, to say so."""
LOOK_AGAIN_S = 300.0
"""Until Sage is looked at again for what it lacked, once a job asks for that: somebody may have mended it."""
POSTING_WAIT_S = 120.0
"""For a posting that an agent before us left running to come to its end, before it is looked at."""


class NobodyReads(Exception):
    """Raised by who takes pages, where nobody wants them any more: the read is broken off, since other jobs wait for its end."""


class SessionsFailed(Exception):
    """Sage's host failed again and again."""


class Supervisor:
    """Takes one job at a time. now: seconds, by the platform's clock as far as the agent knows it."""

    def __init__(
        self,
        command: Sequence[str],
        settings: Mapping[str, Any],
        journal: Journal,
        allowance: Allowance,
        now: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
        local: Callable[[], float] = time.time,
    ) -> None:
        """local: this machine's clock, by which writes are counted: the platform's comes with unsigned answers."""
        self._local = local
        self._command, self._settings, self._journal, self._allowance = command, settings, journal, allowance
        self._now, self._pause = now, pause
        self._worker: WorkerProcess | None = None
        self.sessions_failed = 0
        self.found: dict[str, Result] = {}
        """By company, what a look at Sage found last, with the ids of Sage's processes at that time."""
        self._is_looked_at = False
        self._looked_at = float("-inf")

    def end_strays(self) -> int:
        """What an agent before us left running: a worker that still writes, a host that holds a lock and a seat. Before any recovery.

        A posting is left to come to its end.
        """
        strays, ended = [Process(pid, born) for pid, born in self._journal.processes()], 0
        if any(self._is_posting(entry.id) for entry in self._journal.open()):
            until = time.monotonic() + POSTING_WAIT_S
            for stray in strays:
                is_gone(stray, max(until - time.monotonic(), 0))
        else:
            ended = sum(end(stray) for stray in strays)
        self._journal.note_processes([])
        return ended

    def recover(self) -> list[tuple[str, Result]]:
        """Finish what a crash left open, as far as the site allows it still: the platform knows these jobs as accepted.

        Those that were received and not begun are left: the platform may take them for surely not done, so it is asked first.
        """
        results = []
        for entry in self._journal.open():
            if entry.state is State.RECEIVED:
                continue
            if entry.state is State.NUMBER_TAKEN and not entry.tries:
                continue  # it rests, with its number, until it is given again: the platform knows that it was not done
            objection = self._allowance.objection(entry.request)
            untouched = entry.state is State.STARTED
            results.append((entry.id, self._done(entry, objection) if objection and untouched else self._write(entry)))
        return results

    def accept(self, request: Mapping[str, Any]) -> Result | None:
        """Take a job on, whose signature was checked: a write is in the journal afterwards. Its result at once where it is not taken on."""
        if objection := self._allowance.objection(request) or self._lacking(request):
            return objection
        if VERBS[request["verb"]].effect is Effect.READ:
            return None
        known = self._journal.get(request["job_id"])
        if known is None and self._journal.started_since(self._local() - 3600) >= self._allowance.writes_per_hour:
            return {
                "outcome": "retry",
                "category": "rate",
                "text": "as many writes as this site allows in an hour",
                "after_s": 600,
            }
        try:
            self._journal.receive(request["job_id"], request, self._local())
        except DigestDiffers as differs:
            return {"outcome": "refused", "category": "id_used_twice", "text": str(differs), "where": "agent"}
        except Full as full:
            return {"outcome": "retry", "category": "journal_full", "text": str(full), "after_s": 600}
        return None

    def run(self, request: Mapping[str, Any], take_page: PageTaker) -> Result:
        """Do a job, accepted or not yet, and give its result. Errors: SessionsFailed."""
        if refused := self.accept(request):
            return refused
        entry = self._journal.get(request["job_id"])
        return self._read(request, take_page) if entry is None else self._write(entry, request)

    def probe(self, company: str = "") -> Result:
        """Whether Sage is there and what it has; by the first company that this site allows, or a named one. Errors: SessionsFailed."""
        company = company or min(self._allowance.companies, default="")
        asked = {"verb": "probe", "company": company, "params": {}, "deadline_s": FIND_DEADLINE_S}
        result = self._perform(asked, "", _no_pages)
        hosts = self._worker.hosts if self._worker is not None else []
        return {**result, "processes": [host.pid for host in hosts]}

    @property
    def is_to_be_looked_at(self) -> bool:
        """At the start; and again when a session works after one that failed: Sage may be another since."""
        return not self._is_looked_at and self.sessions_failed == 0

    def look(self) -> None:
        """Find out what each company's Sage has; jobs that it cannot do are refused from then on. A job is not kept from a Sage that
        did not answer: it will hear so itself. Errors: SessionsFailed."""
        for company in sorted(self._allowance.companies):
            self.found[company] = self.probe(company)
        self._is_looked_at, self._looked_at = self.sessions_failed == 0, time.monotonic()

    def _lacking(self, request: Mapping[str, Any]) -> Result | None:
        """The refusal of a job that cannot be done for want of columns. Something may have been mended: that is looked at now and then."""
        if self._unable(request) and time.monotonic() - self._looked_at > LOOK_AGAIN_S:
            self.look()
        text = self._unable(request)
        return {"outcome": "refused", "category": "columns_missing", "text": text, "where": "agent"} if text else None

    def _unable(self, request: Mapping[str, Any]) -> str:
        value = self.found.get(request["company"], {}).get("value")
        told = value.get("unable", {}) if isinstance(value, Mapping) else {}
        return str(told.get(request["verb"], ""))

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    # Reads may be done again from the start.

    def _read(self, request: Mapping[str, Any], take_page: PageTaker) -> Result:
        for _ in range(TRIES_MAX):
            if self._now() > request["not_after"]:
                return {"outcome": "expired"}
            result = self._perform(request, "", take_page)
            if result["outcome"] != "host_failed":
                return result
        return {"outcome": "retry", "category": "host", "text": result["text"], "after_s": 60}

    # Writes are done once.

    def _write(self, entry: Entry, request: Mapping[str, Any] | None = None) -> Result:
        """request: as it was given just now, with a later `not_after` perhaps than the one in the journal."""
        asked = request or entry.request
        verb = VERBS[asked["verb"]]
        while True:
            if entry.state is State.DONE:
                assert entry.result is not None
                return dict(entry.result)
            if entry.state is State.WRITTEN:
                return self._done(entry, {"outcome": "ok", "value": {"number": entry.number, "warnings": [], "settled": True}})
            if entry.state is State.NUMBER_TAKEN and not verb.repeatable and (settled := self._settle(entry, verb)):
                return self._done(entry, settled)
            if self._now() > asked["not_after"]:
                return self._done(entry, {"outcome": "expired", "number": entry.number})
            if entry.tries >= TRIES_MAX:
                return self._given_up(entry)
            self._journal.start(entry.id, self._now())
            result = self._perform(asked, entry.number, _no_pages, entry.id)
            entry = self._again(entry)
            if verb.posts and entry.state is State.NUMBER_TAKEN and result["outcome"] in ("retry", "unknown"):
                # Sage's own no is final here: a job that rests with its number looks like one that may have been half done
                said = "refused" if result["outcome"] == "retry" else "unknown"
                result = {**result, "outcome": said, "number": entry.number}
            elif result["outcome"] == "unknown":
                result = self._settle(entry, verb) or result
            elif entry.state is State.NUMBER_TAKEN and str(result.get("where", "")).endswith("nWrite"):
                result = self._saved_all_the_same(entry, verb) or result
            if result["outcome"] != "host_failed":
                return self._done(entry, result)

    def _saved_all_the_same(self, entry: Entry, verb: Verb) -> Result | None:
        """A save that answered 0, or nothing, may have saved. None where it surely did not; `retry` while that cannot be known."""
        found = self._settle(entry, verb)
        return found if found and found["outcome"] in ("ok", "retry") else None

    def _given_up(self, entry: Entry) -> Result:
        """Nothing of it is in Sage. Before it had a number it may be asked for again; with one, it is this document that ends the host."""
        text = f"Sage's host failed {entry.tries} times over this; nothing of it was done in Sage"
        if entry.state is State.STARTED:
            return self._done(entry, {"outcome": "retry", "category": "host", "text": text, "after_s": 60})
        return self._done(entry, {"outcome": "refused", "category": "host", "text": text, "where": "agent"})

    def _again(self, entry: Entry) -> Entry:
        found = self._journal.get(entry.id)
        assert found is not None
        return found

    def _done(self, entry: Entry, result: Result) -> Result:
        """Keep the result. Those that say that nothing was done leave the id free: the same job may be given again."""
        keep = self._journal.rest if result["outcome"] in NOTHING_DONE else self._journal.done
        keep(entry.id, result, self._now())
        return result

    def _settle(self, entry: Entry, verb: Verb) -> Result | None:
        """What is in Sage under the number: ours, so it is done; another's, so a person decides; nothing, and None is said.

        Never None of a posting: it is not begun twice.
        """
        asked = entry.request
        known = known_of(verb.kind, asked["params"], entry.number)
        params = {"kind": verb.kind, "number": entry.number}
        params |= {
            name: asked["params"][name] for name in ("division", "vendor") if name in asked["params"] and "VendorNo" in known
        }
        look = {**asked, "verb": "doc.find", "params": params, "deadline_s": FIND_DEADLINE_S}
        while (told := self._perform(look, "", _no_pages))["outcome"] == "host_failed":
            pass
        if told["outcome"] != "ok":
            about = {"category": told.get("category", "host"), "text": told.get("text", ""), "number": entry.number}
            return {"outcome": "retry", "after_s": 60, **about}
        found = told["value"]["found"]
        if verb.posts:
            return _where_posted(entry, found)
        if any(row["reference"] == asked["idem_ref"] for row in found):
            return {"outcome": "ok", "value": {"number": entry.number, "warnings": [], "settled": True}}
        if found:
            text = f"{entry.number} is in Sage and does not bear our reference {asked['idem_ref']}"
            return {"outcome": "unknown", "number": entry.number, "text": text}
        return None

    # The worker.

    def _perform(self, request: Mapping[str, Any], number: str, take_page: PageTaker, id: str = "") -> Result:
        """One try. `host_failed`: it is not known how far it came, but nobody works on it any more. id: of a job in the journal."""
        deadline_s = min(float(request["deadline_s"]), DEADLINE_MAX_S)
        try:
            worker = self._worker = self._worker or self._started()
            worker.tell(
                {
                    "verb": request["verb"],
                    "company": request["company"],
                    "params": request["params"],
                    "reference": request.get("idem_ref", ""),
                    "number": number,
                    "deadline_s": deadline_s,
                }
            )
            result = self._follow(worker, deadline_s, take_page, id)
        except WorkerGone as gone:
            self._drop(self._is_posting(id))
            result = {"outcome": "host_failed", "text": str(gone)}
        except NobodyReads as nobody:
            self._drop()
            result = {"outcome": "retry", "category": "nobody_reads", "text": str(nobody), "after_s": 0}
        self._count(result)
        return result

    def _follow(self, worker: WorkerProcess, deadline_s: float, take_page: PageTaker, id: str) -> Result:
        """Answer the worker's steps until its result. Errors: WorkerGone."""
        ends, overrun = time.monotonic() + deadline_s, False
        while True:
            try:
                event = worker.hear(None if self._is_posting(id) else max(ends - time.monotonic(), 0))
            except TimeoutError:
                if overrun:
                    raise WorkerGone(f"no answer within {deadline_s:g} s, nor after its host was ended") from None
                overrun, ends = True, time.monotonic() + GRACE_S
                worker.end_hosts()
                continue
            if event["event"] == "result":
                return {name: value for name, value in event.items() if name != "event"}
            if event["event"] == "page":
                take_page(event["rows"], event["cursor"])
                ends = time.monotonic() + deadline_s
            elif not self._noted(event, id):
                continue
            worker.tell({"go": True})

    def _noted(self, event: Event, id: str) -> bool:
        """Put a step on disk. False: it is none, and the worker waits for no answer."""
        if event["event"] == "number_taken":
            self._journal.number_taken(id, event["number"], self._now())
        elif event["event"] == "written":
            self._journal.written(id, event["number"], self._now())
        else:
            return False
        return True

    def _started(self) -> WorkerProcess:
        def note(processes: list[Process]) -> None:
            self._journal.note_processes([(each.pid, each.born) for each in processes])

        return WorkerProcess(self._command, self._settings, note)

    def _is_posting(self, id: str) -> bool:
        """Whether Sage may be updating a register for this job. Its host is left alone then, however long that takes."""
        entry = self._journal.get(id) if id else None
        return entry is not None and entry.state is State.NUMBER_TAKEN and VERBS[entry.request["verb"]].posts

    def _drop(self, is_posting: bool = False) -> None:
        """A worker that is no use any more; its hosts hold locks and a seat, and end with it unless Sage is posting."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        with contextlib.suppress(OSError):
            if is_posting:
                worker.hosts = []
            worker.kill()

    def _count(self, result: Result) -> None:
        """Errors: SessionsFailed."""
        if result["outcome"] != "host_failed":
            self.sessions_failed = 0
            return
        self.sessions_failed += 1
        self._is_looked_at = False
        if self.sessions_failed >= SESSIONS_MAX:
            self.close()
            raise SessionsFailed(f"{self.sessions_failed} sessions failed one after another; the last: {result['text']}")
        self._pause(min(2.0**self.sessions_failed, 30.0))


def _where_posted(entry: Entry, found: Sequence[Mapping[str, Any]]) -> Result:
    """Of a posting that broke off: done where the receipt left the entry file for the history; nobody knows where it did not."""
    places = {row["place"] for row in found if row["reference"] == entry.request["idem_ref"]}
    if places == {"history"}:
        return {"outcome": "ok", "value": {"number": entry.number, "posted": True, "warnings": [], "settled": True}}
    where = " and ".join(sorted(places)) or "not in Sage"
    text = f"posting receipt {entry.number} broke off, and it is {where}: look whether Sage wants its register restarted"
    return {"outcome": "unknown", "number": entry.number, "text": text}


def _no_pages(rows: Sequence[Mapping[str, Any]], cursor: Sequence[str]) -> None:
    """Of verbs that tell none, or whose pages nobody wants."""
