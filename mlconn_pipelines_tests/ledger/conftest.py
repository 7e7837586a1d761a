"""A ledger in a database of its own, and short ways to bring documents into the states that tests need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines_tests.ledger.workbench import Bench, FakeBench, Workbench


@pytest.fixture
def engine(ledger_database: str) -> Iterator[sa.Engine]:
    engine = ledger_engine(ledger_database)
    yield engine
    engine.dispose()


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    """On PostgreSQL, unless the test is of both (`on_both`)."""
    if getattr(request, "param", "postgres") == "memory":
        return FakeBench()
    return Workbench(request.getfixturevalue("engine"))
