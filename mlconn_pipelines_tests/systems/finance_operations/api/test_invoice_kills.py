"""A process killed in the middle of the several requests of one invoice; the next one finishes it or begins it, once."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.context import SpawnProcess
from typing import Any

import pytest

from mlconn_pipelines.systems.finance_operations.records.naming import INVOICE_LINES, INVOICES
from mlconn_pipelines_tests.systems.finance_operations.api.test_vendor_invoices import PAYLOAD, REFERENCE, Books
from mlconn_pipelines_tests.systems.finance_operations.scripted_environment import Environment, environment
from mlconn_pipelines_tests.transport.scripted_server import CUT, Asked, Scripted


def create(url: str) -> None:
    """What the process does that is killed."""
    Environment(Scripted(url, [])).connector(invoice_in_one_batch=False).target.create(INVOICES, PAYLOAD)


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "lost"])
@pytest.mark.parametrize("at", [1, 2, 4], ids=["header", "first line", "last line"])
def test_a_killed_process_leaves_nothing_half_and_nothing_double(at: int, stored: bool) -> None:
    """at: the POST during which the process dies, counted from the header. stored: whether that one still arrives."""
    books, victim, posts = Books(), list[SpawnProcess](), 0

    def answer(asked: Asked) -> Any:
        nonlocal posts
        if asked.method == "POST" and victim[0].is_alive():
            posts += 1
            if posts == at:
                if stored:
                    books.answer(asked)
                os.kill(victim[0].pid or 0, signal.SIGKILL)
                return CUT
        return books.answer(asked)

    with environment(answer) as fo:
        process = multiprocessing.get_context("spawn").Process(target=create, args=(fo.server.url,))
        victim.append(process)
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL and posts == at
        assert len(books.headers) == int(at > 1 or stored)
        assert len(books.lines) == max(0, at - 2 + int(stored and at > 1))
        connector = fo.connector(invoice_in_one_batch=False)
        partial = connector.target.find(INVOICES, REFERENCE)
        if partial is None:  # surely nothing was stored: the same claim acts again
            assert at == 1 and not stored
            assert connector.target.create(INVOICES, PAYLOAD).line_count == 3
        elif partial.line_count != len(PAYLOAD[INVOICE_LINES]):  # type: ignore[arg-type]
            assert connector.stepwise.finish_or_remove(INVOICES, partial, PAYLOAD) is not None
        assert books.whole
