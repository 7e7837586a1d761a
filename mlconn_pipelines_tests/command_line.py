"""`mlconn` in this process: what it prints and how it ends is the same as in one of its own, which takes seconds to start."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from mlconn_pipelines.cli.app import main


@dataclass(frozen=True)
class Ran:
    returncode: int
    stdout: str
    stderr: str


def mlconn_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: Mapping[str, str], *arguments: str
) -> Ran:
    """One command, in an environment with these variables too; nothing is typed."""
    with monkeypatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        patched.setattr(sys, "argv", ["mlconn", *arguments])
        patched.setattr(sys, "stdin", io.StringIO())
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
    said = capsys.readouterr()
    return Ran(int(ended.value.code or 0), said.out, said.err)
