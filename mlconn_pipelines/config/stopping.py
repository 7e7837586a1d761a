"""What a mistake in a file stops: that partner or that integration, and nobody else.

A rule that is younger than the files stops nothing for one release: it is a warning while running and a mistake for
`mlconn check`. Such a rule names the release that brought it: `source.error(place, what, hint, since="0.2")`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mlconn_pipelines.config.yaml_source import Place, Source
from mlconn_pipelines.errors import ConfigurationError

_WORD = re.compile(r"[^\s,\[\]{}'\"]+")


def _release() -> str:
    try:
        return ".".join(version("mlconn_pipelines").split(".")[:2])
    except PackageNotFoundError:
        return ""


RELEASE = _release()
"""Of this program, without the number of its mends: `0.2`."""


def is_new_rule(mistake: ConfigurationError) -> bool:
    """Whether the rule that finds fault came with this very release."""
    return bool(mistake.since) and mistake.since == RELEASE


def in_short(mistakes: Sequence[ConfigurationError]) -> str:
    """The first mistake with its file and line, and how many follow."""
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{mistakes[0]}{more}"


@dataclass(frozen=True, slots=True)
class StoppedIntegration:
    """An integration whose file has mistakes."""

    name: str
    mistakes: tuple[ConfigurationError, ...]

    @property
    def why(self) -> str:
        return in_short(self.mistakes)


@dataclass(frozen=True, slots=True)
class StoppedPartner:
    """A trading partner whose file has mistakes; as much of it as tells which documents are theirs.

    codes: (`customer` or `supplier`, code in the ERP). theirs, ours: qualifier and id of ISA05-06 and ISA07-08, empty where the
    file does not give them. words: of a file of which that cannot be read; a code that is one of them is taken for theirs.
    """

    name: str
    mistakes: tuple[ConfigurationError, ...]
    codes: frozenset[tuple[str, str]] = frozenset()
    theirs: tuple[str, str] = ("", "")
    ours: tuple[str, str] = ("", "")
    words: frozenset[str] = field(default_factory=frozenset, repr=False)

    @property
    def why(self) -> str:
        return in_short(self.mistakes)

    def has_code(self, kind: str, code: str) -> bool:
        """Whether the file gives the partner that code in the ERP."""
        return (kind, code) in self.codes if self.codes else code in self.words

    def sends_as(self, qualifier: str, id: str, our_qualifier: str, our_id: str) -> bool:
        """Whether an interchange of that sender to that receiver is theirs."""
        if all((*self.theirs, *self.ours)):
            return (self.theirs, self.ours) == ((qualifier, id), (our_qualifier, our_id))
        return id in self.words and our_id in self.words


def stopped_partner(path: Path, source: Source | None, mistakes: Sequence[ConfigurationError]) -> StoppedPartner:
    """source: where the file's parts are written, None where it is no YAML."""
    codes, theirs, ours = frozenset[tuple[str, str]](), ("", ""), ("", "")
    if source is not None:
        codes = frozenset(
            (kind, scalar.written)
            for place, scalar in source.scalars.items()
            for kind in ("customer", "supplier")
            if place and place[0] == f"{kind}_codes"
        )
        theirs, ours = _interchange_id(source, "theirs"), _interchange_id(source, "ours")
    return StoppedPartner(path.stem, tuple(mistakes), codes, theirs, ours, _words(path))


def _interchange_id(source: Source, side: str) -> tuple[str, str]:
    def written(name: str) -> str:
        place: Place = ("x12", side, name)
        return source.scalars[place].written if place in source.scalars else ""

    return written("qualifier"), written("id")


def _words(path: Path) -> frozenset[str]:
    try:
        return frozenset(_WORD.findall(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return frozenset()
