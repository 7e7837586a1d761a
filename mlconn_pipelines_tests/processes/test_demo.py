"""`mlconn demo` as a person starts it: all five integrations by the daemon's own sensors, and sums that are those of both sides."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
import yaml

from mlconn_pipelines_tests.processes.programs import END_WITHIN_S, answers, program

pytestmark = [pytest.mark.database, pytest.mark.slow]

FLOWS = {
    "acme": ["x12_810", "x12_850", "x12_856", "inbound"],
    "acme_bc": ["x12_810", "x12_850", "inbound"],
    "acme_fo": ["x12_850", "inbound"],
    "acme_sage": ["x12_850", "inbound"],
    "acme_sf": ["accounts", "customer_codes", "opportunities", "orders", "receivables"],
}
ENDED = ["sent", "posted", "processed", "on_hold", "skipped", "outcome_unknown", "before_go_live"]
ANSWERED = ["acknowledged", "awaited", "overdue", "rejected"]
KEYS = ["integration", "flow", "documents", *ENDED, *ANSWERED, "duplicates", "lost", "seconds"]
DONE_WITHIN_S = 600.0


def _mentions(file: Path, text: str) -> bool:
    try:
        return text.encode() in file.read_bytes()
    except OSError:
        return False


def _played(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a demo in that folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLCONN_", "DAGSTER_"))}
    log = folder / "error.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [program("mlconn"), "demo", *arguments],
            cwd=folder,
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            said, _ = process.communicate(timeout=DONE_WITHIN_S)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(END_WITHIN_S)
    return process.returncode, said.decode(), log.read_text(errors="replace")


def test_a_small_demo_of_all_five_adds_up_and_leaves_nothing_running(tmp_path: Path) -> None:
    if os.geteuid() == 0:  # the embedded server's account has to pass through
        for place in (tmp_path, *tmp_path.parents[:2]):
            place.chmod(0o711)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = ("--port", str(port), "--gateway-port", str(port))
        code, said, errors = _played(tmp_path, "--once", "--json", "--documents", "60", *ports)
    report = json.loads(said)
    assert code == 0, errors
    assert set(report) == {"seconds", "ui", "flows"}
    told = re.search(
        r"The gateway took (\d+) calls that tell of changes "
        r"\(SAP Business One (\d+), Business Central (\d+), Finance & Operations (\d+), Cleo (\d+)\), "
        r"refused \d+ and answered \d+ of (\d+) within 200 ms\.",
        errors,
    )
    assert told, errors
    whole, *by_system, answered = map(int, told.groups())
    assert whole == sum(by_system) and answered > whole, "handshakes are answered, too"
    assert by_system[0] >= 1 and by_system[1] >= 1 and by_system[2] == 3 and by_system[3] > 0
    assert {name: [row["flow"] for row in report["flows"] if row["integration"] == name] for name in FLOWS} == FLOWS
    for row in report["flows"]:
        assert list(row) == KEYS
        assert row["documents"] == sum(row[key] for key in ENDED) > 0, row
        assert (row["duplicates"], row["lost"], row["outcome_unknown"]) == (0, 0, 0), row
        if row["flow"].startswith("x12_"):
            assert row["sent"] == sum(row[key] for key in ANSWERED) > 0, row
    posted = {(row["integration"], row["flow"]): row["posted"] for row in report["flows"]}
    assert all(posted[name, flows[-1]] for name, flows in FLOWS.items()), (
        "orders in three systems, vendors' invoices in the others"
    )
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", report["ui"]) and not answers(report["ui"])
    assert not report["ui"].endswith(f":{port}"), "a port in use is avoided"
    (folder,) = (tmp_path / ".demo").iterdir()
    told = re.search(r"(\d+) won deals should be orders: SAP has (\d+) by our reference, 0 missing, 0 doubled", errors)
    assert told and int(told[1]) == int(told[2]) == posted["acme_sf", "opportunities"] > 0, errors
    assert "The agent beside Sage was killed 1 time and cut off 1 time" in errors
    gateway = yaml.safe_load((folder / "config" / "acme.yaml").read_text())["events"]["public_url"]
    assert not gateway.endswith(f":{port}")
    left = [path for path in Path("/proc").glob("[0-9]*/environ") if _mentions(path, str(folder))]
    assert left == []
