from __future__ import annotations

import mmap
import random
from pathlib import Path

import pytest

from mlconn_pipelines.x12 import source as source_module
from mlconn_pipelines.x12.source import FileContent, Source


def mapped(data: bytes, folder: Path) -> mmap.mmap:
    file = folder / f"{len(list(folder.iterdir()))}.edi"  # a file that is mapped must not be written again
    file.write_bytes(data)
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


@pytest.fixture(params=["in memory", "mapped"])
def contents(request: pytest.FixtureRequest, tmp_path: Path) -> list[tuple[bytes, FileContent]]:
    chance = random.Random(3)
    made = [bytes(chance.choice(b"AB~ \t\n") for _ in range(chance.randint(1, 300))) for _ in range(60)]
    made += [b"a\rb\rc", b"a\r\nb\r\nc", b"no end", b"\n", b" " * 100]
    if request.param == "in memory":
        return [(data, data) for data in made]
    return [(data, mapped(data, tmp_path)) for data in made]


@pytest.mark.parametrize("block", [1, 7, 64, source_module.BLOCK])
def test_a_line_is_one_more_than_the_line_ends_before_it(
    contents: list[tuple[bytes, FileContent]], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "BLOCK", block)
    for data, content in contents:
        source, end = Source(content), b"\n" if b"\n" in data else b"\r"
        for offset in reversed(range(len(data))):
            assert source.line_of(offset) == data[:offset].count(end) + 1


@pytest.mark.parametrize("block", [1, 7, 64])
def test_blanks_at_both_ends_are_no_part_of_what_is_visible(
    contents: list[tuple[bytes, FileContent]], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "BLOCK", block)
    for data, content in contents:
        source = Source(content)
        source.passed(len(data))  # what was given back can be read again
        found = source.visible(0, len(data), b" \t\n~")
        stripped = data.strip(b" \t\n~")
        assert (b"" if found is None else data[found[0] : found[1]]) == stripped
        if found is not None:
            assert data[: found[0]].strip(b" \t\n~") == b""
