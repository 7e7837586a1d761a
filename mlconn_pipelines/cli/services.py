"""The processes behind the Dagster UI and the gateway: started together, restarted when they die, stopped together."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from mlconn_pipelines.cli.output import say
from mlconn_pipelines.cli.service import DEATHS_WITHIN_S, Service
from mlconn_pipelines.errors import MlconnError

READY_WITHIN_S = 120.0
STOP_WITHIN_S = 8.0


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
class Services:
    """Code server, webserver and daemon of one Dagster home, the gateway where there is a port for it, the listener where `listens`."""

    home: Path
    environment: Mapping[str, str]
    ui_port: int
    host: str = "127.0.0.1"
    gateway_port: int | None = None
    listens: bool = False
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
            self.services.append(self._gateway(self.gateway_port))
        if self.listens:
            self.services.append(Service("listener", [_program("mlconn"), "listen"], self.environment, logs / "listener.log"))
        for service in self.services:
            service.end_leftover()
        first, *others = self.services
        first.start()
        _wait_for_port(first, code_port)
        for service in others:
            service.start()

    def start_gateway(self, port: int) -> None:
        """Beside the others, which run already: an agent was invited."""
        self.gateway_port = port
        service = self._gateway(port)
        self.services.append(service)
        service.end_leftover()
        service.start()

    def _gateway(self, port: int) -> Service:
        command = [_program("mlconn"), "gateway", "--host", self.host, "--port", str(port)]
        return Service("gateway", command, self.environment, self.logs / "gateway.log")

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

    def supervise(self, database_answers: Callable[[], bool] = lambda: True, now: Callable[[], float] = time.monotonic) -> None:
        """Start again what died; one that keeps dying ends everything with the end of its log.

        database_answers: asked before something is started again: without a database it would only die once more.
        """
        for service in self.services:
            service.note_death(now())
        dead = [service for service in self.services if not service.alive]
        if not dead or not database_answers():
            return
        for service in dead:
            if service.deaths.too_many(now()):
                raise MlconnError(
                    f"the {service.name} died {len(service.deaths.at)} times within {DEATHS_WITHIN_S / 60:.0f} minutes",
                    hint=f"See {service.log}.\n{_tail(service.log)}",
                )
            if service.deaths.may_start(now()):
                try:
                    service.start()
                except OSError as trouble:  # no process, no space for the log's name: tried again like a death
                    say(f"the {service.name} did not start: {trouble.strerror or trouble}")
                    service.deaths.note(now())

    def move(self, environment: Mapping[str, str]) -> None:
        """Stop all and start them with another environment: the database has another address now."""
        self.stop()
        self.environment = environment
        self.start()

    def stop(self) -> None:
        """Ask all to end, listener, gateway and daemon first, and end those that do not within a few seconds."""
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
