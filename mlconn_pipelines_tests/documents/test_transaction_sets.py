"""Each set is named once, in the table, and a further one touches the files that `docs/extend.md` lists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import mlconn_pipelines
from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET
from mlconn_pipelines.documents.transaction_sets import READ_SETS, TRANSACTION_SETS
from mlconn_pipelines.x12.grammar.loading import available, release, set_definition
from mlconn_pipelines.x12.sets import module_of

PRODUCT = Path(mlconn_pipelines.__file__).parent
EXTEND = PRODUCT.parent / "docs" / "extend.md"
MEANT_BY_NAME = {"810", "824", "850", "855", "856", "997", "999", "TA1"}
"""Sets that a flow is about: what it sends, or answers with."""


def test_no_module_but_the_table_names_a_set_that_no_flow_is_about() -> None:
    found = {
        (str(path.relative_to(PRODUCT)), node.value)
        for path in PRODUCT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value in TRANSACTION_SETS.keys() - MEANT_BY_NAME
    }
    of_their_release = "ledger/migrations/"  # frozen: they say what was true then
    assert {name for name, _ in found if not name.startswith(of_their_release)} == {"documents/transaction_sets.py"}


def test_a_set_of_its_own_kind_took_the_files_that_the_page_lists() -> None:
    section = EXTEND.read_text(encoding="utf-8").split("## Another X12 set")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(\S+\.py)` \|", section, re.MULTILINE)
    names = re.compile(r"(?<!\.)\b(order_status|resolve_order_status|ReportedOrder)\b|\bimport OrderStatus\b")
    touched = {
        str(path.relative_to(PRODUCT)) for path in PRODUCT.rglob("*.py") if names.search(path.read_text(encoding="utf-8"))
    }
    assert touched == set(listed)
    assert len(listed) <= 6


def test_a_row_agrees_with_the_grammars_and_modules_of_its_set() -> None:
    for set_id in READ_SETS:
        row, module = TRANSACTION_SETS[set_id], module_of(set_id)
        assert callable(module.parse) and callable(module.render) and set_id in DOCUMENT_OF_SET
        releases = [name for name, sets in available().items() if set_id in sets]
        assert releases
        for name in releases:
            definition = set_definition(name, set_id)
            assert definition is not None
            segments = release(name).segments
            for place in filter(None, (row.number_at, row.date_at, row.hashed)):
                assert place[0] in definition.segment_ids and place[1] <= len(segments[place[0]].elements), (set_id, place)
            assert not row.line or row.line in definition.segment_ids
