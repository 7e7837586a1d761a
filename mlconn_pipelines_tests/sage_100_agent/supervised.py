"""A supervisor over workers of the simulated Sage, and the jobs that tests give it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from sage_100_agent.journal import Journal
from sage_100_agent.supervision.allowance import Allowance
from sage_100_agent.supervision.supervisor import Supervisor
from sage_100_agent.verbs.catalogue import VERBS

COMPANIES = {"MER": {"user": "EDI", "password": "secret"}}
SETTINGS = {
    "home": r"C:\Sage\MAS90\Home",
    "companies": COMPANIES,
    "reference_columns": {"purchase_order": "Comment", "receipt": "Comment", "ap_invoice": "Comment"},
    "batches": {},
    "ansi": "cp1252",
}
POSTING = Allowance(frozenset(COMPANIES), frozenset(VERBS))
"""Of a site that has switched posting on."""
WORKER = "mlconn_pipelines_tests.sage_100_agent.simulated_worker"
ORDER: dict[str, Any] = {
    "division": "00",
    "vendor": "V10090",
    "date": "20261129",
    "lines": [{"item": "A1001", "quantity": "5"}, {"item": "A1002", "quantity": "12"}],
}


def supervisor(
    port: int,
    journal: Journal,
    *strike: str,
    allowance: Allowance | None = None,
    now: Callable[[], float] = time.time,
    settings: dict[str, Any] = SETTINGS,
) -> Supervisor:
    command = [sys.executable, "-m", WORKER, str(port), *strike]
    return Supervisor(command, settings, journal, allowance or Allowance(frozenset(COMPANIES)), now, pause=lambda seconds: None)


def job(verb: str = "po.create", effect: str = "write", **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "job_id": "attempt-1",
        "agent_id": "A1",
        "verb": verb,
        "verb_version": 1,
        "effect": effect,
        "company": "MER",
        "params": ORDER,
        "idem_ref": "mlc:attempt-1",
        "not_after": int(time.time()) + 3600,
        "deadline_s": 30,
    }
    return told | more
