"""`probe`: a worker of its own signs in as the agent would, and what it finds is told in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
        """Signed in, and every table can be read and every entry made, by one of its objects."""
        if self.told["outcome"] != "ok":
            return False
        objects = self.told["value"]["objects"]
        needed = [table.objects for table in TABLES] + [(entry.name,) for entry in ENTRIES]
        return all(any(objects.get(name) == "" for name in names) for names in needed)

    def lines(self) -> list[str]:
        if self.told["outcome"] != "ok":
            where = f" ({self.told['where']})" if self.told.get("where") else ""
            return [f"{self.told.get('text') or 'no reason given'}{where}"]
        found = self.told["value"]
        said = [f"signed in; code page {found['code_page']}, separator {found['separator']}, time zone {found['zone']}"]
        said += [f"module {name}: {why or 'ready'}" for name, why in found["modules"].items()]
        said += [f"object {name}: {why}" for name, why in found["objects"].items() if why]
        said += [f"object {name} lacks {', '.join(columns)}" for name, columns in found["missing"].items() if columns]
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
        return Probed({name: value for name, value in event.items() if name != "event"})
    except TimeoutError:
        worker.end_hosts()
        return Probed(
            {"outcome": "host_failed", "text": f"no answer from Sage within {PROBE_S:g} s; a window may wait for somebody"}
        )
    except WorkerGone as gone:
        return Probed({"outcome": "host_failed", "text": str(gone)})
    finally:
        worker.close()
