"""`mlconn x12 survival`: a table a set, losses by name, and an exit code for whoever builds on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlconn_pipelines_tests.cases.sweeping import sound
from mlconn_pipelines_tests.command_line import mlconn_here


def test_a_folder_is_read_and_the_share_of_each_set_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, set_id in enumerate(("850", "855", "856", "810"), start=1):
        (tmp_path / f"{set_id}.edi").write_bytes(sound(set_id, number))
    (tmp_path / "broken.edi").write_bytes(sound("850", 9).replace(b"BEG*", b"BEH*"))
    said = mlconn_here(monkeypatch, capsys, {}, "x12", "survival", str(tmp_path), "--json")
    found = json.loads(said.stdout)
    assert said.returncode == 0 and set(found) == {"810", "850", "855", "856"}
    assert all(one["share"] == 1.0 and one["lost"] == [] and one["elements"] > 20 for one in found.values())
    assert found["850"]["sets"] == 1 and "BEG is missing" in found["850"]["passed_over"][0]
    assert 0 < found["856"]["share_in_fields"] <= 1
