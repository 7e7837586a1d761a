"""What fails in a run, as one sentence in the run's page, its log and its alert. Tracebacks of mistakes of ours go to the worker's log."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar, cast

import dagster as dg

from mlconn_pipelines.defs.dagster_private import ToldFailure, told_failure
from mlconn_pipelines.errors import InternalError, MlconnError
from mlconn_pipelines.failures import told
from mlconn_pipelines.printable import printable, printable_lines

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)


def in_one_sentence(compute: Callable[P, R]) -> Callable[P, R]:
    """For the function of an asset, an op or a check: whatever goes wrong in it is told in a sentence."""
    if inspect.isgeneratorfunction(compute):

        @functools.wraps(compute)
        def yielding(*arguments: P.args, **named: P.kwargs) -> Iterator[object]:
            with one_sentence():
                yield from cast("Iterator[object]", compute(*arguments, **named))

        return cast("Callable[P, R]", yielding)

    @functools.wraps(compute)
    def returning(*arguments: P.args, **named: P.kwargs) -> R:
        with one_sentence():
            return compute(*arguments, **named)

    return returning


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turns an exception into a failure that Dagster shows by its sentence alone."""
    try:
        yield
    except (dg.Failure, dg.RetryRequested, dg.DagsterError):
        raise
    except Exception as error:
        trouble = told(error, "the step's log of standard error")
        if isinstance(trouble, InternalError):
            log.error("internal error %s", trouble.number, exc_info=error)
        raise failure(trouble) from None


def failure(trouble: MlconnError) -> ToldFailure:
    """As an error of the run that shows its sentence alone."""
    return told_failure(printable_lines(str(trouble)), type(trouble).__name__)


def skipped(why: object) -> dg.SkipReason:
    """A sensor's look that starts nothing, and why."""
    return dg.SkipReason(printable(str(why)))
