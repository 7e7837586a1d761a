"""Commands that need the database and no system: credentials, connections, documents, decisions, audit."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from mlconn_pipelines.cli.app import main
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.ledger import engine
from mlconn_pipelines.ledger.alerts import raise_alert
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.ledger.sessions import PostgresSessionStore
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.settings import NAMES
from mlconn_pipelines.vault import Vault
from mlconn_pipelines_tests.ledger.workbench import INBOUND, Workbench

pytestmark = pytest.mark.database

KEY = Fernet.generate_key().decode()


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Mlconn = Callable[..., Ran]


@pytest.fixture
def mlconn(tmp_path: Path, ledger_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mlconn:
    """The program in this process, with a starter configuration and a fresh ledger. typed: its standard input, no terminal."""
    write_starter(tmp_path / "config", dt.date(2026, 3, 1))
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    environment = {"MLCONN_DATABASE_URL": ledger_database, "MLCONN_VAULT_KEY": KEY, "COLUMNS": "300"}

    def run(*arguments: str, typed: str = "", **more: str) -> Ran:
        with monkeypatch.context() as patched:
            for name, value in {**environment, **more}.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["mlconn", *arguments])
            patched.setattr(sys, "stdin", io.StringIO(typed))
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    return run


def test_alerts_that_are_open_are_listed(mlconn: Mlconn, ledger_database: str) -> None:
    assert (mlconn("alerts").returncode, mlconn("alerts").stdout) == (0, "no open alerts\n")
    with ledger_engine(ledger_database).begin() as tx:
        raise_alert(tx, "acme", "run_failed:acme/x12_810/live", "Run 1a2b of acme_x12_810 failed in fetch: SAP is down")
    told = mlconn("alerts", "acme")
    assert (told.returncode, "SAP is down" in told.stdout) == (1, True)
    assert json.loads(mlconn("alerts", "--json").stdout)[0]["cause"] == "run_failed:acme/x12_810/live"
    assert mlconn("alerts", "another").returncode == 0


def test_credentials_are_read_from_standard_input_and_never_shown(mlconn: Mlconn) -> None:
    stored = mlconn("credentials", "set", "sap_acme", typed="username=edi\npassword=Geheim=1\n")
    assert (stored.returncode, stored.stdout) == (0, "Stored credential sap_acme (username, password).\n")
    replaced = mlconn(
        "credentials", "set", "sap_acme", typed='{"username": "edi", "password": "Geheim=2", "totp_secret": "ABC"}'
    )
    assert replaced.stdout == "Replaced credential sap_acme (username, password, totp_secret).\n"
    listed = mlconn("credentials", "list", "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["name"], row["fields"]) == ("sap_acme", ["password", "totp_secret", "username"])
    table = mlconn("credentials", "list")
    assert "sap_acme" in table.stdout
    assert "Geheim" not in stored.stdout + replaced.stdout + listed.stdout + table.stdout
    assert mlconn("credentials", "remove", "sap_acme").returncode == 0
    assert json.loads(mlconn("credentials", "list", "--json").stdout) == []


@pytest.mark.parametrize("typed", ["", "Geheim\n", '{"password": Geheim}', "username=\n"])
def test_values_that_cannot_be_read_are_not_repeated(mlconn: Mlconn, typed: str) -> None:
    refused = mlconn("credentials", "set", "sap_acme", typed=typed)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1 and "Geheim" not in refused.stderr and "Traceback" not in refused.stderr


def test_a_secret_typed_as_an_argument_is_refused_and_not_repeated(mlconn: Mlconn) -> None:
    refused = mlconn("credentials", "set", "sap_acme", "--field", "password=Geheim", typed="password=x\n")
    assert refused.returncode == 2 and "Geheim" not in refused.stderr


def test_keys_rotate(mlconn: Mlconn) -> None:
    mlconn("credentials", "set", "sap_acme", typed="username=edi\npassword=x\n")
    newer = Fernet.generate_key().decode()
    rotated = mlconn("credentials", "rotate", MLCONN_VAULT_KEY=f"{newer},{KEY}")
    assert rotated.returncode == 0 and "1 credentials" in rotated.stdout
    refused = mlconn("credentials", "rotate", MLCONN_VAULT_KEY=KEY)
    assert refused.returncode == 2 and "no vault key fits" in refused.stderr


def test_a_key_file_is_made_for_an_empty_vault_and_rotated(mlconn: Mlconn, tmp_path: Path) -> None:
    assert mlconn("credentials", "set", "sap_acme", typed="username=a\npassword=x\n", MLCONN_VAULT_KEY="").returncode == 0
    key_file = tmp_path / ".mlconn" / "vault.key"
    before = key_file.read_text()
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert mlconn("credentials", "rotate", MLCONN_VAULT_KEY="").returncode == 0
    assert key_file.read_text() != before and len(key_file.read_text().split()) == 1
    key_file.unlink()
    lost = mlconn("credentials", "set", "other", typed="username=a\npassword=x\n", MLCONN_VAULT_KEY="")
    assert lost.returncode == 2 and "Put the key back" in lost.stderr and not key_file.exists()


def test_a_stopped_connection_is_listed_and_resumed(mlconn: Mlconn, ledger_database: str) -> None:
    mlconn("credentials", "set", "sap_acme", typed="username=edi\npassword=x\n")
    assert json.loads(mlconn("connection", "list", "--json").stdout)[0]["state"] == "in use"
    engine = ledger_engine(ledger_database)
    store = PostgresSessionStore(engine, Vault([KEY]), "sap_acme")
    for _ in range(2):
        store.refused("wrong user name or password")
    engine.dispose()
    listed = mlconn("connection", "list", "--json")
    (row,) = json.loads(listed.stdout)
    assert listed.returncode == 1
    assert (row["name"], row["state"], row["reason"]) == ("sap_acme", "stopped", "wrong user name or password")
    assert "stopped" in mlconn("connection", "list").stdout
    assert mlconn("connection", "resume", "sap_acme").returncode == 0
    again = mlconn("connection", "resume", "sap_acme")
    assert again.returncode == 1 and "is not stopped" in again.stderr
    assert mlconn("connection", "list").returncode == 0


def test_an_empty_ledger_has_empty_lists(mlconn: Mlconn) -> None:
    assert json.loads(mlconn("documents", "list", "--json").stdout) == []
    assert mlconn("documents", "list").stdout == "no such documents\n"
    verified = mlconn("audit", "verify", "--json")
    assert verified.returncode == 0 and json.loads(verified.stdout)["ok"] is True


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("documents", "show", "D0000001"), "there is no document"),
        (("documents", "list", "--state", "lost"), "States are pending_validation"),
        (("approve", "D0000001", "--reason", "fine"), "there is no document D0000001"),
        (("approve", "D0000001", "--reason", " "), "--reason is empty"),
        (("release", "D0000001", "--reason", "x"), "neither --delivered nor --not-delivered"),
        (("reprocess", "D0000001", "--redeliver"), "--reason is empty"),
        (("run", "acne"), "there is no integration 'acne'"),
        (("run", "acme", "--flow", "x12_999"), "acme has no flow 'x12_999'"),
    ],
)
def test_wrong_use_is_one_sentence(mlconn: Mlconn, arguments: tuple[str, ...], says: str) -> None:
    ran = mlconn(*arguments)
    assert ran.returncode == 2
    assert says in ran.stderr and ran.stderr.count("\n") == 1


def test_check_without_credentials_says_which_and_how(mlconn: Mlconn) -> None:
    checked = mlconn("check", "--json")
    assert checked.returncode == 2 and "Traceback" not in checked.stderr
    rows = json.loads(checked.stdout)
    assert rows[0]["ok"]
    refused = [row["detail"] for row in rows if not row["ok"]]
    assert any("'sap_acme'" in detail for detail in refused) and any("'cleo_acme'" in detail for detail in refused)
    assert "mlconn credentials set sap_acme" in checked.stderr and "mlconn credentials set cleo_acme" in checked.stderr


def test_the_database_must_be_upgraded_first(mlconn: Mlconn, database_url: str) -> None:
    refused = mlconn("documents", "list", MLCONN_DATABASE_URL=database_url)
    assert refused.returncode == 2 and "mlconn db upgrade" in refused.stderr
    assert mlconn("db", "upgrade", MLCONN_DATABASE_URL=database_url).returncode == 0
    assert mlconn("documents", "list", MLCONN_DATABASE_URL=database_url).returncode == 0


def test_backup_and_restore(mlconn: Mlconn, tmp_path: Path, ledger_database: str, database_url: str) -> None:
    mlconn("credentials", "set", "sap_acme", typed="username=edi\npassword=x\n")
    # Any other database stands in for Dagster's.
    backed_up = mlconn("db", "backup", "all.tar", DAGSTER_DATABASE_URL=ledger_database)
    assert backed_up.returncode == 0, backed_up.stderr
    assert "MLCONN_VAULT_KEY" in backed_up.stdout
    again = mlconn("db", "backup", "all.tar", DAGSTER_DATABASE_URL=ledger_database)
    assert again.returncode == 2 and "exists already" in again.stderr
    full = mlconn("db", "restore", "all.tar", DAGSTER_DATABASE_URL=database_url)
    assert full.returncode == 2 and "holds" in full.stderr
    assert mlconn("db", "restore", "nothing.tar").returncode == 2


def test_commands_tell_what_is_stopped_and_go_on_with_the_rest(mlconn: Mlconn, tmp_path: Path) -> None:
    for file in ("partners/cedarmill.yaml", "beta.yaml"):
        path = tmp_path / "config" / file
        text = path.read_text(encoding="utf-8") if path.exists() else "integration: beta\n"
        path.write_text(text + "no_setting: 1\n", encoding="utf-8")
    ran = mlconn("run", "acme", "--flow", "x12_810", "--here")
    assert f"Integration beta is stopped: {tmp_path / 'config' / 'beta.yaml'}:" in ran.stderr
    assert f"Partner cedarmill is stopped: {tmp_path / 'config' / 'partners' / 'cedarmill.yaml'}:" in ran.stderr
    stopped = mlconn("run", "beta")
    assert stopped.returncode == 2 and "unknown setting 'no_setting'" in stopped.stderr
    checked = mlconn("check", "--files-only")
    assert checked.returncode == 2 and "beta.yaml:" in checked.stderr and "cedarmill.yaml:" in checked.stderr


# -- what no command can help ----------------------------------------------------------------------------------------------
def test_without_the_database_every_command_is_one_sentence(mlconn: Mlconn) -> None:
    for arguments in (["documents", "list"], ["alerts"], ["run", "acme"], ["audit", "verify"], ["credentials", "list"]):
        ran = mlconn(*arguments, MLCONN_DATABASE_URL="postgresql://edi:hunter2@127.0.0.1:9/mlconn")
        assert ran.returncode == 2 and "no connection to the database" in ran.stderr
        assert ran.stderr.count("\n") == 1 and "hunter2" not in ran.stderr


def test_a_lock_that_somebody_keeps_ends_a_command_with_one_sentence(
    mlconn: Mlconn, ledger_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engine._TIME_OUTS, "lock_timeout", 1.0)
    with ledger_engine(ledger_database).begin() as tx:
        tx.execute(sa.text("LOCK TABLE alert"))
        ran = mlconn("alerts")
    assert (ran.returncode, ran.stdout) == (2, "") and "held a lock in the database for too long" in ran.stderr
    assert ran.stderr.count("\n") == 1 and mlconn("alerts").returncode == 0


def test_a_mistake_of_ours_is_one_sentence_and_its_traceback_is_kept_in_the_home(
    mlconn: Mlconn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlconn("credentials", "list")
    home = tmp_path / ".mlconn"
    home.mkdir(exist_ok=True)

    def falls(*_: object) -> None:
        raise KeyError("what\x1b a customer wrote")

    monkeypatch.setattr("mlconn_pipelines.ledger.alerts.open_alerts", falls)
    ran = mlconn("alerts")
    assert ran.returncode == 2 and ran.stderr.startswith("internal error ") and ran.stderr.count("\n") == 1
    assert "KeyError in cli/alerts.py" in ran.stderr and "customer" not in ran.stderr and str(home / "errors.log") in ran.stderr
    kept = (home / "errors.log").read_text()
    assert ran.stderr.split()[2].rstrip(":") in kept and "Traceback" in kept and "\x1b" not in kept
    assert (home / "errors.log").stat().st_mode & 0o077 == 0


def test_lists_say_what_cures_what_is_held(mlconn: Mlconn, ledger_database: str) -> None:
    engine = ledger_engine(ledger_database)
    bench = Workbench(engine)
    held = bench.check(bench.seen(), State.ON_HOLD, reason_code="product_id_missing", reason="No barcode.")
    bench.intake.set_file_aside(INBOUND, bench.listed("junk"), b"junk", Finding(Reason.NO_INTERCHANGE, "No ISA."))
    engine.dispose()
    (row,) = json.loads(mlconn("documents", "list", "--json").stdout)
    assert (row["reason_code"], row["cures"]) == ("product_id_missing", ["reference_data", "configuration", "record"])
    assert "reference data, configuration, record" in mlconn("documents", "list").stdout
    shown = mlconn("documents", "show", held.id).stdout
    assert Reason.PRODUCT_ID_MISSING.meaning in shown and "is checked again once it was read there" in shown
    (file,) = json.loads(mlconn("files", "list", "acme", "--json").stdout)
    assert (file["code"], file["cures"]) == ("no_interchange", ["partner", "person"])
    assert "the partner, a person" in mlconn("files", "list", "acme").stdout


def test_states_are_given_and_told_in_both_words_for_one_release(mlconn: Mlconn, ledger_database: str) -> None:
    engine = ledger_engine(ledger_database)
    bench = Workbench(engine)
    held = bench.check(bench.seen(), State.ON_HOLD, reason_code="product_id_missing", reason="No barcode.")
    sent = bench.sent()
    engine.dispose()
    for word in ("on_hold", "set_aside"):
        (row,) = json.loads(mlconn("documents", "list", "--state", word, "--json").stdout)
        assert (row["id"], row["state"], row["state_before"]) == (held.id, "on_hold", "set_aside")
    story = json.loads(mlconn("documents", "show", sent.id, "--json").stdout)
    assert (story["document"]["state"], story["document"]["state_before"]) == ("sent", "sent")
    assert [claim["state_before"] for claim in story["claims"]] == ["done"]
    assert story["audit"][0]["to_state"] == "pending_validation"


def test_exports_are_files_for_excel_or_a_warehouse(mlconn: Mlconn, ledger_database: str, tmp_path: Path) -> None:
    engine = ledger_engine(ledger_database)
    document = Workbench(engine).sent().id
    shown = mlconn("export", "documents", "acme", "--since", "2026-01-01")
    heading, first = shown.stdout.splitlines()
    assert (shown.returncode, first.split(",")[0], heading.split(",")[0]) == (0, document, "document")
    owed = mlconn("export", "acknowledgments", "--since", "2026-01-01").stdout.splitlines()
    assert document in owed[1] and "awaited" in owed[1]
    for form in ("xlsx", "parquet", "csv"):
        told = mlconn("export", "scorecard", "--since", "2026-01-01", "--output", f"card.{form}")
        assert (told.returncode, "1 rows of 2026-01-01 to" in told.stderr) == (0, True), told.stderr
        assert (tmp_path / f"card.{form}").stat().st_size > 0
    assert "not for a terminal" in mlconn("export", "documents", "--format", "xlsx").stderr
    assert "no format 'xls'" in mlconn("export", "documents", "--format", "xls").stderr
    assert mlconn("export", "documents", "--since", "2026-02-01", "--until", "2026-01-01").returncode == 2
    assert mlconn("export", "documents", "nobody").returncode == 2
    assert "no format 'pdf'" in mlconn("export", "documents", "--output", "card.pdf").stderr
    for form in ("csv", "xlsx", "parquet"):
        told = mlconn("export", "documents", "--output", f"nowhere/card.{form}")
        assert (told.returncode, "cannot be written" in told.stderr) == (2, True), told.stderr


@pytest.mark.parametrize(
    ("former", "now"),
    [
        (("reconcile", "nobody"), "mlconn recover"),
        (("replay", "D0000001"), "mlconn reprocess"),
        (("files", "retake", "nobody", "F1"), "mlconn files reprocess"),
    ],
)
def test_a_former_name_of_a_command_works_and_says_the_new_one(mlconn: Mlconn, former: tuple[str, ...], now: str) -> None:
    told = mlconn(*former)
    assert told.returncode == 2 and f"`{now}` is its name now" in told.stderr
    assert former[-3 if former[0] == "files" else 0] not in mlconn("--help").stdout
    assert mlconn(*now.split()[1:], *former[len(now.split()) - 1 :]).stderr in told.stderr
