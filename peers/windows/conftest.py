"""The simulated Sage outside of wine, and its business objects as a COM server in it."""

from __future__ import annotations

import json
import os
import signal
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconn_simulators.sage_100.sandbox import Sage100Sandbox
from mlconn_simulators.sage_100.server import SageServer
from mlconn_simulators.world.making import make_world
from peers.windows import environment
from peers.windows.environment import python_command, ran, set_up, windows_path


@pytest.fixture(scope="session")
def windows() -> Iterator[None]:
    """Wine with a Windows Python. One process of ours stays, or services would stop with the last that we start."""
    set_up()
    import subprocess

    stays = subprocess.Popen(
        python_command("-c", "import sys; sys.stdin.read()"),
        env=environment.variables(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    yield
    assert stays.stdin is not None
    stays.stdin.close()
    stays.wait(20)
    subprocess.run([environment.WINESERVER, "-k"], env=environment.variables(), check=False)


class Sage:
    """orders: two, of people. A host ends with its COM process, and COM forgets a process that was ended."""

    def __init__(self) -> None:
        self.sandbox = Sage100Sandbox(make_world(1, 40), orders=2)
        self.server = SageServer(self.sandbox)
        self.came: list[int] = []
        owner = self

        class Life(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                hosts = json.loads(self.rfile.readline())
                owner.came += hosts
                self.rfile.read()
                for host in hosts:
                    if host in owner.sandbox.running:
                        owner.sandbox.end_process(host)
                end_rpcss()

        self._lives = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Life)
        self._lives.daemon_threads, self._lives.block_on_close = True, False
        threading.Thread(target=self._lives.serve_forever, args=(0.05,), daemon=True).start()
        script = windows_path(Path(__file__).with_name("boi_server.py"))
        ran(python_command(script, "register", str(self.server.address[1]), str(self._lives.server_address[1])))

    def ours(self, reference: str) -> list[str]:
        with self.sandbox.site.lock:
            rows = self.sandbox.company["PO_PurchaseOrderHeader"].rows
            return [key[0] for key, row in rows.items() if row["Comment$"] == reference]

    def close(self) -> None:
        self.server.close()
        self._lives.shutdown()
        self._lives.server_close()


def end_rpcss() -> None:
    """wine's rpcss.exe keeps a COM server that was ended registered for ever; Windows does not. It comes back by itself."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ours = f"WINEPREFIX={environment.PREFIX}".encode() in (process / "environ").read_bytes().split(b"\0")
            if ours and b"rpcss.exe" in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue


@pytest.fixture
def sage(windows: None) -> Iterator[Sage]:
    sage = Sage()
    yield sage
    sage.close()
    assert sage.sandbox.site.alarms == []
