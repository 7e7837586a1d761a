"""The examples in docstrings of transport, systems, what mappings share, and ports run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import mlconn_pipelines.edi
import mlconn_pipelines.ports
import mlconn_pipelines.systems
import mlconn_pipelines.transport

ROOMS = (mlconn_pipelines.edi, mlconn_pipelines.ports, mlconn_pipelines.systems, mlconn_pipelines.transport)
MODULES = [found.name for room in ROOMS for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
