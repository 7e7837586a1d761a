"""The host process, as pvxcom.exe is one: out of the client's process, single-threaded, and gone with all its objects when it ends."""

from __future__ import annotations

import threading
import time
from typing import Any

from mlconn_simulators.sage_100.component import (
    CALL_FAILED,
    DISCONNECTED,
    MEMBER_NOT_FOUND,
    UNKNOWN_NAME,
    ComError,
    Component,
    Member,
    fill,
)
from mlconn_simulators.sage_100.faults import BoiFault
from mlconn_simulators.sage_100.site import Site


class HostProcess:
    """One process with its objects. Calls come one after another: whoever calls while it hangs waits too."""

    def __init__(self, site: Site, pid: int = 0) -> None:
        self.site, self.pid = site, pid
        self.ended = threading.Event()
        self.alive = True
        self.hanging = threading.Event()
        """Set while a call does not return."""
        self._objects: list[Component] = []
        self._turn = threading.Lock()
        self._let_go: threading.Event | None = None
        self._hung: Component | None = None

    def adopt(self, made: Component) -> None:
        self._objects.append(made)

    def end(self) -> None:
        """End the process: what it held is free, a call that hangs fails at once, and its objects answer nobody any more."""
        if not self.alive:
            return
        with self.site.lock:
            self.alive = False
            if self._hung is not None:
                self._hung.cut_off()
            for each in reversed(self._objects):
                each.drop()
        self.ended.set()
        if self._let_go is not None:
            self._let_go.set()

    def end_if_unused(self) -> None:
        """A host ends by itself once its clients have released everything; what they forget keeps it."""
        if all(each.released or not each.handed_out for each in self._objects):
            self.end()

    def perform(self, target: Component, name: str, args: tuple[Any, ...], as_method: bool) -> Any:
        """Carry one call out, with what it costs and what goes wrong with it. Errors: ComError."""
        site, path = self.site, f"{target.title}.{name}"
        with self._turn:
            site.calls[path] += 1
            if site.call_cost_s:
                time.sleep(site.call_cost_s)
            if not self.alive:
                raise ComError("The RPC server is unavailable.", CALL_FAILED)
            if target.released:
                raise ComError("The object invoked has disconnected from its clients.", DISCONNECTED)
            fault = site.faults.take(path, target.text_held() + "\n" + "\n".join(str(each) for each in args))
            self._before(fault, target)
            member = self._member(target, name, as_method)
            with site.lock:
                result = self._ansi(target.run(member, tuple(self._incoming(target, each) for each in args)))
            if isinstance(result, Component):
                result.handed_out = True
            return self._after(fault, target, result, args)

    def _member(self, target: Component, name: str, as_method: bool) -> Member:
        """Errors: ComError where there is none of the name, or it is of the other kind."""
        member = target.members.get(self.site.official(name).lower())
        if member is None or self.site.is_absent(name):
            raise ComError(f"Unknown name {name}.", UNKNOWN_NAME)
        if (member[1] == "method") != as_method and (as_method or not self.site.sloppy):
            raise ComError(f"{name} is no {'method' if as_method else 'property'}.", MEMBER_NOT_FOUND)
        return member

    def _before(self, fault: BoiFault | None, target: Component) -> None:
        if fault is None:
            return
        if fault.name == "raise":
            raise ComError(fault.text)
        if fault.name == "die":
            self._hung = target
            self.end()
            raise ComError("The remote procedure call failed.", CALL_FAILED)
        if fault.name == "hang":
            self._hang(fault, target)

    def _after(self, fault: BoiFault | None, target: Component, result: Any, args: tuple[Any, ...]) -> Any:
        if fault is None:
            return result
        if fault.name == "raise_after":
            raise ComError(fault.text)
        if fault.name == "die_after":
            self.end()
            raise ComError("The remote procedure call failed.", CALL_FAILED)
        if fault.name == "hang_after":
            self._hang(fault, target)
        if fault.name == "unfilled":
            for reference in args:
                fill(reference, "")
        return {"empty": "", "none": None}.get(fault.name, result)

    def _hang(self, fault: BoiFault, target: Component) -> None:
        self._let_go, self._hung = fault.let_go, target
        self.hanging.set()
        fault.let_go.wait()
        self.hanging.clear()
        self._let_go = self._hung = None
        if not self.alive:
            raise ComError("The remote procedure call failed.", CALL_FAILED)

    def _incoming(self, target: Component, argument: Any) -> Any:
        """Text as the code page can hold it. Errors: ComError for an object of another host."""
        if isinstance(argument, Component) and argument.host is not self:
            raise ComError("<Error: 65 in Method NEWOBJECT>")
        if hasattr(argument, "value") and isinstance(argument.value, str):
            argument.value = self.site.ansi(argument.value)
        return self._ansi(argument)

    def _ansi(self, value: Any) -> Any:
        return self.site.ansi(value) if isinstance(value, str) else value
