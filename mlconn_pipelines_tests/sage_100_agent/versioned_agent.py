"""A version of the agent as a program of an `app-VERSION` folder: the real service over the simulated Sage, from the environment alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import httpx

from mlconn_pipelines_tests.sage_100_agent.live_agent import FINGERPRINT, FileKeys
from mlconn_pipelines_tests.sage_100_agent.supervised import supervisor
from sage_100_agent import service as service_module
from sage_100_agent.journal import Journal
from sage_100_agent.program.updates import end_with_starter
from sage_100_agent.service import Service
from sage_100_agent.tunnel.client import Tunnel
from sage_100_agent.tunnel.job_keys import JobKeys
from sage_100_agent.tunnel.statements import Signer
from sage_100_agent.updating.installation import Installation
from sage_100_agent.updating.starter import FOLDER
from sage_100_agent.updating.updater import UpdatePolicy, Updater

PROGRAM = """\
import sys
from mlconn_pipelines_tests.sage_100_agent.versioned_agent import main
sys.exit(main("{version}", "{manner}"))
"""


def main(version: str, manner: str) -> int:
    """manner: `works`, `crashes` at once, `hangs`, or `blind`: it finds no Sage."""
    if manner == "crashes":
        return 3
    if manner == "hangs":
        time.sleep(600)
    service_module.WAIT_S = 1  # type: ignore[attr-defined]  # what is offered comes with the next poll
    told = os.environ
    folder, root = Path(told["AGENT_DATA"]), bytes.fromhex(told["AGENT_ROOT"])
    port = int(told["SAGE_PORT"]) if manner != "blind" else 1
    keys = FileKeys(folder / "keys.json")
    updater = Updater(Installation(Path(told[FOLDER])), root, UpdatePolicy(from_hour=0, to_hour=0))
    with httpx.Client(base_url=told["GATEWAY"]) as http:
        service = Service(
            Tunnel(http, "warehouse", Signer(keys.read().present)),
            JobKeys(root),
            "warehouse",
            {"version": version, "fingerprint": FINGERPRINT},
            lambda: Journal(folder / "journal.sqlite"),
            lambda journal, now: supervisor(port, journal, now=now),
            keys,
            updater=updater,
        )
        end_with_starter(service.stop)
        return service.run()
