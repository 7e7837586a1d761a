"""The settings file: what is wrong is told with its line and what to write; and the secrets beside it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sage_100_agent.program.log_file import Plain
from sage_100_agent.program.secret_store import Secrets, SecretsUnreadable
from sage_100_agent.program.settings import EXAMPLE, BadSettings, Settings, read_settings
from sage_100_agent.updating.updater import UpdatePolicy

ROOT_KEY = "ab" * 32
WHOLE = EXAMPLE.replace("the 64 digits that mlconn agents root-key new shows", ROOT_KEY)


def read(folder: Path, text: str) -> Settings:
    file = folder / "agent.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file)


def test_the_example_that_a_missing_file_shows_is_whole(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as told:
        read_settings(tmp_path / "agent.toml")
    assert EXAMPLE in str(told.value)
    settings = read(tmp_path, WHOLE)
    assert settings.companies == {"ABC": "EDI"} and settings.folder == tmp_path and settings.ansi == "cp1252"
    assert settings.reference_columns["receipt"] == "Comment"
    assert settings.updates == UpdatePolicy(pinned=False, from_hour=6, to_hour=20)


@pytest.mark.parametrize(
    ("was", "becomes", "line", "says"),
    [
        ("home", "hme", 6, "write home"),
        ('url = "https://edi.example.com"', "", 1, 'write url = "https://edi.example.com"'),
        ("https://edi", "http://edi", 2, 'write "https://edi.example.com"'),
        ("edi.example.com", "edi.example.com/agent", 2, "expected scheme and host"),
        (ROOT_KEY, "abc", 3, "expected 64 hexadecimal digits"),
        ("companies.ABC", "companies.abcd", 8, "three capitals or digits"),
        ('user = "EDI"', 'usr = "EDI"', 9, "write user"),
        ('user = "EDI"', "user = 5", 9, "expected a text"),
        ("[sage]", '[sage]\nansi = "cp9999"', 6, "expected a code page"),
        ("[sage]", 'proxy = "http://me:pw@proxy:80"\n[sage]', 5, "mlconn-sage-agent password --proxy"),
        ("[companies.ABC]\nuser", "[company]\nuser", 8, "write companies"),
        ("[sage]", '[updates]\npinned = "yes"\n[sage]', 6, "expected true"),
        ("[sage]", "[updates]\nto_hour = 25\n[sage]", 6, "expected an hour from 0 to 24"),
        ("'C:\\Sage", '"C:\\Sage', 0, "single quotes"),
    ],
)
def test_each_error_names_its_line_and_what_to_write(tmp_path: Path, was: str, becomes: str, line: int, says: str) -> None:
    assert was in WHOLE
    with pytest.raises(BadSettings) as told:
        read(tmp_path, WHOLE.replace(was, becomes, 1))
    assert says in str(told.value) and (f"agent.toml, line {line}:" in str(told.value) or not line)


def test_secrets_are_their_owners_alone_and_never_half_written(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "secrets")
    assert secrets.get("sage-ABC") is None and secrets.all() == []
    secrets.put("sage-ABC", "Grüße 7")
    secrets.put("sage-ABC", "Grüße 8")
    file = tmp_path / "secrets" / "sage-ABC"
    assert secrets.get("sage-ABC") == "Grüße 8" and secrets.all() == ["Grüße 8"]
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    file.chmod(0o640)
    with pytest.raises(SecretsUnreadable, match="chmod 600"):
        secrets.get("sage-ABC")
    secrets.remove("sage-ABC")
    assert secrets.get("sage-ABC") is None


def test_no_secret_stands_in_a_line_of_the_log_nor_in_a_traceback() -> None:
    plain = Plain(["hunter22", "hunter22-long", ""])
    try:
        raise ValueError("proxy http://me:hunter22-long@proxy refused")
    except ValueError:
        record = logging.getLogger("agent").makeRecord("agent", 40, "", 1, "with %s\nfailed", ("hunter22",), _info())
    told = plain.format(record)
    assert "hunter" not in told and "\n" not in told and "http://me:***@proxy" in told


def _info() -> tuple[type[BaseException], BaseException, object]:
    import sys

    return sys.exc_info()  # type: ignore[return-value]
