"""A run of tests that is told to end leaves no server behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.database, pytest.mark.slow]

OTHERS = """
import time
from pathlib import Path

def test_waits(postgres_server):
    Path({told!r}, postgres_server.folder.parent.name).write_text(str(postgres_server.folder.parent))
    while True:  # as a flow does that goes on with its next document
        try:
            time.sleep(60)
        except Exception:
            pass
"""
WITHIN_S = 60.0


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds processes by /proc")
def test_sigterm_ends_a_run_with_its_worker_and_the_database(tmp_path: Path) -> None:
    told = tmp_path / "told"
    told.mkdir()
    (tmp_path / "test_others.py").write_text(OTHERS.format(told=str(told)))
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-n", "1", "-p", "mlconn_pipelines_tests.conftest", tmp_path],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + WITHIN_S
        while not list(told.iterdir()):
            assert run.poll() is None and time.monotonic() < deadline, run.communicate()[0]
            time.sleep(0.1)
        folders = [Path(file.read_text()) for file in told.iterdir()]
        assert all(processes_of(folder) for folder in folders)
        run.send_signal(signal.SIGTERM)  # to the one process that a time limit knows of
        said = run.communicate(timeout=WITHIN_S)[0]
        assert run.returncode == pytest.ExitCode.INTERRUPTED, said
        assert not any(folder.exists() or processes_of(folder) for folder in folders)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()


def processes_of(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found
