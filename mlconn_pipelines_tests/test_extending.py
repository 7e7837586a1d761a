"""What `docs/extend.md` promises, tried on a copy of the product: a system and a set that come by the files that the page lists."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlconn_pipelines

PRODUCT = Path(mlconn_pipelines.__file__).parent
PAGE = (PRODUCT.parent / "docs" / "extend.md").read_text(encoding="utf-8")
COPIED_FROM = "finance_operations"
"""The one to copy from, as the page says."""

MESSAGE = '''"""A text message."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextMessage:
    number: str
    date: dt.date
    kind: str
'''
SET_864 = '''"""Text messages."""

from __future__ import annotations

from mlconn_pipelines.documents.text_message import TextMessage
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, text
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> TextMessage:
    (bsr,) = (segment for segment in values.segments if segment[0] == "BSR")
    return TextMessage(text(bsr, 3), values.wanted_date(bsr, 4), text(bsr, 1))


def render(document: TextMessage, writing: Writing) -> list[OutSegment]:
    return [("BSR", document.kind, "PP", document.number, date_text(document.date))]
'''
KNOWN_BY_NAME = '    TransactionSetType("864", "TX", "Text Message"),'
ROW = '    TransactionSetType("864", "TX", "Text Message", "TextMessage", number_at=("BSR", 3), date_at=("BSR", 4)),'
ROUND_TRIP = """
import datetime as dt
from mlconn_pipelines.documents.text_message import TextMessage
from mlconn_pipelines.documents.kinds import summary_of
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.rendering import render_interchange

message = TextMessage("M-1", dt.date(2026, 11, 5), "2")
guide = PartnerGuide(partner="p", our_qualifier="ZZ", our_id="US", their_qualifier="ZZ", their_id="P", our_group_id="US",
                     their_group_id="P")
made = render_interchange(message, guide, interchange_number=1, group_number=1, set_number=1, at=dt.datetime(2026, 11, 5))
assert made.can_be_sent, made.findings
(interchange,) = read(made.content).interchanges
((one,),) = [group.sets for group in interchange.groups]
assert parse_document(one) == (message, ()), parse_document(one)
assert summary_of(message).business_number == "M-1"
"""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Path]:
    """A copy of the product that may be changed."""
    copy = tmp_path / PRODUCT.name
    shutil.copytree(PRODUCT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    yield copy


def state(product: Path) -> dict[str, bytes]:
    return {str(path.relative_to(product)): path.read_bytes() for path in product.rglob("*") if path.suffix not in ("", ".pyc")}


def run(product: Path, *arguments: str) -> str:
    """Python with the copy in the product's place."""
    ran = subprocess.run(
        [sys.executable, "-B", *arguments], cwd=product.parent, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def replace(file: Path, old: str, new: str) -> None:
    whole = file.read_text(encoding="utf-8")
    assert old in whole
    file.write_text(whole.replace(old, new, 1), encoding="utf-8")


def insert(file: Path, before: str, text: str) -> None:
    replace(file, before, text + before)


def listed(heading: str) -> set[str]:
    """The first column of the tables of a section."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return {name for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for name in re.findall(r"`(\S+?)`", row)}


def test_a_set_comes_by_its_grammar_and_the_files_of_the_page(product: Path) -> None:
    before = state(product)
    (product / "x12/grammar/004010/864.txt").write_text("ST M 1\nBSR M 1\nSE M 1\n", encoding="utf-8")
    (product / "documents/text_message.py").write_text(MESSAGE, encoding="utf-8")
    (product / "x12/set_864.py").write_text(SET_864, encoding="utf-8")
    replace(product / "documents/transaction_sets.py", KNOWN_BY_NAME, ROW)
    kinds = product / "documents/kinds.py"
    insert(
        kinds,
        "from mlconn_pipelines.documents.transaction_sets",
        "from mlconn_pipelines.documents.text_message import TextMessage\n",
    )
    insert(kinds, "    | ReceivingAdvice\n", "    | TextMessage\n")
    insert(
        kinds,
        "        case ReceivingAdvice():\n",
        "        case TextMessage():\n            return Summary(document.number, 0)\n",
    )
    run(product, "-c", ROUND_TRIP)
    touched = {name for name, content in state(product).items() if before.get(name) != content}
    own = {name.replace("text_message", "order_status").replace("864", "870") for name in touched if "grammar" not in name}
    of_its_handling = {"flows/resolving.py", "flows/resolving_supply.py"}  # which a set that is only kept does without
    assert own == listed("Another X12 set") - of_its_handling


def test_a_system_comes_by_its_folder_and_the_line_of_the_page(product: Path) -> None:
    before, folder = state(product), product / "systems" / "meridian"
    shutil.copytree(product / "systems" / COPIED_FROM, folder)
    for path in folder.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace(COPIED_FROM, "meridian").replace("FinanceOperationsConnection", "MeridianConnection"), "utf-8"
        )
    integration = product / "config/integration.py"
    insert(
        integration,
        "from mlconn_pipelines.systems.salesforce",
        "from mlconn_pipelines.systems.meridian.connection import MeridianConnection\n",
    )
    insert(integration, ",\n    Field(discriminator=", " | MeridianConnection")
    program = "from mlconn_pipelines.cli.app import main; main()"
    run(product, "-c", program, "init", "config", "--erp", "meridian")
    (row,) = json.loads(run(product, "-c", program, "check", "--files-only", "--json"))
    assert row["ok"] and row["detail"] == "preview mode, 1 partner, flows x12_850, inbound", row
    touched = {name for name, content in state(product).items() if before.get(name) != content}
    parts = {name.removeprefix("systems/meridian/").partition("/")[0] for name in touched if name.startswith("systems/")}
    told = listed("Another ERP")
    assert {f"systems/NAME/{part}" for part in parts - {"__init__.py"}} == {
        name.rstrip("/") for name in told if name.startswith("systems/NAME/")
    }
    assert {name for name in touched if not name.startswith("systems/")} == {"config/integration.py"} <= told
