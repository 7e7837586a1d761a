"""Figures: what was measured, what it must reach, and whether it does; as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Bound = Literal[">=", "<="]

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. target: such as `>= 100`, empty where there is none. against: under which circumstances."""

    name: str
    value: float
    unit: str
    target: str
    holds: bool | None
    against: str


def figure(name: str, value: float, unit: str, bound: Bound, limit: float, against: str) -> Figure:
    """A figure that must be at least, or at most, `limit`; rounded to three digits only after it was compared."""
    holds = value >= limit if bound == ">=" else value <= limit
    return Figure(name, _rounded(value), unit, f"{bound} {limit:g}", holds, against)


def note(name: str, value: float, unit: str, against: str) -> Figure:
    """A figure that is printed beside others and has no target."""
    return Figure(name, _rounded(value), unit, "", None, against)


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def percentile_95(values: Sequence[float]) -> float:
    """The nearest rank: of 20 values the 19th."""
    return percentile(values, 95)


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def say(words: str) -> None:
    """Progress, on standard error."""
    print(words, file=sys.stderr, flush=True)


def write(figures: Iterable[Figure], path: Path = RESULTS) -> None:
    """Figures of this run; those of the same name in the file are replaced, others stay as they were."""
    new = {one.name: asdict(one) for one in figures}
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    kept = [new.pop(one["name"], one) for one in old]
    path.write_text(json.dumps([*kept, *new.values()], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(figures: Sequence[Figure]) -> str:
    """All figures under one heading."""
    heading = ("figure", "value", "target", "holds", "measured")
    rows = [
        (one.name, f"{one.value:g} {one.unit}", one.target, {True: "yes", False: "NO", None: ""}[one.holds], one.against)
        for one in figures
    ]
    widths = [max(len(row[place]) for row in (heading, *rows)) for place in range(len(heading))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (heading, *rows)]
    return "\n".join([lines[0], "-" * min(160, sum(widths) + 8), *lines[1:]])


def _rounded(value: float) -> float:
    return float(f"{value:.4g}") if abs(value) < 10_000 else round(value)
