"""Former words of settings: read with a warning, and rewritten by `mlconn config migrate` with everything else as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlconn_pipelines.config.renamed import migrate, take_former_words
from mlconn_pipelines.config.yaml_source import read_yaml
from mlconn_pipelines.errors import ConfigurationError

WRITTEN = """\
# after_sending: set_aside is told here
flows:
  x12_810: {send_from: 2026-01-05, after_sending: set_aside, cancelled_after_sending: "set_aside"}  # set_aside, as ever
  x12_850:
    after_sending:   'set_aside'\t# a person
    cancelled_after_sending:
      set_aside
companies:
  usmf: {flows: {x12_856: {after_sending: set_aside}}}
name: set_aside
"""


def test_former_words_are_rewritten_and_all_else_stays(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    done = migrate(file)
    assert [(one.line, one.former, one.now) for one in done] == [(n, "set_aside", "on_hold") for n in (3, 3, 5, 7, 9)]
    after = file.read_bytes().decode()
    assert after.count("on_hold") == 5 and after.count("set_aside") == 3 and after.count("\r\n") == WRITTEN.count("\n")
    assert after.replace("on_hold", "set_aside") == WRITTEN.replace("\n", "\r\n")
    assert migrate(file) == [] and [each.name for each in tmp_path.iterdir()] == ["acme.yaml"]


def test_the_loader_takes_them_and_names_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(WRITTEN)
    values, source = read_yaml(file)
    warnings = take_former_words(values, source)
    assert values["flows"]["x12_850"] == {"after_sending": "on_hold", "cancelled_after_sending": "on_hold"}
    assert values["name"] == "set_aside"
    assert [(warning.line, warning.since) for warning in warnings] == [(n, "0.1") for n in (3, 3, 5, 6, 9)]


def test_a_word_that_no_line_shows_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text('flows: {x12_810: {after_sending: "set\\u005faside"}}\n')
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match="cannot be rewritten where it stands"):
        migrate(file)
    assert file.read_bytes() == before
