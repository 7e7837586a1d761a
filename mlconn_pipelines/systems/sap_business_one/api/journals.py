"""Reads the journal entries that documents made: a document names its own by TransNum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlconn_pipelines.ports.journals import JournalEntry, JournalLine
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.api.client import ServiceLayer
from mlconn_pipelines.systems.sap_business_one.api.reading import KEYS_AT_ONCE
from mlconn_pipelines.systems.sap_business_one.records import journal_entry as sap
from mlconn_pipelines.systems.sap_business_one.records.reading import read


class JournalReader:
    """Implements Journals. Orders and drafts have no TransNum."""

    def __init__(self, server: ServiceLayer) -> None:
        self._server = server

    def entries(self, entity: str, keys: Sequence[str]) -> Mapping[str, JournalEntry]:
        documents = self._rows(entity, "DocEntry", [int(key) for key in keys], ("DocEntry", "TransNum"))
        key_of = {int(row["TransNum"]): str(row["DocEntry"]) for row in documents if row.get("TransNum")}
        made = (read(sap.JournalEntry, row) for row in self._rows("JournalEntries", "JdtNum", list(key_of)))
        return {key_of[entry.JdtNum]: _entry(entry) for entry in made if entry.JdtNum in key_of}

    def _rows(self, entity: str, key: str, wanted: list[int], select: Sequence[str] = ()) -> Iterator[Record]:
        ordered = sorted(set(wanted))
        for start in range(0, len(ordered), KEYS_AT_ONCE):
            where = self._server.dialect.one_of(key, ordered[start : start + KEYS_AT_ONCE])
            for rows in self._server.keyset(entity, key, where, select):
                yield from rows


def _entry(entry: sap.JournalEntry) -> JournalEntry:
    lines = tuple(
        JournalLine(
            account=line.AccountCode,
            debit=line.Debit,
            credit=line.Credit,
            partner="" if line.ShortName == line.AccountCode else line.ShortName,
            memo=line.LineMemo,
        )
        for line in entry.JournalEntryLines
    )
    return JournalEntry(str(entry.Number or entry.JdtNum), entry.ReferenceDate, entry.Memo, lines)
