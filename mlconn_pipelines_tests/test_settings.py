from pathlib import Path

import pytest

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.settings import read_settings


def test_home_lies_beside_the_configuration_unless_it_is_named(tmp_path):
    beside = read_settings({"MLCONN_CONFIG": str(tmp_path / "config")})
    assert beside.home == tmp_path / ".mlconn"
    assert beside.dagster_home == tmp_path / ".mlconn" / "dagster"
    named = read_settings({"MLCONN_CONFIG": str(tmp_path / "config"), "MLCONN_HOME": str(tmp_path / "elsewhere")})
    assert named.vault_key_file == tmp_path / "elsewhere" / "vault.key"


def test_reading_makes_nothing_and_relative_paths_become_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = read_settings({"MLCONN_CONFIG": "integrations", "MLCONN_DATABASE_URL": "  "})
    assert settings.config == Path(tmp_path / "integrations")
    assert settings.database_url is None
    assert list(tmp_path.iterdir()) == []


def test_keys_are_split_and_secrets_stay_out_of_repr():
    settings = read_settings({"MLCONN_VAULT_KEY": "newkey-1, oldkey-2 ,", "MLCONN_DATABASE_URL": "postgres://a:hunter2@b/c"})
    assert settings.vault_keys == ("newkey-1", "oldkey-2")
    assert not any(secret in repr(settings) for secret in ("newkey-1", "oldkey-2", "hunter2"))


def test_what_cannot_be_meant_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="which is a file"):
        read_settings({"MLCONN_HOME": str(tmp_path / "file")})
    with pytest.raises(ConfigurationError, match="LOUD"):
        read_settings({"MLCONN_LOG_LEVEL": "loud"})


def test_the_home_folder_is_closed_to_other_users(tmp_path):
    home = read_settings({"MLCONN_HOME": str(tmp_path / "home")}).make_home()
    assert home.stat().st_mode & 0o066 == 0
