"""Reason codes are one enum: nothing writes another, every member is written somewhere, each says what it means."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlconn_pipelines
from mlconn_pipelines.reasons import Reason, reason_named
from mlconn_pipelines.x12.findings import KINDS

ROOT = Path(mlconn_pipelines.__file__).parent
OTHERS = ("x12", "reasons.py", "ledger/migrations", "reports/frames.py")
"""The engine's findings are a table of their own, old migrations stay as they are, a frame's schema has types and no codes."""

SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted(ROOT.rglob("*.py"))
    if not str(path.relative_to(ROOT)).startswith(OTHERS)
}
LOOKS_LIKE_A_CODE = re.compile(r"[a-z]+(_[a-z0-9]+)*")
CODE_NAMES = ("code", "reason_code", "exception_code")
IN_SQL = re.compile(r"(?:reason|exception)_code\s*(?:=|<>|!=|IN\s*\()\s*'([a-z0-9_]+)'", re.IGNORECASE)


def _bare_codes(source: str) -> Iterator[tuple[int, str]]:
    """(line, code) of each code that stands in the source as a bare string."""
    for node in ast.walk(ast.parse(source)):
        for place in _places_of_codes(node):
            names = {id(one.slice) for one in ast.walk(place) if isinstance(one, ast.Subscript)}
            texts = (one for one in ast.walk(place) if isinstance(one, ast.Constant) and id(one) not in names)
            for text in texts:
                if isinstance(text.value, str) and LOOKS_LIKE_A_CODE.fullmatch(text.value):
                    yield text.lineno, text.value
    for number, line in enumerate(source.splitlines(), start=1):
        for code in IN_SQL.findall(line):
            yield number, code


def _places_of_codes(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that give a code: of a finding, a refusal, a decision, a column."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("Finding", "reject", "note") and node.args:
            yield node.args[0]
        if name == "Decision":
            yield from node.args[2:3]
        yield from (keyword.value for keyword in node.keywords if keyword.arg in CODE_NAMES)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in CODE_NAMES:
                yield value
    if isinstance(node, ast.Compare) and any(name in ast.unparse(node.left) for name in CODE_NAMES[1:]):
        yield from node.comparators


def test_no_code_is_written_as_a_bare_string() -> None:
    bare = [f"{name}:{line} {code}" for name, source in SOURCES.items() for line, code in _bare_codes(source)]
    assert bare == [], "write Reason.NAME, and add what is new to mlconn_pipelines/reasons.py"


@pytest.mark.parametrize(
    "source",
    [
        "notes.reject('item_lost', 'words')",
        "notes.note('item_lost' if odd else Reason.ITEM_UNKNOWN, 'words')",
        "Finding('failed', 'words')",
        "raise DocumentRejected('words', code='lost')",
        "values = {'reason_code': 'lost'}",
        "Decision(Step.NEW, 'new', 'lost', 'words')",
        "row['reason_code'] == 'lost'",
        "_SQL = \"reason_code = 'lost'\"",
    ],
)
def test_bare_codes_are_found_wherever_they_are_written(source: str) -> None:
    assert [code for _, code in _bare_codes(source)] in (["item_lost"], ["failed"], ["lost"])


def _as_found(source: str) -> Iterator[tuple[str, str]]:
    """(member, severity) of each call that names a member and leaves the severity to it or to the call's own name."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {"reject": 3, "note": 3, "Finding": 2}.get(name, 0)
        if not given or len(node.args) > given or any(keyword.arg == "severity" for keyword in node.keywords):
            continue
        for found in ast.walk(node.args[0]):
            if isinstance(found, ast.Attribute) and ast.unparse(found.value) == "Reason":
                yield found.attr, "noted" if name == "note" else "rejected"


def test_the_default_severity_is_the_one_by_which_it_is_found() -> None:
    found = {(member, how) for source in SOURCES.values() for member, how in _as_found(source)}
    assert len(found) > 60
    assert [one for one in sorted(found) if (Reason[one[0]].severity == "reject") != (one[1] == "rejected")] == []


def test_every_member_is_written_somewhere() -> None:
    written = set(re.findall(r"\bReason\.([A-Z][A-Z0-9_]*)", "\n".join([*SOURCES.values(), (ROOT / "errors.py").read_text()])))
    assert {member.name for member in Reason} - written == set()


def test_members_are_named_as_their_codes_and_say_what_they_mean() -> None:
    for member in Reason:
        assert member.name.lower() == member.value
        assert member.meaning.endswith(".") and member.meaning[0].isupper() and len(member.meaning) <= 140, member
        assert member.cures, member


def test_a_code_means_one_thing() -> None:
    assert {member.value for member in Reason} & set(KINDS) == set()


def test_a_code_of_another_release_is_no_member() -> None:
    assert reason_named("item_unknown") is Reason.ITEM_UNKNOWN
    assert reason_named("code_of_tomorrow") is None
