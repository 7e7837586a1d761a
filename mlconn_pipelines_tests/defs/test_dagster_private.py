"""What is used of Dagster beyond its public modules: in one file, and as the pinned version has it."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import pytest
from dagster._utils.error import serializable_error_info_from_exc_info

import mlconn_pipelines
from mlconn_pipelines.defs.dagster_private import AssetJob, told_failure

ROOT = Path(mlconn_pipelines.__file__).parent


def test_one_file_uses_them() -> None:
    private = re.compile(r"^\s*(from|import) (dagster\._|dagster_\w+\._|dagster_shared)", re.MULTILINE)
    folders = (ROOT, ROOT.parent / "mlconn_simulators", ROOT.parent / "benchmarks")
    files = [file for folder in folders for file in folder.rglob("*.py") if private.search(file.read_text(encoding="utf-8"))]
    assert [file.relative_to(ROOT).as_posix() for file in files] == ["defs/dagster_private.py"]


def test_it_was_written_for_the_version_that_is_installed() -> None:
    """Whoever changes the pin runs this file, `test_failing.py` and `test_storage.py`, and then changes the number here."""
    pinned = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert "dagster==1.13.27" in pinned and version("dagster") == "1.13.27"


def test_a_job_of_assets_is_of_the_type_that_we_name() -> None:
    assert type(dg.define_asset_job("some")) is AssetJob


def test_a_told_failure_is_shown_as_its_sentence_alone() -> None:
    with pytest.raises(dg.DagsterError) as raised:
        raise told_failure("The ERP did not answer.", "Retryable")
    shown = serializable_error_info_from_exc_info((type(raised.value), raised.value, raised.tb))
    assert (shown.message, shown.cls_name, list(shown.stack), shown.cause) == ("The ERP did not answer.", "Retryable", [], None)
