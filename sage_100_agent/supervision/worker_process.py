"""The worker as its supervisor sees it: a process at the other end of two pipes, and the hosts that it brought up."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sage_100_agent.supervision.processes import Process, end, process_of

Event = dict[str, Any]
LAST_WORDS_S = 10.0


class WorkerGone(Exception):
    """It ended, or said something that nobody understands."""


class WorkerProcess:
    """One worker from its start to its end. hosts: Sage's processes that its activations brought, told before anything is asked of them."""

    def __init__(self, command: Sequence[str], settings: Mapping[str, Any], note: Callable[[list[Process]], None]) -> None:
        """note: told of the worker and its hosts before they are used, so that a later agent can end them."""
        self._note = note
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.hosts: list[Process] = []
        own = process_of(self._process.pid)
        self._own = [own] if own else []
        self._note(self._own)
        self._said: queue.Queue[Event | None] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        threading.Thread(target=self._watch, daemon=True).start()
        self.tell(settings)

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, message: Mapping[str, Any]) -> None:
        """Errors: WorkerGone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise WorkerGone("the worker takes nothing any more") from None

    def hear(self, within_s: float | None) -> Event:
        """The next event. Errors: WorkerGone, TimeoutError."""
        try:
            event = self._said.get(timeout=within_s)
        except queue.Empty:
            raise TimeoutError from None
        if event is None:
            self._said.put(None)
            raise WorkerGone(f"the worker ended with {self._process.wait()}")
        if event["event"] in ("host", "session"):
            self._host_came(event["processes"])
        return event

    def _host_came(self, pids: Sequence[int]) -> None:
        known = {host.pid for host in self.hosts}
        self.hosts += filter(None, (process_of(pid) for pid in pids if pid not in known))
        self._note(self._own + self.hosts)

    def end_hosts(self) -> int:
        """End the hosts that this worker brought, by their ids; those of Sage's users are others. Gives how many there were."""
        hosts, self.hosts = self.hosts, []
        return sum(end(host) for host in hosts)

    def close(self) -> None:
        """Let it sign out; if that takes long, end it and its hosts."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(LAST_WORDS_S)
        except (OSError, subprocess.TimeoutExpired):
            self.kill()
        self._note([])

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.end_hosts()

    def _watch(self) -> None:
        """See the worker end by itself: its pipe may stay open, since a host that it brought can have inherited it."""
        self._process.wait()
        self._listener.join(1)
        self._said.put(None)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                event = json.loads(line)
                assert isinstance(event, dict) and isinstance(event["event"], str)
            except (ValueError, AssertionError, KeyError):
                break
            self._said.put(event)
        self._said.put(None)
