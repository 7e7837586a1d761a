"""The examples in the docstrings of what simulated systems share."""

import doctest
import importlib

import pytest

MODULES = ("odata.json_text", "odata.resource_path", "odata.query_options", "odata.evaluation", "odata.filter_parser", "odata.narrowing",
           "paths", "finance_operations.bodies", "sage_100.clock", "sage_100.layouts", "sage_100.expressions")  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"mlconn_simulators.{name}"))
    assert results.failed == 0 and results.attempted > 0
