"""No character that commands a terminal, a log or a page leaves as itself: the functions, and that every way out uses them."""

from __future__ import annotations

import ast
import json
import logging
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from hypothesis import given
from hypothesis import strategies as st

import mlconn_pipelines
from mlconn_pipelines.cli.html_page import page, paragraph, table
from mlconn_pipelines.defs.checks import Outcome
from mlconn_pipelines.defs.presentation import of_tally
from mlconn_pipelines.defs.sentences import failure, skipped
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.gateway.access_log import JsonLines
from mlconn_pipelines.printable import for_html, for_markdown, json_text, printable, printable_lines, printable_values

ROOT = Path(mlconn_pipelines.__file__).parent
EVIL = "INV\x1b]0;owned\x07\x1b[31mRED\x9b2J\x85\r\nFORGED \u202eabc\u2028\ud800\x00\x7f"

texts = st.text(st.characters(codec=None, categories=None), max_size=60)


def commands(text: str) -> list[str]:
    """What of a text a terminal, a log or an encoder would not take for something to be read."""
    return [one for one in text if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") or one in "\u202a\u202b\u202d\u202e"]


@given(texts)
def test_one_line_holds_nothing_but_what_is_read(text: str) -> None:
    shown = printable(text)
    assert commands(shown) == []
    shown.encode()
    assert [one for one in commands(printable_lines(text)) if one != "\n"] == []
    assert printable(shown) == shown


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=60))
def test_what_is_read_stays_as_it_is(text: str) -> None:
    assert printable(text) == printable_lines(text) == text


@given(
    st.recursive(
        texts | st.none() | st.booleans() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
    )
)
def test_json_stays_the_same_json(value: object) -> None:
    for indent in (None, 2):
        written = json_text(value, indent=indent)
        assert json.loads(written) == value
        assert [one for one in commands(written) if one != "\n"] == []
    assert commands(json.dumps(printable_values([EVIL, {"a": EVIL}]), ensure_ascii=False)) == []


def test_pages_and_markdown_take_no_markup_of_others() -> None:
    told = for_markdown("a\n# b ![x](http://evil.example) | <img src=x> `code`")
    assert told == r"a\\n# b !\[x\](http://evil.example) \| \<img src=x\> `code`"
    written = page(EVIL, [paragraph(EVIL + "<b>"), table(["place"], [((EVIL + "<i>",), "", 0)])])
    assert [one for one in commands(written) if one != "\n"] == []
    assert "<b>" not in written and "<i>" not in written and r"\x1b[31m" in written
    assert for_html('"<\x9d>"') == "&quot;&lt;\\x9d&gt;&quot;"


def test_what_dagster_shows_of_a_run_and_a_check() -> None:
    tally = Tally(stopped=EVIL)
    tally.problem(EVIL)
    metadata = of_tally(tally)
    problems = metadata["mlconn/problems"]
    assert isinstance(problems, dg.MarkdownMetadataValue) and problems.value is not None
    assert commands(problems.value) == [] and commands(metadata["mlconn/stopped_early"]) == []
    outcome = Outcome(dg.AssetKey("a"), "nothing_set_aside", False, 1, EVIL)
    assert commands(str(outcome.result().description)) == [] and commands(str(outcome.evaluation().description)) == []


def test_a_failure_and_a_look_of_dagsters() -> None:
    refused = DocumentRejected(EVIL, "Look at it.")
    assert [one for one in commands(str(failure(refused))) if one != "\n"] == []
    assert commands(str(skipped(refused).skip_message)) == []


def test_the_gateways_log() -> None:
    record = logging.LogRecord("mlconn.gateway", logging.INFO, "", 0, EVIL, None, None)
    record.fields = {"error": EVIL}
    assert commands(JsonLines().format(record)) == []


# -- every way out ---------------------------------------------------------------------------------------------------------
def calls(room: str) -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_the_command_line_prints_by_its_output_module_only() -> None:
    """`mlconn env` writes lines for a shell, which wants every character as it is; they hold nothing of a partner's."""
    names = {"print", "sys.stdout.write", "sys.stderr.write", "sys.stdout.buffer.write", "typer.echo", "typer.secho"}
    found = [where for where, call in calls("cli") if ast.unparse(call.func) in names]
    assert {where.split(":")[0] for where in found} == {"cli/output.py", "cli/environment.py"}


def test_rich_prints_texts_that_are_printable_only() -> None:
    printed = [call for where, call in calls("cli") if ast.unparse(call.func) == "Text"]
    assert printed and all("printable(" in ast.unparse(call) or ast.unparse(call) == "Text(cell)" for call in printed)


def test_dagsters_logs_get_printable_texts_only() -> None:
    said = [
        (where, argument)
        for where, call in calls("defs")
        if ast.unparse(call.func).startswith("context.log.")
        for argument in call.args
    ]
    wrong = [where for where, text in said if not (ast.unparse(text).startswith("printable(") or only_counts(text))]
    assert said and wrong == []


def test_looks_of_sensors_say_printable_texts_only() -> None:
    said = [call for _, call in calls("defs") if ast.unparse(call.func) == "dg.SkipReason"]
    wrong = [
        ast.unparse(call)
        for call in said
        if not all(only_counts(text) or "printable(" in ast.unparse(text) for text in call.args)
    ]
    assert said and wrong == []


def only_counts(text: ast.expr) -> bool:
    values = [node.value for node in ast.walk(text) if isinstance(node, ast.FormattedValue)]
    return isinstance(text, (ast.Constant, ast.JoinedStr)) and all(
        ast.unparse(value) in ("done", "of") or ast.unparse(value).startswith("tally['") for value in values
    )


def test_html_and_markdown_are_escaped_by_the_same_module_everywhere() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sorted(ROOT.rglob("*.py"))
        if "import escape" in path.read_text(encoding="utf-8")
    ]
    assert found == ["printable.py"]
