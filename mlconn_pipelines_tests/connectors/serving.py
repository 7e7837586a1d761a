"""Simulated systems for short tests: served like any, stopped in the background, since stopping takes longer than most tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from mlconn_pipelines.sandbox.server import Endpoint, serve


@contextmanager
def served(app: Any) -> Iterator[Endpoint]:
    with ExitStack() as until_started:
        endpoint = until_started.enter_context(serve(app))
        stop = until_started.pop_all().close
    try:
        yield endpoint
    finally:
        threading.Thread(target=stop, name="stopping").start()
