"""Objects that return what a test wrote down: for answers that the simulated business objects give seldom or never."""

from __future__ import annotations

from collections.abc import Callable

from sage_100_agent.boi.interface import BusinessObject, HostFailed, Ref, Value

Answer = Value | BusinessObject | Exception | Callable[..., "Value | BusinessObject"]


class Scripted:
    """answers: by method or property, 1 where none is written. said: every call and release, in order, also of objects of one log."""

    def __init__(self, log: list[str] | None = None, name: str = "", **answers: Answer) -> None:
        self.said: list[str] = [] if log is None else log
        self.name, self.answers = name, answers

    def call(self, name: str, *args: Value | Ref | BusinessObject) -> Value | BusinessObject:
        self.said.append(f"{self.name}.{name}")
        answer = self.answers.get(name, 1)
        if isinstance(answer, Exception):
            raise answer
        return answer(*args) if callable(answer) else answer

    def get(self, name: str) -> Value | BusinessObject:
        answer = self.answers.get(name, "")
        assert not callable(answer), f"{name} is a method"
        if isinstance(answer, Exception):
            raise answer
        return answer

    def release(self) -> None:
        self.said.append(f"{self.name}.release")


class ScriptedHost:
    """A host whose objects are those that a test names; the session lets everybody in unless its answers say otherwise."""

    def __init__(self, session: dict[str, Answer] | None = None, separator: str = "Š", **objects: Scripted) -> None:
        self.said: list[str] = []
        self.objects = {
            "SY_Session": Scripted(self.said, "session", **(session or {})),
            "AP_Vendor_svc": Scripted(self.said, "vendors", sGetKeyColumns=f"APDivisionNo${separator}VendorNo$"),
            **objects,
        }
        for made in self.objects.values():
            made.said = self.said
        self.processes: frozenset[int] = frozenset()

    def script(self) -> Scripted:
        return Scripted(self.said, "script", NewObject=self._new)

    def _new(self, name: str, *session: BusinessObject) -> BusinessObject:
        if name not in self.objects:
            raise HostFailed(f"Error 90 in NewObject {name}", -2147352567)
        return self.objects[name]
