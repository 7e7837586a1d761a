"""The whole of COM that the agent uses, small enough to be simulated: an object is called, asked for a property, and released.

The class behind ProvideX.Script has Execute and Evaluate, which run any code. Nothing that comes from outside may name a method,
an object or a column: names stand in this package, and only there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

Value = str | float | int | None
"""What BOI takes and gives: text, dates as YYYYMMDD, numbers as doubles. None or an empty text instead of a number means 0."""


@dataclass(slots=True)
class Ref:
    """An argument by reference. value: filled by the call, even by one that raises: a number may be taken by then."""

    value: Value = ""


class HostFailed(Exception):
    """A call did not come back as one: the host process died, was ended, or raised. Whether it took effect is unknown.

    text: of the COM error, such as `Error 90 in NewObject`. code: HRESULT, 0 where there is none.
    """

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.text, self.code = text, code


class BusinessObject(Protocol):
    """An object of the host. Every method is called as a method, and every property read as a property: the other way round may run it.

    Errors: HostFailed.
    """

    def call(self, name: str, *args: Value | Ref | BusinessObject) -> Value | BusinessObject: ...

    def get(self, name: str) -> Value | BusinessObject: ...

    def release(self) -> None:
        """Objects are released in the opposite order of their making; twice does nothing."""
        ...


class Host(Protocol):
    """Where ProvideX.Script comes from. processes: ids of host processes that our activations brought, ended on an overrun."""

    def script(self) -> BusinessObject: ...

    @property
    def processes(self) -> frozenset[int]: ...
