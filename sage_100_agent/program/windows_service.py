"""The agent as a service of Windows: installed under an account of its own, ended in an orderly way, and begun again where it fails."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

NAME, TITLE = "MlconnSageAgent", "mlconn Sage 100 agent"
ABOUT = "Carries documents between Sage 100 and mlconn. It only dials out."
SYSTEM = "LocalSystem"
LOCAL_SYSTEM, ADMINISTRATORS = "S-1-5-18", "S-1-5-32-544"
EVENT_SOURCE = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{NAME}"
STOP_WITHIN_S = 120
RESTARTS_MS = (60_000, 60_000, 900_000)
"""After the first failure, the second and every further one of a day."""
WITHIN_S = 150.0
Work = Callable[[Callable[[Callable[[], None]], None]], int]
"""The agent from its start to its end: is handed what takes the function that stops it, gives the exit code."""


class ServiceRefused(Exception):
    """Windows did not do it; the text says why, and what to do."""


def command_line(settings: Path) -> str:
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "sage_100_agent"]
    return subprocess.list2cmdline([*program, "service", "--settings", str(settings.resolve())])


def install(settings: Path, account: str, password: str | None) -> None:
    """Errors: ServiceRefused."""
    import win32service

    close_folder(settings.resolve().parent, account)
    if account != SYSTEM:
        _may_log_on_as_a_service(account)
    with _Manager(win32service.SC_MANAGER_CREATE_SERVICE) as manager:
        service = _done(
            win32service.CreateService,
            manager,
            NAME,
            TITLE,
            win32service.SERVICE_ALL_ACCESS,
            win32service.SERVICE_WIN32_OWN_PROCESS,
            win32service.SERVICE_AUTO_START,
            win32service.SERVICE_ERROR_NORMAL,
            command_line(settings),
            None,
            False,
            None,
            None if account == SYSTEM else account,
            password,
        )
        try:
            restarts = [(win32service.SC_ACTION_RESTART, after) for after in RESTARTS_MS]
            failures = {"ResetPeriod": 86_400, "RebootMsg": None, "Command": None, "Actions": restarts}
            win32service.ChangeServiceConfig2(service, win32service.SERVICE_CONFIG_DESCRIPTION, ABOUT)
            win32service.ChangeServiceConfig2(service, win32service.SERVICE_CONFIG_FAILURE_ACTIONS, failures)
        finally:
            win32service.CloseServiceHandle(service)
    _register_events()


def uninstall() -> None:
    """Its folder stays: the journal knows what was done. Errors: ServiceRefused."""
    import win32service

    if state() not in ("stopped", "not installed"):
        stop()
    with _Service(win32service.SERVICE_ALL_ACCESS) as service:
        _done(win32service.DeleteService, service)
    if sys.platform == "win32":
        import winreg

        with contextlib.suppress(OSError):
            winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, EVENT_SOURCE)


def start() -> None:
    """Come back when it runs. Errors: ServiceRefused."""
    import win32service

    with _Service(win32service.SERVICE_START | win32service.SERVICE_QUERY_STATUS) as service:
        _done(win32service.StartService, service, None)
    _wait_for("running", "See the event log of Windows, source " + NAME + ", and: mlconn-sage-agent logs")


def stop() -> None:
    """Come back when it has ended: a job that is being done is finished first. Errors: ServiceRefused."""
    import win32service

    with _Service(win32service.SERVICE_STOP | win32service.SERVICE_QUERY_STATUS) as service:
        _done(win32service.ControlService, service, win32service.SERVICE_CONTROL_STOP)
    _wait_for("stopped", "It may be in the middle of a job; look again with: mlconn-sage-agent status")


def state() -> str:
    """As Windows has it: running, stopped, start_pending, stop_pending, not installed."""
    import win32service

    words = {
        win32service.SERVICE_RUNNING: "running",
        win32service.SERVICE_STOPPED: "stopped",
        win32service.SERVICE_START_PENDING: "start_pending",
        win32service.SERVICE_STOP_PENDING: "stop_pending",
    }
    try:
        with _Service(win32service.SERVICE_QUERY_STATUS) as service:
            return words.get(_done(win32service.QueryServiceStatus, service)[1], "paused")
    except ServiceRefused:
        return "not installed"


def host(work: Work, refusals: tuple[type[Exception], ...]) -> int:
    """What the service's process does: Windows calls, and this answers. refusals: errors that a new start does not cure."""
    import servicemanager
    import win32service
    import win32serviceutil

    class Service(win32serviceutil.ServiceFramework):  # type: ignore[misc]
        _svc_name_, _svc_display_name_ = NAME, TITLE

        def __init__(self, args: Sequence[str]) -> None:
            super().__init__(args)
            self._asked_to_stop = threading.Event()
            self._stop: Callable[[], None] = lambda: None

        def _take_stop(self, stop: Callable[[], None]) -> None:
            self._stop = stop
            if self._asked_to_stop.is_set():
                stop()

        def SvcStop(self) -> None:
            self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, waitHint=STOP_WITHIN_S * 1000)
            self._asked_to_stop.set()
            self._stop()

        SvcShutdown = SvcStop

        def SvcDoRun(self) -> None:
            servicemanager.LogInfoMsg(f"{TITLE} begins")
            try:
                code = work(self._take_stop)
            except refusals as no:
                servicemanager.LogErrorMsg(f"{TITLE} does not begin: {no}")
                return
            except BaseException as wrong:
                servicemanager.LogErrorMsg(f"{TITLE} failed: {wrong!r}")
                os._exit(1)
            if code:
                servicemanager.LogErrorMsg(f"{TITLE} ends with {code}; Windows starts it again")
                os._exit(code)  # only a process that ends unasked is recovered
            servicemanager.LogInfoMsg(f"{TITLE} has stopped")

    servicemanager.Initialize(NAME, servicemanager.__file__)
    servicemanager.PrepareToHostSingle(Service)
    servicemanager.StartServiceCtrlDispatcher()
    return 0


def close_folder(folder: Path, account: str = "") -> None:
    """Nobody but administrators, the system and the account gets in. account: empty for who types. Errors: ServiceRefused."""
    import ntsecuritycon
    import win32api
    import win32security

    if account:
        own = _sid_of(account)
    else:
        token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32security.TOKEN_QUERY)
        own = win32security.GetTokenInformation(token, win32security.TokenUser)[0]
    allowed = win32security.ACL()
    inherited = win32security.OBJECT_INHERIT_ACE | win32security.CONTAINER_INHERIT_ACE
    for sid in (*map(win32security.ConvertStringSidToSid, (LOCAL_SYSTEM, ADMINISTRATORS)), own):
        if sid is not None:
            allowed.AddAccessAllowedAceEx(win32security.ACL_REVISION_DS, inherited, ntsecuritycon.FILE_ALL_ACCESS, sid)
    what = win32security.DACL_SECURITY_INFORMATION | win32security.PROTECTED_DACL_SECURITY_INFORMATION
    # What is in the folder takes it over.
    _done(win32security.SetNamedSecurityInfo, str(folder), win32security.SE_FILE_OBJECT, what, None, None, allowed, None)


def _sid_of(account: str) -> Any:
    """None for the system's own account, which is in anyway. Errors: ServiceRefused."""
    import win32security

    if account == SYSTEM:
        return None
    name = f"{os.environ.get('COMPUTERNAME', '.')}\\{account[2:]}" if account.startswith(".\\") else account
    return _done(win32security.LookupAccountName, None, name)[0]


def _may_log_on_as_a_service(account: str) -> None:
    import win32security

    policy = _done(win32security.LsaOpenPolicy, None, win32security.POLICY_CREATE_ACCOUNT | win32security.POLICY_LOOKUP_NAMES)
    _done(win32security.LsaAddAccountRights, policy, _sid_of(account), ("SeServiceLogonRight",))


def _register_events() -> None:
    import servicemanager

    if sys.platform == "win32":
        import winreg

        with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, EVENT_SOURCE) as key:
            winreg.SetValueEx(key, "EventMessageFile", 0, winreg.REG_EXPAND_SZ, servicemanager.__file__)
            winreg.SetValueEx(key, "TypesSupported", 0, winreg.REG_DWORD, 7)


def _wait_for(wanted: str, hint: str) -> None:
    until = time.monotonic() + WITHIN_S
    while (found := state()) != wanted:
        if time.monotonic() > until or (wanted == "running" and found == "stopped"):
            raise ServiceRefused(f"the service is {found}. {hint}")
        time.sleep(0.3)


def _done(act: Callable[..., Any], *args: Any) -> Any:
    """Errors: ServiceRefused, with Windows' own words."""
    import pywintypes

    try:
        return act(*args)
    except pywintypes.error as wrong:
        hints = {5: ". Run it as an administrator", 1060: ". Run: mlconn-sage-agent install", 1073: ". It is installed already"}
        raise ServiceRefused(f"{wrong.strerror or wrong}{hints.get(wrong.winerror, '')}") from None


class _Manager:
    def __init__(self, access: int) -> None:
        self._access = access

    def __enter__(self) -> Any:
        import win32service

        self._handle = _done(win32service.OpenSCManager, None, None, self._access | win32service.SC_MANAGER_CONNECT)
        return self._handle

    def __exit__(self, *_: object) -> None:
        import win32service

        win32service.CloseServiceHandle(self._handle)


class _Service(_Manager):
    def __enter__(self) -> Any:
        import win32service

        with _Manager(0) as manager:
            self._handle = _done(win32service.OpenService, manager, NAME, self._access)
        return self._handle
