"""The names under which assets and checks show what they found: Dagster's own where it has one, else `mlconn/snake_case`."""

from __future__ import annotations

from typing import Literal

ROW_COUNT, COLUMN_SCHEMA = "dagster/row_count", "dagster/column_schema"

Scope = Literal["run", "partition", "all_folders"]
"""What a count is of: what this run did, what the partition holds now, or what the run did for all folders at once."""


def counted(scope: Scope, what: str) -> str:
    """The name of a count.

    >>> counted("run", "ahead of the clock")
    'mlconn/run_ahead_of_the_clock'
    """
    return f"mlconn/{scope}_{what.replace(' ', '_')}"


RUN_SECONDS, RUN_BYTES, RUN_FILES = counted("run", "seconds"), counted("run", "bytes"), counted("run", "files")
ERP_CALLS, EXCHANGE_CALLS = counted("run", "erp_calls"), counted("run", "exchange_calls")
SALESFORCE_CALLS = counted("run", "salesforce_calls")
DOCUMENTS = "mlconn/documents"
"""The table of documents."""
ROWS = "mlconn/rows"
"""The table of rows that are kept in step, of which each collection is a document."""
AMOUNTS = "mlconn/amounts"
"""The table of amounts that were written to such rows, beside what is shown of them."""
ROWS_WRITTEN, ROWS_WAITING, ROWS_FAILED = "mlconn/rows_written", "mlconn/rows_waiting", "mlconn/rows_failed"
PROBLEMS, STOPPED_EARLY, MOVED_BY = "mlconn/problems", "mlconn/stopped_early", "mlconn/moved_by"
REFERENCE_DATA = "mlconn/reference"
"""How the names begin under which an asset links to the reference data that its documents are checked against."""
WATERMARK_FROM, WATERMARK_TO, REFERENCE_VERSION = "mlconn/watermark_from", "mlconn/watermark_to", "mlconn/reference_version"

RULE, BROKEN_BY = "mlconn/rule", "mlconn/broken_by"
"""Of a check: what must hold, and how many do not keep it."""
REASONS, UNREAD_KEYS = "mlconn/reasons", "mlconn/unread_keys"
WATERMARK, WATERMARK_MOVED_AT = "mlconn/watermark", "mlconn/watermark_moved_at"
JOURNAL_ENTRIES = "mlconn/journal_entries"
"""The table of what the ERP posted for the documents of one day."""
BOTH_SIDES = "mlconn/both_sides"
"""The table of what both systems of a sync integration hold, by day."""
DIFFERING_DAYS, DIFFERING_DOCUMENTS = "mlconn/differing_days", "mlconn/differing_documents"

SCORECARD_TABLE, DOCUMENT_COUNT = "mlconn/scorecard", "mlconn/document_count"
REPORT, REPORT_FILE = "mlconn/report", "mlconn/report_file"
IDENTICAL, DIFFERENT, REFUSED = "mlconn/identical", "mlconn/different", "mlconn/refused"
