"""The embedded server, each test with one of its own: started, shared, killed, found again."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from mlconn_pipelines.database import server as database_server
from mlconn_pipelines.database.account import server_account
from mlconn_pipelines.database.backup import backup, restore
from mlconn_pipelines.database.databases import create_missing
from mlconn_pipelines.database.environment import databases_of, exported, prepare_databases, shell_lines
from mlconn_pipelines.database.postmaster import read_postmaster
from mlconn_pipelines.database.programs import installed_programs
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.database.urls import in_database, psycopg_conninfo
from mlconn_pipelines.errors import ConfigurationError, DatabaseUnavailable
from mlconn_pipelines.settings import read_settings

pytestmark = pytest.mark.database

UNSYNCED = {"fsync": "off"}
"""For tests in which no power fails: a process that is killed loses nothing that the system has taken."""

OWNER = """
import sys, time
from pathlib import Path
from mlconn_pipelines.database.server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), {"fsync": "off"})
server.start()
print(server.started_by_us, server.url(), flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def folder():
    """Outside pytest's own folders, which only their owner may enter: root's server could not."""
    made = Path(tempfile.mkdtemp(prefix="mlconn-server-"))
    made.chmod(0o711)
    server = EmbeddedServer(made / "database")
    yield made / "database"
    server.remove()
    made.rmdir()


def program(folder):
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process):
    owns, url = process.stdout.readline().split()
    return owns == "True", url


def one(url, query="SELECT 1"):
    with psycopg.connect(psycopg_conninfo(url), autocommit=True) as connection:
        row = connection.execute(query)
        return row.fetchone()[0] if row.description else None


def data_of(server):
    return server._files.data


def test_it_starts_with_both_databases_asks_for_a_password_and_keeps_its_files_to_itself(folder):
    with EmbeddedServer(folder) as server:
        assert server.started_by_us and server.running
        assert one(server.url(), "SELECT current_database()") == "mlconn"
        assert one(server.url("dagster"), "SELECT current_database()") == "dagster"
        assert one(server.url(), "SHOW fsync") == "on"
        assert one(server.url(), "SHOW listen_addresses") == "127.0.0.1"
        password = (folder / "password").read_text()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(psycopg_conninfo(server.url().replace(password, "guessed")))
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(psycopg_conninfo(server.url().replace(password, "")))
        assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
        assert stat.S_IMODE(data_of(server).stat().st_mode) == 0o700
        assert password not in repr(server) and password not in (data_of(server) / "server.log").read_text()
        assert not (folder / "password.handed").exists()
    assert not server.running
    with pytest.raises(ConfigurationError, match="mlconn db start"):
        server.url()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_root_hands_it_to_another_account_also_where_that_account_may_not_enter(folder):
    folder.parent.chmod(0o700)
    server = EmbeddedServer(folder, UNSYNCED)
    with server:
        data = data_of(server)
        assert folder not in data.parents
        assert data.stat().st_uid != 0
        assert one(server.url()) == 1
        pid = read_postmaster(data).pid
        assert Path(f"/proc/{pid}").stat().st_uid == data.stat().st_uid
        one(server.url(), "CREATE TABLE kept (n int)")
    with EmbeddedServer(folder, UNSYNCED) as again:
        assert one(again.url(), "SELECT count(*) FROM kept") == 0
    again.remove()
    assert not data.parent.exists()
    folder.parent.chmod(0o711)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become someone else")
def test_an_ordinary_user_runs_it_as_themself(folder, monkeypatch):
    folder.parent.chmod(0o777)
    probe = folder.parent / "probe"
    probe.touch()
    account = server_account(probe)
    probe.unlink()
    # Forked, not started anew, and with programs of its own: that account need not be allowed to read this interpreter's
    # files, nor this checkout, which may lie in somebody's private home.
    programs = installed_programs().copied_to(folder.parent / "programs")
    monkeypatch.setattr(database_server, "installed_programs", lambda version=None: programs)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(account.group)
            os.setuid(account.user)
            with EmbeddedServer(folder, UNSYNCED) as server:
                owners = {server.folder.stat().st_uid, (server.folder / "data").stat().st_uid}
                status = (
                    0 if owners == {account.user} and one(server.url()) == 1 and server.folder.stat().st_mode & 0o77 == 0 else 2
                )
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    shutil.rmtree(folder.parent / "programs")
    assert status == 0


def test_two_programs_at_once_share_one_server_and_its_starter_stops_it(folder):
    programs = [program(folder) for _ in range(3)]
    answers = [said(process) for process in programs]
    assert sorted(owns for owns, _ in answers) == [False, False, True]
    assert len({url for _, url in answers}) == 1
    owner = next(process for process, (owns, _) in zip(programs, answers, strict=True) if owns)
    for process in programs:
        if process is not owner:
            process.communicate(timeout=30)
    assert one(answers[0][1]) == 1  # the others leaving changes nothing
    owner.communicate(timeout=30)
    assert not EmbeddedServer(folder, UNSYNCED).running


def test_a_killed_owners_server_is_noticed_and_the_next_program_owns_it(folder):
    owner = program(folder)
    _, url = said(owner)
    one(url, "CREATE TABLE kept (n int)")
    owner.kill()
    owner.communicate()
    found = EmbeddedServer(folder, UNSYNCED)
    assert found.running and found.abandoned
    with found:
        assert found.started_by_us and not found.abandoned
        assert found.url() == url
        assert one(url, "SELECT count(*) FROM kept") == 0
    assert not found.running


def test_a_killed_server_starts_again_with_everything_committed_and_at_the_same_address(folder):
    server = EmbeddedServer(folder, UNSYNCED)
    server.start()
    url = server.url()
    one(url, "CREATE TABLE kept AS SELECT 42 AS n")
    os.kill(read_postmaster(data_of(server)).pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.running and time.monotonic() < deadline:
        time.sleep(0.05)
    with EmbeddedServer(folder, UNSYNCED) as again:
        assert again.url() == url
        assert one(url, "SELECT n FROM kept") == 42


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(folder):
    with EmbeddedServer(folder, UNSYNCED) as server:
        data = data_of(server)
        lines = (data / "postmaster.pid").read_text().splitlines(keepends=True)
    stranger = subprocess.Popen(["sleep", "60"], user=data.stat().st_uid if os.geteuid() == 0 else None)
    (data / "postmaster.pid").write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
    if os.geteuid() == 0:
        os.chown(data / "postmaster.pid", data.stat().st_uid, data.stat().st_gid)
    try:
        assert not server.running
        with server:
            assert one(server.url()) == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_initdb_that_was_killed_half_way_is_begun_anew(folder):
    folder.mkdir()
    folder.chmod(0o711)
    (folder / "data.unfinished").mkdir()
    (folder / "data.unfinished" / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(folder, UNSYNCED) as server:
        assert one(server.url()) == 1


def test_a_kept_server_outlives_its_starter_and_only_stops_when_told(folder):
    EmbeddedServer(folder, UNSYNCED).start(keep=True)
    with EmbeddedServer(folder, UNSYNCED) as user:
        assert not user.started_by_us and not user.abandoned
    assert user.running
    user.stop(whoever=True)
    assert not user.running


def test_a_lost_password_file_is_said_in_one_sentence(folder):
    with EmbeddedServer(folder, UNSYNCED):
        pass
    (folder / "password").unlink()
    with pytest.raises(ConfigurationError, match="password is missing"):
        EmbeddedServer(folder, UNSYNCED).start()


def test_a_setting_that_postgresql_refuses_is_said_with_its_reason(folder):
    with pytest.raises(ConfigurationError, match=r"did not start: .*shared_buffers"):
        EmbeddedServer(folder, UNSYNCED | {"shared_buffers": "a lot"}).start()


def test_what_mlconn_env_prints_is_understood_by_a_shell_and_by_both_readers(folder):
    settings = read_settings({"MLCONN_HOME": str(folder.parent / "ho me"), "MLCONN_CONFIG": str(folder.parent / "it's")})
    databases, server = prepare_databases(settings)
    try:
        lines = shell_lines(exported(settings, databases))
        shown = subprocess.run(
            ["/bin/sh", "-c", f'{lines}printf "%s\\n" "$MLCONN_CONFIG" "$DAGSTER_DATABASE_URL" "$MLCONN_DATABASE_URL"'],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        assert shown[0] == str(settings.config)
        assert shown[1].startswith("postgresql+psycopg2://") and one(shown[1], "SELECT current_database()") == "dagster"
        assert shown[2].startswith("postgresql+psycopg://") and one(shown[2], "SELECT current_database()") == "mlconn"
        assert "password" not in repr(databases) and "postgresql" not in repr(databases)
    finally:
        server.remove()
        settings.home.rmdir()


def test_a_server_of_ones_own_gets_dagsters_database_and_is_left_running(postgres_server, database_url):
    settings = read_settings({"MLCONN_DATABASE_URL": psycopg_conninfo(database_url), "MLCONN_HOME": "/nowhere"})
    databases, server = prepare_databases(settings)
    assert server is None
    assert one(databases.dagster, "SELECT current_database()") == "dagster"
    assert databases_of(settings) == databases
    assert not Path("/nowhere").exists()


def test_a_role_that_may_not_create_the_database_is_told_what_an_administrator_has_to_say(postgres_server, database_url):
    one(database_url, "CREATE ROLE modest LOGIN PASSWORD 'hunter2'")
    try:
        modest = database_url.replace(database_url.split("//")[1].split("@")[0], "modest:hunter2")
        with pytest.raises(ConfigurationError, match='CREATE DATABASE "not_there" OWNER "modest"') as refused:
            create_missing(modest, ["not_there"])
        assert "hunter2" not in str(refused.value)
    finally:
        one(database_url, "DROP ROLE modest")


@pytest.mark.parametrize("wrong", ["port", "password", "database"])
def test_an_address_that_does_not_work_is_one_sentence_without_a_password(postgres_server, database_url, wrong):
    password = (postgres_server.folder / "password").read_text()
    url = {
        "port": f"postgresql://mlconn:{password}@127.0.0.1:1/x",
        "password": database_url.replace(password, "hunter2"),
        "database": in_database(database_url, "not_there"),
    }[wrong]
    kind = DatabaseUnavailable if wrong == "port" else ConfigurationError
    with pytest.raises(kind, match="no connection to the database") as refused:
        prepare_databases(read_settings({"MLCONN_DATABASE_URL": url}))
    assert password not in str(refused.value) and "hunter2" not in str(refused.value)


def test_a_backup_of_both_databases_comes_back_and_never_over_another(postgres_server, database_url, tmp_path):
    create_missing(database_url, ["from_dagster", "to_mlconn", "to_dagster"])
    try:
        url = {name: in_database(database_url, name) for name in ("from_dagster", "to_mlconn", "to_dagster")}
        one(database_url, "CREATE TABLE document AS SELECT 'é' AS name")
        one(url["from_dagster"], "CREATE TABLE runs AS SELECT 7 AS n")
        file = tmp_path / "backup.tar"
        backup({"mlconn": database_url, "dagster": url["from_dagster"]}, file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"]
        with pytest.raises(ConfigurationError, match="exists already"):
            backup({"mlconn": database_url}, file)
        one(database_url, 'DROP DATABASE "to_dagster"')  # one that does not exist yet is created
        restore({"mlconn": url["to_mlconn"], "dagster": url["to_dagster"]}, file)
        assert one(url["to_mlconn"], "SELECT name FROM document") == "é"
        assert one(url["to_dagster"], "SELECT n FROM runs") == 7
        with pytest.raises(ConfigurationError, match="wants it empty"):
            restore({"mlconn": url["to_mlconn"], "dagster": url["to_dagster"]}, file)
    finally:
        for name in ("from_dagster", "to_mlconn", "to_dagster"):
            one(database_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
