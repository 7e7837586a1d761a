"""The agent put together from its settings: the client that dials, the worker's command, the service; and its enrollment."""

from __future__ import annotations

import json
import logging
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from sage_100_agent.journal import Journal
from sage_100_agent.program.log_file import last_lines
from sage_100_agent.program.machine import fingerprint, read_json, server_name, write_json
from sage_100_agent.program.secret_store import AGENT_KEY, NEXT_KEY, PROXY, Secrets, of_company
from sage_100_agent.program.settings import DIRECT, LOOPBACK, SYSTEM, Settings
from sage_100_agent.program.updates import updater_of
from sage_100_agent.service import Service
from sage_100_agent.supervision.allowance import read_allowance
from sage_100_agent.supervision.supervisor import Supervisor
from sage_100_agent.tunnel.client import NotKnown, Stopped, Tunnel, Unreachable
from sage_100_agent.tunnel.job_keys import JobKeys
from sage_100_agent.tunnel.keyring import Keys
from sage_100_agent.tunnel.statements import Signer, new_private
from sage_100_agent.verbs.catalogue import VERBS

STATUS_EVERY_S = 10.0
PROBED = "probe.json"
"""What a look at Sage found last, by the service or by `probe`; the platform's people see it too."""
LOG_LINES = 2_000
"""So many are sent where the platform asks for the log, if they are not too long."""


class NotReady(Exception):
    """Something has to be done first; the text says what."""


@dataclass(frozen=True)
class Enrollment:
    agent_id: str
    integration: str
    companies: tuple[str, ...]


def secrets_of(settings: Settings) -> Secrets:
    return Secrets(settings.folder / "secrets")


def enrollment_of(settings: Settings) -> Enrollment:
    """Errors: NotReady."""
    told = read_json(settings.folder / "enrollment.json")
    if not told:
        raise NotReady("this agent is not enrolled. Ask for a code and run: mlconn-sage-agent enroll")
    return Enrollment(str(told["agent_id"]), str(told["integration"]), tuple(told["companies"]))


def enroll(settings: Settings, code: str) -> Enrollment:
    """A new key, told to the platform by a code that works once. The key before holds until this one does. Errors: NotReady."""
    secrets, private = secrets_of(settings), new_private()
    secrets.put(NEXT_KEY, private.hex())  # a disk that takes nothing must not cost the code
    with http_client(settings, secrets) as http:
        tunnel = Tunnel(http, "", Signer(private))
        try:
            told = tunnel.enroll(code, fingerprint(), server_name())
            enrolled = Enrollment(str(told["agent_id"]), str(told["integration"]), tuple(map(str, told["companies"])))
        except (NotKnown, Stopped):
            raise NotReady("the platform does not know this code: it works once, and for 15 minutes. Ask for another") from None
        except Unreachable as no:
            raise NotReady(f"{settings.url} could not be reached: {no}") from None
        except (KeyError, TypeError):
            raise NotReady(f"{settings.url} gave an answer that is none of the platform's") from None
    KeptKeys(secrets).write(Keys(private, int(tunnel.now())))
    write_json(settings.folder / "enrollment.json", asdict(enrolled))
    secrets.remove(NEXT_KEY)
    return enrolled


class KeptKeys:
    """The agent's keys as one secret: the present one and the following are never of two times."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def read(self) -> Keys:
        """Errors: NotReady."""
        told = self._secrets.get(AGENT_KEY)
        if told is None:
            raise NotReady("the agent's key is gone. Ask for a code and run: mlconn-sage-agent enroll")
        found = json.loads(told)
        present, following, before = (bytes.fromhex(found[name]) for name in ("present", "following", "before"))
        return Keys(present, found["made_at"], following, before)

    def write(self, keys: Keys) -> None:
        private = {name: getattr(keys, name).hex() for name in ("present", "following", "before")}
        self._secrets.put(AGENT_KEY, json.dumps({"made_at": keys.made_at, **private}))


def http_client(settings: Settings, secrets: Secrets) -> httpx.Client:
    """TLS by what the system trusts, and by ca_file; through the proxy that is set here, or in Windows for this account."""
    trust = ssl.create_default_context()
    if settings.ca_file:
        try:
            trust.load_verify_locations(settings.ca_file)
        except (OSError, ssl.SSLError) as wrong:
            raise NotReady(f"ca_file {settings.ca_file}: {wrong}. Expected certificates as PEM") from None
    address, proxy = _proxy_address(settings), None
    if address:
        sign_in = (settings.proxy_user, secrets.get(PROXY) or "") if settings.proxy_user else None
        proxy = httpx.Proxy(address if "//" in address else f"http://{address}", auth=sign_in)
    return httpx.Client(base_url=settings.url, verify=trust, proxy=proxy, trust_env=False)


def _proxy_address(settings: Settings) -> str:
    if settings.proxy != SYSTEM:
        return "" if settings.proxy == DIRECT else settings.proxy
    parts = urlsplit(settings.url)
    if parts.hostname in LOOPBACK or proxy_bypass(parts.hostname or ""):
        return ""
    return getproxies().get(parts.scheme, "")


def worker_command(settings: Settings) -> Sequence[str]:
    if settings.worker:
        return settings.worker
    if getattr(sys, "frozen", False):
        return (sys.executable, "worker")
    return (sys.executable, "-m", "sage_100_agent.worker")


def worker_settings(settings: Settings, secrets: Secrets, companies: Sequence[str]) -> dict[str, Any]:
    """With the passwords: it goes through a pipe. Errors: NotReady."""
    signed_in = {}
    for code in companies:
        password = secrets.get(of_company(code))
        if password is None:
            raise NotReady(
                f"there is no password for Sage's user {settings.companies[code]}. Run: mlconn-sage-agent password {code}"
            )
        signed_in[code] = {"user": settings.companies[code], "password": password}
    return {
        "home": settings.home,
        "companies": signed_in,
        "reference_columns": dict(settings.reference_columns),
        "batches": dict(settings.batches),
        "ansi": settings.ansi,
    }


def make_service(settings: Settings, secrets: Secrets, http: httpx.Client) -> Service:
    """Errors: NotReady, BadAllowance."""
    enrolled, kept = enrollment_of(settings), KeptKeys(secrets)
    companies = [code for code in enrolled.companies if code in settings.companies]
    if not companies:
        raise NotReady(
            f"the platform works for {', '.join(enrolled.companies)}; the settings file has a sign-in for none of them"
        )
    told = worker_settings(settings, secrets, companies)
    allowance = read_allowance(settings.folder / "allow.toml", frozenset(companies))

    def make_supervisor(journal: Journal, now: Any) -> Supervisor:
        return Supervisor(worker_command(settings), told, journal, allowance, now)

    return Service(
        Tunnel(http, enrolled.agent_id, Signer(kept.read().present)),
        JobKeys(settings.root_key),
        enrolled.agent_id,
        {
            "version": version(),
            "fingerprint": fingerprint(),
            "verbs": sorted(set(VERBS) & allowance.verbs),
            "probe": read_json(settings.folder / PROBED),
        },
        lambda: Journal(settings.folder / "journal.sqlite"),
        make_supervisor,
        kept,
        lambda: "\n".join(last_lines(settings.folder / "log", LOG_LINES)),
        updater_of(settings),
        lambda found: write_json(settings.folder / PROBED, dict(found)),
    )


def version() -> str:
    """Of the distribution, or as a frozen program was told when it was made."""
    told = Path(__file__).with_name("version.txt")
    try:
        return told.read_text(encoding="ascii").strip() if told.exists() else metadata.version("mlconn-sage-100-agent")
    except metadata.PackageNotFoundError:
        return "0"


class Standing:
    """status.json, for `mlconn-sage-agent status`: when we began, when the platform answered last, and why we ended."""

    def __init__(self, folder: Path, pid: int) -> None:
        self._file = folder / "status.json"
        self._told: dict[str, Any] = {"pid": pid, "version": version(), "started_at": int(time.time())}
        self._write()
        self._written = float("-inf")

    def hear(self, response: httpx.Response) -> None:
        """Hook of the client: every answer is one, also a refusal."""
        self._told |= {"answer": response.status_code}
        if response.status_code == 200:
            self._told |= {"heard_at": int(time.time())}
        if time.monotonic() - self._written > STATUS_EVERY_S or response.status_code != 200:
            self._write()

    def end(self, why: str) -> None:
        self._told |= {"ended_at": int(time.time()), "why": why}
        self._write()

    def _write(self) -> None:
        try:
            write_json(self._file, self._told)
        except OSError as wrong:
            logging.getLogger(__name__).warning("status.json could not be written: %s", wrong)
        self._written = time.monotonic()
