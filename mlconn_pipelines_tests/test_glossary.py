"""docs/glossary.md against the code: every state, event, table and command is in it, and nothing that is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mlconn_pipelines.cli.app import app
from mlconn_pipelines.documents.lifecycle import Event, State
from mlconn_pipelines.ledger import tables, tables_credentials

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "glossary.md").read_text(encoding="utf-8")


def commands(group: Any, before: str = "mlconn") -> Iterator[str]:
    """Full names of all that the help shows."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before} {name}")
        elif not command.hidden:
            yield f"{before} {name}"


def explained(heading: str) -> list[str]:
    """First cells of the table below a heading."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    [table] = [part for part in section if part.startswith(heading)]
    return re.findall(r"^\| `([^`]+)` \| \S", table, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("States of a document", list(State)),
        ("Events in a document's history", list(Event)),
        ("Tables of the ledger", sorted({**tables.metadata.tables, **tables_credentials.metadata.tables})),
        ("Commands", sorted(commands(typer.main.get_command(app)))),
    ],
    ids=["states", "events", "tables", "commands"],
)
def test_each_is_explained_once_and_nothing_that_is_gone(heading: str, names: list[str]) -> None:
    assert explained(heading) == [str(name) for name in names]


def test_terms_stand_in_order() -> None:
    terms = re.findall(r"^\| ([a-z][^|]*) \| \S", PAGE.partition("## States")[0], flags=re.MULTILINE)[1:]
    assert terms == sorted(terms) and len(terms) > 20
