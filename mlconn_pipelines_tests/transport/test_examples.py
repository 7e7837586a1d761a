"""The examples in docstrings of the connectors run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import mlconn_pipelines.transport

MODULES = [found.name for found in pkgutil.walk_packages(mlconn_pipelines.transport.__path__, "mlconn_pipelines.transport.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
