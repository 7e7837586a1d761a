"""`mlconn init` and the configuration part of `mlconn check`, as a new user meets them: what is printed, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlconn_pipelines.settings import NAMES
from mlconn_pipelines_tests.command_line import Ran, mlconn_here

ACME, BLUEPEAK = "acme.yaml", "partners/bluepeak.yaml"


Mlconn = Callable[..., Ran]


def in_a_process(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, in an environment that knows nothing of this machine's settings."""
    return subprocess.run(
        [sys.executable, "-m", "mlconn_pipelines.cli.app", *arguments],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def mlconn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mlconn:
    """The program in this process, which knows nothing of this machine's settings either."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | Path, folder: Path, **environment: str) -> Ran:
        monkeypatch.chdir(folder)
        return mlconn_here(monkeypatch, capsys, environment, *map(str, arguments))

    return run


@pytest.fixture
def project(mlconn: Mlconn, tmp_path: Path) -> Path:
    """A folder with what `mlconn init config` writes."""
    made = mlconn("init", "config", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    return tmp_path


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / "config" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_init_writes_passes_the_configuration_part_of_check(mlconn: Mlconn, tmp_path: Path) -> None:
    project = tmp_path
    assert in_a_process("init", "config", folder=project).returncode == 0
    checked = in_a_process("check", "--files-only", folder=project)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "preview mode, 2 partners, flows x12_810, x12_850, x12_856, inbound" in checked.stdout
    as_json = mlconn("check", "--files-only", "--json", "--config", project / "config", folder=project.parent)
    assert json.loads(as_json.stdout) == [
        {
            "integration": "acme",
            "system": "configuration",
            "ok": True,
            "detail": "preview mode, 2 partners, flows x12_810, x12_850, x12_856, inbound",
        }
    ]


def test_init_writes_a_first_configuration_for_business_central_and_names_the_kinds_there_are(
    mlconn: Mlconn, tmp_path: Path
) -> None:
    assert mlconn("init", "config", "--erp", "business_central", folder=tmp_path).returncode == 0
    checked = mlconn("check", "--files-only", folder=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "preview mode, 2 partners, flows x12_810, x12_850, inbound" in checked.stdout
    wrong = mlconn("init", "other", "--erp", "navision", folder=tmp_path)
    assert wrong.returncode == 2
    assert "there is no ERP 'navision'. There are: business_central" in wrong.stderr and "Traceback" not in wrong.stderr


def test_init_explains_what_comes_next_and_overwrites_nothing(mlconn: Mlconn, project: Path) -> None:
    again = mlconn("init", "config", folder=project)
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1 and "exists already" in again.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (ACME, "mode: preview  ", "#", "config/acme.yaml:5: 'mode' is missing. Add `mode:`"),
        (
            ACME,
            "mode: preview",
            "mode: preview\nmodus: live",
            "config/acme.yaml:7: unknown setting 'modus'. Did you mean 'mode'?",
        ),
        (BLUEPEAK, 'version: "004010"', "version: 004010", "x12.version is 004010 without quotation marks"),
        (ACME, "  - cedarmill", "  - cedermill", "config/acme.yaml:33: there is no trading partner 'cedermill'. Did you mean"),
        (BLUEPEAK, "folder: to_bluepeak", "folder: inbox", "partners/bluepeak.yaml:7: folder 'inbox'"),
        (BLUEPEAK, "supplier_codes: [V20020]", "", "Orders would fit"),
        (ACME, "after_sending: ignore ", "after_sending: change_set ", "a changed 810 has no such set"),
    ],
    ids=["missing key", "unknown field", "unquoted code", "unknown partner", "bad folder", "wrong target", "change set"],
)
def test_a_wrong_configuration_gives_one_sentence_and_exit_2(
    mlconn: Mlconn, project: Path, file: str, old: str, new: str, says: str
) -> None:
    edit(project, file, old, new)
    checked = mlconn("check", folder=project)
    assert checked.returncode == 2
    assert checked.stdout == ""
    assert says in checked.stderr
    assert checked.stderr.count("\n") == 1 and "Traceback" not in checked.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "--config", "nowhere"), "there is no configuration folder"),
        (("check", "--files-only", "--unknown"), "No such option"),
        (("nonsense",), "No such command"),
        (("run",), "Missing argument"),
        (("run", "acme", "--partition", "yesterday"), "yesterday"),
        (("check",), "there is no database"),
        (("documents", "list"), "there is no database"),
    ],
)
def test_wrong_use_gives_exit_2_and_no_traceback(mlconn: Mlconn, project: Path, arguments: tuple[str, ...], says: str) -> None:
    ran = mlconn(*arguments, folder=project)
    assert ran.returncode == 2
    assert says in ran.stderr and "Traceback" not in ran.stderr


def test_an_unreachable_database_is_said_without_its_password(mlconn: Mlconn, project: Path) -> None:
    url = "postgresql://edi:geheim@127.0.0.1:9/mlconn"
    ran = mlconn("documents", "list", folder=project, MLCONN_DATABASE_URL=url)
    assert ran.returncode == 2
    assert "no connection to the database postgresql://edi@127.0.0.1:9/mlconn" in ran.stderr
    assert "geheim" not in ran.stderr and "Traceback" not in ran.stderr


def test_config_migrate_rewrites_former_words_which_check_calls_mistakes(mlconn: Mlconn, project: Path) -> None:
    edit(project, ACME, "after_sending: ignore ", "after_sending: set_aside ")
    checked = mlconn("check", "--files-only", folder=project)
    assert checked.returncode == 2 and "mlconn config migrate" in checked.stderr
    assert "after_sending: set_aside is on_hold now" in mlconn("config", "migrate", folder=project).stdout
    assert mlconn("check", "--files-only", folder=project).returncode == 0
    assert mlconn("config", "migrate", folder=project).stdout == "Nothing is to be rewritten.\n"


def test_config_schema_writes_the_schemas_and_names_files_without_the_line(mlconn: Mlconn, project: Path) -> None:
    (project / "config" / "schema" / "partner.json").unlink()
    edit(project, BLUEPEAK, "# yaml-language-server: $schema=../schema/partner.json\n", "")
    done = mlconn("config", "schema", folder=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (project / "config" / "schema").iterdir()) == ["integration.json", "partner.json"]
    said = done.stdout.replace("\n", "")
    assert "put this line first: # yaml-language-server: $schema=../schema/partner.json" in said and "acme.yaml:" not in said
    assert mlconn("check", "--files-only", folder=project).returncode == 0, "the schemas are no configuration"
