"""The sandbox as the demo sees it: a process of its own, and the state of partners that it tells over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlconn_pipelines.errors import MlconnError
from mlconn_simulators.demo.description import DemoSystem, Described
from mlconn_simulators.demo.reading import state


class SandboxProcess:
    """`python -m mlconn_simulators` as a child. described: what it prints of itself, waited for at the first look.

    documents: by kind of ERP.
    """

    def __init__(self, folder: Path, documents: Mapping[str, int], *, seed: int, rate_limit: float, late_max_s: float) -> None:
        options = {
            "--systems": ",".join(documents),
            "--documents": ",".join(f"{kind}={count}" for kind, count in documents.items()),
            "--seed": seed,
            "--rate-limit": rate_limit,
            "--late-max": late_max_s,
        }
        command = [sys.executable, "-m", "mlconn_simulators", "--json"]
        command += [text for name, value in options.items() for text in (name, str(value))]
        self._log_file = folder / "sandbox.log"
        self._log = self._log_file.open("wb")
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._described: Described | None = None

    @property
    def described(self) -> Described:
        """MlconnError where it did not start."""
        if self._described is None:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line:
                raise MlconnError("the sandbox did not start", hint=f"See {self._log_file}.")
            self._described = json.loads(line)
        return self._described

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def partner_state(sandbox: Described, system: DemoSystem, detail: bool = False) -> Mapping[str, Any]:
    """What the trading partners of one integration received, sent and still owe."""
    return state(sandbox[system.kind]["partner"]["state"], **({"detail": "1"} if detail else {}))
