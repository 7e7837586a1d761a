"""`mlconn agents`: codes and keys are made here, and shown no further than they have to be."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconn_pipelines.agents import enrollment, jobs
from mlconn_pipelines.agents.envelope import opened
from mlconn_pipelines.agents.jobs import Effect, Job
from mlconn_pipelines.agents.keys import Signer, Signs, certified_key, is_signed, new_private
from mlconn_pipelines.ledger.credentials import CredentialStore
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.vault import Vault
from mlconn_pipelines.wiring.agents import JOB_KEY, job_signer
from mlconn_pipelines.wiring.stores import Stores
from mlconn_pipelines_tests.agents.speaking import Speaker
from mlconn_pipelines_tests.cli.test_with_a_database import KEY, Mlconn, mlconn

__all__ = ["mlconn"]

pytestmark = pytest.mark.database


@pytest.fixture
def stores(ledger_database: str) -> Iterator[Stores]:
    engine = ledger_engine(ledger_database)
    yield Stores(engine, Vault([KEY]))
    engine.dispose()


def enroll(stores: Stores, code: str) -> Speaker:
    now = int(time.time())
    speaker = Speaker(agent_id="warehouse", now=now)
    assert stores.agents.enroll(enrollment.enrollment(opened(speaker.enrolls(code))), now) is not None
    return speaker


def test_an_agent_is_invited_listed_shown_and_revoked(mlconn: Mlconn, stores: Stores) -> None:
    assert mlconn("agents", "list").stdout.strip() == "no agents"
    assert "--integration" in mlconn("agents", "invite", "warehouse").stderr
    assert mlconn("agents", "invite", "a/b", "--integration", "acme", "--company", "ABC").returncode == 2
    invited = mlconn("agents", "invite", "warehouse", "--integration", "acme", "--company", "ABC", "--company", "XYZ")
    assert invited.returncode == 0 and "15 minutes" in invited.stderr
    speaker = enroll(stores, invited.stdout.strip())
    now = int(time.time())
    hello = opened(speaker.hello(probe={"version": "7.10"}))
    stores.agents.heard(hello, now)
    stores.agents.note_hello("warehouse", jobs.hello(hello.body), 1)
    (row,) = json.loads(mlconn("agents", "list", "--json").stdout)
    assert (row["agent"], row["companies"], row["standing"]) == ("warehouse", ["ABC", "XYZ"], "active") and row["seen_at"]
    shown = json.loads(mlconn("agents", "show", "warehouse", "--json").stdout)
    assert [key["key"] for key in shown["keys"]] == [speaker.signer.key_id] and shown["about"]["probe"] == {"version": "7.10"}
    assert "7.10" in mlconn("agents", "show", "warehouse").stdout
    assert shown["protocol"] == 1 and shown["jobs"] == []
    assert mlconn("agents", "revoke", "warehouse").returncode == 0
    assert "revoked" in mlconn("agents", "list").stdout
    for command in ("show", "revoke", "logs"):
        assert "there is no agent 'nobody'" in mlconn("agents", command, "nobody").stderr


def test_an_agent_that_is_known_is_invited_by_its_name_alone(mlconn: Mlconn, stores: Stores) -> None:
    enroll(stores, mlconn("agents", "invite", "warehouse", "--integration", "acme", "--company", "ABC").stdout.strip())
    again = json.loads(mlconn("agents", "invite", "warehouse", "--json").stdout)
    assert (again["integration"], again["companies"]) == ("acme", ["ABC"])
    assert 0 < again["expires"] - time.time() <= 900
    enroll(stores, again["code"])


def test_a_job_key_is_vouched_for_by_the_root_and_lies_in_the_vault(mlconn: Mlconn, stores: Stores, tmp_path: Path) -> None:
    file = tmp_path / "root.key"
    root = json.loads(mlconn("agents", "root-key", "new", str(file), "--json").stdout)
    assert file.stat().st_mode & 0o777 == 0o600 and file.read_text().strip() not in json.dumps(root)
    assert mlconn("agents", "root-key", "new", str(file)).returncode == 2
    assert "is no root key" in mlconn("agents", "job-key", "new", "--root", str(tmp_path / "none")).stderr
    for _ in range(2):
        made = mlconn("agents", "job-key", "new", "--root", str(file))
        assert made.returncode == 0, made.stderr
    now = int(time.time())
    certificates = stores.agents.job_keys(now)
    keys = {key.id: key for key in (certified_key(each, bytes.fromhex(root["public"])) for each in certificates)}
    assert len(keys) == 2 and all(key.holds(now) for key in keys.values())
    signer = job_signer(stores)
    signed = jobs.signed_job(Job("1", "warehouse", "ABC", "probe", {}, Effect.READ, now + 60), signer, now)
    assert is_signed(Signs.JOB, signed, keys[signer.key_id].public)
    private = CredentialStore(stores.engine, stores.vault).credential(JOB_KEY)["private"]
    assert private not in made.stdout + made.stderr + json.dumps(certificates)


def test_a_log_is_asked_for_and_shown_when_it_comes(mlconn: Mlconn, stores: Stores) -> None:
    enroll(stores, mlconn("agents", "invite", "warehouse", "--integration", "acme", "--company", "ABC").stdout.strip())
    silent = mlconn("agents", "logs", "warehouse", "--wait", "0")
    assert silent.returncode == 1 and "there is none" in silent.stderr
    row = stores.agents.agent("warehouse")
    assert row is not None and row.log_wanted_at is not None

    def answer() -> None:
        """As an agent does, once it is asked."""
        while (now := stores.agents.agent("warehouse")) is not None and now.log_wanted_at == row.log_wanted_at:
            time.sleep(0.05)
        time.sleep(0.3)
        stores.agents.store_log("warehouse", "started\nran \x1b[31m\n")

    threading.Thread(target=answer, daemon=True).start()
    shown = mlconn("agents", "logs", "warehouse", "--wait", "20")
    assert shown.returncode == 0 and shown.stdout.splitlines() == ["started", r"ran \x1b[31m"]


def test_without_a_key_a_run_is_told_how_to_make_one(stores: Stores) -> None:
    stores.credentials.set(JOB_KEY, {"private": "zz"})
    with pytest.raises(Exception, match="mlconn agents job-key new"):
        job_signer(stores)


def test_open_jobs_are_shown_and_cancelled_as_long_as_the_agent_has_not_accepted_them(mlconn: Mlconn, stores: Stores) -> None:
    enroll(stores, mlconn("agents", "invite", "warehouse", "--integration", "acme", "--company", "ABC").stdout.strip())
    now, signer = int(time.time()), Signer(new_private())
    for name in ("acme-1", "acme-2", "acme-3"):
        job = Job(name, "warehouse", "ABC", "po.close", {}, Effect.WRITE, now + 60, idem_ref=name)
        stores.agent_jobs.enqueue("acme", job, lambda asked: jobs.signed_job(asked, signer, now), now)
    stores.agent_jobs.finish("warehouse", jobs.result({"job_id": "acme-1", "outcome": "unsupported", "text": "no 'po.close'"}))
    stores.agent_jobs.accept("warehouse", "acme-2")
    shown = mlconn("agents", "show", "warehouse")
    assert "no 'po.close'" in shown.stdout and "1 of these need another version of the agent" in shown.stderr
    told = {job["job"]: job["state"] for job in json.loads(mlconn("agents", "show", "warehouse", "--json").stdout)["jobs"]}
    assert told == {"acme-1": "done", "acme-2": "accepted", "acme-3": "queued"}
    assert mlconn("agents", "cancel", "acme-3").returncode == 0
    refused = mlconn("agents", "cancel", "acme-2")
    assert refused.returncode == 1 and "is accepted" in refused.stderr
    assert mlconn("agents", "cancel", "acme-9").returncode == 2


def test_an_agent_of_a_protocol_that_we_do_not_speak_is_shown_as_such(mlconn: Mlconn, stores: Stores) -> None:
    enroll(stores, mlconn("agents", "invite", "warehouse", "--integration", "acme", "--company", "ABC").stdout.strip())
    hello = {"version": "9.0", "proto_min": 2, "proto_max": 3, "fingerprint": "ab" * 32}
    stores.agents.note_hello("warehouse", jobs.hello(hello), 0)
    assert "none in common: the agent speaks 2 to 3" in mlconn("agents", "show", "warehouse").stdout


def test_a_release_is_signed_offline_added_and_offered(mlconn: Mlconn, stores: Stores, tmp_path: Path) -> None:
    enroll(stores, mlconn("agents", "invite", "warehouse", "--integration", "acme", "--company", "ABC").stdout.strip())
    root, file = tmp_path / "root.key", tmp_path / "agent.zip"
    public = bytes.fromhex(json.loads(mlconn("agents", "root-key", "new", str(root), "--json").stdout)["public"])
    file.write_bytes(bytes(range(256)) * 4_096)
    assert mlconn("agents", "release", "add", str(file)).returncode == 2, "nobody signed it"
    assert mlconn("agents", "release", "sign", str(file), "--version", "two", "--root", str(root)).returncode == 2
    signed = mlconn("agents", "release", "sign", str(file), "--version", "0.2.0", "--root", str(root))
    assert signed.returncode == 0, signed.stderr
    assert mlconn("agents", "update", "warehouse").returncode == 2, "there is none yet"
    for words in ("is there.", "is there already."):
        assert words in mlconn("agents", "release", "add", str(file)).stdout
    assert json.loads(mlconn("agents", "release", "list", "--json").stdout) == ["0.2.0"]
    offered = stores.agents.release("0.2.0")
    assert offered is not None and is_signed(Signs.RELEASE, offered, public)
    assert "there is no agent 'nobody'" in mlconn("agents", "update", "warehouse", "nobody").stderr
    assert "there is no release 9.9" in mlconn("agents", "update", "warehouse", "--to", "9.9").stderr
    assert mlconn("agents", "update", "warehouse").returncode == 0
    assert json.loads(mlconn("agents", "show", "warehouse", "--json").stdout)["update_to"] == "0.2.0"
    assert mlconn("agents", "update", "warehouse", "--stop").returncode == 0
    row = stores.agents.agent("warehouse")
    assert row is not None and row.update_to == ""
    file.write_bytes(b"other bytes")
    assert "expected the file that was signed" in mlconn("agents", "release", "add", str(file)).stderr
