"""Words of settings that were renamed: the loader still reads the former ones, and `mlconn config migrate` rewrites them.

A rename is a row of `RENAMED`. The former word is told as a warning in the release that its row names, and is a mistake in the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlconn_pipelines.config.yaml_source import Place, Source, read_yaml
from mlconn_pipelines.documents.lifecycle import FORMER_WORDS
from mlconn_pipelines.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Renamed:
    """place: names from the top of an integration's file or of a company's section in it, `*` for any. since: see `source.error`."""

    place: tuple[str, ...]
    words: Mapping[str, str]
    since: str


RENAMED = (
    Renamed(("flows", "*", "after_sending"), {before: str(now) for before, now in FORMER_WORDS.items()}, "0.1"),
    Renamed(("flows", "*", "cancelled_after_sending"), {before: str(now) for before, now in FORMER_WORDS.items()}, "0.1"),
)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A setting that `migrate` has rewritten."""

    file: str
    line: int
    setting: str
    former: str
    now: str


def take_former_words(values: dict[Any, Any], source: Source) -> list[ConfigurationError]:
    """Put today's words in the place of former ones; a warning for each."""
    warnings = []
    for place, former, now, since in list(_former(source)):
        _put(values, place, now)
        hint = f"Write {now}, or let `mlconn config migrate` do it."
        warnings.append(source.error(place, f"{source.name(place)}: {former} is {now} now", hint, since=since))
    return warnings


def migrate(file: Path) -> list[Rewritten]:
    """Rewrite the file's former words in their lines; all else of it, comments too, stays to the byte.

    ConfigurationError, with the file as it was, where the file is no YAML, or a word stands where no line shows it.
    """
    values, source = read_yaml(file)
    lines = file.read_bytes().decode().split("\n")
    done = []
    for place, former, now, _ in _former(source):
        number = source.lines[place]
        lines[number - 1], found = _in_line(lines[number - 1], str(place[-1]), former, now)
        if not found:
            raise source.error(place, f"{source.name(place)} cannot be rewritten where it stands", f"Write {now} there.")
        done.append(Rewritten(str(file), number, source.name(place), former, now))
    if done:
        take_former_words(values, source)
        written = file.with_name(f".{file.name}.migrated")
        written.write_bytes("\n".join(lines).encode())
        try:
            if read_yaml(written)[0] != values:
                raise ConfigurationError("the rewritten file would mean something else", "Rewrite it by hand.", file=str(file))
            written.chmod(file.stat().st_mode)
            written.replace(file)
        finally:
            written.unlink(missing_ok=True)
    return done


def _former(source: Source) -> Iterator[tuple[Place, str, str, str]]:
    for place, scalar in source.scalars.items():
        for row in RENAMED:
            if _fits(place, row.place) and (now := row.words.get(scalar.written)) is not None:
                yield place, scalar.written, now, row.since


def _fits(place: Place, pattern: tuple[str, ...]) -> bool:
    inner = place[2:] if place[:1] == ("companies",) else place
    return len(inner) == len(pattern) and all(one in ("*", name) for one, name in zip(pattern, inner, strict=True))


def _in_line(line: str, setting: str, former: str, now: str) -> tuple[str, bool]:
    """Behind the setting's name where that stands in the line too; else the word, which then begins it."""
    behind_name = re.sub(rf"(\b{setting}[\"']?\s*:\s*[\"']?){former}\b", rf"\g<1>{now}", line, count=1)
    if behind_name != line:
        return behind_name, True
    alone = re.sub(rf"^(\s*[\"']?){former}\b", rf"\g<1>{now}", line, count=1)
    return alone, alone != line


def _put(values: Any, place: Place, now: str) -> None:
    for name in place[:-1]:
        values = values[name]
    values[place[-1]] = now
