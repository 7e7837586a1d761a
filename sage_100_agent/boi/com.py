"""pywin32 behind the interface, and the only place that knows it. Runs on the one thread that made it (STA)."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from sage_100_agent.boi.interface import BusinessObject, HostFailed, Ref, Value

PROGRAM_IDS = ("ProvideX.Script", "ProvideX.Script.1", "PxPlus.Script")
HOST_PROGRAMS = ("pvxcom.exe", "pxpcom.exe")
_QUERY = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
_ACTIVATIONS = 3


class ComHost:
    """ProvideX.Script as Windows starts it: a process of its own for each activation, or one that is there already."""

    def __init__(self) -> None:
        sys.coinit_flags = 2  # type: ignore[attr-defined]  # STA, read by pythoncom when it is imported
        import pythoncom

        pythoncom.CoInitialize()
        self._processes: frozenset[int] = frozenset()

    @property
    def processes(self) -> frozenset[int]:
        return self._processes

    def script(self) -> BusinessObject:
        from win32com.client import dynamic

        before, failed = host_processes(), HostFailed("ProvideX.Script is not registered")
        for attempt in range(_ACTIVATIONS):
            for program in PROGRAM_IDS:
                try:
                    made = _raising(partial(dynamic.Dispatch, program))
                except HostFailed as wrong:
                    failed = failed if attempt else wrong
                    continue
                now = host_processes()
                self._processes = (self._processes & now) | (now - before)
                return ComObject(made._oleobj_)
            time.sleep(1)
        raise failed


class ComObject:
    """An object by its IDispatch alone: attribute access of pywin32 asks for a property first, and a sloppy server then runs the method."""

    def __init__(self, dispatch: Any) -> None:
        self._dispatch = dispatch

    def call(self, name: str, *args: Value | Ref | BusinessObject) -> Value | BusinessObject:
        import pythoncom
        from win32com.client import VARIANT

        # Made outside the try: a number may be taken by a call that then fails, and stands in the argument all the same.
        given: list[Any] = []
        references: list[tuple[Ref, Any]] = []
        for arg in args:
            if isinstance(arg, Ref):
                kind = pythoncom.VT_BSTR if isinstance(arg.value, str) else pythoncom.VT_R8
                variant = VARIANT(pythoncom.VT_BYREF | kind, arg.value)
                references.append((arg, variant))
                given.append(variant)
            else:
                given.append(arg._dispatch if isinstance(arg, ComObject) else arg)
        try:
            return self._invoke(name, pythoncom.DISPATCH_METHOD, *given)
        finally:
            for reference, variant in references:
                reference.value = variant.value

    def get(self, name: str) -> Value | BusinessObject:
        import pythoncom

        return self._invoke(name, pythoncom.DISPATCH_PROPERTYGET)

    def _invoke(self, name: str, kind: int, *args: Any) -> Value | BusinessObject:
        if self._dispatch is None:
            raise HostFailed("the object was released")
        dispatch = self._dispatch
        returned = _raising(lambda: dispatch.Invoke(dispatch.GetIDsOfNames(name), 0, kind, True, *args))
        if hasattr(type(returned), "GetIDsOfNames"):
            return ComObject(returned)
        if returned is None or isinstance(returned, str | int | float):
            return returned
        return str(returned)

    def release(self) -> None:
        self._dispatch = None


def host_processes() -> frozenset[int]:
    """Ids of the processes that run ProvideX for COM under our own account; Sage's users have theirs, and those are never ours to end."""
    import win32process

    own = _account_of(win32process.GetCurrentProcess())
    return frozenset(process for process in win32process.EnumProcesses() if _is_host(process, own))


def _is_host(process: int, own: Any) -> bool:
    import pywintypes
    import win32api

    try:
        handle = win32api.OpenProcess(_QUERY, 0, process)
    except pywintypes.error:
        return False  # of another account, or gone
    return _program_of(handle).lower().endswith(HOST_PROGRAMS) and own is not None and _account_of(handle) == own


def _program_of(process: Any) -> str:
    """Path of its program; GetModuleFileNameEx would have to read its memory, which not every host allows."""
    path, size = ctypes.create_unicode_buffer(1024), ctypes.c_ulong(1024)
    found = ctypes.WinDLL("kernel32").QueryFullProcessImageNameW(ctypes.c_void_p(int(process)), 0, path, ctypes.byref(size))  # type: ignore[attr-defined]
    return path.value if found else ""


def _account_of(process: Any) -> Any:
    """Its SID; None where we may not ask."""
    import pywintypes
    import win32security

    try:
        token = win32security.OpenProcessToken(process, win32security.TOKEN_QUERY)
        return win32security.GetTokenInformation(token, win32security.TokenUser)[0]
    except pywintypes.error:
        return None


def _raising(act: Callable[[], Any]) -> Any:
    import pythoncom

    try:
        return act()
    except pythoncom.com_error as wrong:
        told = wrong.excepinfo[2] if wrong.excepinfo else None
        raise HostFailed(str(told or wrong.strerror or wrong), int(wrong.hresult)) from None
