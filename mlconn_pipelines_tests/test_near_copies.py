"""No twenty lines of one system are those of another, but for its name: what two systems share stands in one place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import combinations, product
from pathlib import Path

SYSTEMS = Path(__file__).parents[1] / "mlconn_pipelines" / "systems"
WINDOW, SAME = 20, 18
"""Lines, and how many of them make it a near-copy."""

_NAMES = re.compile(
    r"sap_?business_?one|business_?central|salesforce|sage_?100|\bsage\b|finance_?(?:and_?)?operations|service_?layer|\bsap\b|cleo|\bbc\b|\bfo\b|f&o",
    re.IGNORECASE,
)


def lines_of(text: str) -> list[str]:
    """What a file says: without blank lines, comments and imports, a system's names made one."""
    told = (line.strip() for line in text.splitlines())
    return [_NAMES.sub("SYSTEM", line) for line in told if line and not line.startswith(("#", "from ", "import "))]


def near_copies(first: list[str], second: list[str]) -> Iterator[tuple[int, str]]:
    """(how many of the lines of a window stand in the other file, close together, the window's first line)."""
    if len(set(first) & set(second)) < SAME:
        return
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    there = {block.a + step: block.b + step for block in blocks for step in range(block.size)}
    for start in range(len(first) - WINDOW + 1):
        found = [there[place] for place in range(start, start + WINDOW) if place in there]
        if len(found) >= SAME and max(found) - min(found) < WINDOW + 6:
            yield len(found), first[start]


def test_no_twenty_lines_of_a_system_are_those_of_another() -> None:
    systems = [folder for folder in SYSTEMS.iterdir() if (folder / "__init__.py").is_file()]
    files: Mapping[str, list[tuple[Path, list[str]]]] = {
        system.name: [(file, lines_of(file.read_text(encoding="utf-8"))) for file in sorted(system.rglob("*.py"))]
        for system in systems
    }
    assert len(files) >= 4
    copies = {
        f"{one.relative_to(SYSTEMS)} and {other.relative_to(SYSTEMS)}: {count} of {WINDOW} lines from {line!r}"
        for left, right in combinations(files, 2)
        for (one, first), (other, second) in product(files[left], files[right])
        for count, line in near_copies(first, second)
    }
    assert copies == set()


def test_a_copy_with_two_lines_changed_is_found() -> None:
    mapping = next(file for file in (SYSTEMS / "sap_business_one" / "mapping").glob("*.py") if file.stat().st_size > 3_000)
    text = mapping.read_text(encoding="utf-8")
    copied = lines_of(text.replace("SAP Business One", "Business Central").replace("SAP", "BC"))
    copied[3] = copied[9] = "another = line()"
    assert list(near_copies(lines_of(text), copied))
