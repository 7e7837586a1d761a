"""Programs that use the database as processes of their own, all set off at the same moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence


def programs(code: str, count: int, *arguments: str) -> list[subprocess.Popen[str]]:
    """Start `count` programs; each says `ready`, and all go on together once every one has."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for program in started:
        assert program.stdout is not None and program.stdin is not None
        first = program.stdout.readline()
        assert first == "ready\n", first + (program.stderr.read() if program.stderr else "")
    for program in started:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    return started


def printed(started: Sequence[subprocess.Popen[str]], timeout_s: float = 60) -> list[list[str]]:
    """The lines of each, once all have ended well."""
    outputs = []
    for program in started:
        output, errors = program.communicate(timeout=timeout_s)
        assert program.returncode == 0, errors
        outputs.append(output.splitlines())
    return outputs
