"""Another version of the agent: only what the root signed, only when the site allows it, and back again where it does not work."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.agents import releases
from mlconn_pipelines.agents.jobs import JobState
from mlconn_pipelines.agents.keys import Signer, new_private
from mlconn_pipelines_tests.sage_100_agent.test_agent_at_gateway import ROOT, Place, place
from mlconn_pipelines_tests.sage_100_agent.versioned_agent import PROGRAM
from sage_100_agent.tunnel.statements import BadStatement
from sage_100_agent.updating import starter, updater
from sage_100_agent.updating.installation import BadPackage, Current, Installation
from sage_100_agent.updating.updater import PART_BYTES, UpdatePolicy, Updater, read_offer

__all__ = ["place"]

SUNDAY = datetime(2026, 11, 29, 12)
TUESDAY = datetime(2026, 12, 1, 12)


def package(files: dict[str, str] | None = None) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, text in (files or {"agent.py": "print('new')"}).items():
            made.writestr(name, text)
    return content.getvalue()


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path)
    made.app("0.1.0").mkdir()
    made.begin_with("0.1.0")
    return made


def updater_of(installation: Installation, policy: UpdatePolicy | None = None, at: datetime = SUNDAY) -> Updater:
    return Updater(installation, ROOT.public, policy or UpdatePolicy(), lambda: at)


def feed(agent: Updater, content: bytes) -> None:
    while agent.wants is not None:
        at = (agent.wants["part"] - 1) * PART_BYTES
        agent.take({"content": base64.b64encode(content[at : at + PART_BYTES]).decode()})


def test_a_release_that_the_root_signed_is_fetched_in_parts_and_stands_ready(installation: Installation) -> None:
    content = package({"agent.py": "print('new')", "data/large.bin": "".join(map(str, range(400_000)))})
    agent = updater_of(installation)
    agent.consider(releases.offer(ROOT, "0.2.0", content))
    assert agent.wants == {"version": "0.2.0", "part": 1} and len(content) > 2 * PART_BYTES
    feed(agent, content)
    assert agent.is_ready and agent.may_switch() and agent.wants is None
    assert (installation.app("0.2.0") / "agent.py").read_text() == "print('new')"
    assert installation.current == Current("0.1.0"), "nothing is switched yet"
    agent.switch()
    assert installation.current == Current("0.2.0", "0.1.0")


@pytest.mark.parametrize(
    "told",
    [
        None,
        "0.2.0",
        {},
        releases.offer(Signer(new_private()), "0.2.0", b"x"),
        releases.offer(ROOT, "0.2.0", b"x") | {"sha256": hashlib.sha256(b"y").hexdigest()},
        releases.offer(ROOT, "0.2.0", b"x") | {"version": "0.3.0"},
        releases.offer(ROOT, "0.1.0", b"x"),
        releases.offer(ROOT, "0.0.9", b"x"),
    ],
    ids=["none", "text", "empty", "another root", "other bytes", "another version", "the same", "an older one"],
)
def test_what_the_root_did_not_sign_and_what_is_older_is_not_fetched(installation: Installation, told: Any) -> None:
    agent = updater_of(installation)
    agent.consider(told)
    assert agent.wants is None


def test_a_certificate_of_a_job_key_is_no_offer() -> None:
    from mlconn_pipelines.agents.keys import PublicKey, certified

    with pytest.raises(BadStatement):
        read_offer(certified(ROOT, PublicKey(ROOT.public, 0)), ROOT.public)


@pytest.mark.parametrize(
    ("policy", "at", "wants"),
    [
        (UpdatePolicy(), SUNDAY, True),
        (UpdatePolicy(), TUESDAY, False),
        (UpdatePolicy(), TUESDAY.replace(hour=5), True),
        (UpdatePolicy(), TUESDAY.replace(hour=20), True),
        (UpdatePolicy(pinned=True), SUNDAY, False),
        (UpdatePolicy(from_hour=0, to_hour=0), TUESDAY, True),
    ],
)
def test_the_site_says_when_and_whether(installation: Installation, policy: UpdatePolicy, at: datetime, wants: bool) -> None:
    agent = updater_of(installation, policy, at)
    agent.consider(releases.offer(ROOT, "0.2.0", package()))
    assert (agent.wants is not None) is wants


def test_what_became_ready_in_the_night_waits_where_the_day_begins(installation: Installation) -> None:
    now = [TUESDAY.replace(hour=5)]
    agent = Updater(installation, ROOT.public, UpdatePolicy(), lambda: now[0])
    agent.consider(releases.offer(ROOT, "0.2.0", package()))
    feed(agent, package())
    assert agent.may_switch()
    now[0] = TUESDAY
    assert agent.is_ready and not agent.may_switch()


@pytest.mark.parametrize("wrong", ["other bytes", "too many", "no base 64", "nothing"])
def test_other_bytes_than_were_signed_are_not_unpacked(installation: Installation, wrong: str) -> None:
    content = package()
    agent = updater_of(installation)
    agent.consider(releases.offer(ROOT, "0.2.0", content))
    parts = {"other bytes": content[:-1] + b"?", "too many": content + b"?", "no base 64": b"", "nothing": b""}
    agent.take({"content": "%%%" if wrong == "no base 64" else base64.b64encode(parts[wrong]).decode()})
    assert not agent.is_ready and agent.wants is None and "0.2.0" in agent.told["failed"]
    assert sorted(path.name for path in installation.folder.iterdir()) == ["app-0.1.0", "current.json"]
    agent.consider(releases.offer(ROOT, "0.2.0", content))
    assert agent.wants is None, "an offer comes with each answer; what failed is not fetched again and again"


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a/../../evil.py", "C:/evil.py", "a\\..\\evil.py", "a//b"])
def test_names_that_lead_elsewhere_are_not_unpacked(installation: Installation, tmp_path: Path, name: str) -> None:
    file = tmp_path / "package.zip"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(zipfile.ZipInfo(name), "x")
    if sys.platform != "win32":
        assert name in zipfile.ZipFile(file).namelist()
    with pytest.raises(BadPackage, match="leads elsewhere"):
        installation.stage("0.2.0", file)
    assert not installation.app("0.2.0").exists()


def test_links_are_not_unpacked(installation: Installation, tmp_path: Path) -> None:
    file, link = tmp_path / "package.zip", zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(link, "/etc/passwd")
    with pytest.raises(BadPackage, match="a link"):
        installation.stage("0.2.0", file)


def test_a_version_that_went_back_is_told_and_not_tried_again(installation: Installation) -> None:
    installation.switch("0.2.0")
    installation.go_back("it ended with 3")
    assert installation.current == Current("0.1.0", failed={"0.2.0": "it ended with 3"})
    agent = updater_of(installation)
    agent.consider(releases.offer(ROOT, "0.2.0", package()))
    assert agent.wants is None and agent.told["failed"] == {"0.2.0": "it ended with 3"}
    agent.consider(releases.offer(ROOT, "0.2.1", package()))
    assert agent.wants is not None


def test_a_version_that_cannot_even_be_started_is_left_again(installation: Installation) -> None:
    before, after = (installation.app(version) for version in ("0.1.0", "0.2.0"))
    for app in (before, after):
        app.mkdir(exist_ok=True)
    (before / "agent.py").write_text("raise SystemExit(7)")
    (after / "mlconn-sage-agent.exe").write_text("no program")
    installation.switch("0.2.0")
    assert starter.run(installation, threading.Event()) == 7
    assert "cannot be started" in installation.current.failed["0.2.0"]


class Machine:
    """An installation whose starter runs, beside a data folder of an enrolled agent."""

    def __init__(self, folder: Path, place: Place) -> None:
        self.place, self.installation = place, Installation(folder)
        folder.mkdir()
        self.installation.app("0.1.0").mkdir()
        (self.installation.app("0.1.0") / "agent.py").write_text(PROGRAM.format(version="0.1.0", manner="works"))
        self.installation.begin_with("0.1.0")

    @contextmanager
    def running(self, trial_s: float) -> Iterator[None]:
        told = {
            "AGENT_DATA": str(self.place.folder),
            "AGENT_ROOT": ROOT.public.hex(),
            "SAGE_PORT": str(self.place.sage.address[1]),
            "GATEWAY": self.place.url,
        }
        command = [
            sys.executable,
            "-m",
            "sage_100_agent.updating.starter",
            str(self.installation.folder),
            "--trial",
            str(trial_s),
        ]
        process = subprocess.Popen(command, env={**os.environ, **told})
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(60) == 0

    def offer(self, version: str, manner: str) -> None:
        content = package({"agent.py": PROGRAM.format(version=version, manner=manner)})
        self.place.stores.agents.add_release(releases.offer(ROOT, version, content), content)
        self.place.stores.agents.want_update("warehouse", version)

    def runs(self, version: str) -> None:
        self.place.until(lambda: self.place.row.version == version and not self.installation.current.is_on_trial, within_s=60)

    def went_back_from(self, version: str) -> str:
        self.place.until(lambda: version in self.place.row.about.get("update", {}).get("failed", {}), within_s=60)
        return str(self.place.row.about["update"]["failed"][version])


@pytest.mark.database
def test_an_agent_is_updated_and_goes_back_from_what_does_not_work(place: Place, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "installation", place)
    with machine.running(trial_s=30):
        machine.runs("0.1.0")
        place.gives("acme-1")
        machine.offer("0.2.0", "works")
        machine.runs("0.2.0")
        place.gives("acme-2")
        machine.offer("0.3.0", "crashes")
        assert machine.went_back_from("0.3.0") == "it ended with 3"
        assert place.row.version == "0.2.0"
        place.gives("acme-3")
        for name in ("acme-1", "acme-2", "acme-3"):
            place.job(name)
    assert place.orders() == ["mlc:acme-1", "mlc:acme-2", "mlc:acme-3"]
    assert not machine.installation.app("0.1.0").exists() and machine.installation.app("0.2.0").exists()


@pytest.mark.database
@pytest.mark.slow
@pytest.mark.parametrize("manner", [pytest.param("hangs", marks=pytest.mark.nightly), "blind"])
def test_a_version_that_does_not_prove_itself_in_time_begins_no_job(place: Place, tmp_path: Path, manner: str) -> None:
    machine = Machine(tmp_path / "installation", place)
    with machine.running(trial_s=8):
        machine.runs("0.1.0")
        machine.offer("0.2.0", manner)
        place.until(lambda: machine.installation.current.is_on_trial, within_s=60)
        place.gives()
        assert "had not proved itself after 8 s" in machine.went_back_from("0.2.0")
        place.job(state=JobState.DONE)
    assert place.orders() == ["mlc:acme-1"]


class Ready:
    """An updater that could switch from the first moment on."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.is_on_trial, self.wants, self.told = False, None, {}
        self.orders_at_switch: list[str] | None = None

    def consider(self, told: object) -> None:
        pass

    def may_switch(self) -> bool:
        return sum(self._place.sandbox.site.calls.values()) > 5  # the order is being entered

    def switch(self) -> None:
        self.orders_at_switch = self._place.orders()


@pytest.mark.database
def test_nothing_is_switched_while_a_write_is_open(place: Place) -> None:
    ready: Any = Ready(place)
    place.sandbox.site.call_cost_s = 0.02
    place.gives()
    with place.agent(updater=ready) as agent:
        assert agent.ends() is None and agent.code == starter.UPDATED
    assert ready.orders_at_switch == ["mlc:acme-1"]
    assert updater.TRIAL_S == 120.0
