"""The simulated business objects as a COM server of Windows, ProvideX.Script: a process of its own, which is pvxcom.exe by name.

It holds no data: each call goes over loopback to a `SageServer` outside of wine, so that what it did is still there when it was killed.
`boi_server.py register PORT LIFE`; COM itself starts it as `boi_server.py serve PORT LIFE`. LIFE: a port to which a connection is held as
long as this process lives, told the simulated host's id.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import winreg
from pathlib import Path
from typing import ClassVar

sys.coinit_flags = 2
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.modules.setdefault("boi_server", sys.modules[__name__])  # COM makes the class by the module's name

import pythoncom  # noqa: E402
import win32api  # noqa: E402
import winerror  # noqa: E402
from win32com.server import factory, policy, register, util  # noqa: E402
from win32com.server.exception import COMException  # noqa: E402

from mlconn_simulators.sage_100.component import CALL_FAILED, RAISED, ComError, Component  # noqa: E402
from mlconn_simulators.sage_100.remote import RemoteHost, RemoteObject  # noqa: E402
from mlconn_simulators.sage_100.script import Script  # noqa: E402, F401  # with it come all classes of objects

CLASS = "{7C4B1E5E-53E2-4B0D-9B57-5A6E10000100}"


def _subclasses(of: type[Component]) -> list[type[Component]]:
    return [of, *(each for below in of.__subclasses__() for each in _subclasses(below))]


PLACES = {name: member[3] for each in _subclasses(Component) for name, member in each.members.items() if member[3]}
"""Which arguments a method fills: COM's gateway does not say which of them came by reference."""


class Given:
    """An argument by reference on its way through."""

    def __init__(self, value: object) -> None:
        self.value = value


class Object:
    """An object of the host. Its members are found as they are asked for."""

    _public_methods_: ClassVar[list[str]] = []

    def __init__(self, remote: RemoteObject) -> None:
        self.remote = remote

    def _dynamic_(self, name: str, lcid: int, flags: int, args: tuple[object, ...]) -> object:
        try:
            if not flags & pythoncom.DISPATCH_METHOD:
                return _handed_out(self.remote.get(name))
            places = PLACES.get(name.lower(), ())
            given = [Given(each) if place in places else _incoming(each) for place, each in enumerate(args)]
            result = _handed_out(self.remote.call(name, *given))
        except ComError as error:
            if error.code == CALL_FAILED:
                os._exit(3)  # the simulated host died: so does this process, in the middle of the call
            scode = (
                winerror.E_FAIL if error.code == RAISED else error.code
            )  # the gateway makes DISP_E_EXCEPTION of it, with the text
            raise COMException(description=error.text, scode=scode) from None
        filled = [each.value for each in given if isinstance(each, Given)]
        return (result, *filled) if filled else result

    def __del__(self) -> None:
        with contextlib.suppress(ComError):
            self.remote.release()


class ProvideXScript(Object):
    """What CoCreateInstance makes. The host's process is told to LIFE, so that its end can be simulated outside."""

    def __init__(self) -> None:
        port, life = map(int, sys.argv[2:4])
        host = RemoteHost(("127.0.0.1", port))
        try:
            super().__init__(host.script())
        except ComError as error:
            raise COMException(description=error.text, scode=winerror.E_FAIL) from None
        LIVES.append(socket.create_connection(("127.0.0.1", life)))
        LIVES[-1].sendall(json.dumps(sorted(host.processes)).encode() + b"\n")


LIVES: list[socket.socket] = []


def _handed_out(result: object) -> object:
    return util.wrap(Object(result), usePolicy=policy.DynamicPolicy) if isinstance(result, RemoteObject) else result


def _incoming(argument: object) -> object:
    if isinstance(argument, pythoncom.TypeIIDs[pythoncom.IID_IDispatch]):
        return util.unwrap(argument).remote
    return argument


def register_class(port: str, life: str) -> None:
    register.RegisterServer(
        CLASS,
        "boi_server.ProvideXScript",
        "Simulated ProvideX",
        "ProvideX.Script",
        policy="win32com.server.policy.DynamicPolicy",
        clsctx=pythoncom.CLSCTX_LOCAL_SERVER,
        addnPath=str(Path(__file__).parent),
    )
    program = Path(sys.executable).with_name("pvxcom.exe")
    with winreg.CreateKey(winreg.HKEY_CLASSES_ROOT, rf"CLSID\{CLASS}\LocalServer32") as key:
        winreg.SetValueEx(key, None, 0, winreg.REG_SZ, f'"{program}" "{Path(__file__).resolve()}" serve {port} {life}')


def serve() -> None:
    made = factory.RegisterClassFactories([CLASS])
    pythoncom.EnableQuitMessage(win32api.GetCurrentThreadId())
    pythoncom.CoResumeClassObjects()
    pythoncom.PumpMessages()
    factory.RevokeClassFactories(made)


if __name__ == "__main__":
    if sys.argv[1] == "register":
        register_class(*sys.argv[2:4])
    else:
        serve()
