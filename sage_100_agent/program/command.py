"""`mlconn-sage-agent`: what a person beside the Sage server types. Exit code 0: well; 1: not well, and it says why; 2: wrong input."""

from __future__ import annotations

import argparse
import getpass
import json
import logging
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sage_100_agent.program import assembly, log_file, machine, updates, windows_service
from sage_100_agent.program.assembly import NotReady
from sage_100_agent.program.machine import AlreadyRunning
from sage_100_agent.program.probing import probe_company
from sage_100_agent.program.secret_store import PROXY, Secrets, SecretsUnreadable, of_company
from sage_100_agent.program.settings import FILE, FOLDER, BadSettings, Settings, read_settings
from sage_100_agent.program.windows_service import SYSTEM, ServiceRefused
from sage_100_agent.service import Service
from sage_100_agent.supervision.allowance import BadAllowance

WELL, NOT_WELL, WRONG_INPUT = 0, 1, 2
SILENT_S = 180
"""Three polls and their pauses: an agent that heard nothing for so long is cut off."""

ROTATE = "rotate"
"""A file of this name asks the agent that runs for a new key."""
REFUSALS = (BadSettings, NotReady, BadAllowance, SecretsUnreadable, AlreadyRunning, ServiceRefused)
"""What a person has to mend first; each says how."""

log = logging.getLogger(__name__)


class Shown:
    """What a command has to say: lines for people or, with --json, one object for machines."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def tell(self, told: dict[str, Any], *lines: str) -> None:
        if self._as_json:
            print(json.dumps(told))
        else:
            for line in lines:
                print(line)

    def fail(self, text: str) -> None:
        if self._as_json:
            print(json.dumps({"error": text}))
        else:
            print(text, file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # names in Sage that the console's code page lacks
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(encoding="utf-8-sig")  # what comes through a pipe; what is typed at a console comes another way
    if list(sys.argv[1:] if argv is None else argv)[:1] == ["worker"]:
        return work_as_worker()  # of the frozen program, which has no other to start
    given = _parser().parse_args(argv)
    shown = Shown(given.json)
    try:
        settings = None if given.does in (start, stop, uninstall) else read_settings(given.settings)
        result: int = given.does(settings, given, shown)
    except BadSettings as wrong:
        shown.fail(str(wrong))
        return WRONG_INPUT
    except REFUSALS as no:
        shown.fail(str(no))
        return NOT_WELL
    except OSError as wrong:
        shown.fail(f"{wrong}. Run it as an administrator, or as the account of the agent")
        return NOT_WELL
    return result


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--settings", metavar="FILE", type=Path, default=FOLDER / FILE, help=f"default: {FOLDER / FILE}")
    common.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser = argparse.ArgumentParser("mlconn-sage-agent", description="Carries documents between Sage 100 and mlconn.")
    parser.add_argument("--version", action="version", version=assembly.version())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Callable[[Settings, argparse.Namespace, Shown], int], help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[common], help=help, description=help)
        made.set_defaults(does=does)
        return made

    command(
        "enroll",
        enroll,
        "Make this agent known to the platform, by a code that its people give you; asks for Sage's passwords.",
    )
    password = command("password", set_password, "Set the password of Sage's user for a company, or of the proxy.")
    which = password.add_mutually_exclusive_group(required=True)
    which.add_argument("company", nargs="?", metavar="COMPANY")
    which.add_argument("--proxy", action="store_true", help="of the proxy's user")
    probe = command("probe", probe_sage, "Sign in to Sage and say what is there: modules, objects, columns. Changes nothing.")
    probe.add_argument("companies", nargs="*", metavar="COMPANY", help="default: all of the settings file")
    if sys.platform == "win32":
        installing = command("install", install, "Make it a service of Windows, which starts with the machine.")
        installing.add_argument(
            "--account", required=True, metavar="ACCOUNT", help=r"DOMAIN\USER, .\USER, or a managed DOMAIN\NAME$"
        )
        command("uninstall", uninstall, "Take the service away. The folder with settings, keys and journal stays.")
        command("start", start, "Start the service, and wait until it runs.")
        command("stop", stop, "Stop the service, and wait until what it does is finished.")
        command("service", serve, "What Windows starts.")
    command("run", run, "Work in the foreground until it is interrupted.")
    command("rotate", rotate, "Take a new key with the next poll; the agent does so by itself each 30 days.")
    command("status", status, "Whether the agent runs, when the platform answered last, and what waits.")
    logs = command("logs", show_log, "The last lines of the log.")
    logs.add_argument("--lines", type=int, default=100, metavar="N", help="default: 100")
    return parser


def enroll(settings: Settings, given: argparse.Namespace, shown: Shown) -> int:
    """Passwords that are there already are left alone."""
    secrets = _typed_into(settings)
    with machine.alone_in(settings.folder):
        code = _asked("Code: ")
        for company, user in settings.companies.items():
            if not secrets.has(of_company(company)):
                secrets.put(of_company(company), _asked(f"Password of Sage's user {user} in company {company}: "))
        enrolled = assembly.enroll(settings, code)
    left_out = [company for company in enrolled.companies if company not in settings.companies]
    told = {"agent": enrolled.agent_id, "integration": enrolled.integration, "companies": list(enrolled.companies)}
    lines = [f"Enrolled as {enrolled.agent_id} for {enrolled.integration}, companies {', '.join(enrolled.companies)}."]
    lines += [f"The settings file has no sign-in for company {company}: nothing is done for it." for company in left_out]
    shown.tell({**told, "without_sign_in": left_out}, *lines)
    return WELL


def _typed_into(settings: Settings) -> Secrets:
    """On Windows what is typed is sealed to the machine at first: nobody else on it may read the file. install lets the service in."""
    if sys.platform == "win32" and windows_service.state() == "not installed":
        windows_service.close_folder(settings.folder)
    return assembly.secrets_of(settings)


def set_password(settings: Settings, given: argparse.Namespace, shown: Shown) -> int:
    if given.proxy:
        if not settings.proxy_user:
            raise BadSettings('proxy_user is not set; below [platform] write proxy_user = "NAME"')
        name, of = PROXY, f"proxy's user {settings.proxy_user}"
    elif given.company in settings.companies:
        name, of = of_company(given.company), f"Sage's user {settings.companies[given.company]} in company {given.company}"
    else:
        raise BadSettings(
            f"company {given.company} has no sign-in in the settings file; known: {', '.join(settings.companies)}"
        )
    _typed_into(settings).put(name, _asked(f"Password of {of}: "))
    shown.tell({"set": name}, "Set. An agent that runs takes it with its next start.")
    return WELL


def _asked(prompt: str) -> str:
    """Without echo; from a pipe, the next line. Errors: NotReady."""
    told = getpass.getpass(prompt) if sys.stdin is not None and sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not told:
        raise NotReady(f"nothing was given for: {prompt.rstrip(': ')}")
    return told


def probe_sage(settings: Settings, given: argparse.Namespace, shown: Shown) -> int:
    if unknown := [company for company in given.companies if company not in settings.companies]:
        raise BadSettings(f"no sign-in for company {', '.join(unknown)}; known: {', '.join(settings.companies)}")
    found = {company: probe_company(settings, company) for company in given.companies or settings.companies}
    machine.write_json(settings.folder / assembly.PROBED, {company: probed.told for company, probed in found.items()})
    lines = [f"company {company}: {line}" for company, probed in found.items() for line in probed.lines()]
    shown.tell({company: probed.told for company, probed in found.items()}, *lines)
    return WELL if all(probed.is_well for probed in found.values()) else NOT_WELL


def install(settings: Settings, given: argparse.Namespace, shown: Shown) -> int:
    assembly.enrollment_of(settings)
    no_password = given.account == SYSTEM or given.account.endswith("$")
    windows_service.install(
        given.settings, given.account, None if no_password else _asked(f"Password of Windows' account {given.account}: ")
    )
    lines = [f"Installed as {windows_service.NAME}. Now run: mlconn-sage-agent start"]
    if given.account == SYSTEM:
        lines.append(
            "Sage advises against the system's account: it has no rights on shares, and more than it needs on this machine."
        )
    shown.tell({"installed": windows_service.NAME, "account": given.account}, *lines)
    return WELL


def uninstall(settings: object, given: argparse.Namespace, shown: Shown) -> int:
    windows_service.uninstall()
    shown.tell(
        {"uninstalled": windows_service.NAME}, f"Taken away. {given.settings.parent} stays; its journal knows what was done."
    )
    return WELL


def start(settings: object, given: argparse.Namespace, shown: Shown) -> int:
    windows_service.start()
    shown.tell({"service": "running"}, "The service runs.")
    return WELL


def stop(settings: object, given: argparse.Namespace, shown: Shown) -> int:
    windows_service.stop()
    shown.tell({"service": "stopped"}, "The service has stopped.")
    return WELL


def serve(settings: Settings, given: argparse.Namespace, shown: Shown) -> int:
    if (installation := updates.installation_here()) is not None:
        logging.basicConfig(handlers=[log_file.EventLog()])
        return windows_service.host(lambda take_stop: updates.keep_started(installation, given.settings, take_stop), REFUSALS)
    return windows_service.host(lambda take_stop: work(settings, take_stop, [log_file.EventLog()]), REFUSALS)


def work_as_worker() -> int:
    from sage_100_agent.boi.com import ComHost
    from sage_100_agent.worker.loop import serve as serve_jobs

    return serve_jobs(ComHost, sys.stdin.buffer, sys.stdout.buffer)


def rotate(settings: Settings, given: argparse.Namespace, shown: Shown) -> int:
    assembly.enrollment_of(settings)
    (settings.folder / ROTATE).touch()
    running = machine.is_held(settings.folder)
    when = "with its next poll, within a minute" if running else "with its next start: it does not run"
    shown.tell({"asked": True, "running": running}, f"The agent takes a new key {when}.")
    return WELL


def run(settings: Settings, given: argparse.Namespace, shown: Shown) -> int:
    """Ends by itself where the platform wants it no more, or where Sage failed again and again."""
    return work(settings, lambda stop: _on_signals(stop), [log_file.to_screen()])


def _on_signals(stop: Callable[[], None]) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop())


def work(settings: Settings, give_stop: Callable[[Callable[[], None]], None], also: Sequence[logging.Handler]) -> int:
    """The agent from its start to its end. give_stop: is handed what ends it, before it begins."""
    with machine.alone_in(settings.folder):
        secrets = assembly.secrets_of(settings)
        secrets.take_over()
        log_file.open_log(settings.folder / "log", secrets.all(), also)
        standing = assembly.Standing(settings.folder, os.getpid())
        why = "ended by a mistake of its own"
        try:
            with assembly.http_client(settings, secrets) as http:
                http.event_hooks["response"].append(standing.hear)
                service = assembly.make_service(settings, secrets, http)
                give_stop(service.stop)
                updates.end_with_starter(service.stop)
                log.info("agent %s begins", assembly.version())
                _count_hosts()
                code = _run(service, settings.folder / ROTATE)
                why = str(service.failed or "stopped")
        except (NotReady, BadAllowance) as no:
            why = str(no)
            log.error("%s", no)
            raise
        finally:
            standing.end(why)
            log.info("agent ended: %s", why)
    return code


def _count_hosts() -> None:
    """Hosts of our account that nobody releases keep their locks and a seat of the licence."""
    if sys.platform == "win32":
        from sage_100_agent.boi.com import host_processes

        if strays := sorted(host_processes()):
            log.warning("of Sage's hosts %d run under this account already: %s", len(strays), ", ".join(map(str, strays)))


def _run(service: Service, rotate: Path) -> int:
    """On a thread of its own: on Windows a main thread that waits hears no signal."""

    def pass_on() -> None:
        if rotate.exists():
            rotate.unlink()
            service.rotate()

    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(service.run()), name="service")
    pass_on()
    thread.start()
    while thread.is_alive():
        thread.join(1.0)
        pass_on()
    return codes[0] if codes else NOT_WELL


def status(settings: Settings, given: argparse.Namespace, shown: Shown) -> int:
    running, told = machine.is_held(settings.folder), machine.read_json(settings.folder / "status.json")
    heard_s = int(time.time()) - told["heard_at"] if "heard_at" in told else None
    enrolled = machine.read_json(settings.folder / "enrollment.json")
    is_well = running and heard_s is not None and heard_s <= SILENT_S
    lines = [f"agent {enrolled['agent_id']} of {enrolled['integration']}" if enrolled else "not enrolled"]
    if running:
        lines.append("runs; the platform " + (f"answered {heard_s} s ago" if heard_s is not None else "has not answered yet"))
    else:
        lines.append(f"does not run{': ' + told['why'] if told.get('why') else ''}")
    service = windows_service.state() if sys.platform == "win32" else "none"
    lines.append(f"service: {service}")
    waiting = _waiting(settings.folder / "journal.sqlite")
    lines.append(f"{waiting['open']} jobs open, {waiting['results']} results wait for the platform")
    shown.tell(
        {
            "running": running,
            "service": service,
            "heard_s": heard_s,
            "agent": enrolled.get("agent_id"),
            **waiting,
            "last": told,
        },
        *lines,
    )
    return WELL if is_well else NOT_WELL


def _waiting(journal: Path) -> dict[str, int]:
    if not journal.exists():
        return {"open": 0, "results": 0}
    with closing(sqlite3.connect(f"{journal.resolve().as_uri()}?mode=ro", uri=True, timeout=2)) as db:
        counted = db.execute(
            "SELECT count(*) FILTER (WHERE result IS NULL), count(*) FILTER (WHERE result IS NOT NULL AND acknowledged_at IS NULL) FROM job"
        ).fetchone()
    return {"open": counted[0], "results": counted[1]}


def show_log(settings: Settings, given: argparse.Namespace, shown: Shown) -> int:
    lines = log_file.last_lines(settings.folder / "log", max(given.lines, 1))
    shown.tell({"lines": lines}, *(lines or ["no log yet"]))
    return WELL


if __name__ == "__main__":
    sys.exit(main())
