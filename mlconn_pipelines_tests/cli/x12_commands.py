"""`mlconn x12 ...` within this process, and files for it."""

from __future__ import annotations

import sys
from typing import NamedTuple

import pytest

from mlconn_pipelines.cli.app import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> Ran:
    """Exit code and what was printed."""
    monkeypatch.setattr(sys, "argv", ["mlconn", "x12", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    return Ran(int(ended.value.code or 0), printed.out, printed.err)
