"""The processes behind the Dagster UI and the gateway: started together, restarted when they die, stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

from mlconn_pipelines.cli.living import end_leftover, lock_to_inherit
from mlconn_pipelines.errors import MlconnError

READY_WITHIN_S = 120.0
STOP_WITHIN_S = 8.0
RESTARTS_MAX = 5


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_or_free(wanted: int) -> int:
    """The port, or a free one when someone listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
    return wanted


@dataclass(slots=True)
class Service:
    """One child process with its own process group and log file.

    Beside the log lies a lock that it holds for as long as it lives, whatever becomes of its parent.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.end_leftover()
        with self.log.open("ab") as output, lock_to_inherit(self._lock_file) as held:
            self.process = _spawn(self.command, self.environment, output, held.fileno())
            held.write(str(self.process.pid))

    def end_leftover(self) -> None:
        """End the process of an earlier `up` that was killed; two daemons on one Dagster home would start everything twice."""
        end_leftover(self._lock_file)

    @property
    def _lock_file(self) -> Path:
        return self.log.with_suffix(".lock")

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return


def _spawn(command: Sequence[str], environment: Mapping[str, str], output: IO[bytes], lock: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=dict(environment),
        stdout=output,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=(lock,),
    )


@dataclass(slots=True)
class Services:
    """Code server, webserver and daemon of one Dagster home, and the gateway where there is a port for it."""

    home: Path
    environment: Mapping[str, str]
    ui_port: int
    host: str = "127.0.0.1"
    gateway_port: int | None = None
    services: list[Service] = field(default_factory=list)

    @property
    def logs(self) -> Path:
        """Folder of the log files. Not `logs`: that one is of Dagster's telemetry, which empties it."""
        return self.home / "service_logs"

    @property
    def ui(self) -> str:
        return f"http://{self.host}:{self.ui_port}"

    @property
    def gateway(self) -> str:
        """Empty where none is started."""
        return f"http://{self.host}:{self.gateway_port}" if self.gateway_port else ""

    def start(self) -> None:
        """Start all of them; they come up side by side. MlconnError names the log of one that does not."""
        code_port = free_port()
        workspace = self.home / "workspace.yaml"
        workspace.write_text(
            "load_from:\n  - grpc_server:\n      host: 127.0.0.1\n"
            f"      port: {code_port}\n      location_name: mlconn_pipelines\n"
        )
        dagster = _program("dagster")
        logs = self.logs
        code = [dagster, "code-server", "start", "-m", "mlconn_pipelines.definitions", "-p", str(code_port), "-h", "127.0.0.1"]
        web = [_program("dagster-webserver"), "-h", self.host, "-p", str(self.ui_port), "-w", str(workspace)]
        daemon = [_program("dagster-daemon"), "run", "-w", str(workspace)]
        self.services = [
            Service("code server", [*code, "--inject-env-vars-from-instance"], self.environment, logs / "code-server.log"),
            Service("webserver", web, self.environment, logs / "webserver.log"),
            Service("daemon", daemon, self.environment, logs / "daemon.log"),
        ]
        if self.gateway_port is not None:
            gateway = [_program("mlconn"), "gateway", "--host", self.host, "--port", str(self.gateway_port)]
            self.services.append(Service("gateway", gateway, self.environment, logs / "gateway.log"))
        for service in self.services:
            service.end_leftover()
        first, *others = self.services
        first.start()
        _wait_for_port(first, code_port)
        for service in others:
            service.start()

    def wait_until_ready(self) -> None:
        """Until the UI answers and knows the code."""
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            self._check_alive()
            try:
                with urlopen(f"{self.ui}/server_info", timeout=2) as answer:  # noqa: S310 - our own loopback address
                    if answer.status == 200:
                        return
            except (URLError, OSError):
                time.sleep(0.2)
        raise MlconnError(f"the Dagster UI did not answer within {READY_WITHIN_S:.0f} s", hint=f"See {self.logs}.")

    def _check_alive(self) -> None:
        for service in self.services:
            if not service.alive:
                raise MlconnError(f"the {service.name} ended by itself", hint=f"See {service.log}.\n{_tail(service.log)}")

    def supervise(self) -> None:
        """Start again what died; one that keeps dying ends everything with the end of its log."""
        for service in self.services:
            if service.alive:
                continue
            service.restarts += 1
            if service.restarts > RESTARTS_MAX:
                raise MlconnError(
                    f"the {service.name} died {service.restarts} times", hint=f"See {service.log}.\n{_tail(service.log)}"
                )
            service.start()

    def stop(self) -> None:
        """Ask all to end, gateway and daemon first, and end those that do not within a few seconds."""
        for service in reversed(self.services):
            service.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_S
        for service in self.services:
            if service.process is None:
                continue
            try:
                service.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                service.signal(signal.SIGKILL)
                service.process.wait()
            service.signal(signal.SIGKILL)  # what its group left behind


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _tail(log: Path, lines: int = 15) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _wait_for_port(service: Service, port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if not service.alive:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise MlconnError(f"the {service.name} did not come up", hint=f"See {service.log}.\n{_tail(service.log)}")
