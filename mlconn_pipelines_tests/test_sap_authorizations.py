"""The table of authorizations in docs/connect-sap-business-one.md names every set that the product reads or writes, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mlconn_pipelines.systems.sap_business_one.api.entities import OBJECT_CODES
from mlconn_pipelines_tests.resilience import sync_rounds
from mlconn_pipelines_tests.systems.answered import SapAnswered
from mlconn_pipelines_tests.systems.sap_business_one.described import SapBusinessOne
from mlconn_simulators.sap_business_one.schema import SETS

ROOT = Path(__file__).parents[1]
FOLDERS = ("systems/sap_business_one", "wiring/sync")


def rows() -> dict[str, tuple[str, str]]:
    """By set, what it is read and written for."""
    text = (ROOT / "docs/connect-sap-business-one.md").read_text(encoding="utf-8")
    table = text.partition("<!-- authorizations -->")[2].partition("<!-- /authorizations -->")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
    return {one.strip("`"): (read, written) for _, one, read, written in cells}


def named() -> Iterator[str]:
    """Sets whose names stand quoted in the sources; not those of the table of object codes alone, which knows more than is used."""
    for folder in FOLDERS:
        for path in (ROOT / "mlconn_pipelines" / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for line in text.splitlines():
                if not any(f'"{name}": "{code}"' in line for name, code in OBJECT_CODES.items()):
                    yield from set(re.findall(r'"([A-Z][A-Za-z]+)"', line)) & set(SETS)


def test_the_table_names_every_set_that_is_asked_and_no_other() -> None:
    assert set(rows()) == set(named())


def test_what_our_scenes_write_is_authorized_there() -> None:
    kinds = [*SapBusinessOne.requests, *SapAnswered.requests, *sync_rounds.OF_SAP]
    asked = {(match[1], kind.method) for kind in kinds if (match := re.match(r"/(\w+)", kind.path)) is not None}
    table = rows()
    for name, method in asked - {("Login", "POST")}:
        read, written = table[name]
        assert (read if method == "GET" else written) != "–", (name, method)
