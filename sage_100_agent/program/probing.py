"""`probe`: a worker of its own signs in as the agent would, and what it finds is told in words."""

from __future__ import annotations

import contextlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sage_100_agent.boi.com import PROGRAM_IDS
from sage_100_agent.boi.probe import ENTRIES
from sage_100_agent.boi.tables import TABLES
from sage_100_agent.program import assembly
from sage_100_agent.program.settings import Settings
from sage_100_agent.supervision.worker_process import WorkerGone, WorkerProcess

PROBE_S = 180.0


@dataclass(frozen=True)
class Probed:
    """told: the worker's result, as a job's would be."""

    told: dict[str, Any]

    @property
    def is_well(self) -> bool:
        """Signed in, every table can be read and every entry made, by one of its objects, and no verb lacks a column."""
        if self.told["outcome"] != "ok":
            return False
        objects = self.told["value"]["objects"]
        needed = [table.objects for table in TABLES] + [(entry.name,) for entry in ENTRIES]
        return not self.told["value"]["unable"] and all(any(objects.get(name) == "" for name in names) for names in needed)

    def lines(self) -> list[str]:
        if self.told["outcome"] != "ok":
            where = f" ({self.told['where']})" if self.told.get("where") else ""
            return [f"{self.told.get('text') or 'no reason given'}{where}", *self.told.get("checks", [])]
        found = self.told["value"]
        said = [f"signed in; code page {found['code_page']}, separator {found['separator']}, time zone {found['zone']}"]
        said += [f"module {name}: {why or 'ready'}" for name, why in found["modules"].items()]
        said += [f"object {name}: {why}" for name, why in found["objects"].items() if why]
        said += [f"object {name} lacks {', '.join(columns)}" for name, columns in found["missing"].items() if columns]
        said += [f"{verb} is refused: {words}" for verb, words in found["unable"].items()]
        return said


def probe_company(settings: Settings, company: str) -> Probed:
    """Errors: NotReady."""
    secrets = assembly.secrets_of(settings)
    told = assembly.worker_settings(settings, secrets, [company])
    worker = WorkerProcess(assembly.worker_command(settings), told, lambda processes: None)
    try:
        worker.tell({"verb": "probe", "company": company, "params": {}, "reference": "", "number": "", "deadline_s": PROBE_S})
        while (event := worker.hear(PROBE_S))["event"] != "result":
            pass
        result = {name: value for name, value in event.items() if name != "event"}
        return Probed(result if result["outcome"] == "ok" else result | {"checks": checks(settings)})
    except TimeoutError:
        worker.end_hosts()
        return Probed(
            {"outcome": "host_failed", "text": f"no answer from Sage within {PROBE_S:g} s; a window may wait for somebody"}
        )
    except WorkerGone as gone:
        return Probed({"outcome": "host_failed", "text": str(gone)})
    finally:
        worker.close()


def checks(settings: Settings) -> list[str]:
    """What BOI needs before it answers at all, looked at one by one: a failure of any says no more than that it failed."""
    if sys.platform != "win32" or settings.worker:
        return []
    said = []
    if not Path(settings.home).is_dir():
        said.append(
            f"{settings.home} is no folder that this account can reach. Is it the Home folder below MAS90, by its path on the server?"
        )
    program = _registered_host()
    if program is None:
        said.append(
            r"ProvideX.Script is not registered. As an administrator run pvxcom.exe /regserver, "
            r"in C:\Program Files (x86)\Common Files\Sage\Common Components"
        )
    elif not program.is_file():
        said.append(f"{program} is registered and not there. Repair Sage's workstation set-up")
    elif not program.with_name(f"{program.name}.config").is_file():
        said.append(f"{program.name}.config is missing beside {program}. Repair Sage's workstation set-up")
    return said


def _registered_host() -> Path | None:
    """The program that Windows would start for ProvideX.Script."""
    if sys.platform == "win32":
        import winreg

        for name in PROGRAM_IDS:
            with contextlib.suppress(OSError):
                kind = winreg.QueryValue(winreg.HKEY_CLASSES_ROOT, rf"{name}\CLSID")
                for view in (winreg.KEY_WOW64_64KEY, winreg.KEY_WOW64_32KEY):
                    with (
                        contextlib.suppress(OSError),
                        winreg.OpenKey(
                            winreg.HKEY_CLASSES_ROOT, rf"CLSID\{kind}\LocalServer32", 0, winreg.KEY_READ | view
                        ) as key,
                    ):
                        command = str(winreg.QueryValueEx(key, None)[0])
                        return Path(command.split('"')[1] if command.startswith('"') else re.split(r"\s+[/-]", command)[0])
    return None
