"""What every object of the host has in common: members found by name whatever its case, methods and properties told apart."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from mlconn_simulators.sage_100.layouts import EngineError, Refused

if TYPE_CHECKING:
    from mlconn_simulators.sage_100.host import HostProcess

MEMBER_NOT_FOUND, UNKNOWN_NAME, BAD_PARAMETER_COUNT = -2147352573, -2147352570, -2147352562
RAISED, CALL_FAILED, DISCONNECTED, NOT_REGISTERED = -2147352567, -2147023170, -2147417848, -2147221164


class ComError(Exception):
    """What a client sees where a call does not return. code: HRESULT."""

    def __init__(self, text: str, code: int = RAISED) -> None:
        super().__init__(text)
        self.text, self.code = text, code


Member = tuple[str, str, Callable[..., Any], tuple[int, ...]]
"""Name, `method` or `property`, the function, and the places of arguments that it fills."""


def method(name: str, *by_reference: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark what the host calls by this name. by_reference: places of arguments that the method fills."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__dict__["member"] = (name, "method", function, by_reference)
        return function

    return mark


def prop(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark what the host reads by this name."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__dict__["member"] = (name, "property", function, ())
        return function

    return mark


class Component:
    """An object of the host: what a client calls, reads and releases.

    title: its class's name, by which calls are counted and faults armed.
    """

    members: ClassVar[dict[str, Member]] = {}
    _instances = itertools.count(1)

    def __init_subclass__(cls) -> None:
        cls.members = {
            member[0].lower(): member
            for base in reversed(cls.__mro__)
            for each in vars(base).values()
            if callable(each) and (member := getattr(each, "__dict__", {}).get("member"))
        }

    def __init__(self, host: HostProcess, title: str) -> None:
        self.host, self.title = host, title
        self.instance = f"{title}#{next(self._instances)}"
        self.last_error = ""
        self.released = False
        self.handed_out = False

    # The client's side.

    def call(self, name: str, *args: Any) -> Any:
        """Invoke a method. An argument with a `value` is by reference and is filled; others are copied in, and stay as they were.

        Errors: ComError.
        """
        return self.host.perform(self, name, args, as_method=True)

    def get(self, name: str) -> Any:
        """Read a property. Errors: ComError, for a method's name too, unless the host is sloppy: then it runs the method."""
        return self.host.perform(self, name, (), as_method=False)

    def release(self) -> None:
        """Let go of the object, and of what it holds. Twice does nothing."""
        if not self.released and self.host.alive:
            with self.host.site.lock:
                self.drop()
        self.released = True
        self.host.end_if_unused()

    # The host's side.

    def drop(self) -> None:
        """Give up whatever is held."""

    def cut_off(self) -> None:
        """The host ends in the middle of a call."""

    def text_held(self) -> str:
        """What the object is about at the moment: faults can be armed for one document by a text of it."""
        return ""

    def run(self, member: Member, args: tuple[Any, ...]) -> Any:
        """Carry the member out: a refusal is 0 (empty for text) and leaves its text, an engine error is raised."""
        name, _, function, _ = member
        try:
            inspect.signature(function).bind(self, *args)
        except TypeError:
            raise ComError(f"{name} takes other arguments.", BAD_PARAMETER_COUNT) from None
        if self.host.site.clears_errors and name != "sLastErrorMsg":
            self.last_error = ""
        try:
            return function(self, *args)
        except Refused as refusal:
            self.last_error = str(refusal)
            return "" if name.startswith("s") else 0
        except EngineError as error:
            raise ComError(f"<Error: {error.number} in Method {name.upper()}>") from None

    @prop("sLastErrorMsg")
    def last_error_text(self) -> str:
        return self.last_error

    @prop("Instance")
    def instance_text(self) -> str:
        return self.instance

    @method("DropObject")
    def drop_object(self) -> int:
        self.drop()
        self.released = True
        return 1


def fill(reference: Any, value: str | float) -> None:
    """Hand a result out through an argument: one given by value stays as it was."""
    if hasattr(reference, "value"):
        reference.value = value


def given(argument: Any) -> Any:
    """What was handed in, by reference or by value."""
    return argument.value if hasattr(argument, "value") else argument
