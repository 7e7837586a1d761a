"""The worker's loop: one job at a time, in a session that is kept warm, with a pause where another user holds the record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from sage_100_agent.boi.interface import BusinessObject, Host, HostFailed
from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.boi.session import Session, SignIn
from sage_100_agent.verbs.catalogue import VERBS
from sage_100_agent.verbs.job import Job, OutcomeUnknown, Row, Site

PAUSES_S = (1.0, 2.0, 4.0, 8.0)
BUSY = frozenset({Category.IN_USE, Category.BATCH_IN_USE})
SIGN_IN_REST_S = 1800.0
"""A password that was refused is not tried again for so long: Sage locks a user after a few."""


class Abandoned(Exception):
    """The agent is gone, or wants no more of this job: nothing more may be done for it."""


class Pipe:
    """Lines of JSON, one each way at a time."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing

    def tell(self, event: str, **more: object) -> None:
        """Errors: Abandoned where nobody listens."""
        try:
            self._outgoing.write(json.dumps({"event": event, **more}, ensure_ascii=False).encode() + b"\n")
            self._outgoing.flush()
        except OSError:
            raise Abandoned from None

    def hear(self) -> Row | None:
        """The next line; None at the end."""
        line = self._incoming.readline()
        return json.loads(line) if line.endswith(b"\n") else None


class PipedSteps:
    """Steps that wait for the agent's word: it says go on only after the step is on its disk."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self.number = ""

    def number_taken(self, number: str) -> None:
        self.number = number
        self._ask("number_taken", number=number)

    def written(self, number: str) -> None:
        self._ask("written", number=number)

    def page(self, rows: Sequence[Row], cursor: Sequence[str]) -> None:
        self._ask("page", rows=list(rows), cursor=list(cursor))

    def _ask(self, event: str, **more: object) -> None:
        self._pipe.tell(event, **more)
        answer = self._pipe.hear()
        if answer is None or not answer.get("go"):
            raise Abandoned


class ToldHost:
    """A host that says at once which processes an activation brought: what hangs later is ended by these ids."""

    def __init__(self, host: Host, pipe: Pipe) -> None:
        self._host, self._pipe = host, pipe

    def script(self) -> BusinessObject:
        made = self._host.script()
        self._pipe.tell("host", processes=sorted(self.processes))
        return made

    @property
    def processes(self) -> frozenset[int]:
        return self._host.processes


class Worker:
    def __init__(self, host: Host, pipe: Pipe, settings: Mapping[str, Any]) -> None:
        self._host, self._pipe, self._settings = host, pipe, settings
        self._session: Session | None = None
        self._refused_at: dict[str, tuple[float, Refused]] = {}

    def do(self, told: Mapping[str, Any]) -> Row:
        """Carry one job out. Errors: Abandoned."""
        job = Job(told["verb"], told["company"], told["params"], told["reference"], told["number"])
        steps, ends = PipedSteps(self._pipe), time.monotonic() + float(told["deadline_s"])
        steps.number = job.number
        try:
            return self._do_until(job, steps, ends)
        except Refused as refused:
            return _refusal(refused)
        except OutcomeUnknown as unknown:
            self.close()
            return {"outcome": "unknown", "text": str(unknown)}
        except HostFailed as failed:
            self.close()
            return {"outcome": "host_failed", "text": failed.text, "code": failed.code}

    def _do_until(self, job: Job, steps: PipedSteps, ends: float) -> Row:
        verb = VERBS[job.verb]
        for pause in (*PAUSES_S, None):
            try:
                site = self._site(job.company)
                return {"outcome": "ok", "value": verb.run(job, site, steps)}
            except Refused as refused:
                if refused.category not in BUSY or pause is None or time.monotonic() + 2 * pause > ends:
                    raise
            time.sleep(pause)
            job = Job(job.verb, job.company, job.params, job.reference, steps.number)
        raise AssertionError("the last pause is none")

    def _site(self, company: str) -> Site:
        if self._session is None or self._session.sign_in.company != company:
            self.close()
            self._session = self._signed_in(company)
        settings = self._settings
        return Site(self._session, sorted(settings["companies"]), settings["reference_columns"], settings["batches"])

    def _signed_in(self, company: str) -> Session:
        settings, who = self._settings, self._settings["companies"][company]
        refused_at, refused = self._refused_at.get(company, (0.0, None))
        if refused is not None and time.monotonic() - refused_at < SIGN_IN_REST_S:
            raise refused
        sign_in = SignIn(company, who["user"], who["password"])
        try:
            session = Session(ToldHost(self._host, self._pipe), settings["home"], sign_in, Site.today_here(), settings["ansi"])
        except Refused as no:
            if no.category is Category.SIGN_IN:
                self._refused_at[company] = (time.monotonic(), no)
            raise
        self._pipe.tell("session", company=company, processes=sorted(self._host.processes))
        return session

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _refusal(refused: Refused) -> Row:
    told = {"category": refused.category.value, "text": refused.text, "where": refused.where}
    if refused.wait_s is None:
        return {"outcome": "refused", **told}
    return {"outcome": "retry", "after_s": int(refused.wait_s), **told}


def serve(make_host: Callable[[], Host], incoming: BinaryIO, outgoing: BinaryIO) -> int:
    """Take the settings and then jobs until the pipe ends. Exit code 0, also when the agent is gone."""
    pipe = Pipe(incoming, outgoing)
    settings = pipe.hear()
    if settings is None:
        return 0
    worker = Worker(make_host(), pipe, settings)
    try:
        pipe.tell("ready")
        while (told := pipe.hear()) is not None:
            pipe.tell("result", **worker.do(told))
    except Abandoned:
        pass
    finally:
        worker.close()
    return 0
