"""Faults planted one by one into a copy of the X12 engine and its grammar: do the tests notice?

`python -m mlconn_pipelines_tests.x12.planted_faults` plants all of them and says which survived; a nightly test does the same.
A fault is a text of a file that is replaced by another. Where the text is gone because the file was rewritten, the fault cannot
be planted: it is told, and wants another place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
TESTS = (
    *("test_validation", "test_reader", "test_lost_beginning", "test_interchange_acknowledgment", "test_acknowledgments"),
    *("grammar/test_facts", "test_generated_sets", "grammar/test_loading", "test_check", "test_parsing", "test_patterns"),
    "test_rendering",
)
WITHIN_S = 600

Outcome = Literal["noticed", "survived", "not planted"]


@dataclass(frozen=True, slots=True)
class Fault:
    """file: below `mlconn_pipelines/x12`. old: what stands there. new: what stands there instead."""

    file: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.file}: {self.old.strip()!r} -> {self.new.strip()!r}"


def of(file: str, *changes: tuple[str, str]) -> tuple[Fault, ...]:
    """Several faults of one file."""
    return tuple(Fault(file, old, new) for old, new in changes)


FAULTS: tuple[Fault, ...] = (
    *of(
        "grammar/004010/850.txt",
        ("BEG M 1", "BEG O 1"),
        ("PO1 M loop 100000", "PO1 O loop 100000"),
        ("N1 O loop 200", "N1 O loop 20"),
        ("  REF O 12", "  REF O 11"),
        ("PER O 3", "PER O 4"),
    ),
    *of("grammar/004010/810.txt", ("TDS M 1", "TDS O 1"), ("BIG M 1", "BIG M 2")),
    *of(
        "grammar/005010/856.txt", ("HL M loop 200000", "HL O loop 200000"), ("BSN M 1", "BSN O 1"), ("  TD1 O 20", "  TD1 O 10")
    ),
    *of("grammar/004010/855.txt", ("BAK M 1", "BAK O 1")),
    *of("grammar/004010/997.txt", ("    AK4 O 99", "    AK4 O 9"), ("  AK5 M 1", "  AK5 O 1"), ("AK9 M 1", "AK9 O 1")),
    *of("grammar/005010/999.txt", ("    CTX O 10", "    CTX O 1"), ("  IK5 M 1", "  IK5 O 1")),
    *of(
        "grammar/004010/segments.txt",
        ("BEG 353! 92! 324!", "BEG 353! 92! 324"),
        ("N1 98! 93 66 67 706 98 ; R0203 P0304", "N1 98! 93 66 67 706 98 ; R0203"),
        ("N1 98! 93 66 67 706 98 ; R0203 P0304", "N1 98! 93 66 67 706 98 ; P0304"),
        ("REF 128! 127 352 C040 ; R0203", "REF 128! 127 352 C040"),
        ("DTM 374! 373 337", "DTM 374! 337 373"),
        ("TDS 610! 610 610 610", "TDS 610! 610 610"),
        ("IT1 350 358 355 212 639 235 234", "IT1 350 358 355 212 639 234 235"),
        ("SN1 350 382! 355!", "SN1 350 382! 355"),
        ("CTT 354! 347 81", "CTT 354! 81 347"),
    ),
    *of("grammar/005010/segments.txt", ("HL 628! 734 735! 736", "HL 628! 734! 735! 736"), ("PO1 350 380", "PO1 350 382")),
    *of(
        "grammar/004010/elements.txt",
        ("324 AN 1-22", "324 AN 1-30"),
        ("67 AN 2-80", "67 AN 1-80"),
        ("610 N2 1-15", "610 R 1-15"),
        ("127 AN 1-30", "127 AN 1-50"),
        ("337 TM 4-8", "337 AN 4-8"),
        ("373 DT 8-8", "373 AN 8-8"),
    ),
    *of("grammar/005010/elements.txt", ("127 AN 1-50", "127 AN 1-30"), ("212 R 1-17", "212 R 1-15")),
    *of("grammar/004010/codes.txt", ("353 closed 00 01", "353 open 00 01"), ("717 closed A E", "717 closed A P E")),
    *of(
        "grammar/loading.py",
        ("return version[:6]", "return version"),
        ('usage == "M"', 'usage != "O" and not times[0] == "loop"'),
        ("int(match[3] or 1)", "1"),
        ("return Relation(match[1], positions, not match[3])", "return Relation(match[1], positions, True)"),
        ('openness == "closed"', 'openness == "open"'),
    ),
    *of(
        "grammar/definitions.py",
        ("return any(there) and not all(there)", "return False"),
        ("return not any(there)", "return not all(there)"),
        ("return sum(there) > 1", "return sum(there) > 2"),
        ("return there[0] and not all(there)", "return there[0] and not any(there)"),
        ("return there[0] and not any(there[1:])", "return False"),
    ),
    *of(
        "element_checks.py",
        ("if length > element.longest:", "if length > element.longest + 1:"),
        ("if length < element.shortest:", "if length < element.shortest - 1:"),
        ("value.isdigit() and len(value) in (6, 8)", "len(value) in (6, 8)"),
        ("if element.implied_decimals and", "if element.kind == 'N9' and"),
        ("sum(map(str.isdigit, value)), element)", "len(value), element)"),
        ("dt.date(int(full[:4]), int(full[4:6]), int(full[6:]))", "dt.date(int(full[:4]), int(full[4:6]), 1)"),
        (r"-?(?:\d+(?:\.\d+)?|\.\d+)", r"-?(?:[\d,]+(?:\.\d+)?|\.\d+)"),
        (r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]", r"(?:[012]\d)[0-5]\d(?:[0-5]"),
        ("value in codes.codes:", "value.upper() in {code.upper() for code in codes.codes} or value.isalpha():"),
    ),
    *of(
        "segment_checks.py",
        ("if use.mandatory:\n                    name", "if False:\n                    name"),
        ("if relation.is_broken(present):\n                yield _relation", "if False:\n                yield _relation"),
        ('if values[position - 1] != "":', 'if values[position - 1] == "QQQ":'),
        ('if values and values[-1] == "":', "if False:"),
        ("if len(occurrences) > use.repeats:", "if len(occurrences) > use.repeats + 9:"),
        ("if len(parts) > len(definition.elements):", "if len(parts) > len(definition.elements) + 9:"),
        ("if relation.confirmed else", "if not relation.confirmed else"),
        ("or (use.mandatory and not value.strip", "or (False and not value.strip"),
    ),
    *of(
        "patterns.py",
        ("{{{low},{high}}}(?<! )", "{{{low},{high + 5}}}"),
        ("if code and code not in listed.codes:", "if False:"),
        ("02(?:0[1-9]|1\\d|2[0-8])", "02(?:0[1-9]|1\\d|2[0-9])"),
        ('return f"-?[0-9]{{{low},{high}}}"', 'return f"-?[0-9.]{{{low},{high}}}"'),
        ("use.mandatory else f", "False else f"),
        ("for r in definition.relations if pairs.get(r.positions[0]) is not r", "for r in ()"),
    ),
    *of(
        "walk.py",
        ("if nodes[index].mandatory:", "if False:"),
        ("return index, False, missing", "return index, False, []"),
        ("return place, True, []", "return place, False, []"),
        ("start = members.index(place) + 1", "start = members.index(place)"),
        ("self.definition.nodes[target].use_max or 0", "0"),
    ),
    *of(
        "validation.py",
        ("if not (stated.isascii()", "if False and not (stated.isascii()"),
        ("if row is not None and row.line:", "if row is not None and row.line == 'PO1':"),
        ('if row is not None and row.line == "HL":', 'if row is not None and row.line == "HX":'),
        ("if step.missing:", "if False:"),
        ("if segment_id not in definition.segment_ids:", "if False:"),
        ("if segment_id not in self._release.segments:", "if False:"),
        ("if earlier:", "if not earlier:"),
        ('else ("segment_repeats", "")', 'else ("loop_repeats", "")'),
        ("if level.id in seen:", "if False:"),
        ("findings += guide_findings(transaction_set, guide, known_release)", "pass"),
        ("return with_severities(findings, guide)\n\n\ndef has_grammar", "return tuple(findings)\n\n\ndef has_grammar"),
    ),
    *of(
        "hierarchy.py",
        ("if named is not None:", "if False:"),
        ("level.is_parent_named = True", "level.is_parent_named = False"),
        ("< rank), None)", "<= rank), None)"),
        ('level.code != "S":', 'level.code == "S":'),
        ("if level.id and level.id not in by_id:", "if level.id:"),
        ('"O": 1, "T": 2', '"O": 2, "T": 1'),
    ),
    *of(
        "set_trailer.py",
        ("if not 4 <= len(number) <= 9:", "if not 3 <= len(number) <= 9:"),
        ("if closing.strip() != number:", "if closing.strip()[-1:] != number[-1:] and False:"),
        ("if trailer is None:", "if False:"),
        ("len(made.set_id) == 3", "len(made.set_id) < 9"),
        ("(wanted := functional_id_of(made.set_id) or made.functional_id) != made.functional_id", "(wanted := '') is None"),
        ("if has_empty:", "if False:"),
    ),
    *of(
        "interchange_reader.py",
        ("if stated != group.set_count:", "if False:"),
        (
            '_at(trailer, 2).lstrip("0") != number.lstrip("0"):\n                text = f"GE02',
            'False:\n                text = f"GE02',
        ),
        ("if _number(_at(trailer, 1)) != self._group_count:", "if False:"),
        ('complete=trailer is not None and number != ""', 'complete=number != ""'),
        ("len(number) > 9:", "len(number) > 10 and False:"),
        ('acknowledgment_requested=stripped[13] == "1"', 'acknowledgment_requested=stripped[13] == "0"'),
        ("version=_at(group.elements, 8)", "version=_at(group.elements, 7)"),
        ("if is_mixed(isa12, version):", "if False:"),
        ('(b"ISB", b"ISE", b"TA3")', '(b"N1", b"ISB", b"ISE", b"TA3")'),
    ),
    *of(
        "separators.py",
        ('texts[11].strip() >= "00402"', 'texts[11].strip() >= "00400"'),
        ("== _ISA_WIDTHS and component", "!= () and component"),
        ('if terminator in (b"", separator) or terminator.isalnum():', 'if terminator in (b"", separator):'),
    ),
    *of(
        "lost_beginning.py",
        ("not before or (", "not before and ("),
        (" and not _known_ids().isdisjoint(before)", ""),
        ("following is None or following in _FOLLOWING", "True"),
        ("if segment_id in _OPENING or _ID.fullmatch(segment_id) is None:", "if segment_id in _OPENING:"),
        (r"(?=.*\d)[A-Za-z0-9]{4,9}", "[A-Za-z0-9]{4,9}"),
    ),
    *of(
        "header_checks.py",
        ('(12, "017"', '(12, "016"'),
        ("or (element == 9 and not is_date(value))", ""),
        ("if not header.has_exact_widths:", "if False:"),
        ("if len(set(chosen)) < len(chosen):", "if False:"),
        ("if terminator not in following", "if False and terminator not in following"),
        ("[PTI]", "[PTIQX]"),
        ("elif not is_from_00402", "elif is_from_00402"),
        ('return min(start + len("ISA*") + before, size - 1)', "return min(start + before, size - 1)"),
    ),
    *of(
        "group_checks.py",
        ("or not is_date(day):", "or False:"),
        ("[XT]", "[A-Z]"),
        ("group_version[:4] !=", "group_version[:2] !="),
    ),
    *of(
        "acknowledgments.py",
        ('return "P"', 'return "R"'),
        ("or group.lost_sets:", "or False:"),
        ("(answers or group.lost_sets or group.stated_sets)", "answers"),
        ("holds_only_acknowledgments = bool(group.sets) and", "holds_only_acknowledgments ="),
        ('if found.code != "set_header_missing")', 'if found.code != "none")'),
        ('answer.status == "E" for answer', 'answer.status == "Q" for answer'),
        ('replace(answer, status="R")', "replace(answer, status=answer.status)"),
        ("return stated if stated is not None and", "return len(group.sets) if stated is not None and"),
        ('if answer.status != "R")', 'if answer.status == "A")'),
        ('group.version >= "005010" and _VERSION', "_VERSION"),
        ('f for f in findings if f.severity != "ignore"]', "f for f in findings]"),
        ('codes = (*codes, "5")', 'codes = (*codes, "1")'),
        ('group.functional_id not in ("", "FA")', 'group.functional_id not in ("", "FX")'),
        ('group.version[:6] >= "005010"', 'group.version[:6] >= "004010"'),
        ('" " if c in separators', '" " if c in "#"'),
        ("number[:_CONTEXT_MAX]", "number"),
        ('finding.reference if finding.reference.isdigit() else ""', '""'),
    ),
    *of(
        "interchange_acknowledgment.py",
        ('for severity in ("reject", "accept_with_error")', 'for severity in ("accept_with_error", "reject")'),
        ("return interchange.acknowledgment_requested or is_unusable", "return interchange.acknowledgment_requested"),
        ('group.functional_id == "FA"', 'group.functional_id == "FX"'),
        ('"009": "the receiver', '"032": "the receiver'),
        ("number.zfill(9) if", "number if not"),
        ('(4, status in ("A", "E", "R")', '(4, status in ("A", "E", "R", "Q")'),
        ('if place == "TA105"', 'if place == "AK905"'),
    ),
    *of(
        "findings.py",
        (
            '"segment_missing": FindingKind("segment", "reject", "AK304=3"',
            '"segment_missing": FindingKind("segment", "reject", "AK304=2"',
        ),
        ('"element_code": FindingKind("element", "accept_with_error"', '"element_code": FindingKind("element", "reject"'),
        ('"line_count": FindingKind("set", "ignore"', '"line_count": FindingKind("set", "reject"'),
        ('"set_count": FindingKind("set", "reject", "AK502=4"', '"set_count": FindingKind("set", "ignore", "AK502=4"'),
        ('return "R" if "reject" in severities', 'return "E" if "reject" in severities'),
        ('if version[:6] < "004050"', 'if version[:6] < "004010"'),
        ("wanted[f.code]) if f.code in wanted", 'wanted[f.code]) if f.code == "none"'),
    ),
    *of("set_997.py", ('.rjust(3, "0")', ""), ('.rjust(4, "0")', ""), ('.rjust(2, "0")', "")),
    *of("set_997.py", ('(f"{prefix}5", answered.status', '(f"{prefix}5", "A"'), ("elif not text(found, 1):", "elif False:")),
    *of(
        "guide_checks.py",
        ("if value and value not in rule.values:", "if False:"),
        ("len(value) > rule.limit if is_longest", "len(value) > rule.limit + 1 if is_longest"),
        ("if not target.value(segment):", "if False:"),
    ),
)


def workplace(folder: Path) -> Path:
    """A copy of the package and of the tests that are run against it."""
    for name in ("mlconn_pipelines", "mlconn_pipelines_tests"):
        skipped = shutil.ignore_patterns("__pycache__", "sandbox", "integration", "resilience", "processes", "transport")
        shutil.copytree(ROOT / name, folder / name, ignore=skipped)
    (folder / "mlconn_pipelines_tests/conftest.py").unlink()  # starts databases for other tests
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def present_tests(folder: Path) -> list[str]:
    """The test files that there are, the quickest first."""
    tests = (folder / "mlconn_pipelines_tests/x12" / f"{name}.py" for name in TESTS)
    return [str(test.relative_to(folder)) for test in tests if test.exists()]


def passes(folder: Path) -> bool:
    """Whether the tests of the copy pass. One that never ends counts as failed."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not nightly and not slow"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "MLCONN_X12_CORPUS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    try:
        done = subprocess.run(
            [*command, *present_tests(folder)], cwd=folder, env=environment, capture_output=True, timeout=WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def can_be_planted(fault: Fault, folder: Path = ROOT) -> bool:
    """Whether the text that the fault replaces still stands in its file."""
    file = folder / "mlconn_pipelines/x12" / fault.file
    return file.exists() and fault.old in file.read_text(encoding="utf-8")


def plant(folder: Path, fault: Fault) -> Outcome:
    """Plant a fault in the copy, run its tests, and take the fault out again."""
    if not can_be_planted(fault, folder):
        return "not planted"
    file = folder / "mlconn_pipelines/x12" / fault.file
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(fault.old, fault.new, 1), encoding="utf-8")
    try:
        return "survived" if passes(folder) else "noticed"
    finally:
        file.write_text(text, encoding="utf-8")


def plant_all(faults: Sequence[Fault] = FAULTS, at_once: int = 1) -> Iterator[tuple[Fault, Outcome]]:
    """Every fault with what became of it. RuntimeError: the tests fail without any fault."""
    with tempfile.TemporaryDirectory(prefix="mlconn-planted-") as place:
        folders = [workplace(Path(place) / str(number)) for number in range(at_once)]
        if not passes(folders[0]):
            raise RuntimeError("the tests fail already without a fault")

        def share(number: int) -> list[tuple[Fault, Outcome]]:
            return [(fault, plant(folders[number], fault)) for fault in faults[number::at_once]]

        with ThreadPoolExecutor(at_once) as threads:
            for outcomes in threads.map(share, range(at_once)):
                yield from outcomes


def main() -> None:
    outcomes = []
    for fault, outcome in plant_all():
        outcomes.append(outcome)
        if outcome != "noticed":
            print(f"{outcome}: {fault}", flush=True)
    planted = [outcome for outcome in outcomes if outcome != "not planted"]
    print(f"{planted.count('noticed')} of {len(planted)} planted faults were noticed")


if __name__ == "__main__":
    main()
