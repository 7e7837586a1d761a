"""The sandbox as the demo sees it: a process of its own, and the states that it tells over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from mlconn_pipelines.cli.demo.comparing import SOURCES, BothSides
from mlconn_pipelines.errors import MlconnError

STATE_TIMEOUT_S = 30.0


class SandboxProcess:
    """`python -m mlconn_pipelines.sandbox` as a child. described: what it printed of itself."""

    def __init__(self, folder: Path, *, documents: int, seed: int, rate_limit: float, late_max_s: float) -> None:
        options = {"--documents": documents, "--seed": seed, "--rate-limit": rate_limit, "--late-max": late_max_s}
        command = [sys.executable, "-m", "mlconn_pipelines.sandbox", "--json"]
        command += [text for name, value in options.items() for text in (name, str(value))]
        self._log = (folder / "sandbox.log").open("wb")
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log, stdin=subprocess.DEVNULL, start_new_session=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise MlconnError("the sandbox did not start", hint=f"See {folder / 'sandbox.log'}.")
        self.described: Mapping[str, Any] = json.loads(line)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def partner_state(sandbox: Mapping[str, Any], detail: bool = False) -> Mapping[str, Any]:
    """What the trading partners received, sent and still owe."""
    return _state(f"{sandbox['partner']['url']}/_sandbox/state", {"detail": "1"} if detail else {})


def both_sides(sandbox: Mapping[str, Any]) -> BothSides:
    """Everything that the comparison needs, from the sandbox's own books."""
    erp = sandbox["sap_business_one"]
    with httpx.Client(timeout=STATE_TIMEOUT_S) as http:
        signed_in = http.post(
            f"{erp['url']}/Login", json={"CompanyDB": erp["company_db"], "UserName": erp["user"], "Password": erp["password"]}
        )
        signed_in.raise_for_status()
        cookies = "; ".join(f"{name}={value}" for name, value in signed_in.cookies.items())
        records = {entity: _records(http, erp["url"], entity, cookies) for entity, _ in SOURCES.values()}
    return BothSides(_state(erp["state"], {}), partner_state(sandbox, detail=True), records)


def _records(http: httpx.Client, url: str, entity: str, cookies: str) -> dict[str, Mapping[str, Any]]:
    """All documents of one entity with their lines, read by a client that shares no code with the product's."""
    headers = {"Cookie": cookies, "Prefer": "odata.maxpagesize=200"}
    found: dict[str, Mapping[str, Any]] = {}
    last = 0
    while True:
        query = {"$select": "DocEntry,DocNum,DocumentLines", "$filter": f"DocEntry gt {last}", "$orderby": "DocEntry"}
        answer = http.get(f"{url}/{entity}", params=query, headers=headers)
        if answer.status_code == 429:
            continue
        answer.raise_for_status()
        page = answer.json()["value"]
        if not page:
            return found
        found |= {str(record["DocEntry"]): record for record in page}
        last = page[-1]["DocEntry"]


def _state(url: str, query: Mapping[str, str]) -> Mapping[str, Any]:
    answer = httpx.get(url, params=dict(query), timeout=STATE_TIMEOUT_S)
    answer.raise_for_status()
    state: Mapping[str, Any] = answer.json()
    return state


def erp_counts(sandbox: Mapping[str, Any]) -> Mapping[str, int]:
    """How many documents the ERP holds, by entity."""
    state = _state(sandbox["sap_business_one"]["state"], {"source": "0"})
    counts: Mapping[str, int] = state["records"]
    return counts
