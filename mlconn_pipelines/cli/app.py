"""The `mlconn` program: its commands, and how trouble ends: one sentence on standard error and an exit code, no traceback."""

from __future__ import annotations

import io
import os
import sys
from typing import NoReturn

import typer

from mlconn_pipelines.cli import (
    agents,
    alerts,
    audit,
    backtest,
    check,
    compare,
    config,
    connection,
    credentials,
    database,
    documents,
    environment,
    explain,
    export,
    files,
    flow,
    gateway,
    init,
    link,
    listen,
    metadata,
    operator_actions,
    partner,
    simulators,
    subscriptions,
    up,
    upgrade,
    x12,
)
from mlconn_pipelines.cli.output import FINE, FOUND, WRONG, say
from mlconn_pipelines.errors import DocumentRejected, LedgerError, MlconnError

app = typer.Typer(
    name="mlconn",
    help="ERP documents and X12 EDI through Cleo, both ways, as Dagster data pipelines.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    simulators,
    up,
    gateway,
    listen,
    link,
    metadata,
    init,
    check,
    compare,
    config,
    credentials,
    connection,
    database,
    environment,
    explain,
    files,
    flow,
    documents,
    export,
    operator_actions,
    x12,
    partner,
    audit,
    alerts,
    subscriptions,
    agents,
    backtest,
    upgrade,
):
    group.register(app)


def main() -> NoReturn:
    """The console script. 0: fine. 1: something was refused or found. 2: wrong use or configuration."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, io.TextIOWrapper
        ):  # what a terminal's code page, or any other, has no character for is no trouble
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except MlconnError as trouble:
        say(str(trouble))
        sys.exit(FOUND if isinstance(trouble, (LedgerError, DocumentRejected)) else WRONG)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output (head, less) has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FINE)
    except Exception as trouble:
        say(str(_told(trouble)))
        sys.exit(WRONG)
    sys.exit(FINE)


def _told(error: Exception) -> MlconnError:
    """The sentence; a mistake of ours leaves its traceback in `errors.log` of the home folder, where there is one, under a number."""
    from mlconn_pipelines.cli.error_log import error_log, write_traceback
    from mlconn_pipelines.errors import InternalError
    from mlconn_pipelines.failures import told

    log = error_log()
    trouble = told(error, str(log) if log else "")
    if isinstance(trouble, InternalError) and log is not None:
        write_traceback(log, trouble.number, error)
    return trouble


if __name__ == "__main__":
    main()
