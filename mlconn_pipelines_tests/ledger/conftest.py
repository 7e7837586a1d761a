"""A ledger in a database of its own, and short ways to bring documents into the states that tests need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines_tests.ledger.workbench import Workbench


@pytest.fixture
def engine(ledger_database: str) -> Iterator[sa.Engine]:
    engine = ledger_engine(ledger_database)
    yield engine
    engine.dispose()


@pytest.fixture
def bench(engine: sa.Engine) -> Workbench:
    return Workbench(engine)
